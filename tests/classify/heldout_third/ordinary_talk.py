"""Talk, letters, tickets and forms about secrets and numbers in which nothing sensitive is said, in many languages."""

from tests.classify.heldout_second.writing import JSON, PLAIN
from tests.classify.heldout_third import writing
from tests.classify.heldout_third.places import sort

_TALK = (
    "Did you change the password? It says it was changed <1-90> days ago and I wasn't asked.",
    "passwords must contain a digit, a capital letter and one of the signs, and expire every <30-180> days",
    "Your one-time code arrives by text message within <1-9> minutes; never share it with anybody.",
    "the token limit is <1000-200000> and the context window <1-9> times larger, prompt tokens are cheaper",
    "which secret sauce makes the model <1-90> % faster? keys and values are cached, that's the key idea",
    "Please put the API key into the environment variable and restart; the dashboard shows only its last four signs.",
    "I was born and raised in Ohio, moved on <date>, and have worked <1-40> years as a nurse",
    "the pin on my jacket, the pin of the hinge, pin <1-40> of the chip: three pins and no number",
    "Card games: I hold <1-9> aces. Security code review is on <date>, room <100-999>.",
    (
        "My address to the committee takes <5-50> minutes; the street is closed, phone lines are open from "
        "<7-9> to <17-20>."
    ),
    "order <100-999>-<1000000-9999999>-<1000000-9999999> hasn't arrived, tracking says it left on <date>",
    "Flight LH <1000-9999> at <00-23>:<10-59>, seat <1-40>C, gate B<1-60>, booking class Y",
    "The passport office is open <8-9>-<15-18>; bring two photos and form DS-<10-99>.",
    "model X-<1000-9999>, serial SN<100000000-999999999>, firmware <1-9>.<0-30>.<0-30>, bought <date>",
    "the vote was <100-999>-<10-99>, turnout <40-80:1> %, <1000000-9999999> ballots",
    "ISBN 978-0-<100-999>-<10000-99999>-<0-9>, pages <100-200>-<201-400>, call number QA76.<10-99>",
    (
        "Basic plan, bearer bonds, session musicians and cookie recipes: <1-9> spoons of sugar, 180 degrees, "
        "<10-60> minutes."
    ),
    "@jo could you look at #<100-9999>? ping @platform-team, not me :) thanks <3",
    "use user@host as the form of the argument, e.g. you@yourhost, and quote the @ in scripts",
    "Extension <100-9999> is busy; dial 9 for a line, 0 for the desk, and 112 in an emergency.",
    "Meeting ID: will follow. Passcode: will follow. Dial-in: will follow. Agenda: <1-9> items.",
    "Password: (hidden)\nPIN: ****\nCVV: ***\nCard ending in <1000-9999>",
    "Enter your password, then your date of birth (MM/DD/YYYY), then the last 4 digits of your SSN.",
)
_ELSEWHERE = (
    "Bitte das Passwort nicht per Mail schicken, sondern anrufen; die Hotline hat von <7-9> bis <17-20> Uhr offen.",
    "Geburtsdatum und Steuer-ID bitte im Formular eintragen, Feld <1-40> und <41-90>.",
    "Die Kontonummer ändert sich nicht, nur die Bankleitzahl; Stichtag ist der <date>.",
    "Le mot de passe vous sera communiqué par courrier sous <2-9> jours ouvrés, dossier <1000-9999>/<2019-2025>.",
    "Date de naissance obligatoire (JJ/MM/AAAA). Le numéro de sécurité sociale comporte 15 chiffres.",
    "La contraseña caducó el <date>; para una nueva hay que pasar por la ventanilla <1-20>.",
    "Fecha de nacimiento y DNI son campos obligatorios, el teléfono es opcional (<1-9> intentos).",
    "La password scade ogni <30-180> giorni e il codice fiscale va inserito senza spazi.",
    "A senha deve ter <8-20> caracteres; o CPF tem onze dígitos e o CNPJ quatorze.",
    "Het wachtwoord moet <8-20> tekens lang zijn en het BSN heeft negen cijfers.",
    "Hasło wygasa za <1-90> dni, a PESEL ma jedenaście cyfr. Sprawa nr <100-999>/<2019-2025>.",
    "Adgangskoden er udløbet, CPR-nummeret har ti cifre. Sag <10000-99999>.",
    "Salasanan pituus on vähintään <8-20> merkkiä, tilaus <10000-99999>.",
    "Heslo musí mít <8-20> znaků, rodné číslo se píše s lomítkem.",
    "A jelszó lejárt <date> napján, az ügyszám <1000-9999>/<2019-2025>.",
    "Parola trebuie schimbată la <30-90> de zile; comanda <10000-99999>.",
    "Ο κωδικός πρόσβασης έληξε, αριθμός πρωτοκόλλου <1000-9999>.",
    "Пароль должен содержать <8-20> символов; СНИЛС состоит из одиннадцати цифр. Заявка <10000-99999>.",
    "Пароль застарів, змініть його до <date>. Замовлення <10000-99999>.",
    "Şifreniz <1-9> kez yanlış girildi; sipariş no <10000-99999>.",
    "הסיסמה פגה, פנייה מספר <10000-99999>.",
    "انتهت صلاحية كلمة المرور بعد <30-90> يوما.",
    "रहस्य यह है कि पासवर्ड <8-20> अक्षर का हो; शिकायत <1000-9999>.",
    "รหัสผ่านหมดอายุใน <1-90> วัน คำสั่งซื้อ <10000-99999>",
    "Mật khẩu phải có ít nhất <8-20> ký tự; đơn hàng <10000-99999>.",
    "Kata sandi minimal <8-20> karakter, NIK terdiri dari enam belas digit.",
    "密码<30-90>天后过期，身份证号码为十八位。工单<10000-99999>。",
    "パスワードの有効期限は<30-90>日です。受付番号<10000-99999>。",
    "비밀번호는 <30-90>일마다 바꿔야 합니다. 접수번호 <10000-99999>.",
)
_TICKETS = (
    """\
Ticket #<10000-99999>  Priority: P<1-4>  Queue: <noun>s
Customer cannot reset the password; the link expires after <5-60> minutes.
Steps: cleared cookies, tried two browsers, version <1-9>.<0-30>.<0-30>.<0-30>.
SLA: <1-48> h, due <date>. Related: #<10000-99999>, #<10000-99999>
""",
    """\
BEGIN:VEVENT
DTSTART:20240<1-9>15T090000Z
DTEND:20240<1-9>15T100000Z
UID:<hex:32>
SUMMARY:Password policy review
LOCATION:Room <100-999>
RRULE:FREQ=WEEKLY;COUNT=<1-40>
END:VEVENT
""",
    """\
RELEASE NOTES <1-9>.<0-30>.<0-30>.<0-30>
- tokens are counted once (#<1000-9999>)
- key rotation every <30-90> days
- passwords are no longer logged
- born from an idea of <2019-2025>
""",
    """\
Lab report (anonymous sample <100000-999999>)
Sodium <130-148> mmol/L   Potassium <3-5:1> mmol/L   CRP <0-9:1> mg/L   HbA1c <5-8:1> %
Reference: <100-999>/<10-99>; method ISO <10000-99999>-<1-9>
""",
    """\
APPLICATION FORM (blank)
Social Security Number: ___-__-____
Date of birth: __/__/____
Passport number: _____________
Driver's license number: _____________  State: __
""",
    """\
Delivery note <10000000-99999999>
GTIN 4<100000-999999><100000-999999>  qty <1-90>  lot L<10000-99999>  best before <date>
Container MSKU<1000000-9999999>, pallet <1-40> of 40, weight <100-900:1> kg
""",
    """\
Quarter | Revenue | Tokens | Calls
Q1/<2019-2025> | <1000000-9999999> | <100000000-999999999> | <10000-99999>
Q2/<2019-2025> | <1000000-9999999> | <100000000-999999999> | <10000-99999>
""",
    """\
System: You are a helpful assistant. Never reveal passwords, keys or personal data.
User: what is a bearer token?
Assistant: A bearer token is a string that lets whoever holds it call an API. It has <1-9> parts at most.
""",
    (
        '[agent] <moment> step=<1-30> tool=search args={"q": "reset password of printer"} '
        "tokens_in=<100-9999> tokens_out=<10-999>"
    ),
    (
        '{"text":"remember to rotate the keys on <date> :key:","user":"U<hex:8>",'
        '"ts":"17<10000000-99999999>.<100000-999999>"}'
    ),
    "Invoice <2019-2025>-<10000-99999>: <1-9> x <thing> at <1-900:2> = <1-900:2>; VAT 20 %; due in 14 days",
    (
        "Dear customer,\n"
        "your parcel <1000-9999> <1000-9999> <100-999> leaves on <date>. Your password was not changed.\n"
        "Kind regards"
    ),
)

SORTS = (
    sort("talk without secrets", _TALK, (PLAIN, writing.QUOTED_MAIL)),
    sort("talk without secrets in thirty languages", _ELSEWHERE),
    sort("tickets and forms without data", _TICKETS, (PLAIN, JSON)),
)
