"""Settings, code, output and exports that only look as if there were something to find."""

from tests.classify.heldout_second import writing
from tests.classify.heldout_second.document import Sort

_SETTINGS = (
    "DB_PASSWORD=${DB_PASSWORD}\nAPI_KEY=$(cat /run/secrets/api_key)\nSECRET_KEY=\nPORT=<1024-65535>",
    "password: <your password>\napi_key: YOUR_API_KEY\ntoken: REDACTED\nsecret: '********'",
    (
        "env:\n  NPM_TOKEN: ${{ secrets.NPM_TOKEN }}\n  PASSWORD: ${{ secrets.DB_PASSWORD }}\nsteps:\n"
        "- uses: actions/checkout@v4"
    ),
    "env:\n- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef:\n      name: <noun>-db\n      key: password",
    (
        'resource "db" "main" {\n  username = "app"\n  password = var.db_password\n'
        "  token    = random_password.db.result\n}"
    ),
    "spring.datasource.password=${vault.db.password}\nserver.port=<1024-65535>\nmanagement.key-store-type=PKCS12",
    "[mysqld]\nport = 3306\npassword_history = <1-9>\nmax_connections = <10-900>\nvalidate_password.length = <8-30>",
    "machine\ndefault\nlogin anonymous\n# netrc without a password",
    "tls:\n  certificate: /etc/ssl/app.pem\n  private_key: /etc/ssl/app.key\n  min_version: '1.<2-3>'",
    "image: registry.example.com/<noun>@sha256:<hex:64>\nresources:\n  limits: {cpu: <1-9>, memory: <1-9>Gi}",
    "POSTGRES_PASSWORD_FILE=/run/secrets/db\nTOKEN_TTL=<60-9000>\nKEY_SIZE=4096\nPASSWORD_MIN_LENGTH=<8-20>",
    (
        '{"type": "object", "properties": {"password": {"type": "string", "minLength": <8-20>}, "token": {"type": '
        '"string"}}}'
    ),
)
_CODE = (
    "password: str = Field(min_length=<8-20>, repr=False)\ntoken: SecretStr | None = None\nlimit: int = <1-999>",
    "interface Login { password: string; token?: string; apiKey: string | null }\nconst max = <1-9999>;",
    "password = getpass.getpass()\ntoken = request.headers.get('X-Api-Key')\nsecret = secrets.token_hex(<16-64>)",
    (
        'String password = System.getenv("DB_PASSWORD");\nif (password '
        '== null) throw new IllegalStateException("no password");'
    ),
    "$password = $_POST['password'];\n$hash = password_hash($password, PASSWORD_DEFAULT);\ndefine('DEBUG', false);",
    "if (!passwordMatches(password, confirmation)) {\n  errors.password = t('errors.password.mismatch');\n}",
    "std::map<std::string, int>::iterator it = m.find(key);\nuse crate::net::io::{self, Read};\nFoo::bar::<u8>();",
    "@app.get('/items/{id}')\n@cached(ttl=<10-900>)\ndef item(id: int) -> dict: return rows[id]",
    "color: #<hex:6>; width: calc(100% - <1-90>px);\na::after { content: '\\201C'; } a::before { top: -<1-9>px }",
    (
        "const uuid = '<hex:8>-<hex:4>-4<hex:3>-a<hex:3>-<hex:12>'; // id of the <noun>\n"
        "const offset = <100000000-999999999>;"
    ),
    (
        "assert total == <100000000-999999999>\nassert ratio == pytest.approx(0.<100000-999999>)\n"
        "assert digest == '<hex:40>'"
    ),
    "SELECT id, password_changed_at, token_count FROM users WHERE created > '2024-<01-12>-<01-28>' LIMIT <1-900>;",
    "-----BEGIN PUBLIC KEY-----\n<base64:32>\n-----END PUBLIC KEY-----\n# the public half, for everybody",
    "print(f\"{user.name}: {'*' * len(password)} ({len(token)} characters)\")",
)
_OUTPUT = (
    "\x1b[32m✓\x1b[0m <noun> <verb>s (<1-900> ms)\n\x1b[31m✗\x1b[0m password is required\n\x1b[1m<1-90> passing\x1b[0m",
    "\x1b[33mwarning\x1b[0m: unused variable: `token`\n \x1b[34m-->\x1b[0m src/main.rs:<1-900>:<1-90>",
    "origin\tgit@github.com:acme/<noun>.git (fetch)\norigin\tgit@github.com:acme/<noun>.git (push)",
    (
        "commit <hex:40>\nMerge: <hex:7> <hex:7>\nDate:   Tue Mar <1-28> 09:<10-59>:11 2024 +0100\n\n"
        "    Ask for the password once"
    ),
    "Enter passphrase for key '/home/ci/.ssh/id_ed25519': \nThe key fingerprint is SHA256:<sign:43>",
    "MD5:" + ":".join(["<hex:2>"] * 16) + " (RSA)",
    "Password:\nLast login: Mon Mar <1-28> 09:<10-59>:11 on ttys00<0-9>\n$ uptime\n up <1-90> days",
    "<moment> WARN login failed: wrong password (attempt <1-9> of 5), request <hex:16>, took <1-900:1> ms",
    (
        "java.lang.NullPointerException: password\n\tat com.acme.Login.check(Login.java:<1-900>)\n"
        "\tat jdk.internal.reflect.Method.invoke(Method.java:<1-900>)"
    ),
    (
        "npm notice <noun>-<verb> <0-30>.<0-30>.<0-30>\nnpm notice integrity: sha512-<sign:20>[...]<sign:13>==\n"
        "npm notice total files: <1-900>"
    ),
    (
        'curl -u "$USER:$PASSWORD" https://api.example.com/v1/<noun>s\n'
        'curl -H "Authorization: Bearer $TOKEN" https://api.example.com'
    ),
    "PID <100-99999> <noun> cpu <0-99:1> % rss <1000-999999> time 0<0-9>:<10-59>:<10-59>.<10-99>",
    "rtt min/avg/max/mdev = <10-20:3>/<20-30:3>/<30-40:3>/<1-9:3> ms\n<1-9> packets transmitted, 0 % loss",
    "layer <hex:12>: Pull complete\nDigest: sha256:<hex:64>\nStatus: Downloaded newer image",
)
_EXPORTS = (
    "sku,name,stock,price\nA-<1000-9999>,<thing>,<1-900>,<1-900:2>\nB-<1000-9999>,<thing>,<1-900>,<1-900:2>",
    "date;clicks;cost\n2024-<01-12>-<01-28>;<100-99999>;<1-900:2>\n2024-<01-12>-<01-28>;<100-99999>;<1-900:2>",
    (
        "<invoice><number>2024-<10000-99999></number><total "
        "currency='EUR'><1-9999:2></total><items><1-90></items></invoice>"
    ),
    '<input type="password" name="password" placeholder="Password" minlength="<8-20>" required>',
    "<label for='pin'>PIN</label><a href='/password/reset?step=<1-9>'>Forgot password?</a>",
    '{"id":<1-999999>,"tokens":{"prompt":<1-9999>,"completion":<1-9999>},"password":null,"apiKey":"","secret":false}',
    (
        '{"error":{"code":"invalid_api_key","message":"The '
        'API key is missing or wrong.","param":null,"request":"<hex:24>"}}'
    ),
    (
        "GET /search?q=password%20reset&utm_source=mail&page=<1-90> HTTP/1.1\n"
        "Referer: https://shop.example.com/p/<noun>-<100000-999999>"
    ),
    'GET /static/app.<hex:8>.js?v=<100000000-999999999> HTTP/1.1\nIf-None-Match: W/"<hex:10>-<hex:6>"',
    '{"text":"Ticket <100000-999999>\\n<1-9> items\\tarrived\\u00a0on <date>","ok":true}',
    "|run|loss|lr|\n|---|---|---|\n|<1-90>|0.<10000-99999>|<1-9>e-0<3-6>|\n|<1-90>|0.<10000-99999>|<1-9>e-0<3-6>|",
    "case <10-99>/<1000-9999>; docket <1000-9999>-<10-99>; page <100-999>, line <1-40>; exhibit <1-9>-C",
    "ISBN 978-3-<10-99>-<100000-999999>-<0-9>; DOI 10.<1000-9999>/<noun>.<2010-2025>.<1000-9999>; p. <10-99>-<100-199>",
    "Match <1-34>: 3:1 (1:0), 12' 1:0, 47' 2:0, 63' 2:1, 90'+<1-5> 3:1; spectators: <10000-80000>",
)

SORTS = (
    Sort("settings without secrets", _SETTINGS),
    Sort("code without secrets", _CODE, (writing.PLAIN, writing.JSON)),
    Sort("output without secrets", _OUTPUT),
    Sort("exports without secrets", _EXPORTS),
    Sort("exports without secrets, encoded", _EXPORTS, (writing.JSON_ASCII, writing.PERCENT, writing.XML)),
)
