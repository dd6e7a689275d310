"""What goes over networks: traces of HTTP, HAR, headers, hooks, signed addresses."""

import json

from tests.classify.heldout_second.writing import PLAIN
from tests.classify.heldout_third import writing
from tests.classify.heldout_third.places import sort

_TRACES = (
    """\
* Connected to api.example.com (⟦IPV4_ADDRESS⟧) port 443
* Server auth using Basic with user 'svc'
> POST /v1/messages HTTP/2
> Host: api.example.com
> authorization: Basic ⟦BASIC_AUTH_HEADER⟧
> x-api-key: ⟦ANTHROPIC_API_KEY⟧
>
< HTTP/2 <200-599>
< request-id: req_<sign:20>
""",
    """\
GET /account HTTP/1.1
Host: shop.example.com
Cookie: _lang=de; JSESSIONID=⟦SESSION_COOKIE⟧; consent=1
X-Forwarded-For: ⟦IPV4_ADDRESS⟧, ⟦IPV6_ADDRESS⟧
Accept: text/html
""",
    """\
HTTP/1.1 200 OK
Set-Cookie: sessionid=⟦SESSION_COOKIE⟧; HttpOnly; SameSite=Lax
Content-Type: application/json

{"token_type":"Bearer","expires_in":<60-9000>,"access_token":"⟦JSON_WEB_TOKEN⟧"}
""",
    """\
POST /login HTTP/1.1
Content-Type: application/x-www-form-urlencoded

username=jo.weber&password=⟦PASSWORD_ASSIGNMENT user⟧&remember=on
""",
    """\
PUT /users/<1-9999> HTTP/1.1
Authorization: Bearer ⟦JSON_WEB_TOKEN⟧
Content-Type: application/json

{"email": "⟦EMAIL_ADDRESS simple⟧", "phone": "⟦PHONE_NUMBER IT bare⟧", "dob": "⟦DATE_OF_BIRTH iso⟧"}
""",
    """\
--frontier<hex:8>
Content-Disposition: form-data; name="card_number"

⟦CREDIT_CARD_NUMBER any bare⟧
--frontier<hex:8>
Content-Disposition: form-data; name="iban"

⟦IBAN_CODE bare⟧
--frontier<hex:8>--
""",
    """\
[HPM] POST /hooks/pay -> http://payments:3000
  headers: { 'stripe-signature': 't=17<10000000-99999999>,v1=<hex:64>', authorization: 'Bearer ⟦TOKEN⟧' }
  body: { customer: { email: '⟦EMAIL_ADDRESS simple⟧', phone: '⟦ABROAD⟧' } }
""",
    """\
SEND smtp 354 End data
AUTH PLAIN for user ⟦EMAIL_ADDRESS simple⟧
MAIL FROM:<⟦EMAIL_ADDRESS simple⟧>
RCPT TO:<⟦EMAIL_ADDRESS simple⟧>
""",
    """\
:authority: api.example.com
:path: /v1/search?q=<noun>&api_key=⟦SECRET_ASSIGNMENT⟧
user-agent: node
""",
    """\
ws > {"op":2,"d":{"token":"⟦DISCORD_BOT_TOKEN⟧","intents":<100-999>}}
ws < {"op":0,"t":"READY","s":1}
""",
)
_ARCHIVE = json.dumps(
    {
        "log": {
            "version": "1.2",
            "entries": [
                {
                    "startedDateTime": "<moment>",
                    "serverIPAddress": "⟦IPV4_ADDRESS⟧",
                    "request": {
                        "method": "POST",
                        "url": "https://api.example.com/v1/session",
                        "headers": [
                            {"name": "Authorization", "value": "Bearer ⟦BEARER_TOKEN⟧"},
                            {"name": "X-Api-Key", "value": "⟦SECRET_ASSIGNMENT⟧"},
                            {"name": "Cookie", "value": "PHPSESSID=⟦SESSION_COOKIE⟧"},
                        ],
                        "queryString": [{"name": "email", "value": "⟦EMAIL_ADDRESS simple⟧"}],
                        "postData": {
                            "mimeType": "application/json",
                            "text": '{"user":"jo","password":"⟦PASSWORD_ASSIGNMENT⟧"}',
                        },
                    },
                    "time": "<1-900:2>",
                }
            ],
        }
    },
    indent=1,
    ensure_ascii=False,
)
_FORM_ARCHIVE = json.dumps(
    {
        "request": {
            "url": "https://shop.example.com/checkout",
            "postData": {
                "params": [
                    {"name": "cc-number", "value": "⟦CREDIT_CARD_NUMBER any bare⟧"},
                    {"name": "cvv", "value": "⟦CARD_SECURITY_CODE⟧"},
                    {"name": "tel", "value": "⟦PHONE_NUMBER US bare⟧"},
                ]
            },
        },
        "response": {"status": "<200-299>", "cookies": [{"name": "<noun>", "value": "<1-9>"}]},
    },
    ensure_ascii=False,
)
_SIGNED = (
    (
        "https://<noun>.s3.eu-west-1.amazonaws.com/report.pdf?X-Amz-Algorithm=AWS4-HMAC-SHA256&"
        "X-Amz-Date=20240<1-9>01T000000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&"
        "X-Amz-Signature=⟦SIGNED_URL_SIGNATURE amazon⟧"
    ),
    (
        "https://storage.googleapis.com/<noun>/a.csv?X-Goog-Algorithm=GOOG4-RSA-SHA256&"
        "X-Goog-Date=20240<1-9>01T000000Z&X-Goog-Expires=900&X-Goog-Signature=⟦SIGNED_URL_SIGNATURE google⟧"
    ),
    (
        "azcopy sync 'https://<noun>.blob.core.windows.net/c?sv=2023-01-03&se=2024-12-01&sr=c&sp=rl&"
        "sig=⟦AZURE_SAS_SIGNATURE⟧' ."
    ),
    "curl -fsS '⟦MICROSOFT_TEAMS_WEBHOOK⟧' -d @note.json",
    "POST ⟦DISCORD_WEBHOOK⟧ 204 <1-900>ms",
    "https://app.example.com/invite?email=⟦EMAIL_ADDRESS simple⟧&token=⟦JSON_WEB_TOKEN⟧",
    "wss://stream.example.com/v1?access_token=⟦SECRET_ASSIGNMENT⟧&topic=<noun>",
    "ftp://backup:⟦BASIC_AUTH_URL⟧@files.example.com/nightly/<noun>.tar",
    "see https://user:⟦BASIC_AUTH_URL⟧@nexus.example.com/repository/raw/<noun>.zip for the build",
    "mongodb+srv://<noun>:⟦DATABASE_URL⟧@cluster0.example.com/prod?retryWrites=true",
    "rediss://default:⟦DATABASE_URL⟧@cache.example.com:6380/2",
    "postgresql://etl:⟦DATABASE_URL⟧@warehouse.example.com:5432/dw?sslmode=require",
)
_NOTES = (
    "email=⟦EMAIL_ADDRESS simple⟧&since=<date>&iban=⟦IBAN_CODE bare⟧",
    "call ⟦PHONE_NUMBER DE⟧; card ⟦CARD⟧",
    "dob=⟦DATE_OF_BIRTH slashes⟧&ssn=⟦US_SSN⟧",
    "next=/reset?user=⟦EMAIL_ADDRESS simple⟧&password=⟦PASSWORD_ASSIGNMENT⟧",
    "note: ⟦NATIONAL⟧ / ⟦NATIONAL⟧",
)

SORTS = (
    sort("traces of HTTP", _TRACES),
    sort("traces in logs", _TRACES[::2], (writing.JSON_LINES, writing.COMMENTED)),
    sort("archives of HTTP", (_ARCHIVE, _FORM_ARCHIVE)),
    sort("addresses", _SIGNED, (PLAIN, writing.ARROWS)),
    sort("queries", _NOTES, (PLAIN, writing.PERCENT_LOWER, writing.PERCENT_TWICE)),
)
