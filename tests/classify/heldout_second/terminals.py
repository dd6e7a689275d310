"""Commands and what they print: curl, remotes of git, docker, coloured output and logs."""

from tests.classify.heldout_second import writing
from tests.classify.heldout_second.document import Sort

_COMMANDS = (
    "curl -u admin:⟦PASSWORD_ASSIGNMENT user⟧ https://grafana.example.com/api/health",
    "curl --user 'svc:⟦PASSWORD_ASSIGNMENT user⟧' -X POST https://api.example.com/v1/jobs -d '{\"n\": <1-99>}'",
    'curl -s -H "Authorization: Bearer ⟦TOKEN⟧" https://api.example.com/v1/models | jq .',
    "curl https://api.example.com/v1/messages -H 'x-api-key: ⟦ANTHROPIC_API_KEY⟧' -H 'content-type: application/json'",
    "wget --user=backup --password='⟦PASSWORD_ASSIGNMENT⟧' https://files.example.com/a.tar.gz",
    "http -a admin:⟦PASSWORD_ASSIGNMENT user⟧ GET https://api.example.com/users",
    "mysql -u root -p'⟦PASSWORD_ASSIGNMENT user⟧' orders < dump.sql   # -p is the password",
    "PGPASSWORD=⟦PASSWORD_ASSIGNMENT⟧ psql -h db.example.com -U app orders",
    "sshpass -p '⟦PASSWORD_ASSIGNMENT user⟧' ssh deploy@build.example.com uptime  # password login",
    "docker login -u ci -p ⟦DOCKER_HUB_TOKEN⟧",
    "docker run -e POSTGRES_PASSWORD=⟦PASSWORD_ASSIGNMENT⟧ -e TZ=UTC -p 5432:5432 postgres:16",
    "echo ⟦TOKEN⟧ | docker login registry.example.com --username ci --password-stdin",
    "kubectl create secret generic db --from-literal=password=⟦PASSWORD_ASSIGNMENT⟧ --from-literal=user=app",
    "helm install app ./chart --set auth.password=⟦PASSWORD_ASSIGNMENT⟧,replicas=<1-9>",
    "redis-cli -h cache.example.com -a ⟦PASSWORD_ASSIGNMENT user⟧ ping  # -a takes the password",
    "vault login ⟦HASHICORP_VAULT_TOKEN⟧",
    "aws configure set aws_secret_access_key ⟦AWS_SECRET_ACCESS_KEY⟧",
    "gh auth login --with-token <<< ⟦GITHUB_PERSONAL_TOKEN⟧",
    "openssl pkcs12 -in a.p12 -passin pass:⟦PASSWORD_ASSIGNMENT⟧ -nodes",
    "zip -P ⟦PASSWORD_ASSIGNMENT user⟧ out.zip report.pdf   # the password of the archive",
    "ansible-playbook site.yml -e 'db_password=⟦PASSWORD_ASSIGNMENT⟧ region=eu'",
    "git clone https://oauth2:⟦GITLAB_PERSONAL_TOKEN⟧@gitlab.example.com/team/app.git",
    (
        "origin\thttps://ci-bot:⟦GITHUB_PERSONAL_TOKEN⟧@github.com/acme/site.git (fetch)\n"
        "origin\tgit@github.com:acme/site.git (push)"
    ),
    (
        '[remote "origin"]\n\turl = https://x-access-token:⟦GITHUB_APP_TOKEN⟧@github.com/acme/site\n'
        "\tfetch = +refs/heads/*:refs/remotes/origin/*"
    ),
    "wget https://ci:⟦BASIC_AUTH_URL⟧@files.example.com/releases/acme-tools.tar.gz",
    "Password for 'https://ci@git.example.com': ⟦PASSWORD_ASSIGNMENT⟧\nremote: Counting objects: <1-900>, done.",
    "$ cat .env\nSLACK_TOKEN=⟦SLACK_TOKEN⟧\nPORT=<1024-9999>\n$ exit",
    "$ history | tail -2\n  <100-900>  export GITHUB_TOKEN=⟦GITHUB_FINE_GRAINED_TOKEN⟧\n  <100-900>  git push",
    "env | grep -i key\nAPI_KEY=⟦SECRET_ASSIGNMENT⟧\nKEYBOARD=de",
    "ssh-keygen -N ⟦PASSWORD_ASSIGNMENT user⟧ -f id  # -N is the new passphrase",
)
_PRINTED = (
    "password: ⟦PASSWORD_ASSIGNMENT⟧",
    "✓ created token ⟦TOKEN⟧ (expires in <1-90> days)",
    "export AWS_ACCESS_KEY_ID=⟦AWS_ACCESS_KEY_ID⟧\nexport AWS_SECRET_ACCESS_KEY=⟦AWS_SECRET_ACCESS_KEY⟧",
    "warn login of ⟦EMAIL_ADDRESS⟧ from ⟦IPV4_ADDRESS⟧ refused",
    "info customer ⟦NATIONAL⟧ paid ⟦CREDIT_CARD_NUMBER bare⟧",
    "debug called back ⟦ABROAD⟧, iban ⟦IBAN_CODE bare⟧",
    "Your API key: ⟦TOKEN⟧\nStore it now, it is not shown again.",
    "link/ether ⟦MAC_ADDRESS⟧ inet6 ⟦IPV6_ADDRESS⟧ scope global",
)
_FOUND = (
    'config.py:<1-90>:token = "⟦TOKEN⟧"',
    "notes.txt:<1-90>:send it to ⟦EMAIL_ADDRESS⟧",
    ".env:<1-9>:GITHUB_TOKEN=⟦GITHUB_PERSONAL_TOKEN⟧",
)
_LOGS = (
    "<moment> INFO [api] POST /v1/login user=⟦EMAIL_ADDRESS⟧ ip=⟦IPV4_ADDRESS⟧ status=<200-599>",
    '⟦IPV4_ADDRESS⟧ - - [11/Mar/2024:08:<10-59>:41 +0000] "GET /reset?mail=⟦EMAIL_ADDRESS⟧ HTTP/1.1" 200 <1-9999>',
    "<moment> DEBUG sms to ⟦ABROAD⟧ queued; card=⟦CREDIT_CARD_NUMBER bare⟧ amount=<1-900:2>",
    'time=<moment> level=warn msg="refused key ⟦TOKEN⟧" client=⟦IPV6_ADDRESS⟧',
    "dhcpd: DHCPACK to ⟦MAC_ADDRESS⟧ via eth0\nwifi: sta ⟦MAC_ADDRESS⟧ left",
    "<moment> audit: subject=⟦NATIONAL⟧ action=view; subject=⟦NATIONAL⟧ action=edit",
    "Cookie: PHPSESSID=⟦SESSION_COOKIE⟧; theme=dark\nReferer: https://shop.example.com/p/<1-9999>",
    "> Authorization: Basic ⟦BASIC_AUTH_HEADER⟧\n> User-Agent: curl/8.5.0\n< HTTP/1.1 401 Unauthorized",
    "imei=⟦IMEI⟧ vin=⟦VEHICLE_IDENTIFICATION_NUMBER⟧ at ⟦COORDINATES⟧",
    "eth0: ⟦IPV6_ADDRESS⟧/64, gateway lost; std::vector<int>::size_type overflow in net::io::poll",
)

SORTS = (
    Sort("commands", _COMMANDS),
    Sort("coloured output", _PRINTED, (writing.YELLOW, writing.BRIGHT, writing.CARETS)),
    Sort("coloured finds", _FOUND, (writing.GREP,)),
    Sort("logs", _LOGS),
    Sort("commands in a message", _COMMANDS[::4], (writing.JSON, writing.PERCENT)),
)
