"""Source code, tests, notebooks, diffs and comments that hold secrets or personal data."""

from tests.classify.heldout_second.writing import JSON, PLAIN
from tests.classify.heldout_third import writing
from tests.classify.heldout_third.places import sort

_SOURCES = (
    'client = anthropic.Anthropic(api_key="⟦ANTHROPIC_API_KEY⟧", max_retries=<1-9>)',
    "llm = ChatOpenAI(model='gpt-4o', openai_api_key='⟦OPENAI_API_KEY⟧', temperature=0.<1-9>)",
    "login(token='⟦HUGGING_FACE_TOKEN⟧')\nmodel = AutoModel.from_pretrained('acme/<noun>')",
    "genai.configure(api_key='⟦GCP_API_KEY⟧')",
    "engine = create_engine('mysql+pymysql://app:⟦DATABASE_URL⟧@db.example.com/<noun>', pool_size=<1-90>)",
    "server.login('⟦EMAIL_ADDRESS simple⟧', '⟦PASSWORD_ASSIGNMENT user⟧')  # smtp password",
    "PASSWORDS = {\n    'root': '⟦PASSWORD_ASSIGNMENT⟧',\n    'jo': '⟦PASSWORD_ASSIGNMENT⟧',\n}",
    "def connect(host, password='⟦PASSWORD_ASSIGNMENT⟧', timeout=<1-90>):\n    return Client(host, password)",
    "parser.add_argument('--password', default='⟦PASSWORD_ASSIGNMENT⟧', help='of the database')",
    "if request.form['password'] == '⟦PASSWORD_ASSIGNMENT⟧':\n    return redirect('/admin')",
    "requests.get(url, auth=('jo', '⟦PASSWORD_ASSIGNMENT user⟧'))  # user and password",
    "headers = {'Authorization': f'Bearer ⟦BEARER_TOKEN⟧', 'X-Trace': '<hex:16>'}",
    "app.config.update(SECRET_KEY='⟦SECRET_ASSIGNMENT⟧', TESTING=True)",
    (
        "s3 = boto3.Session('⟦AWS_ACCESS_KEY_ID⟧', '⟦AWS_SECRET_ACCESS_KEY⟧').client('s3')  # access key, "
        "secret access key"
    ),
    "const stripe = require('stripe')('⟦STRIPE_SECRET_KEY⟧');\nconst port = <1024-9999>;",
    (
        "const client = new Client({ node: 'https://es.example.com', auth: { username: 'elastic', password: "
        "'⟦PASSWORD_ASSIGNMENT⟧' } });"
    ),
    "export const config = {\n  apiKey: '⟦SECRET_ASSIGNMENT⟧',\n  projectId: 'acme-<noun>',\n} as const;",
    "mongoose.connect(`mongodb://app:⟦DATABASE_URL⟧@mongo:27017/<noun>`)",
    "await page.type('#password', '⟦PASSWORD_ASSIGNMENT⟧');\nawait page.click('button[type=submit]');",
    "cy.get('[name=email]').type('⟦EMAIL_ADDRESS simple⟧')\ncy.get('[name=phone]').type('⟦US_PHONE_NUMBER dashes⟧')",
    "client.login('⟦DISCORD_BOT_TOKEN⟧').then(() => console.log('ready'))",
    'private val token: String = "⟦TOKEN⟧"\ninternal const val LIMIT = <1-9999>',
    'new JedisPool(config, "cache", 6379, 2000, "⟦PASSWORD_ASSIGNMENT user⟧"); // last one is the password',
    'System.setProperty("javax.net.ssl.keyStorePassword", "⟦PASSWORD_ASSIGNMENT⟧");',
    'credentials = new UsernamePasswordCredentials("jo", "⟦PASSWORD_ASSIGNMENT user⟧");',
    'builder.withClientSecret("⟦AZURE_CLIENT_SECRET⟧").withTenant("<hex:8>-<hex:4>-4<hex:3>-a<hex:3>-<hex:12>")',
    'var conn = new SqlConnection("Server=sql01;Database=<noun>;User Id=app;Password=⟦CONNECTION_STRING⟧;");',
    '[Fact]\npublic void Iban() => Assert.True(Iban.IsValid("⟦IBAN_CODE fours⟧"));',
    'db, err := sql.Open("postgres", "postgres://app:⟦DATABASE_URL⟧@db/<noun>?sslmode=disable")',
    'req.SetBasicAuth("svc", "⟦PASSWORD_ASSIGNMENT user⟧") // the password is in the vault as well',
    'const apiToken = "⟦TOKEN⟧" // revoke before merging\nvar retries = <1-9>',
    'let key = env::var("KEY").unwrap_or("⟦TOKEN⟧".into());\nassert!(n < <1-99>);',
    'static PASSWORD: &str = "⟦PASSWORD_ASSIGNMENT⟧";\nstatic RETRIES: u8 = <1-9>;',
    "Net::SSH.start('db', 'deploy', password: '⟦PASSWORD_ASSIGNMENT⟧', port: <1024-9999>)",
    "Twilio::REST::Client.new('⟦TWILIO_ACCOUNT_SID⟧', auth_token)\nfrom = '⟦PHONE_NUMBER US bare⟧'",
    (
        "$mysqli = new mysqli('localhost', 'shop', '⟦PASSWORD_ASSIGNMENT user⟧', 'shop'); // host, user, "
        "password, database"
    ),
    "'password' => env('MAIL_PASSWORD', '⟦PASSWORD_ASSIGNMENT⟧'),\n'port' => <25-9999>,",
    "define( 'AUTH_KEY', '⟦SECRET_ASSIGNMENT⟧' );\ndefine( 'WP_DEBUG', false );",
    "my $dbh = DBI->connect($dsn, 'app', '⟦PASSWORD_ASSIGNMENT user⟧'); # user, password",
    'let password = "⟦PASSWORD_ASSIGNMENT accents⟧"\nlet attempts = <1-9>',
    'пароль = "⟦PASSWORD_ASSIGNMENT cyrillic⟧"  # пароль для входа',
    "con <- dbConnect(RPostgres::Postgres(), user = 'app', password = '⟦PASSWORD_ASSIGNMENT⟧', port = 5432)",
    '(def config {:password "⟦PASSWORD_ASSIGNMENT⟧" :pool-size <1-90>})',
    'config :app, App.Repo, password: "⟦PASSWORD_ASSIGNMENT⟧", pool_size: <1-90>',
    'putenv("WEBHOOK=⟦SLACK_WEBHOOK⟧");\nint timeout = <1-90>;',
    '#define API_KEY "⟦SECRET_ASSIGNMENT⟧"\n#define BAUD 115200',
    'WiFi.begin("office", "⟦PASSWORD_ASSIGNMENT user⟧"); // ssid, password',
    "# TODO ask ⟦EMAIL_ADDRESS simple⟧ (⟦PHONE_NUMBER NL⟧) whether <1-99> retries are enough\nRETRIES = <1-9>",
    "/* test patient: MRN ⟦MEDICAL_RECORD_NUMBER⟧, DOB ⟦DATE_OF_BIRTH us⟧ */\n#define ROWS <1-99>",
    "@pytest.mark.parametrize('number', ['⟦NATIONAL⟧', '⟦NATIONAL⟧'])\ndef test_number(number): ...",
    "expect(mask('⟦CREDIT_CARD_NUMBER fours⟧')).toEqual('**** <1000-9999>')",
    (
        "In [<1-99>]: df.loc[<1-99>]\nOut[<1-99>]:\nemail    ⟦EMAIL_ADDRESS simple⟧\nssn      ⟦US_SSN⟧\n"
        "score    <1-99>\nName: <1-99>, dtype: object"
    ),
    ">>> user.phone\n'⟦PHONE_NUMBER ES bare⟧'\n>>> user.iban\n'⟦IBAN_CODE bare⟧'",
    '(gdb) p cfg->password\n$<1-9> = 0x<hex:12> "⟦PASSWORD_ASSIGNMENT⟧"',
    "jwt.verify('⟦JSON_WEB_TOKEN⟧', key) // throws since <date>",
    "seed_phrase_file = 'x'\nwallet = Wallet('⟦EXTENDED_PRIVATE_KEY⟧')\nwif = '⟦BITCOIN_PRIVATE_KEY⟧'",
)
_FAILURES = (
    "pymysql.err.OperationalError: (1045, \"Access denied for user 'app'@'⟦IPV4_ADDRESS⟧' (using password: YES)\")",
    (
        "openai.AuthenticationError: Error code: 401 - {'error': {'message': 'Incorrect API key provided: "
        "⟦OPENAI_API_KEY⟧.'}}"
    ),
    "redis.exceptions.ConnectionError: Error 111 connecting to redis://:⟦DATABASE_URL⟧@cache.example.com:6379/<0-9>",
    (
        "ValidationError: 2 errors for Customer\niban\n  bad checksum [input_value='⟦IBAN_CODE bare⟧']\nemail\n"
        "  taken [input_value='⟦EMAIL_ADDRESS simple⟧']"
    ),
    (
        "org.postgresql.util.PSQLException: Key (email)=(⟦EMAIL_ADDRESS simple⟧) already exists.\n"
        "\tat com.acme.Db.run(Db.java:<1-900>)"
    ),
    (
        "HTTPError: 403 for https://api.example.com/v1/<noun>?access_token=⟦SECRET_ASSIGNMENT⟧\n"
        "  at fetch (net.js:<1-900>:<1-90>)"
    ),
    'thread \'main\' panicked: bad credentials Credentials { user: "jo", password: "⟦PASSWORD_ASSIGNMENT⟧" }',
    "smtplib.SMTPRecipientsRefused: {'⟦EMAIL_ADDRESS simple⟧': (550, b'unknown user')}",
    "fatal: Authentication failed for 'https://jo:⟦GITHUB_PERSONAL_TOKEN⟧@github.com/acme/<noun>.git/'",
    (
        "Sentry event <hex:32>\nuser.email ⟦EMAIL_ADDRESS simple⟧\nuser.ip_address ⟦IPV6_ADDRESS⟧\n"
        "extra.card ⟦CREDIT_CARD_NUMBER any bare⟧"
    ),
)

SORTS = (
    sort("programs", _SOURCES),
    sort("programs in changes", _SOURCES[1::3], (writing.ADDED_LINES, writing.REMOVED_LINES)),
    sort("programs in messages", _SOURCES[::5], (JSON, writing.PYTHON, writing.CODE)),
    sort("failures", _FAILURES, (PLAIN, writing.JSON_LINES)),
)
