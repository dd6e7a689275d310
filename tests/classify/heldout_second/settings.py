"""Settings of programs and machines: netrc, ini, environment, YAML, TOML, Terraform and Kubernetes."""

from base64 import b64encode

from tests.classify.heldout_second.document import Sort
from tests.classify.heldout_second.writing import Writing

_FILES = (
    (
        "machine api.example.com\n  login deploy\n  password ⟦PASSWORD_ASSIGNMENT⟧\n"
        "machine git.example.org login ci password ⟦TOKEN⟧"
    ),
    "machine ftp.example.com login backup password ⟦PASSWORD_ASSIGNMENT⟧",
    "[client]\nuser = root\npassword = ⟦PASSWORD_ASSIGNMENT⟧\nhost = db.example.com\n\n[mysqldump]\nquick",
    '; php.ini\nsmtp_server = mail.example.com\nauth_username = noreply\nauth_password = "⟦PASSWORD_ASSIGNMENT⟧"',
    (
        "[default]\naws_access_key_id = ⟦AWS_ACCESS_KEY_ID⟧\naws_secret_access_key = ⟦AWS_SECRET_ACCESS_KEY⟧\n"
        "region = eu-west-1"
    ),
    "db.example.com:5432:orders:app:⟦PASSWORD_ASSIGNMENT user⟧\n# .pgpass of the export job, the password comes last",
    "DB_HOST=db\nDB_PASS=⟦PASSWORD_ASSIGNMENT⟧\nMAIL_PWD='⟦PASSWORD_ASSIGNMENT⟧'\nLOG_LEVEL=info",
    'export OPENAI_API_KEY=⟦OPENAI_API_KEY⟧\nexport ANTHROPIC_API_KEY="⟦ANTHROPIC_API_KEY⟧"\nexport EDITOR=vim',
    "APP_SECRET = ⟦SECRET_ASSIGNMENT⟧\nAPP_ENV = prod\n# rotated <date>",
    (
        "spring:\n  datasource:\n    username: app\n    password: ⟦PASSWORD_ASSIGNMENT⟧\n  redis:\n"
        "    password: '⟦PASSWORD_ASSIGNMENT⟧'"
    ),
    (
        "x-common: &common\n  POSTGRES_PASSWORD: ⟦PASSWORD_ASSIGNMENT⟧\n  POSTGRES_USER: app\nservices:\n"
        "  db: {environment: *common}"
    ),
    "slack:\n  webhook: ⟦SLACK_WEBHOOK⟧\n  token: >-\n    ⟦SLACK_TOKEN⟧\n  channel: alerts",
    (
        '[database]\nurl = "postgres://app:⟦DATABASE_URL⟧@db.example.com/orders"\npool = <1-99>\n[auth]\n'
        'secret_key = "⟦SECRET_ASSIGNMENT⟧"'
    ),
    "[tool.publish]\ntoken = '⟦PYPI_TOKEN⟧'\nverbose = true",
    (
        'provider "aws" {\n  region     = "eu-west-1"\n  access_key = "⟦AWS_ACCESS_KEY_ID⟧"\n'
        '  secret_key = "⟦AWS_SECRET_ACCESS_KEY⟧"\n}'
    ),
    'variable "db_password" {\n  type      = string\n  sensitive = true\n  default   = "⟦PASSWORD_ASSIGNMENT⟧"\n}',
    (
        'resource "digitalocean_droplet" "web" {\n  image = "debian-12"\n}\n'
        'provider "digitalocean" { token = "⟦DIGITALOCEAN_PERSONAL_TOKEN⟧" }'
    ),
    (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: <noun>\nstringData:\n  password: ⟦PASSWORD_ASSIGNMENT⟧\n"
        "  api-token: ⟦TOKEN⟧"
    ),
    (
        'containers:\n- name: <noun>\n  env:\n  - name: DB_PASSWORD\n    value: "⟦PASSWORD_ASSIGNMENT⟧"\n'
        "  - name: GITHUB_TOKEN\n    value: ⟦GITHUB_PERSONAL_TOKEN⟧"
    ),
    (
        "apiVersion: v1\nkind: ConfigMap\ndata:\n  app.properties: |\n    mail.password=⟦PASSWORD_ASSIGNMENT⟧\n"
        "    stripe.key=⟦STRIPE_SECRET_KEY⟧"
    ),
    (
        "users:\n- name: admin\n  user:\n    client-key-data: ⟦KUBERNETES_SECRET⟧\n"
        "    client-certificate-data: <base64:90>"
    ),
    "<server><id>releases</id><username>deploy</username><password>⟦PASSWORD_ASSIGNMENT⟧</password></server>",
    '<add key="SmtpPassword" value="⟦PASSWORD_ASSIGNMENT⟧" />\n<add key="SmtpPort" value="<25-900>" />',
    (
        '<connectionStrings><add name="Main" connectionString="Server=sql01;Database=crm;User '
        'Id=app;Password=⟦CONNECTION_STRING⟧;" /></connectionStrings>'
    ),
    "//registry.example.com/:_authToken=⟦NPM_ACCESS_TOKEN⟧\nalways-auth=true",
    "//npm.example.com/:_authToken=⟦NPM_ACCESS_TOKEN⟧\nregistry=https://npm.example.com/",
    "[distutils]\nindex-servers = main\n[main]\nusername = __token__\npassword = ⟦PYPI_TOKEN⟧",
    'network={\n  ssid="office"\n  psk="⟦PASSWORD_ASSIGNMENT⟧"\n  key_mgmt=WPA-PSK\n}',
    "root:⟦UNIX_PASSWORD_HASH⟧:19780:0:99999:7:::\ndaemon:*:19780:0:99999:7:::",
    "[Interface]\nPrivateKey = ⟦SECRET_ASSIGNMENT encoded⟧\nListenPort = 51820\n[Peer]\nPersistentKeepalive = <10-60>",
    "requirepass ⟦PASSWORD_ASSIGNMENT⟧\nmasterauth ⟦PASSWORD_ASSIGNMENT⟧\nmaxmemory <1-64>gb",
    "log_level: info\nsentry_dsn: ⟦SENTRY_DSN⟧\nsmtp: smtps://noreply:⟦BASIC_AUTH_URL mail⟧@mail.example.com:465",
)
_KEYS = (
    (
        '{"type": "service_account", "project_id": "acme", "private_key": '
        '"⟦PRIVATE_KEY⟧", "token_uri": "https://oauth2.example.com/token"}'
    ),
    'PRIVATE_KEY="⟦PRIVATE_KEY⟧"\nPORT=<1024-65535>',
    "const key = '⟦PRIVATE_KEY⟧';\nsign(key, body);",
    '{"keys": ["⟦PRIVATE_KEY⟧", "⟦PRIVATE_KEY⟧"], "kid": "<hex:8>"}',
    'printf "⟦PRIVATE_KEY⟧" > /etc/ssl/app.key && chmod 600 /etc/ssl/app.key',
)
_BLOCKS = (
    "tls:\n  key: |\n    ⟦PRIVATE_KEY⟧\n  mode: strict",
    'resource "tls" "app" {\n  private_key = <<-EOT\n    ⟦PRIVATE_KEY⟧\n  EOT\n}',
    "cat > id <<EOF\n    ⟦PRIVATE_KEY⟧\nEOF\nssh -i id deploy@build.example.com",
)
_ESCAPED = Writing(value=lambda text: text.replace("\n", "\\n"))
_ESCAPED_TWICE = Writing(value=lambda text: text.replace("\n", "\\\\n"))
_CARRIAGE_RETURNS = Writing(value=lambda text: text.replace("\n", "\\r\\n"))
_INDENTED = Writing(value=lambda text: text.replace("\n", "\n    "))
_ENCODED_SECRETS = ("apiVersion: v1\nkind: Secret\ndata:\n  password: ⟦PASSWORD_ASSIGNMENT⟧\n  port: NTQzMg==",)
_ENCODED = Writing(value=lambda text: b64encode(text.encode()).decode())

SORTS = (
    Sort("settings", _FILES),
    Sort("private keys within strings", _KEYS, (_ESCAPED, _ESCAPED_TWICE, _CARRIAGE_RETURNS)),
    Sort("private keys in indented blocks", _BLOCKS, (_INDENTED,)),
    Sort("settings, encoded", _ENCODED_SECRETS, (_ENCODED,)),
)
