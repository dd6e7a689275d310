"""Passwords and keys that are named as such, in settings, programs, commands, markup and sentences."""

from meterd.classify.catalog.declaring import ALPHANUMERIC, HEXADECIMAL, drawn
from meterd.classify.catalog.naming import (
    ANSWERED,
    ASKED_FOR,
    ASSIGNED,
    ATTRIBUTE,
    BESIDE,
    CALL,
    CHANGED,
    DECLARED,
    ELEMENT,
    FOR,
    IS,
    IS_BEFORE,
    IS_SHORTLY,
    KEY,
    LATER_IS,
    NAME_AND_VALUE,
    ON_NEXT_LINE,
    OPEN,
    OTHERWISE,
    PASSWORD,
    QUOTED_PAIR,
    SHORT_PASSWORD,
    TYPED,
)
from meterd.classify.catalog.password_commands import COMMANDS
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
        r"^(?:[x*.#_•-]+|<.*>|&lt;.*|\$\{?.*|\{\{.*|%\(?.*|\[.*\]|your[_-].*|my[_-]?password\d?|change[_-]?me\d*|example"
        r"|none|null|nil"
        r"|true|false|undefined|string|str|required|optional|\[?redacted\]?|\[?filtered\]?|hidden|invalid|missing"
        r"|incorrect"
        r"|please|cannot|should|must|expired|unknown|unchanged|encrypted|default|password|passwd|secret"
        r"|(?:ENC|enc)\(.*|(?:vault|op|ssm|env|file|secret|keyring|arn|gcp|aws)[:!].*|!.*)$",
        ignore_case=True,
    )
)
_PROGRAM = refuse(r"^(?:[A-Za-z_][\w.]*[(\[]|[A-Za-z_]+(?:(?:\.|->|::)[A-Za-z_]+)+[;,)]*$|(?:\.{1,2}|~)?/[\w.-]+/)")
"""A call, a member, or a path: where a program keeps a secret, not the secret."""
_OTHER_THING = refuse(
    Expression(
        r"^(?:[a-z]{2,8}://.*|[a-z]+(?:&|%26|&amp;)[\w.-]+(?:=|%3d).*"
        r"|\d{4}-\d{2}-\d{2}\S*|\d{1,2}[./]\d{1,2}[./]\d{2,4}\S?|\d{1,2}:\d{2}\S*"
        r"|v?\d+(?:\.\d+){1,3}\S?"
        r"|[\d.,]+ ?(?:px|ms|min|kb|mb|gb|%|st|nd|rd|th)\W?|(?:sha|md|aes|utf|rsa|rc|base|argon|pbkdf|bcrypt|ipv"
        r"|oauth)-?\d{1,4}(?:-\w{2,12})?\W?"
        r"|iso[- ]?\d+\S*|1password\W?|[^@\s]+@[\w-]+(?:\.[\w-]+)+|[\w./-]+\.(?:py|js|ts|go|rs|java|md|txt|pdf|html?"
        r"|ya?ml|json|conf))$",
        ignore_case=True,
    )
)
"""A day, a time, a version, a measure, a method, a file."""
_ABOUT_IT = refuse(
    Expression(
        r"pass(?:word|phrase)s?[ -](?:polic(?:y|ies)|manager|field|hash(?:es)?|length|strength|rules?|form|page"
        r"|prompt|protected"
        r"|expir\w*|history|generator|vault|check(?:er)?|column|table|hint|recovery|rotation|requirements?"
        r"|reset (?:link|page|mail|form|token|code))\b[^\n:=]*$",
        ignore_case=True,
    ),
    Target.CONTEXT,
)
"""What is said of passwords in general."""
_WORDS = refuse(r"^(?:[a-z]+(?:[_./-][a-z]+)*|[A-Z]+(?:_[A-Z]+)*)$")
_NO_WORD = Rule(
    Expression(r"[A-Za-z][^A-Za-z]*[0-9]|[0-9][^0-9]*[A-Za-z]|[A-Za-z].*[!@#$%^&*+=~?][^\n]"),
    Target.FINDING,
    Adjust(-1),
    inverse=True,
)
"""What is said, not assigned, is a password only if it is no word: it has digits or signs beside letters."""

_PART = r"[^\s\pZ\"'`,;<>」』】。、，；！？）\x{3040}-\x{30ff}\x{4e00}-\x{9fff}\x{ac00}-\x{d7af}]"
_VALUE = rf"({_PART}{{6,128}})"
_WORD = rf"({_PART}{{0,40}}[0-9!@#$%^&*+=~]{_PART}{{1,60}}[0-9A-Za-z!$%&*#@+=~^/_-]|{_PART}{{3,60}}[0-9])"
"""What is said is a password only if it is no word."""
_SHORT = refuse(r"^.{0,5}$")
_IN_QUOTES = (r"\"([^\s\"]{6,128})\"", r"'([^\s']{6,128})'")
_QUOTED = r"([^\s\"'`]{6,128})"
_TOKEN = r"([0-9A-Za-z_./+=~-]{16,200})"

