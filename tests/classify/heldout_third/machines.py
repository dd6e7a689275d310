"""What machines are set up with: containers, clusters, plans, units, playbooks and the settings of tools."""

import json
from base64 import b64encode

from tests.classify.heldout_second.writing import PLAIN, Writing
from tests.classify.heldout_third import writing
from tests.classify.heldout_third.places import sort


def _laid_out(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False)


_INSPECT = _laid_out(
    [
        {
            "Id": "<hex:64>",
            "State": {"Status": "running", "Pid": "<100-99999>"},
            "Config": {
                "Env": [
                    "PATH=/usr/local/bin:/usr/bin",
                    "POSTGRES_PASSWORD=⟦PASSWORD_ASSIGNMENT⟧",
                    "API_TOKEN=⟦SECRET_ASSIGNMENT⟧",
                    "HF_HOME=/cache",
                ],
                "Image": "acme/<noun>:<1-9>.<0-30>",
            },
            "NetworkSettings": {"MacAddress": "⟦MAC_ADDRESS⟧", "Gateway": "⟦IPV4_ADDRESS⟧"},
        }
    ]
)
_TASK = _laid_out(
    {
        "family": "<noun>-service",
        "containerDefinitions": [
            {
                "name": "app",
                "environment": [
                    {"name": "DATABASE_PASSWORD", "value": "⟦PASSWORD_ASSIGNMENT⟧"},
                    {"name": "SENDGRID_KEY", "value": "⟦SENDGRID_API_KEY⟧"},
                    {"name": "REGION", "value": "eu-central-1"},
                ],
            }
        ],
    }
)
_STATE = _laid_out(
    {
        "version": 4,
        "serial": "<1-99>",
        "resources": [
            {
                "type": "aws_iam_access_key",
                "instances": [
                    {"attributes": {"id": "⟦AWS_ACCESS_KEY_ID⟧", "secret": "<noun>"}},
                    {"attributes": {"master_username": "root", "master_password": "⟦PASSWORD_ASSIGNMENT⟧"}},
                ],
            }
        ],
    }
)
_PLANS = (
    """\
Terraform will perform the following actions:

  # aws_db_instance.main will be updated in-place
  ~ resource "aws_db_instance" "main" {
        id       = "<noun>-db"
      ~ password = "⟦PASSWORD_ASSIGNMENT⟧" -> "⟦PASSWORD_ASSIGNMENT⟧"
      ~ backup_retention_period = <1-9> -> <10-30>
    }

Plan: 0 to add, 1 to change, 0 to destroy.
""",
    """\
  + resource "github_actions_secret" "deploy" {
      + secret_name     = "DEPLOY_TOKEN"
      + plaintext_value = "⟦GITHUB_OAUTH_TOKEN⟧"
      + repository      = "<noun>"
    }
""",
    """\
Changes to Outputs:
  + api_key  = "⟦SECRET_ASSIGNMENT⟧"
  + endpoint = "https://<noun>.example.com"
  + db_url   = "mysql://app:⟦DATABASE_URL⟧@db.example.com:3306/<noun>"
""",
    """\
~ pulumi:pulumi:Stack: (same)
    ~ config: {
        ~ dbPassword: "⟦PASSWORD_ASSIGNMENT⟧" => "⟦PASSWORD_ASSIGNMENT⟧"
        ~ size      : <1-9> => <10-20>
""",
)
_CLUSTERS = (
    """\
apiVersion: v1
kind: Secret
metadata: {name: <noun>-mail, namespace: prod}
type: Opaque
stringData:
  smtp-password: "⟦PASSWORD_ASSIGNMENT⟧"
  dsn: ⟦SENTRY_DSN⟧
  config.yaml: |
    token: ⟦TOKEN⟧
    retries: <1-9>
""",
    """\
Name:         <noun>-7c9f<hex:4>
Environment:
  OPENROUTER_API_KEY:  ⟦OPENROUTER_API_KEY⟧
  DB_PASSWORD:         <set to the key 'password' in secret 'db'>  Optional: false
  ADMIN_PASSWORD:      ⟦PASSWORD_ASSIGNMENT⟧
Conditions:
  Ready  True
""",
    """\
image:
  repository: acme/<noun>
  tag: "<1-9>.<0-30>.<0-30>"
postgresql:
  auth: {username: app, password: ⟦PASSWORD_ASSIGNMENT⟧, database: <noun>}
ingress:
  basicAuth: "admin:⟦HTPASSWD_HASH⟧"
extraEnv:
  - {name: TAVILY_API_KEY, value: ⟦TAVILY_API_KEY⟧}
""",
    """\
apiVersion: argoproj.io/v1alpha1
kind: Application
spec:
  source:
    repoURL: https://x-access-token:⟦GITHUB_USER_TOKEN⟧@github.com/acme/<noun>.git
    helm:
      parameters:
      - {name: adminPassword, value: ⟦PASSWORD_ASSIGNMENT⟧}
""",
)
_ENCODED_CLUSTERS = (
    (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: <noun>\ntype: kubernetes.io/basic-auth\ndata:\n"
        "  username: YWRtaW4=\n  password: ⟦PASSWORD_ASSIGNMENT⟧\n"
    ),
    '{"kind":"Secret","apiVersion":"v1","data":{"password":"⟦PASSWORD_ASSIGNMENT⟧"},"type":"Opaque"}',
)
_SETTINGS = (
    (
        "[Service]\nEnvironment=GRAFANA_TOKEN=⟦GRAFANA_TOKEN⟧\n"
        'Environment="SMTP_PASSWORD=⟦PASSWORD_ASSIGNMENT⟧"\nExecStart=/usr/bin/<noun>\nRestart=always'
    ),
    (
        "- hosts: db\n  vars:\n    ansible_become_pass: ⟦PASSWORD_ASSIGNMENT⟧\n"
        "    mysql_root_password: ⟦PASSWORD_ASSIGNMENT⟧\n  tasks: []"
    ),
    (
        "services:\n  cache:\n    image: redis:7\n"
        "    command: redis-server --requirepass ⟦PASSWORD_ASSIGNMENT⟧ --appendonly yes"
    ),
    (
        "services:\n  web:\n    environment:\n      - SECRET_KEY=⟦SECRET_ASSIGNMENT⟧\n      - DEBUG=0\n"
        "      - RESEND_KEY=⟦RESEND_API_KEY⟧"
    ),
    (
        "model_list:\n  - model_name: gpt-4o\n    litellm_params:\n      model: azure/gpt-4o\n"
        "      api_key: ⟦AZURE_OPENAI_KEY⟧\ngeneral_settings:\n  master_key: ⟦SECRET_ASSIGNMENT⟧"
    ),
    "[network]\nproxy = https://ci:⟦BASIC_AUTH_URL⟧@proxy.example.com:8443/\ntimeout = <10-90>",
    (
        '<?xml version="1.0"?>\n<configuration>\n  <packageSourceCredentials><feed>\n'
        '    <add key="Username" value="ci" />\n'
        '    <add key="ClearTextPassword" value="⟦PASSWORD_ASSIGNMENT⟧" />\n'
        "  </feed></packageSourceCredentials>\n</configuration>"
    ),
    '{\n  "auths": {\n    "registry.example.com": {"username": "ci", "password": "⟦PASSWORD_ASSIGNMENT⟧"}\n  }\n}',
    (
        '{"mcpServers":{"search":{"command":"npx","args":["-y","search-mcp"],'
        '"env":{"TAVILY_API_KEY":"⟦TAVILY_API_KEY⟧"}}}}'
    ),
    "Host bastion\n  HostName ⟦IPV4_ADDRESS⟧\n  User deploy\n  Port <1024-9999>\n# password: ⟦PASSWORD_ASSIGNMENT⟧",
    "interface wlan0\n  wpa-psk ⟦PASSWORD_ASSIGNMENT⟧\n  wpa-ssid office\n# wpa-psk is the wifi password",
    (
        "username admin privilege 15 password 0 ⟦PASSWORD_ASSIGNMENT⟧\nsnmp-server location room <100-999>\n"
        "hostname sw<1-9>"
    ),
    'bind_user = "cn=reader,dc=example,dc=com"\nbind_password = "⟦PASSWORD_ASSIGNMENT⟧"\nbase = "dc=example,dc=com"',
    (
        "mail:\n  imap:\n    host: imap.example.com\n    user: ⟦EMAIL_ADDRESS simple⟧\n"
        "    pass: ⟦PASSWORD_ASSIGNMENT⟧\n    ssl: true"
    ),
    'telegram:\n    bot_token: "⟦TELEGRAM_BOT_TOKEN⟧"\n    chat_id: -100<10000000-99999999>',
    (
        "CLOUDFLARE_API_TOKEN=⟦CLOUDFLARE_API_TOKEN⟧\nCF_ZONE=<noun>.example.com\n"
        "DUPLICATI_PASSPHRASE=⟦PASSWORD_ASSIGNMENT⟧"
    ),
    (
        "spring.datasource.url=jdbc:postgresql://db:5432/<noun>\n"
        "spring.datasource.password=⟦PASSWORD_ASSIGNMENT⟧\njwt.secret=⟦SECRET_ASSIGNMENT encoded⟧"
    ),
    (
        '<jdbc>\n  <property name="user" value="app"/>\n'
        '  <property name="password" value="⟦PASSWORD_ASSIGNMENT⟧"/>\n</jdbc>'
    ),
    '(setq smtpmail-smtp-user "jo")\n(setq my-api-key "⟦TOKEN⟧")\n(setq fill-column <70-100>)',
    (
        "DefaultEndpointsProtocol=https;AccountName=<noun>store;AccountKey=⟦AZURE_STORAGE_KEY⟧;"
        "EndpointSuffix=core.windows.net"
    ),
    "Server=tcp:sql.example.com,1433;Initial Catalog=<noun>;User ID=app;Password=⟦CONNECTION_STRING⟧;Encrypt=True;",
    (
        "root:⟦UNIX_PASSWORD_HASH⟧:19<100-999>:0:99999:7:::\nsshd:!:19<100-999>::::::\n"
        "jo:⟦UNIX_PASSWORD_HASH⟧:19<100-999>:0:99999:7:::"
    ),
    "rclone.conf\n[box]\ntype = webdav\nuser = jo\npass = ⟦PASSWORD_ASSIGNMENT⟧",
    "age key for sops, keep safe:\n# created: <moment>\n⟦AGE_SECRET_KEY⟧",
    "{ 'kty': 'EC', 'crv': 'P-256', 'use': 'sig', 'd': '⟦JSON_WEB_KEY⟧' }",
    "qrencode 'otpauth://totp/Acme:<noun>?algorithm=SHA1&digits=6&secret=⟦ONE_TIME_PASSWORD_URL⟧&issuer=Acme'",
    "htpasswd:\n  admin:⟦HTPASSWD_HASH⟧\n  argon: ⟦ARGON2_HASH⟧",
    (
        "---\nsecrets:\n  stripe: ⟦STRIPE_WEBHOOK_SECRET⟧\n  maps: ⟦GCP_API_KEY⟧\n"
        "  twilio: {sid: ⟦TWILIO_ACCOUNT_SID⟧, token: <noun>}"
    ),
)
_PRIVATE_KEYS = (
    "deploy/id_rsa:\n⟦PRIVATE_KEY⟧\n",
    "diff --git a/certs/app.key b/certs/app.key\nnew file mode 100600\n@@ -0,0 +1,9 @@\n⟦PRIVATE_KEY⟧\n",
    "gpg --export-secret-keys --armor ci\n⟦PGP_PRIVATE_KEY⟧\nexit\n",
    "build.ppk\n⟦PUTTY_PRIVATE_KEY⟧\n",
)
_ADDED = Writing(
    lambda text: text.replace("\n", "\n+"), lambda text: text.replace("\n", "\n+"), opening="+", closing="\n"
)
_QUOTED = Writing(
    lambda text: text.replace("\n", "\n> "), lambda text: text.replace("\n", "\n> "), opening="> ", closing="\n"
)
_ENCODED = Writing(value=lambda text: b64encode(text.encode()).decode())

SORTS = (
    sort("containers and their state", (_INSPECT, _TASK, _STATE)),
    sort("plans", _PLANS, (PLAIN, writing.COLOUR_IN_SHELL)),
    sort("clusters", _CLUSTERS, (PLAIN, writing.TWICE_INDENTED)),
    sort("clusters, encoded", _ENCODED_CLUSTERS, (_ENCODED,)),
    sort("settings of tools", _SETTINGS, (PLAIN, writing.ADDED_LINES)),
    sort("settings in a message", _SETTINGS[1::4], (writing.JSON_LINES, writing.NAMED_ENTITIES)),
    sort("private keys", _PRIVATE_KEYS),
    sort("private keys in lines with a mark", _PRIVATE_KEYS, (_ADDED, _QUOTED)),
)
