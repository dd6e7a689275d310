"""What belongs to payment cards and accounts besides their numbers: security codes, expiry dates, PINs."""

from meterd.classify.catalog.declaring import acronyms
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
    identifier,
    refuse,
)

_IS = (
    r"[\"'`*]{0,2}(?:[ \t]+(?:for|of|to|on|für|der|zur|meiner|de|del|da|di|voor|van|till"
    r"|для)[ \t]+[^\d\n.,;:!?]{1,40}?)?"
    r"(?:[ \t]*[:=\-–—][ \t]*|[ \t]*[(\[][ \t]*|[ \t]*(?:は|が|是|为|為|는|은|이|คือ)[ \t]*"
    r"|(?:[ \t]+(?:is|was|are|now|still|set|changed|will|be|to|ist|war|lautet|jetzt|est|es|era|è|é|wordt|jest|är|er"
    r"|on|je"
    r"|это|είναι|הוא|هو|là|adalah)){1,4}[ \t]*:?[ \t]+|[ \t]+|[^\d\n?？]{0,24}[?？]\s{1,4}(?:[^\d\n:]{0,20}:[ \t]*)?"
    r"(?:it'?s |it is |sure,? |yes,? |ok,? )?|[ \t]*:?[ \t]*\r?\n[ \t]*)[\"'`*]{0,2}"
)
"""Between a word for a code and its digits: a sentence, an answer, or the next line."""


def _said(words: str, digits: str) -> Pattern:
    return Pattern(
        rf"(?:^|[^\pL\pN])(?i:{words}){_IS}({digits})",
        Likelihood.LIKELY,
        group=1,
        boundary=Boundary.NUMBER,
        sign=f"(?i:{words})",
    )


_SECURITY_CODE = (
    r"cv[vc]2?|cvn2?|csc|cid|(?:card )?(?:security|verification) (?:code|value)|card security number|card code"
    r"|cv[vc] code|(?:three|3|four|4|last|the)? ?(?:digits|numbers|code|number)(?: \(?cv[vc]\)?)? on the (?:back"
    r"|front)(?: of (?:the |my )?card)?"
    r"|(?:karten)?prüf(?:nummer|ziffer|code)|(?:karten)?sicherheitscode|cryptogramme(?: visuel)?|code de (?:sécurité"
    r"|vérification)"
    r"|código de (?:seguridad|segurança|verificación|verificação)|codice di (?:sicurezza|verifica)|beveiligingscode"
    r"|veiligheidscode"
    r"|kod (?:zabezpieczający|bezpieczeństwa|cvv|cvc)|säkerhetskod|sikkerhedskode|kontrolcifre|sikkerhetskode"
    r"|turvakoodi|(?:bezpečnostní|bezpečnostný) kód|biztonsági kód|cod de securitate|güvenlik kodu|κωδικός ασφαλείας"
    r"|код безопасности|защитный код|安全码|安全碼|验证码后三位|セキュリティコード|보안 ?코드"
    r"|رمز الأمان|קוד אבטחה|सुरक्षा कोड"
    r"|mã bảo mật|kode keamanan|รหัสความปลอดภัย"
)
_PIN_NAME = (
    r"(?:my|your|his|her|our|their|new|old|card|atm|bank|current|default|temporary|phone|sim|device|user|meine|deine"
    r"|neue|mijn|mon|mi|il mio|mia|meu|minha|mój|min)(?:[ \t]+[^\s\d.,;:!?]{1,14})?[ \t]+pin"
    r"|pin[ -]?(?:code|number|nummer|no\.?|kode?|koodi|kood|kód|kodu|kod|numer|numero|número|numéro)|card'?s pin"
    r"|(?:code|código|codice|kod|kód|número|numer|kode|mã|cod)[ -](?:pin|nip)|geheimzahl|code (?:confidentiel|secret)"
    r"|clave (?:del cajero|numérica)|codice (?:bancomat|segreto)|tunnusluku|пин(?:[ -]?код[а-я]{0,2})?|pin saya"
    r"|pin (?:for|of|to) (?:the|my|your|our|this|his|her) [^\d\n.,;:!?]{2,24}|暗証番号|ピン(?:コード)?|个人识别码"
    r"|取款密码|支付密码"
    r"|핀 ?(?:번호|코드)?|الرقم السري|رمز pin|קוד סודי|पिन(?: कोड| नंबर)?"
)
_NOT_SO_MANY = Rule(
    Expression(
        r"^(?:[.,:/-]?\d| ?(?:%|€|\$|°|(?i:digits?|characters?|numbers?|times|seconds?|minutes?|hours?|days?"
        r"|attempts?|tries|v\b|mm\b"
        r"|stellig|stellen|ziffern|zeichen|mal|tage|minuten|chiffres|minutes|cifras|dígitos|cifre|cijfers|cyfr|siffror"
        r"|цифр|位|桁|자리)))"
    ),
    Target.CONTEXT,
    Set(Likelihood.NO_MATCH),
    before=0,
    after=12,
)
"""A count of something, or a part of a longer number."""
_SENTENCE_BETWEEN = refuse(Expression(r"(?i:pin)[^\d\n]*[.;!] +[^\s\d][^\n]*$"), Target.CONTEXT)
_PIN = Rule(
    Expression(
        r"(?:^|[^A-Za-z])(?:[a-z]+[_-])?pin(?:[_-]?code)?[\"'\])]{0,2}\s{0,3}[:=]\s{0,2}[\"']?$", ignore_case=True
    ),
    Target.CONTEXT,
    Set(Likelihood.VERY_LIKELY),
)


CLASSIFIERS = (
    identifier(
        "card_security_code",
        "CARD_SECURITY_CODE",
        bare(r"\d{3,4}"),
        _said(_SECURITY_CODE, r"\d{3,4}"),
        category=Category.FINANCIAL,
        description="Security code of a payment card",
        example="CVV 123",
        context=(
            "cvv",
            "cvc",
            "cvv2",
            "cvc2",
            "csc",
            "cvn",
            "security code",
            "prüfnummer",
            "prüfziffer",
            "cryptogramme",
        ),
        before=18,
        rules=(_NOT_SO_MANY,),
    ),
    identifier(
        "card_expiry_date",
        "CARD_EXPIRY_DATE",
        bare(r"(?:0[1-9]|1[0-2]) ?[/-] ?(?:20)?[2-4]\d"),
        category=Category.FINANCIAL,
        description="Expiry date of a payment card",
        example="expires 09/28",
        context=("exp", "expiry", "expires", "expiration", "valid thru", "gültig bis", "expire fin"),
    ),
    identifier(
        "account_pin",
        "ACCOUNT_PIN",
        bare(r"\d{4,6}"),
        _said(_PIN_NAME, r"\d{4,8}"),
        category=Category.CREDENTIAL,
        description="Personal identification number of a card or an account",
        example="PIN code 4821",
        context=(
            "pin code",
            "pin number",
            "pin no",
            "code pin",
            "pin is",
            "pin was",
            "pin to",
            "card pin",
            "my pin",
            "your pin",
            "atm pin",
            "código pin",
        ),
        rules=(acronyms("PIN:", "PIN"), _PIN, _NOT_SO_MANY, _SENTENCE_BETWEEN),
        before=20,
    ),
)
