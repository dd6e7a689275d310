"""Ways to reach a person that are neither a telephone nor a place."""

from meterd.classify.model import (
    Boundary,
    Category,
    Expression,
    Likelihood,
    Pattern,
    Rule,
    Set,
    Target,
    bare,
    formatted,
    identifier,
    refuse,
)

_BEYOND_ASCII = r"[\x{80}-\x{10ffff}]"
_PUNYCODE = "(?i:xn--)[0-9A-Za-z-]{2,59}"


def _mail(letters: str, sign: str) -> Pattern:
    """Declare an address in these letters, as sentences of some languages have no blank beside one in ASCII."""
    first = f"[{letters}0-9]"
    label = rf"{first}(?:[{letters}0-9-]*{first})?"
    regex = rf"{first}[{letters}0-9._%+'-]*@{label}(?:\.[{letters}0-9-]+)*\.(?:{_PUNYCODE}|[{letters}]{{2,24}})"
    return Pattern(regex, Likelihood.VERY_LIKELY, boundary=Boundary.WORD, sign=sign)


_NO_MAIL = (
    refuse(r"^(?:git|hg|svn)@|@v?[0-9]+(?:\.[0-9]+)+\.|@[0-9]x\.[a-z]{3,4}$"),
    Rule(
        Expression(r"^:(?:[0-9A-Za-z_~.-]*/|[^\s:]{1,80}\.git\b|~)"),
        Target.CONTEXT,
        Set(Likelihood.NO_MATCH),
        before=0,
        after=90,
    ),
    refuse(
        Expression(
            r"(?:\b(?:ssh|rsync|git|s?ftp|https?)://|\b(?:ssh|sftp|mosh|ssh-copy-id) (?:-\S+ (?:[^ @-]\S* )?){0,4})$"
        ),
        Target.CONTEXT,
    ),
)
"""Accounts on other machines, as commands name them; versions of packages; images for dense screens."""

CLASSIFIERS = (
    identifier(
        "email_address",
        "EMAIL_ADDRESS",
        _mail("A-Za-z", sign="@"),
        _mail(r"A-Za-zÀ-ɏ\p{Cyrillic}\p{Greek}\p{Hebrew}\p{Arabic}\p{Armenian}\p{Devanagari}", sign=_BEYOND_ASCII),
        _mail(r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}", sign=_BEYOND_ASCII),
        category=Category.CONTACT,
        description="Electronic mail address",
        example="jane.doe@example.com",
        validator="tld",
        rules=_NO_MAIL,
        yields_to=("secret",),
    ),
    identifier(
        "obfuscated_email_address",
        "OBFUSCATED_EMAIL_ADDRESS",
        formatted(
            r"[0-9A-Za-z][0-9A-Za-z._%+-]* ?(?:\(at\)|\[at\]) ?[0-9A-Za-z.-]+ ?(?:\.|\(dot\)"
            r"|\[dot\]) ?[A-Za-z]{2,10}"
        ),
        category=Category.CONTACT,
        description="Electronic mail address written to be read by people only",
        example="jane.doe (at) example.com",
    ),
    identifier(
        "social_media_handle",
        "SOCIAL_MEDIA_HANDLE",
        bare(r"@[0-9A-Za-z_][0-9A-Za-z_.]{1,29}", boundary=Boundary.WORD),
        category=Category.CONTACT,
        description="Name of a person in a social network",
        example="twitter: @jane_doe42",
        context=("twitter", "instagram", "tiktok", "telegram", "mastodon", "threads", "handle", "bluesky"),
        yields_to=("email_address",),
    ),
    identifier(
        "fediverse_handle",
        "FEDIVERSE_HANDLE",
        formatted(r"@[0-9A-Za-z_]{1,30}@[0-9a-z-]{1,60}(?:\.[0-9a-z-]{1,60}){1,3}", boundary=Boundary.WORD),
        category=Category.CONTACT,
        description="Name of a person in the fediverse",
        example="@jane@example.social",
    ),
    identifier(
        "skype_name",
        "SKYPE_NAME",
        bare(r"(?:live:)?[A-Za-z][0-9A-Za-z.,_-]{5,31}"),
        category=Category.CONTACT,
        description="Name of a person in Skype",
        example="skype: live:jane.doe",
        context=("skype:", "skype id", "skype name"),
        before=14,
    ),
    identifier(
        "username",
        "USERNAME",
        bare(r"[A-Za-z][0-9A-Za-z._-]{2,31}"),
        category=Category.CONTACT,
        description="Name of a user's account that is named as one",
        example="username: jdoe1984",
        context=("username:", "user name:", "login:", "user id:", "benutzername:", "nom d'utilisateur:", "usuario:"),
        before=12,
    ),
    identifier(
        "employee_number",
        "EMPLOYEE_NUMBER",
        bare(r"[A-Z]{0,3}-?\d{4,10}"),
        category=Category.OTHER,
        description="Number of a person at an employer",
        example="employee ID E-104233",
        context=("employee id", "employee number", "employee no", "personalnummer", "staff id", "matricule"),
        before=24,
    ),
    identifier(
        "customer_number",
        "CUSTOMER_NUMBER",
        bare(r"[A-Z]{0,4}-?\d{5,12}"),
        category=Category.OTHER,
        description="Number of a person at a merchant",
        example="customer number C-471120551",
        context=("customer number", "customer id", "customer no", "kundennummer", "numéro client", "número de cliente"),
        before=24,
    ),
    identifier(
        "student_number",
        "STUDENT_NUMBER",
        bare(r"[A-Z]{0,2}\d{6,10}"),
        category=Category.OTHER,
        description="Number of a person at a school",
        example="student ID 20190455",
        context=("student id", "student number", "matrikelnummer", "numéro étudiant", "student no"),
        before=24,
    ),
)
