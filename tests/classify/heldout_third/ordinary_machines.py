"""Settings, traces, code and output full of names, digests and numbers that look like secrets but are none."""

from tests.classify.heldout_second.writing import PERCENT, PLAIN, XML
from tests.classify.heldout_third import writing
from tests.classify.heldout_third.places import sort

_SETTINGS = (
    (
        "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD_FILE: /run/secrets/<noun>\n"
        "    secrets: [<noun>]\nsecrets:\n  <noun>:\n    external: true"
    ),
    "apiVersion: v1\nkind: Secret\nmetadata: {name: <noun>}\ntype: Opaque\ndata: {}",
    (
        "env:\n- name: TOKEN\n  valueFrom: {secretKeyRef: {name: <noun>, key: token}}\n"
        '- name: PASSWORD_MIN_LENGTH\n  value: "<8-20>"'
    ),
    (
        '  ~ resource "aws_db_instance" "main" {\n      ~ password = (sensitive value)\n'
        '      ~ engine_version = "1<3-6>.<1-9>" -> "1<3-6>.<1-9>"\n    }'
    ),
    'variable "token" {\n  type      = string\n  sensitive = true\n}\noutput "id" { value = "i-0<hex:16>" }',
    "OPENAI_API_KEY=<your key here>\nPASSWORD=<your password here>\nDEBUG=<0-1>",
    "[Service]\nEnvironmentFile=/etc/<noun>/env\nLoadCredential=token:/etc/<noun>/token\nRestartSec=<1-90>",
    "password: {{ lookup('vault', '<noun>/db') }}\ntoken: !vault |\n  see group_vars\nport: <1024-9999>",
    "auth:\n  type: oidc\n  client_id: acme-<noun>\n  client_secret: ${CLIENT_SECRET:?missing}\n  token_ttl: <1-90>m",
    '{"mcpServers":{"search":{"command":"npx","env":{"API_KEY":"${input:api_key}"}}}}',
    "PasswordAuthentication no\nPubkeyAuthentication yes\nPermitRootLogin prohibit-password\nMaxAuthTries <1-9>",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA<sign:43> ci@build\n# public keys of the build",
    "-----BEGIN CERTIFICATE-----\n<base64:48>\n<base64:48>\n-----END CERTIFICATE-----",
    "resolution: {integrity: sha512-<base64:64>}\nengines: {node: '>=<16-22>'}",
    "FROM python:3.12-slim@sha256:<hex:64>\nARG TOKEN\nRUN --mount=type=secret,id=<noun> ./build.sh",
)
_TRACES = (
    (
        "GET /v1/<noun>s?page=<1-90>&token_type=all HTTP/2\n"
        "x-request-id: <hex:8>-<hex:4>-4<hex:3>-a<hex:3>-<hex:12>\ntraceparent: 00-<hex:32>-<hex:16>-01"
    ),
    (
        'HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Bearer realm="api", error="invalid_token"\n'
        'ETag: W/"<hex:16>"\nContent-Length: <10-900>'
    ),
    (
        "HTTP/1.1 200 OK\nSet-Cookie: theme=dark; Max-Age=<1000-99999>\nCF-Ray: <hex:16>-VIE\n"
        "X-RateLimit-Remaining: <1-900>"
    ),
    "authorization: Bearer [redacted]\ncookie: [redacted]\nx-api-key: [redacted]\nuser-agent: node/<16-22>.<0-9>.<0-9>",
    (
        '{"entries":[{"startedDateTime":"<moment>","time":<1-900:3>,"request":{"method":"GET",'
        '"headersSize":<10-900>,"bodySize":-1}}]}'
    ),
    (
        '{"object":"chat.completion","id":"chatcmpl-<sign:29>","usage":{"prompt_tokens":<1-9999>,'
        '"completion_tokens":<1-999>}}'
    ),
    '{"type":"tool_use","id":"toolu_01<sign:22>","name":"get_weather","input":{"city":"Graz"}}',
    (
        '{"trace_id":"<hex:32>","span_id":"<hex:16>","start":17<10000000-99999999>000000000,'
        '"attr":{"token.count":<1-9999>}}'
    ),
    '{"error":{"type":"invalid_request_error","code":"password_too_short","param":"password","min":<8-20>}}',
    '{"sub":"<noun>","iat":17<10000000-99999999>,"exp":17<10000000-99999999>,"scope":"password.read token.write"}',
    "https://cdn.example.com/<hex:8>/app-<hex:20>.min.js?v=<10000000-99999999>#token-usage",
    "https://example.com/articles/<2019-2025>/<10-12>/<10-28>/how-to-store-passwords-<100000-999999>.html",
)
_CODE = (
    "def reset(self, password: str, *, token: str | None = None, retries: int = <1-9>) -> bool: ...",
    "password = os.environ['DB_PASSWORD']\ntoken = vault.read('kv/<noun>')['token']\nsecret = getpass('Secret: ')",
    "if len(password) < <8-20>:\n    raise ValueError('password is too short')",
    "const password = ref('');\nconst token = useToken();\nconst { apiKey } = await config.load('<noun>');",
    "type Props = { password?: string; secret: Secret<string>; onTokenChange: (token: string) => void };",
    'private final String passwordParameter = "j_password";\nprivate static final String TOKEN_HEADER = "X-Token";',
    "validates :password, presence: true, length: { minimum: <8-20> }, confirmation: true",
    "$this->password = Hash::make($request->input('password'));\n$token = Str::random(<16-64>);",
    "assert hash_file('a') == '<hex:64>'\nassert uuid.UUID('<hex:8>-<hex:4>-4<hex:3>-a<hex:3>-<hex:12>').version == 4",
    "enum Key { Enter = 13, Escape = 27 }\nconst SNOWFLAKE = <100000000000000000-999999999999999999>n;",
    "static const uint8_t table[] = {0x<hex:2>, 0x<hex:2>, 0x<hex:2>, 0x<hex:2>};\nuint64_t seed = 0x<hex:16>;",
    "impl From<io::Error> for crate::auth::token::Error {}\nlet x: Vec<std::net::IpAddr> = vec![];",
    "@pytest.fixture\ndef password():\n    return fake.password()\n\ndef test_token(token): assert token",
    (
        'msgid "Forgot your password?"\nmsgstr "Passwort vergessen?"\nmsgid "Enter the PIN of your card"\n'
        'msgstr "PIN der Karte eingeben"'
    ),
    (
        "UPDATE users SET password_hash = crypt($1, gen_salt('bf')), token_version = token_version + 1 WHERE "
        "id = <1-9999>;"
    ),
    "x = <1000-9999>.<10-99>e-<10-19>; y = [<100-999>.<100-999>, -<10-99>.<10000-99999>]; z = (<1-9>, <1-9>, <1-9>)",
    '<input type="password" autocomplete="current-password" aria-label="Password" maxlength="<20-90>">',
    "$ cat .env.example\nAPI_KEY=\nTOKEN=xxxxxxxxxxxxxxxx\nSECRET=********",
)
_OUTPUT = (
    (
        "REPOSITORY   TAG   IMAGE ID       SIZE\nacme/<noun>   <1-9>.<0-30>   <hex:12>   <100-900>MB\n"
        "acme/<noun>   latest   <hex:12>   <1-9:2>GB"
    ),
    (
        "<hex:7> (HEAD -> main, tag: v<1-9>.<0-30>.<0-30>) Hide the password in logs\n"
        "<hex:7> Count tokens once\n<hex:7> Bump <noun>"
    ),
    "Enter password: \nlogin: wrong password, <1-9> attempts left\nConnection to build.example.com closed.",
    "==> Caching <noun>-<hex:8>.tar.zst (<1-900:1> MiB)\n==> Digest sha256:<hex:64>\n==> Took <1-900>.<1-9>s",
    (
        "PASS tests/password.test.ts (<1-90>.<100-999> s)\n  ✓ rejects an empty password (<1-90> ms)\n"
        "  ✓ masks the token (<1-90> ms)"
    ),
    "warning: 'password' is deprecated: use 'credential' [-Wdeprecated-declarations]\n  --> src/auth.c:<1-900>:<1-90>",
    "pod/<noun>-<hex:10>-<hex:5>   1/1   Running   0   <1-90>d\nsecret/<noun>-token   Opaque   <1-9>   <1-90>d",
    "<moment> INFO  token bucket refilled: <1-9999>/<1-9999>, key=<noun>, ttl=<1-9999>",
    "<moment> WARN  password of user jo expires in <1-30> days; secret rotation skipped",
    "<moment> DEBUG cache key=<noun>:<1-9999>:<hex:12> hit=true age=<1-900>s",
    "\x1b[31mFAILED\x1b[39m tests/test_token.py::test_expiry - assert <100000000-999999999> == <100000000-999999999>",
    "eth0: RX packets <1000000-9999999> bytes <1000000000-9999999999> (<1-9:1> GB)  errors 0  dropped <1-90>",
    "Serial number: 0<hex:15>\nNot After : Mar <10-28> 12:00:00 2030 GMT\nPublic-Key: (2048 bit)",
    "epoch <1-90> step <1000-99999> loss <1-9:4> lr <1-9>.<10-99>e-0<3-6> tokens/s <1000-99999>",
)
_DATA = (
    (
        "id,sku,gtin,qty\n<1-999>,AB-<1000-9999>-<10-99>,4<100000-999999><100000-999999>,<1-90>\n"
        "<1-999>,AB-<1000-9999>-<10-99>,4<100000-999999><100000-999999>,<1-90>"
    ),
    (
        "station;time;temp;wind\nA<100-999>;2024-<10-12>-<10-28> <10-23>:00;<1-30:1>;<1-90>\n"
        "B<100-999>;2024-<10-12>-<10-28> <10-23>:00;<1-30:1>;<1-90>"
    ),
    "<book><isbn>978<1000000000-9999999999></isbn><pages><100-900></pages><year><1950-2020></year></book>",
    '{"doi":"10.<1000-9999>/<noun>.<2010-2025>.<1000-9999>","orcid":null,"cites":[<1-900>,<1-900>]}',
    "ticker,open,high,low,close,volume\nACME,<10-99:2>,<10-99:2>,<10-99:2>,<10-99:2>,<1000000-99999999>",
    (
        "| model | params | tokens | score |\n|---|---|---|---|\n"
        "| <noun>-7b | 7,<100-999>,<100-999>,<100-999> | <1-9>T | <50-99:2> |"
    ),
    (
        "ref.: <100-999>/<1000-9999>/<10-99>; docket <10-99>-cv-<10000-99999>; § <100-999> (<1-9>); OJ L "
        "<100-400>, p. <1-99>"
    ),
    "CAS 7732-18-5, CAS 64-17-5; EC <200-299>-<500-899>-<1-9>; UN <1000-3999>; H2<10-40>, P3<10-90>",
    (
        "1:0 (<1-45>'), 1:1 (<46-70>'), 2:1 (<71-90>'); attendance <10000-80000>; table: 1. <club> <50-90>, "
        "2. <club> <30-49>"
    ),
    "bus 4<0-9>A <10-23>:<10-59> <10-23>:<10-59> <10-23>:<10-59>; tram <1-9> every <5-20> min; zone <100-199>",
)

SORTS = (
    sort("settings that hold no secret", _SETTINGS, (PLAIN, writing.TWICE_INDENTED)),
    sort("traffic that holds no secret", _TRACES),
    sort("programs that hold no secret", _CODE, (PLAIN, writing.JSON_LINES)),
    sort("output that holds no secret", _OUTPUT, (PLAIN, writing.COMMENTED)),
    sort("exports that hold no data", _DATA, (PLAIN, PERCENT, XML)),
)
