"""What is typed into shells and printed there: history, builds, coloured output, logs of services."""

from tests.classify.heldout_second.writing import JSON, PLAIN, YELLOW
from tests.classify.heldout_third import writing
from tests.classify.heldout_third.places import sort

_HISTORY = (
    ": 17<10000000-99999999>:0;export ANTHROPIC_API_KEY=⟦ANTHROPIC_API_KEY⟧\n: 17<10000000-99999999>:0;make run",
    (
        "  <100-999>  ssh deploy@build.example.com\n"
        "  <100-999>  sudo -S <<< '⟦PASSWORD_ASSIGNMENT⟧'  # my password\n  <100-999>  exit"
    ),
    "- cmd: mysqldump -uroot --password=⟦PASSWORD_ASSIGNMENT⟧ <noun> > dump.sql\n  when: 17<10000000-99999999>",
    "PS C:\\> $env:OPENAI_API_KEY = '⟦OPENAI_API_KEY⟧'\nPS C:\\> python app.py --port <1024-9999>",
    'PS C:\\> Set-Item env:DB_PASSWORD "⟦PASSWORD_ASSIGNMENT⟧"\nPS C:\\> Get-Process | select -First <1-9>',
    "C:\\> set API_KEY=⟦SECRET_ASSIGNMENT⟧\nC:\\> run.bat /quiet",
    "C:\\> net user jo ⟦PASSWORD_ASSIGNMENT user⟧ /add   :: sets the password\nThe command completed successfully.",
    "$ read -s PASS; export PASS=⟦PASSWORD_ASSIGNMENT⟧; ./install.sh --silent",
    "set -x GITHUB_TOKEN ⟦GITHUB_REFRESH_TOKEN⟧\nfish_add_path ~/bin",
    'curl -sS -X DELETE https://api.example.com/v1/keys/<1-99> -H "Authorization: Token ⟦TOKEN⟧"',
    "curl --oauth2-bearer ⟦TOKEN⟧ https://api.example.com/me",
    'curl -u "⟦EMAIL_ADDRESS simple⟧:⟦PASSWORD_ASSIGNMENT user⟧" https://jira.example.com/rest/api/2/myself',
    "curl -k --proxy-user 'corp\\jo:⟦PASSWORD_ASSIGNMENT user⟧' https://example.com",
    "http POST api.example.com/login username=jo password=⟦PASSWORD_ASSIGNMENT⟧",
    "psql \"host=db.example.com user=app password=⟦PASSWORD_ASSIGNMENT⟧ dbname=<noun>\" -c 'select 1'",
    "psql postgres://app:⟦DATABASE_URL⟧@db.example.com/<noun>",
    "mongosh --username root --password ⟦PASSWORD_ASSIGNMENT⟧ --authenticationDatabase admin",
    "smbclient //files/share -U jo%⟦PASSWORD_ASSIGNMENT user⟧   # user%password",
    "rsync -a --password-file=<(echo ⟦PASSWORD_ASSIGNMENT⟧) . rsync://backup.example.com/<noun>/",
    "mc alias set prod https://s3.example.com ⟦AWS_ACCESS_KEY_ID⟧ ⟦AWS_SECRET_ACCESS_KEY⟧  # access key, secret key",
    (
        "aws sts assume-role --role-arn arn:aws:iam::<100000000000-999999999999>:role/x\n"
        "export AWS_ACCESS_KEY_ID=⟦AWS_ACCESS_KEY_ID⟧"
    ),
    "az login --service-principal -u <noun> -p '⟦AZURE_CLIENT_SECRET⟧' --tenant example.com",
    "gcloud auth print-access-token\n⟦GCP_OAUTH_ACCESS_TOKEN⟧",
    "oc login --token=⟦OPENSHIFT_TOKEN⟧ --server=https://api.example.com:6443",
    "flyctl deploy --access-token ⟦FLY_IO_TOKEN⟧ --app <noun>",
    "HEROKU_API_KEY=⟦HEROKU_API_KEY⟧ heroku ps:scale web=<1-9>",
    "vercel --prod --token=⟦VERCEL_TOKEN⟧",
    "ngrok config add-authtoken ⟦NGROK_TOKEN⟧",
    "snyk auth ⟦SNYK_TOKEN⟧ && snyk test --severity-threshold=high",
    "bash <(curl -s https://codecov.example.com/bash) -t ⟦CODECOV_TOKEN⟧   # CODECOV_TOKEN of the repository",
    "cargo login ⟦CRATES_IO_TOKEN⟧",
    "twine upload -u __token__ -p ⟦PYPI_TOKEN⟧ dist/*",
    "dotnet nuget push a.nupkg --api-key ⟦NUGET_API_KEY⟧ --source main",
    "echo -n '⟦PASSWORD_ASSIGNMENT⟧' | gpg --batch --passphrase-fd 0 -d vault.gpg  # passphrase",
    "restic -r s3:s3.example.com/b init\nenter password for new repository: ⟦PASSWORD_ASSIGNMENT⟧",
    "keytool -importkeystore -srcstorepass ⟦PASSWORD_ASSIGNMENT⟧ -deststorepass ⟦PASSWORD_ASSIGNMENT⟧ -alias <noun>",
    "openssl rsa -in a.pem -passin pass:⟦PASSWORD_ASSIGNMENT⟧ -check",
    "7z x -p⟦PASSWORD_ASSIGNMENT user⟧ backup.7z   # -p: password of the archive",
    "sshpass -p ⟦PASSWORD_ASSIGNMENT user⟧ scp a.tgz jo@files.internal:/srv   # password",
    "git -c http.extraHeader='Authorization: Bearer ⟦TOKEN⟧' pull",
    "git push https://jo:⟦GITHUB_PERSONAL_TOKEN⟧@github.com/acme/<noun>.git HEAD:main",
)
_BUILDS = (
    """\
##[group]Run ./deploy.sh
env:
  NPM_TOKEN: ***
  DEPLOY_KEY: ⟦TOKEN⟧
##[endgroup]
> acme-<noun>@<1-9>.<0-30>.<0-30> build
""",
    """\
[Pipeline] withCredentials
+ docker login -u ci -p ⟦PASSWORD_ASSIGNMENT user⟧ registry.example.com
WARNING! Using --password via the CLI is insecure. Use --password-stdin.
Login Succeeded
""",
    """\
#<10-20> [stage-1 <3-9>/9] RUN make fetch
#<10-20> <0-9:2> Cloning https://ci:⟦BASIC_AUTH_URL⟧@git.example.com/acme/parts.git
#<10-20> DONE <1-90:1>s
""",
    """\
section_start:17<10000000-99999999>:prepare
$ echo $DB_URL
postgres://ci:⟦DATABASE_URL⟧@db:5432/test
$ pytest -q
<10-900> passed in <1-90:2>s
""",
    """\
Finding:     export SLACK_BOT_TOKEN=⟦SLACK_TOKEN⟧
Secret:      ⟦SLACK_TOKEN⟧
RuleID:      slack-bot-token
Entropy:     4.<100000-999999>
File:        .env
Commit:      <hex:40>
""",
    """\
<moment> Step <1-9>/<10-20> : ARG TOKEN=⟦TOKEN⟧
<moment>  ---> Running in <hex:12>
<moment> Removing intermediate container <hex:12>
""",
    """\
TASK [app : create user] ****************
changed: [web<1-9>] => {"invocation": {"module_args": {"name": "jo", "password": "⟦PASSWORD_ASSIGNMENT⟧"}}}
PLAY RECAP web<1-9> : ok=<1-90> changed=1
""",
    """\
-SMTP_PASSWORD=⟦PASSWORD_ASSIGNMENT⟧
+SMTP_PASSWORD=${SMTP_PASSWORD}
 SMTP_PORT=587
""",
)
_COLOURED = (
    "password = ⟦PASSWORD_ASSIGNMENT⟧",
    "POST /login user=⟦EMAIL_ADDRESS simple⟧ from=⟦IPV4_ADDRESS⟧ 200",
    "token: ⟦TOKEN⟧ (valid)",
    "phone ⟦ABROAD⟧ iban ⟦IBAN_CODE bare⟧",
    "card ⟦CREDIT_CARD_NUMBER any bare⟧ declined",
    "ssn ⟦US_SSN⟧ dob ⟦DATE_OF_BIRTH iso⟧",
    "API_KEY ⟦SECRET_ASSIGNMENT⟧",
    "eth1 ⟦MAC_ADDRESS⟧ ⟦IPV6_ADDRESS⟧ up",
)
_LOGS = (
    "<moment> sshd[<100-9999>]: Accepted password for jo from ⟦IPV4_ADDRESS⟧ port <1024-65535> ssh2",
    "<moment> postfix/smtp[<100-9999>]: to=<⟦EMAIL_ADDRESS⟧>, relay=mx.example.org[⟦IPV4_ADDRESS⟧]:25, status=sent",
    "<moment> hostapd: wlan0: STA ⟦MAC_ADDRESS⟧ WPA: pairwise key handshake completed",
    "<moment> kernel: [UFW BLOCK] IN=eth0 MAC=⟦MAC_ADDRESS⟧ SRC=⟦IPV6_ADDRESS⟧ PROTO=TCP DPT=<1-1024>",
    "<moment> WARN  c.a.pay.Gateway - declined pan=⟦CREDIT_CARD_NUMBER any bare⟧ cvv=⟦CARD_SECURITY_CODE⟧ code=<10-99>",
    "<moment> ERROR c.a.user.Import - row <1-9999> rejected: bad phone '⟦ABROAD⟧' for ⟦EMAIL_ADDRESS⟧",
    (
        'level=info ts=<moment> caller=auth.go:<1-900> msg="password changed" old=⟦PASSWORD_ASSIGNMENT⟧ '
        "new=⟦PASSWORD_ASSIGNMENT⟧"
    ),
    "I<0101-1231> <10-23>:<10-59>:<10-59>.<100000-999999> server.cc:<1-900>] login token=⟦SECRET_ASSIGNMENT⟧ user=jo",
    '{"time":"<moment>","level":"DEBUG","msg":"sms","to":"⟦PHONE_NUMBER BR bare⟧","otp":<100000-999999>}',
    '{"severity":"WARNING","jsonPayload":{"identity":"⟦NATIONAL⟧","reason":"expired"},"insertId":"<sign:12>"}',
    '⟦IPV6_ADDRESS⟧ - jo [02/Apr/2024:10:<10-59>:17 +0000] "GET /u/⟦EMAIL_ADDRESS simple⟧ HTTP/2.0" 404 <1-9999>',
    "<moment> [worker-<1-9>] fetched device imei=⟦IMEI⟧ position=⟦COORDINATES⟧",
    'audit: type=USER_LOGIN acct="⟦EMAIL_ADDRESS simple⟧" addr=⟦IPV4_ADDRESS⟧ terminal=ssh res=failed',
    "CEF:0|Acme|IDS|1.0|<100-999>|leak|8|src=⟦IPV4_ADDRESS⟧ suser=⟦EMAIL_ADDRESS simple⟧ cs1=⟦TOKEN⟧",
    "<moment> vpn: peer ⟦IPV4_ADDRESS⟧:<1024-65535> private-key=⟦SECRET_ASSIGNMENT encoded⟧",
    "redis.exceptions.AuthenticationError: WRONGPASS for redis://:⟦DATABASE_URL⟧@cache.example.com:6379/0",
    (
        "com.zaxxer.hikari: jdbcUrl=jdbc:mysql://db/<noun> username=app password=⟦PASSWORD_ASSIGNMENT⟧ "
        "maximumPoolSize=<1-90>"
    ),
)

SORTS = (
    sort("history of shells", _HISTORY),
    sort("history within logs", _HISTORY[::5], (JSON, writing.PYTHON, writing.HYPERLINK)),
    sort("builds", _BUILDS, (PLAIN, writing.TRUE_COLOUR)),
    sort(
        "coloured lines",
        _COLOURED,
        (writing.TRUE_COLOUR, writing.UNDERLINED, writing.COLOUR_IN_JSON, writing.COLOUR_IN_SHELL, YELLOW),
    ),
    sort("logs of services", _LOGS, (PLAIN, JSON)),
)
