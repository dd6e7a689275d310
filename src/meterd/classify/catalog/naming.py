"""How passwords and keys are named: words for them, and what stands between such a word and what it names."""

PASSWORD = (
    "(?i:password|passwd|passphrase|pass phrase|passcode|pwd"
    "|passwort|passwörter|kennwort|losungswort|zugangscode|wachtwoord|paswoord"
    "|contraseñas?|contrasenya|contrasena|clave de acceso|mots? de passe|senhas?|palavra[- ]passe|parol[aăei]"
    "|lösenord|adgangskode|kodeord|passord|lykilorð|salasana(?:(?:ni|si|mme)? (?:on|oli))?|parool(?: on)?|slaptažod"
    "|hasł(?:o|a|em|u)|hesl(?:o|a|em|u)|lozink[aue]|zapork[aue]|geslo|парол[ьяюеі]|парола|лозинка"
    "|jelsz[óa]|şifre|sifre|κωδικός|κωδικό|συνθηματικό|סיסמה|סיסמא|סיסמת"
    "|كلمة المرور|كلمة السر|كلمة مرور|الرقم السري|رمز عبور|گذرواژه|पासवर्ड|পাসওয়ার্ড"
    "|密码|密碼|口令|パスワード|パスフレーズ|暗証番号|비밀번호|패스워드|암호|비번"
    "|mật khẩu|kata sandi|kata laluan|รหัสผ่าน)"
    "(?i:ni|si|ksi|m|n|t|niz|nız|im|em|vam|va|et|en|ið|ul|ja|i|io|та)?"
)
"""Also with the endings that some languages give to what belongs to somebody."""
SHORT_PASSWORD = "(?:^|[^0-9A-Za-z])(?i:pass|pw|psw|mdp|clave|lösen|код доступа|(?:code|codice) (?:d'accès|di accesso))"
"""Words that are also used for other things, or within others."""
_SUFFIX = (
    "(?i:[_-]?(?:prod(?:uction)?|dev|staging|stage|test|live|old|new|current|root|admin|user|db|main|master|backup"
    "|default|value|plain|text|temp|tmp|hash|[0-9]{1,2}))?"
)
KEY = (
    "(?i:api[ _-]?(?:key|token|secret)s?"
    "|secret[ _-]?(?:access[ _-]?)?key(?:[ _-]?base)?"
    "|(?:client|app|application|consumer|webhook|shared|signing|session|cookie|jwt|oauth|auth|hmac|token)[ _-]?secret"
    "|(?:access|auth|refresh|bearer|bot|session|private|personal|deploy|service|oauth|api|user|gateway|registration"
    "|runner|upload|ingest)[ _-]?token"
    "|(?:access|account|auth|encryption|signing|master|private|license|licence|hmac|jwt|activation"
    "|pre[- ]?shared)[ _-]?key"
    "|secret"
    "|api[ -]?schlüssel|geheimer schlüssel|geheimschlüssel|zugriffs?token|zugangstoken|lizenzschlüssel"
    "|clé (?:d')?api|clé secrète|jeton d'accès|clave (?:de )?(?:la )?api|clave secreta|token de acceso"
    "|chave (?:de |da )?api|chave secreta|token de acesso|chiave (?:dell')?api|chiave segreta|token di accesso"
    "|api[ -]?sleutel|geheime sleutel|toegangstoken|klucz(?:a|em)? (?:do )?api|tajny klucz|token dostępu"
    "|api[ -]?nyckeln?|hemlig nyckel|åtkomsttoken|api[ -]?nøglen?|api[ -]?nøkkel(?:en)?|api[ -]?avain"
    "|api[ -]ключ|ключ api|секретный ключ|токен доступа|api anahtarı|gizli anahtar|api klíč|tajný klíč|api[ -]kulcs"
    "|api ?密钥|api ?密鑰|密钥|访问令牌|令牌|api ?キー|シークレットキー|アクセストークン|秘密鍵"
    "|api ?키|시크릿 ?키|액세스 ?토큰|비밀 ?키|مفتاح api|מפתח api|api कुंजी|khóa api|kunci api|คีย์ api)"
)

