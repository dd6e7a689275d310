"""Passwords and keys that are named as such, in settings, programs, commands, markup and sentences."""

from meterd.classify.catalog.declaring import ALPHANUMERIC, HEXADECIMAL, drawn
from meterd.classify.model import (
    Adjust,
    Boundary,
    Category,
    Classifier,
    Expression,
    Likelihood,
    Pattern,
    Rule,
    Target,
    refuse,
    require,
)

_PLACEHOLDER = refuse(
    Expression(
        r"^(?:[x*.#_-]+|<.*>|\$\{?.*|\{\{.*|%\(?.*|your[_-].*|my[_-]?password|changeme|example|none|null|nil|true|false"
        r"|undefined|string|str|required|optional|redacted|hidden|invalid|missing|incorrect|please|cannot|should|must"
        r"|password|passwd|secret|\[?redacted\]?|\[?filtered\]?)$",
        ignore_case=True,
    )
)
_PROGRAM = refuse(r"^(?:[A-Za-z_][\w.]*[(\[]|[A-Za-z_]+(?:(?:\.|->|::)[A-Za-z_]+)+[;,)]*$|(?:\.{1,2}|~)?/[\w.-]+/)")
"""A call, a member, or a path: where a program keeps a secret, not the secret."""
_WORDS = refuse(r"^(?:[a-z]+(?:[_./-][a-z]+)*|[A-Z]+(?:_[A-Z]+)*)$")
_NO_WORD = Rule(
    Expression(r"[A-Za-z][^A-Za-z]*[0-9]|[0-9][^0-9]*[A-Za-z]|[A-Za-z].*[!@#$%^&*+=~?][^\n]"),
    Target.FINDING,
    Adjust(-1),
    inverse=True,
)
"""What is said, not assigned, is a password only if it is no word: it has digits or signs beside letters."""

_PASSWORD = (
    "(?i:password|passwd|passwort|kennwort|passphrase|passcode|contraseñas?|contrasena|clave de acceso|mot de passe"
    "|senhas?|palavra-passe|wachtwoord|hasł[oa]|lösenord|adgangskode|passord|salasana|parola|şifre|heslo|jelszó|пароль"
    "|κωδικός|סיסמה|סיסמא|كلمة المرور|كلمة السر|密码|密碼|口令|パスワード|暗証番号|비밀번호|암호|पासवर्ड|mật khẩu"
    "|kata sandi|รหัสผ่าน|pwd)"
)
_SHORT_PASSWORD = "(?:^|[^0-9A-Za-z])(?i:pass|pw|psw|mdp)"
_KEY = (
    "(?i:api[ _-]?(?:key|token|secret)|secret[ _-]?(?:access[ _-]?)?key"
    "|(?:client|app|consumer|webhook|shared)[ _-]?secret"
    "|(?:access|auth|refresh|bearer|bot|session|private|personal|deploy|service|oauth)[ _-]?token"
    "|(?:access|account|encryption|signing|master|private|license)[ _-]?key|secret)"
)
_ASSIGNED = r"[\"'\])]{0,2}[ \t]{0,20}(?:=>|:=|->|[:=]{1,3}|is:)[ \t]{0,20}"
_QUOTED_PAIR = r"[\"'][ \t]*[,)][ \t]*[\"']"
"""Between the two arguments of a call."""
_CALL = r"[ \t]?\([ \t]*[\"']"
_ELEMENT = r"[\"']?[^<>\n]{0,40}>\s{0,40}(?:<!\[CDATA\[)?"
_ATTRIBUTE = r"[\"'][ \t]{1,20}value[ \t]?=[ \t]?[\"']"
_FOR = (
    r"(?:[ \t]+(?i:for|of|to|on|für|zum|de|del|du|da|do|para|pour|per|voor|von|till|til|dla|для|от|к)"
    r"[ \t]+[^\n.:;!?]{1,40}?|[ \t]*\([^()\n]{1,30}\))?"
)
_IS = (
    r"(?:[ \t]+(?i:is|was|are|be|as|ist|war|lautet|est|es|era|è|é|to|är|er|on|je|jest|это|now|still)"
    r"(?:[ \t]+(?i:now|still|set to|just|jetzt|ahora|maintenant))?[ \t]*:?[ \t]+"
    r"|[ \t]*(?:は|是|为|為|는|은|가|이|:|-|–|—)[ \t]*|[ \t]+)"
)
_OPEN = r"[\"'`「『【(\[*]{0,2}"
_VALUE = r"([^\s\pZ\"',;<>」』】。、]{6,128})"
_PART = r"[^\s\pZ\"'`,;<>」』】。、]"
_WORD = rf"({_PART}{{0,40}}[0-9!@#$%^&*+=~]{_PART}{{1,60}}[0-9A-Za-z!$%&*#@+=~^/_-]|{_PART}{{3,60}}[0-9])"
"""What is said is a password only if it is no word."""
_SHORT = refuse(r"^.{0,5}$")
_IN_QUOTES = (r"\"([^\s\"]{6,128})\"", r"'([^\s']{6,128})'")
_TOKEN = r"([0-9A-Za-z_./+=~-]{16,200})"