_BEFORE_QUOTED = "|".join((ATTRIBUTE, QUOTED_PAIR, CALL, DECLARED, OTHERWISE, TYPED))
_BARE_TOKEN = "(?:^|[^0-9A-Za-z_-])(?i:token)"
_IN_DEFAULT = rf"\$\{{[^}}\n]{{0,60}}?{PASSWORD}[^}}\s:]{{0,20}}:[-=]?([^\s}}\"']{{6,128}})\}}"
_IN_CONNECTION = (
    r"(?i:(?:get|my|new)?connection|connect|login|log_in|sign_?in|(?:basic)?auth(?:enticate)?|credentials?)"
    r"[ \t]?=?[ \t]?\((?:[^()\n]*?,[ \t]*)?[\"'][^\"'\s]{1,64}[\"'][ \t]*,[ \t]*[\"']([^\s\"'`]{6,128})[\"']"
)
"""A call with a name and its password."""
_PAIR = (
    "(?i:credentials?|creds|zugangsdaten|anmeldedaten|identifiants|credenciales|credenziali|credenciais|inloggegevens"
    "|dane logowania|учётные данные|login|log-in)"
    rf"(?:[ \t]+(?i:is|are|for|sind|sont|son|sono|são|zijn|to)(?:[ \t]+[^\s:=/]+){{0,3}}?)?[ \t]*[:=]?[ \t]+[\"'`]?"
    rf"[0-9A-Za-z._@+-]{{2,40}}[\"'`]?(?:[ \t]+[/|:][ \t]+|[ \t]?:[ \t]?){OPEN}{_WORD}"
)
"""A name and its password beside each other."""


def _patterns(likelihood: Likelihood, *regexes: str, sign: str = "") -> tuple[Pattern, ...]:
    return tuple(Pattern(regex, likelihood, group=1, boundary=Boundary.ANYWHERE, sign=sign) for regex in regexes)


CLASSIFIERS = (
    Classifier(
        "password_assignment",
        "PASSWORD_ASSIGNMENT",
        Category.CREDENTIAL,
        "Password that is named as one",
        (
            *_patterns(
                Likelihood.VERY_LIKELY,
                f"{PASSWORD}{ASSIGNED}[\"'「『`<]?{_VALUE}",
                *(f"{PASSWORD}{ASSIGNED}{quoted}" for quoted in _IN_QUOTES),
                sign=PASSWORD,
            ),
            *_patterns(
                Likelihood.LIKELY,
                f"{PASSWORD}{ELEMENT}([^\\s<>\\]]{{6,128}})(?:\\]\\]>)?\\s{{0,40}}</",
                f"{PASSWORD}(?:{_BEFORE_QUOTED}){_QUOTED}[\"']",
                f"{PASSWORD}{CHANGED}{_QUOTED}[\"']",
                f"{PASSWORD}{NAME_AND_VALUE}{_VALUE}",
                f"{PASSWORD}(?:{ASKED_FOR}|{ANSWERED}|{FOR}{IS}|{BESIDE}|{LATER_IS}){OPEN}{_WORD}",
                f"{PASSWORD}{ON_NEXT_LINE}{OPEN}{_WORD}(?:\\s|$)",
                f"{_WORD}[\"'`」』]?{IS_BEFORE}{PASSWORD}",
                _IN_DEFAULT,
                sign=PASSWORD,
            ),
            *_patterns(
                Likelihood.LIKELY,
                f"{SHORT_PASSWORD}{ASSIGNED}[\"'`]?{_VALUE}",
                f"{SHORT_PASSWORD}{IS_SHORTLY}{OPEN}{_WORD}",
                sign=SHORT_PASSWORD,
            ),
            *_patterns(Likelihood.LIKELY, _PAIR, _IN_CONNECTION, *COMMANDS),
        ),
        (_PLACEHOLDER, _PROGRAM, _SHORT, _OTHER_THING, _ABOUT_IT, _NO_WORD),
        example=f"password = {drawn(ALPHANUMERIC, 12)}",
        family="secret",
    ),
    Classifier(
        "secret_assignment",
        "SECRET_ASSIGNMENT",
        Category.CREDENTIAL,
        "Key or token that is named as one",
        (
            *_patterns(Likelihood.VERY_LIKELY, f"{KEY}{ASSIGNED}[\"'`<]?{_TOKEN}", sign=KEY),
            *_patterns(
                Likelihood.LIKELY,
                f"{KEY}(?:{CHANGED}|{_BEFORE_QUOTED}|{ELEMENT}|{NAME_AND_VALUE}){_TOKEN}",
                f"{KEY}(?:{ASKED_FOR}|{ANSWERED}|{FOR}{IS}|{BESIDE}|{LATER_IS}){OPEN}{_TOKEN}",
                f"{KEY}{ON_NEXT_LINE}{OPEN}{_TOKEN}(?:\\s|$)",
                sign=KEY,
            ),
            *_patterns(
                Likelihood.LIKELY,
                f"{_BARE_TOKEN}{ASSIGNED}[\"'`]?([0-9A-Za-z_./+=~-]{{20,200}})",
                sign=_BARE_TOKEN,
            ),
            *_patterns(Likelihood.LIKELY, rf"--?[a-z-]{{0,20}}(?:api-?key|token|secret)[ \t]+[\"']?{_TOKEN}"),
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
