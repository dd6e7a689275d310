"""What people write to assistants and to each other: secrets are said rather than assigned, and follow each other."""

from tests.classify.heldout_second import writing
from tests.classify.heldout_second.document import Sort

_SAID = (
    "hi! my password is ⟦PASSWORD_ASSIGNMENT⟧ and it still says access denied, what am I doing wrong?",
    "can you log in for me? user is the usual one, pw: ⟦PASSWORD_ASSIGNMENT⟧ thx",
    "so the new wifi password will be ⟦PASSWORD_ASSIGNMENT⟧ from Monday, please tell the guests",
    "I changed the admin password to ⟦PASSWORD_ASSIGNMENT⟧ yesterday, write it down somewhere safe",
    "the passphrase for the backup disk is ⟦PASSWORD_ASSIGNMENT⟧ , nobody else knows it",
    "login with the temporary password ⟦PASSWORD_ASSIGNMENT⟧ and then set one of your own",
    "My pin is ⟦ACCOUNT_PIN⟧, the machine swallowed the card anyway.",
    "card ends soon, the number is ⟦CREDIT_CARD_NUMBER fours⟧ and the cvv is ⟦CARD_SECURITY_CODE⟧",
    "I was born on ⟦DATE_OF_BIRTH english⟧, am I old enough for the discount?",
    "you can reach me at ⟦EMAIL_ADDRESS⟧ or on my mobile ⟦US_PHONE_NUMBER national⟧ after 5",
    "my social is ⟦US_SSN⟧, do you need the card too?",
    "The secret access key for the bucket is ⟦AWS_SECRET_ACCESS_KEY⟧ and the id is ⟦AWS_ACCESS_KEY_ID⟧ ok?",
    "our api key is ⟦SECRET_ASSIGNMENT⟧ — the docs say it goes in a header, but which one?",
)
_LANGUAGES = (
    "Hallo, mein Passwort lautet ⟦PASSWORD_ASSIGNMENT⟧ und ich komme trotzdem nicht ins Portal.",
    "Das WLAN-Kennwort ist ⟦PASSWORD_ASSIGNMENT⟧, bitte nicht weitergeben.",
    "mon mot de passe est ⟦PASSWORD_ASSIGNMENT⟧, pourquoi ça ne marche pas ?",
    "Mi contraseña es ⟦PASSWORD_ASSIGNMENT⟧ y no me deja entrar.",
    "la mia password è ⟦PASSWORD_ASSIGNMENT⟧, ma il sito dice che è sbagliata",
    "minha senha é ⟦PASSWORD_ASSIGNMENT⟧ e o aplicativo não abre",
    "mijn wachtwoord is ⟦PASSWORD_ASSIGNMENT⟧, kun je even kijken?",
    "moje hasło to ⟦PASSWORD_ASSIGNMENT⟧ i nie mogę się zalogować",
    "mitt lösenord är ⟦PASSWORD_ASSIGNMENT⟧ men det fungerar inte",
    "Мой пароль ⟦PASSWORD_ASSIGNMENT⟧ не подходит, что делать?",
    "пароль: ⟦PASSWORD_ASSIGNMENT⟧\nлогин тот же",
    "我的密码是⟦PASSWORD_ASSIGNMENT⟧，为什么登录不了？",
    "密码：⟦PASSWORD_ASSIGNMENT⟧，请不要告诉别人",
    "パスワードは⟦PASSWORD_ASSIGNMENT⟧です。ログインできません。",
    "비밀번호는 ⟦PASSWORD_ASSIGNMENT⟧ 입니다. 로그인이 안 돼요.",
    "şifrem ⟦PASSWORD_ASSIGNMENT⟧ ama giriş yapamıyorum",
    "मेरा पासवर्ड ⟦PASSWORD_ASSIGNMENT⟧ है, लॉगिन नहीं हो रहा",
    "كلمة المرور هي ⟦PASSWORD_ASSIGNMENT⟧ ولا أستطيع الدخول",
    "Ich bin am ⟦DATE_OF_BIRTH de⟧ geboren, meine Steuer-ID ist ⟦DE_IDNR⟧.",
    "Je suis née le ⟦DATE_OF_BIRTH fr⟧ et mon numéro de sécu est le ⟦FR_NIR⟧.",
    "Nací el ⟦DATE_OF_BIRTH es⟧, mi DNI es ⟦ES_DNI⟧.",
    "nasci em ⟦DATE_OF_BIRTH pt⟧, CPF ⟦BR_CPF⟧",
    "Urodziłem się ⟦DATE_OF_BIRTH pl⟧, PESEL ⟦PL_PESEL⟧, proszę o sprawdzenie",
    "Дата рождения ⟦DATE_OF_BIRTH ru⟧, СНИЛС ⟦RU_SNILS⟧, что ещё нужно?",
    "生年月日は⟦DATE_OF_BIRTH ja⟧、マイナンバーは⟦JP_IN⟧です。",
    "제 생년월일은 ⟦DATE_OF_BIRTH ko⟧이고 주민등록번호는 ⟦KR_RRN⟧ 입니다.",
    "我出生于⟦DATE_OF_BIRTH ja⟧，身份证号是⟦CN_RIC⟧，手机号还没换。",
)
_TWO = (
    "the old key was ⟦TOKEN⟧ but since we rotated on <date> you should take ⟦TOKEN⟧ for everything",
    "Key one: ⟦TOKEN⟧\nThat one is for staging only and has few rights. Key two, for production, is ⟦TOKEN⟧ .",
    "first try ⟦PASSWORD_ASSIGNMENT⟧ as the password, and if that fails the password is ⟦PASSWORD_ASSIGNMENT⟧",
    "⟦TOKEN⟧ and ⟦TOKEN⟧ were both in the log, revoke them please",
    "transfer from ⟦IBAN_CODE de_DE⟧ to ⟦IBAN_CODE fr_FR⟧ by Friday, they have waited since <date>",
    "cards on file: ⟦CREDIT_CARD_NUMBER fours⟧, ⟦CREDIT_CARD_NUMBER dashes⟧; the second is the default one",
    "please remove ⟦EMAIL_ADDRESS⟧;⟦EMAIL_ADDRESS⟧ from the list, ⟦EMAIL_ADDRESS⟧ stays",
    "private key of the first machine:\n⟦PRIVATE_KEY⟧\nand of the second, which we hardly use:\n⟦PRIVATE_KEY⟧\nthanks",
    "SSNs of both applicants: ⟦US_SSN⟧ / ⟦US_SSN⟧, they file together",
)
_SUPPORT = (
    (
        "Agent: May I have your date of birth?\nCustomer: ⟦DATE_OF_BIRTH english⟧\nAgent: And the phone number?\n"
        "Customer: ⟦US_PHONE_NUMBER⟧\nAgent: Thank you."
    ),
    (
        "Agent: What is the card number?\nCustomer: sure, ⟦CREDIT_CARD_NUMBER fours⟧\nAgent: and the security code?\n"
        "Customer: ⟦CARD_SECURITY_CODE⟧"
    ),
    (
        "[<00-23>:<00-59>] bot: Please type your IBAN.\n[<00-23>:<00-59>] you: ⟦IBAN_CODE nl_NL⟧\n"
        "[<00-23>:<00-59>] bot: Done!"
    ),
    (
        "A: which mail do you use for login?\nB: ⟦EMAIL_ADDRESS⟧\nA: and the password?\nB: ⟦PASSWORD_ASSIGNMENT⟧\n"
        "A: don't send me that"
    ),
    "User: my passport number is ⟦US_PASSPORT⟧ and my wife's passport number is ⟦US_PASSPORT⟧\nAssistant: Noted.",
    "Q: MRN? A: ⟦MEDICAL_RECORD_NUMBER⟧. Q: Member ID? A: ⟦HEALTH_PLAN_NUMBER⟧. Q: allergies? A: none",
    "shall I ship it to ⟦US_STREET_ADDRESS⟧ or to ⟦US_POST_OFFICE_BOX⟧ this time? call ⟦US_PHONE_NUMBER printed⟧",
)

SORTS = (
    Sort("chats, said in English", _SAID, (writing.PLAIN, writing.MARKDOWN)),
    Sort("chats, said in other languages", _LANGUAGES),
    Sort("chats, two values with words between", _TWO),
    Sort("chats, questions and answers", _SUPPORT),
    Sort("chats as JSON", (*_TWO[:4], *_SUPPORT), (writing.JSON, writing.JSON_TWICE)),
)
