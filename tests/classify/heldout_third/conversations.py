"""What people tell assistants, colleagues and the help desk, and what assistants and their tools then write down."""

from tests.classify.heldout_second.writing import PLAIN
from tests.classify.heldout_third import writing
from tests.classify.heldout_third.places import sort

_SAID = (
    "ok so the router login is admin and the password I set last night was ⟦PASSWORD_ASSIGNMENT⟧ , same as the printer",
    "Try ⟦PASSWORD_ASSIGNMENT⟧ as password. If it complains about capitals I typed it wrong again.",
    "it asks for a passcode, mine is ⟦PASSWORD_ASSIGNMENT⟧ but the keypad only takes digits??",
    "Password for the shared drive has been changed from ⟦PASSWORD_ASSIGNMENT⟧ to ⟦PASSWORD_ASSIGNMENT⟧ this morning.",
    'Our passphrase is "⟦PASSWORD_ASSIGNMENT words⟧" (all lower case, with the blanks).',
    "heads up: root pw on the staging box = ⟦PASSWORD_ASSIGNMENT⟧",
    "I keep my passwords in a note. Bank: ⟦PASSWORD_ASSIGNMENT⟧. Is that a bad idea?",
    "username: jo.weber / password: ⟦PASSWORD_ASSIGNMENT⟧ / domain: OFFICE",
    "You need the door PIN, it's ⟦ACCOUNT_PIN⟧ followed by the hash key.",
    "the bank card's PIN code was changed to ⟦ACCOUNT_PIN⟧ on <date>",
    "CVC on the back says ⟦CARD_SECURITY_CODE⟧, card ⟦CARD⟧, valid until 0<1-9>/2<6-9>",
    "please charge ⟦CREDIT_CARD_NUMBER amex⟧, it is a company card",
    "She was born ⟦DATE_OF_BIRTH ordinal⟧ so she qualifies for the senior rate, right?",
    "DOB ⟦DATE_OF_BIRTH short month⟧, member id ⟦HEALTH_PLAN_NUMBER⟧, can you check my coverage",
    "my birthday is ⟦DATE_OF_BIRTH unpadded⟧ and I still get the children's menu",
    "text me on ⟦US_PHONE_NUMBER dashes⟧ or write to ⟦EMAIL_ADDRESS simple⟧, whatever is quicker",
    "My Social Security Number is ⟦US_SSN⟧ and my husband's is ⟦US_SSN⟧. We moved to ⟦US_STREET_ADDRESS⟧ last year.",
    "license plate I forgot, but the VIN is ⟦VEHICLE_IDENTIFICATION_NUMBER⟧ according to the papers",
    "wire it: routing ⟦US_RTN⟧, account no. ⟦US_BANK_ACCOUNT⟧, name on the account ⟦name en_US⟧",
    "the token you want is ⟦TOKEN⟧ (yes I know, I will rotate it after lunch)",
    "client secret: ⟦SECRET_ASSIGNMENT⟧\nclient id is in the wiki",
    "Is ⟦TOKEN⟧ still a valid key or did somebody delete it?",
    "this is the API token I got from them, ⟦SECRET_ASSIGNMENT⟧ , and their docs say nothing about headers",
    "I think my phone was stolen. IMEI: ⟦IMEI⟧. Last seen near ⟦COORDINATES⟧.",
    "our office: ⟦GB_STREET_ADDRESS⟧, Bristol ⟦GB_POSTCODE⟧; ring ⟦GB_PHONE_NUMBER brackets⟧ when you are downstairs",
)
_ELSEWHERE = (
    "Das Passwort fürs Gäste-WLAN habe ich auf ⟦PASSWORD_ASSIGNMENT⟧ geändert, hängt auch am Kühlschrank.",
    "Zugangsdaten: Benutzer jweber, Kennwort ⟦PASSWORD_ASSIGNMENT⟧. Bitte nach dem ersten Anmelden ändern!",
    "Die PIN der Karte lautet ⟦ACCOUNT_PIN⟧, aber der Automat nimmt sie nicht.",
    "Meine Tochter ist am ⟦DATE_OF_BIRTH unpadded dots⟧ geboren, zählt sie noch als Kind?",
    "Le mot de passe du portail famille, c'est ⟦PASSWORD_ASSIGNMENT⟧ je crois.",
    "Identifiant : accueil, mdp : ⟦PASSWORD_ASSIGNMENT⟧, merci de ne pas l'afficher",
    "Mon fils est né le ⟦DATE_OF_BIRTH slashes⟧, il lui faut une carte ?",
    "La clave del wifi es ⟦PASSWORD_ASSIGNMENT⟧, toda en minúsculas menos la primera.",
    "usuario: caja2 contraseña: ⟦PASSWORD_ASSIGNMENT⟧ (la del turno de tarde)",
    "Mi madre nació el ⟦DATE_OF_BIRTH slashes⟧ y su NIE es ⟦ES_NIE⟧.",
    "La password nuova del gestionale è ⟦PASSWORD_ASSIGNMENT⟧, quella vecchia non va più.",
    "Sono nata il ⟦DATE_OF_BIRTH dots⟧ a Bari, codice fiscale ⟦IT_CODICEFISCALE⟧.",
    "A senha do cofre ficou ⟦PASSWORD_ASSIGNMENT⟧, avise só a Marta.",
    "Het wachtwoord voor de beamer is nu ⟦PASSWORD_ASSIGNMENT⟧.",
    "Ik ben geboren op ⟦DATE_OF_BIRTH dashes⟧, mijn burgerservicenummer: ⟦NL_BSN⟧",
    "Nowe hasło do systemu: ⟦PASSWORD_ASSIGNMENT⟧ (proszę zmienić po zalogowaniu)",
    "Adgangskoden til printeren er ⟦PASSWORD_ASSIGNMENT⟧, og den gamle virker ikke mere.",
    "Passordet til det trådløse nettet er ⟦PASSWORD_ASSIGNMENT⟧.",
    "Salasana on ⟦PASSWORD_ASSIGNMENT⟧ ja käyttäjätunnus etunimi.",
    "Lösenordet till kontot blev ⟦PASSWORD_ASSIGNMENT⟧, skriv inte upp det någonstans.",
    "Heslo k wifi je ⟦PASSWORD_ASSIGNMENT⟧, ale signál je tu slabý.",
    "A jelszó: ⟦PASSWORD_ASSIGNMENT⟧, a felhasználónév a teljes nevem.",
    "Parola de la calculatorul din recepție este ⟦PASSWORD_ASSIGNMENT⟧.",
    "Ο κωδικός πρόσβασης είναι ⟦PASSWORD_ASSIGNMENT⟧ και δεν τον δέχεται.",
    "Пароль від пошти ⟦PASSWORD_ASSIGNMENT⟧, нікому не кажи.",
    "Пароль от вайфая поменяли, теперь ⟦PASSWORD_ASSIGNMENT⟧",
    "вот логин и пароль: operator / ⟦PASSWORD_ASSIGNMENT⟧",
    "Паролата за касата е ⟦PASSWORD_ASSIGNMENT⟧.",
    "Yeni parolanız: ⟦PASSWORD_ASSIGNMENT⟧ (ilk girişte değiştiriniz)",
    "הסיסמה החדשה היא ⟦PASSWORD_ASSIGNMENT⟧ ואסור לשתף אותה",
    "الرقم السري للشبكة هو ⟦PASSWORD_ASSIGNMENT⟧",
    "पासवर्ड: ⟦PASSWORD_ASSIGNMENT⟧ (किसी को मत बताना)",
    "รหัสผ่านคือ ⟦PASSWORD_ASSIGNMENT⟧ ค่ะ",
    "Mật khẩu wifi là ⟦PASSWORD_ASSIGNMENT⟧ nhé.",
    "Kata sandi akun saya ⟦PASSWORD_ASSIGNMENT⟧, tolong bantu masuk.",
    "登录密码改成⟦PASSWORD_ASSIGNMENT⟧了，账号没变。",
    "wifi密碼是⟦PASSWORD_ASSIGNMENT⟧，請轉告大家",
    "新しいパスワードは「⟦PASSWORD_ASSIGNMENT⟧」に変更しました。",
    "와이파이 비번은 ⟦PASSWORD_ASSIGNMENT⟧ 이에요~",
    "Saya lahir ⟦DATE_OF_BIRTH id⟧ dan NIK saya ⟦ID_NIK⟧.",
    "Tanggal lahir: ⟦DATE_OF_BIRTH dashes⟧",
    "Я народилася ⟦DATE_OF_BIRTH uk⟧, чи потрібен мені новий документ?",
    "Doğum tarihim ⟦DATE_OF_BIRTH tr⟧, kimlik numaram ⟦TR_TCKIMLIK⟧.",
    "Syntymäaikani on ⟦DATE_OF_BIRTH unpadded dots⟧ ja hetu ⟦FI_HETU⟧.",
    "Jeg er født ⟦DATE_OF_BIRTH da⟧, CPR ⟦DK_CPR⟧",
    "Ngày sinh: ⟦DATE_OF_BIRTH vi⟧",
    "출생일 ⟦DATE_OF_BIRTH ko⟧, 연락처는 나중에 드릴게요",
    "出生日期：⟦DATE_OF_BIRTH zh⟧",
)
_PROMPTS = (
    """\
### System
You are a careful travel agent. Never repeat personal data.
### User
Book me on the 7 am to Lisbon. Passport no. ⟦US_PASSPORT⟧, born ⟦DATE_OF_BIRTH short month⟧, card ⟦CARD⟧.
### Assistant
Booked. The confirmation goes to ⟦EMAIL_ADDRESS simple⟧.
""",
    """\
<|im_start|>user
Summarise this mail:
"Hi, this is ⟦name en_US⟧. My number changed to ⟦US_PHONE_NUMBER plus⟧; the old address ⟦US_STREET_ADDRESS⟧
is still right."
<|im_end|>
<|im_start|>assistant
""",
    """\
Human: here is my .env, why does the worker not start?

QUEUE_URL=amqp://worker:⟦DATABASE_URL⟧@mq.example.com:5671/jobs
OPENAI_API_KEY=⟦OPENAI_API_KEY⟧
FEATURE_FLAGS=a,b

Assistant:""",
    """\
Extract the fields as JSON.

Text: Patient ⟦name en_US⟧, DOB ⟦DATE_OF_BIRTH us⟧, MRN ⟦MEDICAL_RECORD_NUMBER⟧, was admitted on <date>.
Answer: {"dob": "⟦DATE_OF_BIRTH iso⟧", "mrn": "⟦MEDICAL_RECORD_NUMBER⟧"}
""",
    "[INST] Translate into German: My IBAN is ⟦IBAN_CODE en_IE⟧ and my e-mail address ⟦EMAIL_ADDRESS simple⟧ [/INST]",
    "Context 1: the key of the demo tenant is ⟦TOKEN⟧\nContext 2: opening hours 9 to 5\nQuestion: when do you open?",
)
_TOOLS = (
    'tool_call id=call_<hex:8> name=send_sms args={"to": "⟦PHONE_NUMBER GB⟧", "body": "Your table is ready"}',
    (
        "Action: http_request\n"
        'Action Input: {"url": "https://api.example.com/v2/me", "headers": {"Authorization": "Bearer '
        '⟦BEARER_TOKEN⟧"}}\nObservation: 401'
    ),
    (
        "Thought: I need the customer first.\nAction: lookup_customer\nAction Input: ⟦EMAIL_ADDRESS simple⟧\n"
        'Observation: {"tier": "gold", "tax_number": "⟦NATIONAL⟧"}'
    ),
    '{"type":"tool_use","id":"toolu_<sign:12>","name":"bash","input":{"command":"export TOKEN=⟦TOKEN⟧ && ./run.sh"}}',
    (
        '{"type":"function_call","name":"create_payment","arguments":"{\\"iban\\":\\"⟦IBAN_CODE bare⟧\\",'
        '\\"amount\\":<1-900:2>}"}'
    ),
    "[agent:<noun>] <moment> step=<1-30> tool=shell stdout='password is ⟦PASSWORD_ASSIGNMENT⟧' exit=0",
    (
        "[mcp] <- result {content: [{type: text, text: 'Found 1 contact: ⟦name de_DE⟧, ⟦PHONE_NUMBER DE⟧, "
        "⟦EMAIL_ADDRESS simple⟧'}]}"
    ),
    "INFO  langgraph.node  state.user={'ssn': '⟦US_SSN⟧', 'dob': '⟦DATE_OF_BIRTH iso⟧'} next=<verb>",
    "DEBUG tool=db.query sql=\"select * from patients where nhs_number = '⟦GB_NHS⟧'\" rows=<0-9> ms=<1-900>",
    'span name=execute_tool attr.tool.arguments={"city":"Graz","api_key":"⟦SECRET_ASSIGNMENT⟧"} status=ok',
    "memory.write key=user_profile value='lives at ⟦DE_STREET_ADDRESS⟧, phone ⟦PHONE_NUMBER DE⟧'",
    "browser.fill selector=#password value=⟦PASSWORD_ASSIGNMENT⟧\nbrowser.click selector=#submit",
)

SORTS = (
    sort("told in English", _SAID, (PLAIN, writing.QUOTED_MAIL)),
    sort("told in thirty languages", _ELSEWHERE),
    sort("told, with marks around", _SAID[::4], (writing.QUOTES, writing.CURLY_QUOTES, writing.PARENTHESES)),
    sort("told, as chats are kept", (*_SAID[::3], *_ELSEWHERE[::3]), (writing.JSON_LINES, writing.PYTHON)),
    sort("prompts", _PROMPTS, (PLAIN, writing.JSON_LINES)),
    sort("calls of tools", _TOOLS),
)
