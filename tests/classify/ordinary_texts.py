"""Texts that look like data of a person or a secret, and are neither."""

import base64
import hashlib
import random
import uuid

_RANDOM = random.Random(11)


def _bytes(count: int) -> bytes:
    return _RANDOM.randbytes(count)


def _uuid() -> str:
    return str(uuid.UUID(bytes=_bytes(16), version=4))


def _git_log() -> str:
    return "\n".join(
        f"commit {_bytes(20).hex()}\nMerge: {_bytes(4).hex()[:7]} {_bytes(4).hex()[:7]}\n"
        f"Date:   Mon Mar {day} 10:{day}:07 2025 +0100\n\n    Fix the build of {_bytes(5).hex()}\n"
        for day in range(10, 30)
    )


def _lock_file() -> str:
    return "\n".join(
        f'"node_modules/p{number}": {{"version": "{number}.4.1", "integrity": '
        f'"sha512-{base64.b64encode(_bytes(64)).decode()}"}},\n'
        f"package-{number}==2.{number}.0 --hash=sha256:{_bytes(32).hex()}"
        for number in range(40)
    )


def _table(separator: str) -> str:
    rows = ((f"{_RANDOM.randrange(10**width):0{width}}" for width in range(3, 13)) for _ in range(60))
    return "\n".join(map(separator.join, rows))


ORDINARY_TEXTS: dict[str, str] = {
    "uuids": "\n".join(f"request {_uuid()} of api-{_uuid()} and sdk-{_uuid()}" for _ in range(40)),
    "git log": _git_log(),
    "integrity hashes": _lock_file(),
    "digests": "\n".join(
        f"{hashlib.new(kind, _bytes(9)).hexdigest()}  key-{number}.tar.gz"
        for kind in ("md5", "sha1", "sha256", "sha512")
        for number in range(20)
    ),
    "cache keys": "\n".join(
        f"key-{_bytes(16).hex()} live_{_bytes(20).hex()} lob-{_bytes(16).hex()}" for _ in range(20)
    ),
    "an image": f'<img src="data:image/png;base64,{base64.b64encode(_bytes(90_000)).decode()}">',
    "an image in lines": base64.encodebytes(_bytes(30_000)).decode(),
    "an empty image": base64.b64encode(bytes(6_000) + _bytes(300) + bytes(6_000)).decode(),
    "random letters": "\n".join(
        base64.b32encode(_bytes(_RANDOM.randrange(5, 40))).decode().lower() for _ in range(400)
    ),
    "style sheet": """
.sk-fading-circle-proj-component__wrapper--active-state-disabled{margin:0 auto;padding:.5rem 1.25rem;color:#1a2b3c}
.fw_bold600{font:600 12px/1.5 a}@media(min-width:768.98px){.col-md-6{flex:0 0 50%;max-width:50%}}
.sl.is-active>.re_container_responsive_navigation_bar_item{transform:translate3d(0.1234,0.5678,0)}""",
    "minified script": """
var e=t(4217),n=t.n(e);function r(o){return"undefined"!=typeof Symbol&&o[Symbol.iterator]||o["@@iterator"]}
const cioEventHandlerRegistrationCallback=a=>a.b,fw_internalStateTransitionManager=1e3,i=[0.1234,0.5678,0.9012];
d.password=c.password,d.secret=process.env.CLIENT_SECRET,p={"d":"M10 10H90V90H10L10 10"}""",
    "program": """
def login(user: str, password: str) -> None:
    password = settings.password
    api_key = os.environ["API_KEY"]
    secret = client.secrets.get_secret_value(name)
interface Login { password: string; accessToken: string }
secret: /run/secrets/database/password
apiKey: config.services.payments.apiKey
wrong password: please try again""",
    "stack trace": """
Traceback (most recent call last):
  File "/srv/app/service/handlers/request_handler.py", line 1042, in call
    at com.example.service.AccountTransferServiceImpl$$EnhancerBySpringCGLIB$$8f3a2b19.transfer(<generated>)
    at java.base/java.lang.Thread.run(Thread.java:1583)
    at Object.<anonymous> (/srv/app/dist/main.4f3a9c1e.js:1:48213)
0x00007ff8a1b2c3d4 in __GI_raise (sig=6) at ../sysdeps/unix/sysv/linux/raise.c:50""",
    "addresses of pages": """
https://example.com/blog/2024/11/03/ten-things-you-should-know-about-long-slugs-and-short-names-4f1b2c3d
https://example.com/p/how-to-write-1000-words-a-day?utm_id=20240311&sig=4f1b2c3d4e5f60718293a4b5c6d7e8f901234567
https://cdn.example.com/assets/app-1//0a1b2c3d/chunk-vendors.8f3a2b19c4d5e6f7.js""",
    "times": """
2024-01-31T12:34:56.789Z 2024-01-31T12:34:56+01:00 20240131-123456-01 20240131T123456Z 1706704496789
2024-02-29 23:59:60 | 31/01/2024 08:15 | 1706704496 | 2024-W05-3 | 12:34:56:78""",
    "versions": """
version 1.2.3.4, version 10.20.30.40 and versions 11.12.13.14, 12.13.14.15
package==10.2.0.11 and ~> 10.1.11.3, driver 31.0.15.3623, release 20.10.17.1, lib-10.2.0.11.jar
Version=13.0.11.0, firmware: v12.34.56.78, Chrome/120.0.6099.109 Safari/537.36
numpy 2.1.0; pandas 2.2.3; torch 2.5.1+cu124""",
    "prices": """
$1,299.00 € 2.499,99 £12 345.67 1.234.567,89 CHF 1'250.00 ¥128000 12 345 678.90 EUR
Total 4,111.11 + 1,111.11 = 5,222.22 (3.5 %), order 100200300, item 4711-0815""",
    "books": "ISBN 978-3-16-148410-0, ISBN-10 0-306-40615-2, 9780306406157, ISSN 0378-5955, DOI 10.1000/xyz123",
    "numbers in a list": """
[12.3456, 45.6789, 1.2345, 0.1234, 0.5678]
loss 0.6931, 0.5823
0.01234, -0.05678, 0.09012
3.14159, 2.71828, 1.41421""",
    "prose": """
Section 3 The Long Road. In the top 10 Best Places of 2024, chapter 12 New Ways of Working explains 3 Key Points.
Article 5 Common Rules; see table 7 Standard Test Results, Figure 2 Overall Views and 100 Great Parks.""",
    "table of numbers": _table("\t"),
    "numbers with commas": _table(","),
    "numbers with blanks": _table("  "),
    "numbers with a blank": _table(" "),
}
