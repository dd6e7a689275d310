"""Keys, passwords and hashes that no single service has given a form."""

import string
from base64 import b64encode, urlsafe_b64encode
from random import Random

from tests.classify.heldout.credentials_cloud import encoded
from tests.classify.heldout.drawing import ALPHANUMERIC, BASE64, WORD, Draw, characters, joined, one_of, some
from tests.classify.heldout.kind import Kind

_PASSWORD = one_of(
    some(ALPHANUMERIC + "!#*+-_?", 12, "T", "9"),
    joined(one_of("Winter", "Sommer", "dragon", "Bratislava", "kaffee"), one_of("2023!", "_77x", "#42a", "99!!")),
)
_HIDDEN = one_of(some(ALPHANUMERIC, 14, "p", "7"), some(ALPHANUMERIC, 22, "x", "4"))
_SECRET = one_of(some(ALPHANUMERIC, 32), some("0123456789abcdef", 40), some(WORD, 42, suffix="q"))
_CRYPT = ALPHANUMERIC + "./"
_HASHES = (
    "17,<value>,2024-03-11",
    "hash mismatch: <value>",
    'users = {"jo": "<value>"}',
    "found <value> in the backup, is that still valid?",
)
_NOWHERE = (
    "It was in the mail:\n\n<value>\n\nPlease replace it.",
    "<value>",
    "$ cat id\n<value>\n$ exit",
    "```\n<value>\n```",
)


def _lines(text: str, width: int) -> str:
    return "\n".join(text[start : start + width] for start in range(0, len(text), width))


def _pem(*labels: str) -> Draw:
    def draw(random: Random) -> str:
        label = random.choice(labels)
        return f"-----BEGIN {label}-----\n{_lines(encoded(420)(random), 64)}\n-----END {label}-----"

    return draw


def _pgp(random: Random) -> str:
    body = _lines(encoded(700)(random), 64)
    check = characters(random, BASE64, 4)
    return f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{body}\n={check}\n-----END PGP PRIVATE KEY BLOCK-----"


def _putty(random: Random) -> str:
    return (
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: laptop\nPublic-Lines: 2\n"
        f"{_lines(encoded(72)(random), 64)}\nPrivate-Lines: 1\n{encoded(36)(random)}\n"
        f"Private-MAC: {characters(random, '0123456789abcdef', 64)}"
    )


def _web_token(random: Random) -> str:
    header = '{"alg":"RS256","typ":"JWT","kid":"k7"}'
    payload = (
        f'{{"sub":"{random.randrange(10**6)}","iss":"https://login.example.com","exp":17{random.randrange(10**8):08}}}'
    )
    head, body = (urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in (header, payload))
    return f"{head}.{body}.{characters(random, WORD, 341)}Q"


def _pair(random: Random) -> str:
    return b64encode(f"{random.choice(('admin', 'ci-bot', 'svc_export'))}:{_HIDDEN(random)}".encode()).decode()


_BCRYPT = joined(one_of("$2y$10$", "$2b$12$", "$2a$08$"), some(_CRYPT, 53))
_SHADOW = one_of(
    joined("$6$", some(_CRYPT, 16), "$", some(_CRYPT, 86)), joined("$5$", some(_CRYPT, 16), "$", some(_CRYPT, 43))
)
_ARGON = joined("$argon2id$v=19$m=65536,t=3,p=4$", some(BASE64, 22), "$", some(BASE64, 43))

