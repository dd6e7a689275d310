"""Keys, hashes and tokens that belong to no one provider."""

from meterd.classify.catalog.declaring import ALPHANUMERIC, BASE32, HEXADECIMAL, URL_SAFE, drawn
from meterd.classify.model import (
    Boundary,
    Category,
    Expression,
    Likelihood,
    Rule,
    Set,
    Target,
    bare,
    identifier,
    refuse,
    secret,
)

_PLACEHOLDER_IN_ADDRESS = refuse(r"://[^/]*:(?:\$\{?\w+\}?|\{+\w+\}+|%\w+%|\*+|[xX]+)@")
_IN_A_KEY = Rule(
    Expression(r"""kty\\*["']"""), Target.CONTEXT, Set(Likelihood.NO_MATCH), inverse=True, before=6_000, after=6_000
)

_BETWEEN_LINES = (
    r"(?:\s|\\+(?:[nrt]|u00[0-9A-Fa-f]{2})|<[A-Za-z/][^<>]{0,30}>|&[#A-Za-z0-9]{1,8};|%(?:0[ADad]|20)"
    r"|[0-9]{1,5}[:|.) \t]|[\"'`>|+.,;:#*/\\()\[\]{}_&$-])"
)
"""What stands between two lines of a key that was escaped, quoted, marked up, numbered, or put into a program."""
_LINE = r"[0-9A-Za-z+/=]{20,}"
_LAST_LINE = r"(?:(?:\r?\n|\\+n|<br ?/?>)[ \t>|\"']*[0-9A-Za-z+/=]{1,19})?"
_HEADERS = rf"(?:{_BETWEEN_LINES}*(?:Proc-Type|DEK-Info|Version|Comment|Charset): [ -~]{{0,120}}?)*"
_LINES = rf"{_HEADERS}{_BETWEEN_LINES}*{_LINE}(?:{_BETWEEN_LINES}*{_LINE})*"
_WITHOUT_ARMOUR = r"(?:[^-]|-{1,4}[^-])*?"
"""Anything in which no other block begins or ends."""


def _armoured(label: str) -> str:
    """Declare a block up to its line `END`, however the lines between are broken, or without it as far as it goes."""
    return rf"-----BEGIN {label}-----(?:{_WITHOUT_ARMOUR}-{{5,}}END {label}-----|{_LINES}{_LAST_LINE})?"


_ASCII = r"[\t\n\r -~]"
_PUTTY = (
    rf"PuTTY-User-Key-File-[23]: [a-z0-9-]+(?:{_ASCII}{{0,300}}?Public-Lines: [0-9]+"
    rf"(?:{_BETWEEN_LINES}|[0-9A-Za-z+/=])*{_ASCII}{{0,300}}?Private-Lines: [0-9]+"
    rf"(?:{_LINES}{_ASCII}{{0,60}}?Private-MAC: [0-9a-f]+|{_LINES}{_LAST_LINE}))?"
)