_SECRET = r"([^\s\"']{6,128})"
_CLIENTS = "mysql|mysqldump|mysqladmin|mariadb|mongosh?|sshpass|docker login|podman login|redis-cli|unzip|smbclient"
_PASSWORD_COMMANDS = (
    rf"(?:curl|wget|http)\b[^\n|]{{0,200}}?[ \t](?:-u|--user|--proxy-user|-U)[ \t=]?[\"']?[^\s:\"'/]{{1,64}}:{_SECRET}",
    rf"\b(?:{_CLIENTS})\b[^\n|;]{{0,120}}?[ \t]-(?:p|a|P)[ \t]?[\"']?{_SECRET}",
    r"--?[a-z-]{0,20}(?:password|passwd|passphrase|pass|pwd)[ \t]+[\"']?([^\s\"'-][^\s\"']{5,127})",
    r"\blogin\s+\S{1,64}\s+(?:account\s+\S{1,64}\s+)?passw(?:or)?d\s+(\S{6,128})",
    r"(?:^|\n)[0-9A-Za-z.*-]{1,100}:(?:5432|6432|\*):[^\s:]{1,64}:[^\s:]{1,64}:([^\s:]{6,128})",
    r"(?i:identified by|(?:with|encrypted|set) password)[ \t]+(?:(?i:by)[ \t]+)?'([^'\n]{6,128})'",
    rf"(?i:convertto-securestring)[ \t]+(?:-(?i:string)[ \t]+)?[\"']{_SECRET}",
)
"""Of curl and clients of databases, options, netrc, pgpass, SQL, PowerShell."""
_SAID_BEFORE = (
    f"{_WORD}[\"'`」』]?[ \\t]+(?i:is|as|was|ist|est|es|è|é)[ \\t]+(?i:my|the|your|our|a|mein|das|mon|mi|la|il|a minha)"
    f"[ \\t]+(?:[a-z]{{2,12}}[ \\t]+)?{_PASSWORD}"
)


def _patterns(likelihood: Likelihood, *regexes: str) -> tuple[Pattern, ...]:
    return tuple(Pattern(regex, likelihood, group=1, boundary=Boundary.ANYWHERE) for regex in regexes)


CLASSIFIERS = (
    Classifier(
        "password_assignment",
        "PASSWORD_ASSIGNMENT",
        Category.CREDENTIAL,
        "Password that is named as one",
        (
            *_patterns(
                Likelihood.VERY_LIKELY,
                f"{_PASSWORD}{_ASSIGNED}[\"'「『]?{_VALUE}",
                *(f"{_PASSWORD}{_ASSIGNED}{quoted}" for quoted in _IN_QUOTES),
            ),
            *_patterns(
                Likelihood.LIKELY,
                f"{_SHORT_PASSWORD}{_ASSIGNED}[\"']?{_VALUE}",
                f"{_PASSWORD}{_ELEMENT}([^\\s<>\\]]{{6,128}})(?:\\]\\]>)?\\s{{0,40}}</",
                *(f"{_PASSWORD}{start}([^\\s\"']{{6,128}})[\"']" for start in (_ATTRIBUTE, _QUOTED_PAIR, _CALL)),
                f"{_PASSWORD}{_FOR}{_IS}{_OPEN}{_WORD}",
                _SAID_BEFORE,
                *_PASSWORD_COMMANDS,
            ),
        ),
        (_PLACEHOLDER, _PROGRAM, _SHORT, _NO_WORD),
        example=f"password = {drawn(ALPHANUMERIC, 12)}",
        family="secret",
    ),
    Classifier(
        "secret_assignment",
        "SECRET_ASSIGNMENT",
        Category.CREDENTIAL,
        "Key or token that is named as one",
        (
            *_patterns(Likelihood.VERY_LIKELY, f"{_KEY}{_ASSIGNED}[\"']?{_TOKEN}"),
            *_patterns(
                Likelihood.LIKELY,
                *(f"{_KEY}{start}{_TOKEN}" for start in (_ELEMENT, _ATTRIBUTE, _QUOTED_PAIR, _CALL)),
                f"{_KEY}{_FOR}{_IS}{_OPEN}{_TOKEN}",
                rf"--?[a-z-]{{0,20}}(?:api-?key|token|secret)[ \t]+[\"']?{_TOKEN}",
            ),
        ),
        (require("entropy:3.2"), _PLACEHOLDER, _PROGRAM, _WORDS, _NO_WORD),
        example=f"api_key = {drawn(ALPHANUMERIC, 32)}",
        yields_to=("secret", "bitcoin_private_key", "extended_private_key"),
    ),
    Classifier(
        "signed_url_signature",
        "SIGNED_URL_SIGNATURE",
        Category.CREDENTIAL,
        "Signature of a signed address of Amazon, Google and others, with which anybody may use it",
        _patterns(
            Likelihood.VERY_LIKELY,
            r"[?&]X-(?:Amz|Goog)-Signature=([0-9a-fA-F]{64,512})",
            r"[?&]X-Amz-Security-Token=([0-9A-Za-z%/+=_-]{60,800})",
            r"[?&](?:Signature|q-signature|signature)=([0-9A-Za-z%/+=~_-]{27,700})",
            r"AWS4-HMAC-SHA256 [^\n]{0,400}?Signature=([0-9a-f]{64})",
        ),
        (require("entropy:3"),),
        example=f"https://b.s3.amazonaws.com/k?X-Amz-Expires=600&X-Amz-Signature={drawn(HEXADECIMAL, 64)}",
        family="secret",
    ),
)