KINDS = (
    Kind(
        "PRIVATE_KEY",
        _pem("RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"),
        ("key.pem:\n<value>",),
        _NOWHERE,
    ),
    Kind("PGP_PRIVATE_KEY", _pgp, ("secret.asc:\n<value>",), _NOWHERE),
    Kind("PUTTY_PRIVATE_KEY", _putty, ("key.ppk:\n<value>",), _NOWHERE),
    Kind(
        "JSON_WEB_KEY",
        some(WORD, 42, suffix="Q"),
        ('{"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "d": "<value>"}',),
        (
            '{"kty":"OKP","crv":"Ed25519","d":"<value>","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}',
            'my key, from the browser: {"kty": "EC", "d": "<value>", "crv": "P-384"}',
            'keys = [{"kty": "EC", "kid": "7", "d": "<value>"}]',
            '{\n  "kty": "EC",\n  "crv": "P-256",\n  "d": "<value>"\n}',
        ),
    ),
    Kind(
        "JSON_WEB_TOKEN",
        _web_token,
        ('{"id_token": "<value>"}', "JWT=<value>"),
        (
            "what is wrong with <value> ? the site says invalid signature",
            "17;<value>;active",
            "GET /callback?id=<value>&state=7 HTTP/1.1",
            'jwt.decode("<value>", key)',
        ),
    ),
    Kind(
        "BASIC_AUTH_URL",
        _HIDDEN,
        ("clone from https://ci-bot:<value>@git.example.com/team/app.git",),
        (
            "git remote add origin https://deploy:<value>@git.example.org/x.git",
            "proxy = http://svc_export:<value>@proxy.example.com:3128",
            '{"registry": "https://ci:<value>@packages.example.com/python"}',
            "curl https://admin:<value>@grafana.example.com/api/health",
        ),
    ),
    Kind(
        "DATABASE_URL",
        _HIDDEN,
        ("DATABASE_URL=postgres://app:<value>@db.example.com:5432/orders",),
        (
            "spring.data.mongodb.uri=mongodb+srv://app:<value>@cluster0.ab1cd.mongodb.net/test",
            "mysql://root:<value>@mysql:3306/shop?charset=utf8",
            "broker = 'amqp://worker:<value>@rabbit.example.com:5672//'",
            "redis://:<value>@cache.example.com:6379/0",
            'create_engine("postgresql+psycopg2://etl:<value>@warehouse.example.com/dw")',
        ),
    ),
    Kind(
        "CONNECTION_STRING",
        _HIDDEN,
        (
            "Server=sql.example.com;Database=orders;User Id=app;Password=<value>;Encrypt=true",
            '"ConnectionStrings": {"Main": "Data Source=sql01;Initial Catalog=crm;User ID=sa;Password=<value>;"}',
            "Driver={ODBC Driver 18 for SQL Server};Server=tcp:x.example.com,1433;Uid=app;Pwd=<value>;",
            "Host=pg.example.com;Port=5432;Username=app;Password=<value>;Database=orders",
            "jdbc:sqlserver://sql.example.com:1433;databaseName=crm;user=app;password=<value>;",
        ),
    ),
    Kind(
        "BASIC_AUTH_HEADER",
        _pair,
        ("Authorization: Basic <value>", "curl -H 'Authorization: Basic <value>' https://api.example.com/v1/items"),
        (
            'headers = {"Authorization": "Basic <value>"}',
            "> authorization: Basic <value>\n> accept: */*",
            "req.setRequestHeader('Authorization', 'Basic <value>')",
        ),
    ),
    Kind(
        "BEARER_TOKEN",
        some(WORD, 38, suffix="q"),
        ("Authorization: Bearer <value>", "curl -H 'Authorization: Bearer <value>' https://api.example.com/v1/items"),
        (
            'headers = {"Authorization": "Bearer <value>"}',
            "> authorization: Bearer <value>\n> accept: */*",
            "fetch(url, {headers: {Authorization: `Bearer <value>`}})",
        ),
    ),
    Kind(
        "PASSWORD_ASSIGNMENT",
        _PASSWORD,
        (
            "DB_PASSWORD=<value>",
            "password: <value>",
            '{"user": "admin", "password": "<value>"}',
            "const passwd = '<value>';",
            "your new password is <value>, please change it after the first login",
            "Benutzer: meier, Passwort: <value>",
            "mot de passe : <value>",
            "contraseña: <value>",
            "<password><value></password>",
            'mysql_password = "<value>"',
        ),
    ),
    Kind(
        "SECRET_ASSIGNMENT",
        _SECRET,
        (
            "SECRET_KEY=<value>",
            'api_key = "<value>"',
            '{"clientSecret": "<value>", "scope": "read"}',
            "x-api-key: <value>",
            "auth:\n  token: <value>",
            "const ACCESS_TOKEN = '<value>';",
            "encryption-key: <value>",
        ),
    ),
    Kind(
        "HTPASSWD_HASH",
        _BCRYPT,
        ("admin:<value>",),
        _HASHES,
    ),
    Kind(
        "UNIX_PASSWORD_HASH",
        _SHADOW,
        ("root:<value>:19780:0:99999:7:::",),
        ("usermod -p '<value>' deploy", *_HASHES),
    ),
    Kind(
        "ARGON2_HASH",
        _ARGON,
        ("password_hash: <value>",),
        _HASHES,
    ),
    Kind(
        "ONE_TIME_PASSWORD_URL",
        some(string.ascii_uppercase + "234567", 32),
        ("otpauth://totp/Acme:jo?secret=<value>&issuer=Acme",),
        (
            "the QR code says otpauth://totp/ci-bot?secret=<value>",
            "otpauth://hotp/Git?secret=<value>&counter=3",
            "17,otpauth://totp/a?issuer=B&secret=<value>,x",
            'qr.add("otpauth://totp/x?algorithm=SHA1&secret=<value>")',
        ),
    ),
)
