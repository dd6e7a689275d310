"""Source code of several languages with secrets and personal data in it, and what programs print when they fail."""

from tests.classify.heldout_second import writing
from tests.classify.heldout_second.document import Sort

_SOURCES = (
    "<?php\ndefine('DB_NAME', 'shop');\ndefine('DB_PASSWORD', '⟦PASSWORD_ASSIGNMENT⟧');\n$table_prefix = 'wp_';",
    "<?php return ['mail' => ['host' => 'smtp.example.com', 'password' => '⟦PASSWORD_ASSIGNMENT⟧', 'port' => 587]];",
    "Rails.application.configure do\n  config.secret_key_base = '⟦SECRET_ASSIGNMENT⟧'\n  config.force_ssl = true\nend",
    "conn = psycopg2.connect(host='db', user='app', password='⟦PASSWORD_ASSIGNMENT⟧', dbname='orders')",
    "def login(user='admin', password=\"⟦PASSWORD_ASSIGNMENT⟧\"):\n    return session.post('/login', json=locals())",
    "os.environ['OPENAI_API_KEY'] = '⟦OPENAI_API_KEY⟧'\nclient = OpenAI()",
    'os.environ.setdefault("HF_TOKEN", "⟦HUGGING_FACE_TOKEN⟧")',
    'openai.api_key = "⟦OPENAI_API_KEY⟧"  # TODO: remove before release',
    'String apiKey = "⟦TOKEN⟧";\nprivate static final int LIMIT = <1-9999>;',
    'DriverManager.getConnection(url, "app", "⟦PASSWORD_ASSIGNMENT user⟧"); // the application\'s password',
    'props.setProperty("password", "⟦PASSWORD_ASSIGNMENT⟧");\nprops.setProperty("ssl", "true");',
    '@Value("${smtp.password:⟦PASSWORD_ASSIGNMENT⟧}")\nprivate String smtpPassword;',
    'var cfg = Config{\n\tUser:     "app",\n\tPassword: "⟦PASSWORD_ASSIGNMENT⟧",\n\tTimeout:  <1-90> * time.Second,\n}',
    "const token = process.env.TOKEN ?? '⟦TOKEN⟧';\nexport default axios.create({ timeout: <100-9000> });",
    "fetch(url, { headers: { 'X-Api-Key': '⟦SECRET_ASSIGNMENT⟧', 'Accept': 'application/json' } })",
    "axios.defaults.headers.common['Authorization'] = 'Bearer ⟦BEARER_TOKEN⟧';",
    'let client = Client::with_auth("⟦TOKEN⟧")?;\nassert_eq!(client.retries(), <1-9>);',
    'static constexpr char kPassword[] = "⟦PASSWORD_ASSIGNMENT⟧";\nstatic constexpr int kPort = <1024-9999>;',
    '#define WIFI_PASSWORD "⟦PASSWORD_ASSIGNMENT⟧"\n#define WIFI_SSID "office"',
    "CREATE USER report IDENTIFIED BY '⟦PASSWORD_ASSIGNMENT⟧';\nGRANT SELECT ON orders.* TO report;",
    "ALTER ROLE app WITH LOGIN PASSWORD '⟦PASSWORD_ASSIGNMENT⟧';",
    "INSERT INTO customers (email, phone, dob) VALUES ('⟦EMAIL_ADDRESS⟧', '⟦ABROAD⟧', '⟦DATE_OF_BIRTH iso⟧');",
    "UPDATE users SET card = '⟦CREDIT_CARD_NUMBER bare⟧', iban = '⟦IBAN_CODE bare⟧' WHERE id = <1-99999>;",
    "$cred = New-Object PSCredential('svc', (ConvertTo-SecureString '⟦PASSWORD_ASSIGNMENT⟧' -AsPlainText -Force))",
    "net use z: \\\\files\\share /user:svc ⟦PASSWORD_ASSIGNMENT user⟧  & rem the password is in the vault too",
    'IF password = "⟦PASSWORD_ASSIGNMENT⟧" THEN\n    Unlock\nEND IF',
    "it('rejects a wrong number', () => { expect(check('⟦IBAN_CODE bare⟧')).toBe(true) })",
    "assert parse(\"⟦NATIONAL⟧\").kind == 'person'\nassert parse(\"⟦NATIONAL⟧\").kind == 'person'",
    "# contact ⟦EMAIL_ADDRESS⟧ before you touch this\nRETRIES = <1-9>",
    "github = Github(login_or_token='⟦GITHUB_PERSONAL_TOKEN⟧')\nrepo = github.get_repo('acme/site')",
    "boto3.client('s3', aws_access_key_id='⟦AWS_ACCESS_KEY_ID⟧', aws_secret_access_key='⟦AWS_SECRET_ACCESS_KEY⟧')",
    "stripe.api_key = '⟦STRIPE_SECRET_KEY⟧'\nstripe.Charge.create(amount=<100-9999>, currency='eur')",
    "Sys.setenv(DATABRICKS_TOKEN = \"⟦DATABRICKS_TOKEN⟧\")\ndf <- read.csv('a.csv')",
    'val slack = Slack(token = "⟦SLACK_TOKEN⟧")\nslack.post(channel, text)',
)
_FAILURES = (
    (
        'Traceback (most recent call last):\n  File "/srv/app/sync.py", line <1-900>, in run\n'
        "sqlalchemy.exc.OperationalError: could not connect to postgresql://app:⟦DATABASE_URL⟧@db.example.com:5432/orders"
    ),
    (
        'Exception in thread "main" java.lang.IllegalArgumentException: no customer ⟦EMAIL_ADDRESS⟧\n'
        "\tat com.acme.Orders.find(Orders.java:<1-900>)\n\t... <1-30> more"
    ),
    (
        "Error: Incorrect API key provided: ⟦OPENAI_API_KEY⟧. You can find your API key in the settings.\n"
        "    at post (client.js:<1-900>:<1-90>)"
    ),
    (
        'panic: login failed for "admin" with password "⟦PASSWORD_ASSIGNMENT⟧"\n\ngoroutine 1 [running]:\n'
        "main.main()\n\t/src/main.go:<1-900> +0x<hex:3>"
    ),
    (
        'TypeError: cannot read \'iban\' of {"iban":"⟦IBAN_CODE bare⟧","phone":"⟦ABROAD⟧"}\n'
        "    at render (app.js:<1-900>:<1-90>)"
    ),
    (
        "requests.exceptions.HTTPError: "
        "401 Client Error: Unauthorized for url: https://api.example.com/v1/items?api_key=⟦SECRET_ASSIGNMENT⟧&page=<1-90>"
    ),
    (
        "System.Data.SqlClient.SqlException: "
        "Login failed. Server=sql01;User Id=sa;Password=⟦CONNECTION_STRING⟧;Encrypt=true\n   at Acme.Db.Open()"
    ),
    (
        "ERROR 1062 (23000): Duplicate entry '⟦EMAIL_ADDRESS⟧' for key 'users.email'\n"
        "ERROR 1062 (23000): Duplicate entry '⟦NATIONAL⟧' for key 'users.ident'"
    ),
    (
        "fatal: unable to access 'https://ci:⟦GITHUB_PERSONAL_TOKEN⟧@github.com/acme/site.git/': "
        "The requested URL returned error: 403"
    ),
    (
        "thread 'main' panicked at src/main.rs:<1-900>:<1-90>:\ncalled `Result::unwrap()` on an `Err` value: Refused "
        '{ token: "⟦TOKEN⟧" }'
    ),
    "Invalid JWT: ⟦JSON_WEB_TOKEN⟧ (expired <moment>)",
    '[Redux] state: {user: {mail: "⟦EMAIL_ADDRESS⟧", ssn: "⟦US_SSN⟧", born: "⟦DATE_OF_BIRTH iso⟧"}}',
)

SORTS = (
    Sort("source code", _SOURCES),
    Sort("source code in a message", _SOURCES[::3], (writing.JSON, writing.SOURCE_STRING)),
    Sort("stack traces and errors", _FAILURES, (writing.PLAIN, writing.JSON)),
)