ASSIGNED = rf"{_SUFFIX}[\"'`\[\])*]{{0,4}}[ \t]{{0,20}}(?:=>|:=|->|→|[:=]{{1,3}}|is:)[*_`]{{0,3}}[ \t]{{0,20}}"
CHANGED = rf"{ASSIGNED}[\"'][^\"'\n]*[\"'][ \t]*[-=]>[ \t]*[\"']"
"""What a plan says is changed: the old value, and an arrow to the new one."""
QUOTED_PAIR = r"[\"'][ \t]*[,)][ \t]*[\"']"
"""Between the two arguments of a call."""
CALL = r"[ \t]?\([ \t]*[\"']"
ELEMENT = r"[\"']?[^<>\n]{0,40}(?:</?[A-Za-z][^<>\n]*>|>)\s{0,40}(?:</?[A-Za-z][^<>\n]*>\s{0,40}){0,3}(?:<!\[CDATA\[)?"
ATTRIBUTE = r"[\"'][ \t]{1,20}value[ \t]?=[ \t]?[\"']"
NAME_AND_VALUE = (
    r"[\"']?[ \t]*(?:,[ \t]*|,?\r?\n[ \t]*)-?[ \t]*[\"']?(?i:value|default|val)[\"']?[ \t]*[:=][ \t]*[\"']?"
)
"""Between a name and a value that are members of the same object."""
DECLARED = r"[\"'][ \t]*\{[^{}]*?\bdefault[ \t]*=[ \t]*[\"']"
"""Of a variable of Terraform."""
OTHERWISE = r"[\"'\])]{0,3}[ \t]*(?:\|\||\?\?|\bor\b|\?:)[ \t]*[\"']"
"""Between what is looked up and what is taken instead."""
TYPED = (
    r"[\"']?(?:[ \t]{0,4}:[ \t]{0,4}|[ \t]{1,4})&?[A-Za-z][0-9A-Za-z_.<>?*']{1,30}"
    r"(?:[ \t]?\|[ \t]?[A-Za-z]{1,20})?[ \t]{0,4}:?=[ \t]{0,4}[\"'`]"
)

FOR = (
    r"(?:[ \t]+(?i:for|of|to|on|at|in|from|für|zum|zur|beim|vom|de|del|du|da|do|para|pour|per|voor|von|van|till|til"
    r"|dla|для|от|к|na|pro)"
    r"[ \t]+[^\n.:;!?]{1,40}?|[ \t]*\([^()\n]{1,40}\))?"
)
ASKED_FOR = r"[ \t]+(?i:for|of|on|from|für)[ \t]+(?:'[^'\n]{1,80}'|\"[^\"\n]{1,80}\"|[^\s:]{1,60}):[ \t]+"
"""A prompt of a program."""
_WORDS = r"(?:[ \t]+[^\s:;,.!?=\"'()<>{}\[\]]+){0,5}?"
_VERBS = (
    "(?i:is|was|are|be|as|to|reads|becomes|remains|will|shall|should|has|been|set|changed|reset|updated|now|still|just"
    "|currently|simply|again|ist|war|lautet|heißt|heisst|wird|wurde|auf|jetzt|nun|noch|immer|aktuell|derzeit"
    "|est|était|sera|devient|maintenant|toujours|désormais|es|era|será|sería|ahora|è|sarà|ora|adesso|é|foi|ficou"
    "|agora|para|wordt|luidt|nu|to|jest|brzmi|będzie|teraz|är|var|blir|lyder|er|nyt|je|bylo|bude|zní|nyní|teď|это|был"
    "|теперь|сейчас|такой|це|este|e|είναι|ήταν|הוא|היא|هي|هو|là|adalah|ialah|olarak|yra|ir|glasi)"
)
IS = (
    rf"(?:(?:[ \t]+{_VERBS}){{1,4}}[ \t]*:?[ \t]+"
    r"|[ \t]*(?:は|が|是|就是|改成了?|改为|为|為|는|은|가|이|คือ|:|…|\.{2,3})[ \t]*|[ \t]+[-–—][ \t]+)"
)
IS_SHORTLY = r"[ \t]+(?i:is|was|ist|est|es|è|é|это)[ \t]*:?[ \t]+"
BESIDE = r"(?:[ \t]+(?i:от|к|для|до|na|od|do|dla|på)[ \t]+[^\n.:;!?]{1,40}?)?[ \t]+"
"""Where a language needs no verb."""
LATER_IS = rf"{_WORDS}[ \t]+(?i:is|was|ist|war|lautet|est|es|è|é|jest|är|είναι|это|היא|הוא|هي|هو)[ \t]*:?[ \t]+"
"""With words in between, as in `the password I use everywhere is`."""
ANSWERED = (
    r"[^\n?？]{0,60}[?？][\"'*]{0,2}\s{1,4}(?:[^\s:][^:\n]{0,30}:[ \t]*)?"
    r"(?:(?i:it'?s|it is|sure|yes|yeah|ok|okay|here|try|that'?s|ja|oui|sí|si|sì|sim|tak|es ist|c'est|да|это|is|the|my)"
    r"[,:.!]?[ \t]+){0,4}"
)
"""Between a question for it and what answers."""
ON_NEXT_LINE = r"[\"'*]{0,2}[ \t]*[:：]?[*]{0,2}[ \t]*\r?\n[ \t]*"
OPEN = r"[\"'`「『【“(\[*<]{0,2}"
_MINE = (
    "(?i:my|the|your|our|his|her|their|a|mein|dein|das|ihr|unser|mon|ma|le|ton|votre|mi|la|tu|su|il|mia|minha|sua"
    "|mijn|het|je|moje|mitt|min|mit|moja|můj|mé|мой|minun)"
)
IS_BEFORE = (
    rf"(?:[ \t]+(?i:is|as|was|ist|war|als|est|comme|es|como|è|come|é|jest|jako|är|som|er|on"
    rf"|je)[ \t]+(?:{_MINE}[ \t]+)?(?:[^\s.,;:!?\"'()=]+[ \t]+){{0,2}}?|(?:が|是|就是)(?:我的|新しい|新的)?)"
)