CLASSIFIERS = (
    secret(
        "private_key",
        "PRIVATE_KEY",
        _armoured("(?:[0-9A-Z]{2,12} ){0,2}PRIVATE KEY"),
        r"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----"
        rf"(?:{_WITHOUT_ARMOUR}---- END SSH2 ENCRYPTED PRIVATE KEY ----|{_LINES}{_LAST_LINE})?",
        boundary=Boundary.ANYWHERE,
        description="Private key in PEM form",
        example=f"-----BEGIN {'PRIVATE'} KEY-----\n{drawn(ALPHANUMERIC, 64)}\n-----END {'PRIVATE'} KEY-----",
    ),
    secret(
        "pgp_private_key",
        "PGP_PRIVATE_KEY",
        _armoured("PGP PRIVATE KEY BLOCK"),
        boundary=Boundary.ANYWHERE,
        description="Private key of PGP",
        example="-----BEGIN PGP PRIVATE KEY BLOCK-----",
    ),
    secret(
        "putty_private_key",
        "PUTTY_PRIVATE_KEY",
        _PUTTY,
        boundary=Boundary.ANYWHERE,
        description="Private key file of PuTTY",
        example="PuTTY-User-Key-File-3: ssh-ed25519",
    ),
    secret(
        "json_web_key",
        "JSON_WEB_KEY",
        r"""\\*["'](?:d|p|q|dp|dq|qi|k)\\*["']\s*:\s*\\*["']([0-9A-Za-z_-]{22,})""",
        group=1,
        boundary=Boundary.ANYWHERE,
        description="Private parts of a JSON web key",
        rules=(_IN_A_KEY,),
        example=f'{{"kty":"OKP","d":"{drawn(URL_SAFE, 43)}"}}',
    ),
    secret(
        "json_web_token",
        "JSON_WEB_TOKEN",
        r"eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}",
        description="JSON web token",
        validator="jwt",
        example=".".join(
            ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", drawn(ALPHANUMERIC, 43))
        ),
    ),
    secret(
        "basic_auth_url",
        "BASIC_AUTH_URL",
        r"(?:https?|ftps?|sftp|ssh|git|ldaps?|smtps?|imaps?)://[^\s:/@\"'<>]+:[^\s/@\"'<>]+@[0-9A-Za-z.-]+",
        boundary=Boundary.ANYWHERE,
        description="Web address with a user's password",
        rules=(_PLACEHOLDER_IN_ADDRESS,),
        example=f"https://jane:{drawn(ALPHANUMERIC, 12)}@example.com",
    ),
    secret(
        "database_url",
        "DATABASE_URL",
        r"(?:postgres(?:ql)?|mysql|mariadb|mongodb|redis|rediss|amqps?|mssql|oracle|clickhouse|cassandra"
        r"|cockroachdb|nats|kafka)"
        r"(?:\+[a-z0-9]{2,20})?://[^\s:/@\"'<>]*:[^\s/@\"'<>]+@[0-9A-Za-z.,:_-]+",
        boundary=Boundary.ANYWHERE,
        description="Address of a database or queue with a password",
        rules=(_PLACEHOLDER_IN_ADDRESS,),
        example=f"postgresql://app:{drawn(ALPHANUMERIC, 12)}@db.example.com:5432",
    ),
    secret(
        "connection_string",
        "CONNECTION_STRING",
        r"(?i:server|data source|host"
        r"|addr(?:ess)?)=[^;\n\"']+;(?:[A-Za-z ]+=[^;\n\"']*;)*(?i:password|pwd)=[^;\n\"']+",
        boundary=Boundary.ANYWHERE,
        description="Connection string of a database with a password",
        example=f"Server=db.example.com;Database=app;User Id=app;Password={drawn(ALPHANUMERIC, 12)}",
    ),
    secret(
        "basic_auth_header",
        "BASIC_AUTH_HEADER",
        r"(?i:authorization)[\"']?[:=,] ?[\"']?(?i:basic) ([0-9A-Za-z+/]{8,}={0,2})",
        group=1,
        description="Password in an HTTP header",
        validator="basic_credentials",
        example="Authorization: Basic amFuZTpzM2NyZXQtcGFzcw==",
    ),
    secret(
        "bearer_token",
        "BEARER_TOKEN",
        r"(?i:bearer) ([0-9A-Za-z._~+/-]{20,}=*)",
        group=1,
        validator="entropy:3",
        description="Bearer token in an HTTP header",
        rules=(refuse(r"^[^0-9]*$"),),
        example=f"Authorization: Bearer {drawn(ALPHANUMERIC, 40)}",
    ),
    secret(
        "htpasswd_hash",
        "HTPASSWD_HASH",
        r"\$(?:2[aby]\$[0-9]{2}\$[./0-9A-Za-z]{53}|apr1\$[./0-9A-Za-z]{2,8}\$[./0-9A-Za-z]{22})",
        boundary=Boundary.ANYWHERE,
        description="Hash of a password (bcrypt, Apache)",
        example=f"$2b$12${drawn(ALPHANUMERIC, 53)}",
    ),
    secret(
        "unix_password_hash",
        "UNIX_PASSWORD_HASH",
        r"\$[156]\$(?:rounds=[0-9]+\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{22,86}",
        boundary=Boundary.ANYWHERE,
        description="Hash of a password of a Unix system",
        example=f"$6$saltsalt${drawn(ALPHANUMERIC, 86)}",
    ),
    secret(
        "argon2_hash",
        "ARGON2_HASH",
        r"\$argon2(?:i|d|id)\$v=[0-9]+\$m=[0-9]+,t=[0-9]+,p=[0-9]+\$[0-9A-Za-z+/]{8,}\$[0-9A-Za-z+/]{16,}",
        boundary=Boundary.ANYWHERE,
        description="Hash of a password (Argon2)",
        example=f"$argon2id$v=19$m=65536,t=3,p=4${drawn(ALPHANUMERIC, 22)}${drawn(ALPHANUMERIC, 43)}",
    ),
    secret(
        "one_time_password_url",
        "ONE_TIME_PASSWORD_URL",
        r"otpauth://[th]otp/[^\s\"'?]+\?[^\s\"']*secret=[A-Z2-7]{16,128}",
        boundary=Boundary.ANYWHERE,
        description="Secret of a generator of one-time passwords",
        example=f"otpauth://totp/Acme:jane?secret={drawn(BASE32, 32)}",
    ),
    identifier(
        "verification_code",
        "VERIFICATION_CODE",
        bare(r"\d{3}-?\d{3}|\d{4}|\d{8}"),
        category=Category.CREDENTIAL,
        description="One-time code that was sent to a user",
        example="your verification code is 482913",
        context=(
            "verification code",
            "security code",
            "one-time code",
            "otp",
            "confirmation code",
            "login code",
            "bestätigungscode",
        ),
        before=26,
    ),
    identifier(
        "hexadecimal_secret",
        "HEXADECIMAL_SECRET",
        bare(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}"),
        category=Category.CREDENTIAL,
        description="Hexadecimal key near a word for one",
        validator="entropy:3",
        example=f"encryption key {drawn(HEXADECIMAL, 32)}",
        context=("secret", "api key", "apikey", "encryption key", "private key", "signing key", "token"),
        yields_to=("secret", "secret_assignment"),
    ),
)
