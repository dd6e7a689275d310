"""What people write about secrets and numbers without saying any, in ten languages and more."""

from tests.classify.heldout_second import writing
from tests.classify.heldout_second.document import Sort

_CHATS = (
    "my password is wrong again, the reset link expires after <10-90> minutes",
    "the password is required and must be at least <8-20> characters long, the pin is optional",
    "password is case-sensitive; token is refreshed every <5-90> minutes; secret is rotated yearly",
    "I lost my key and the token machine at gate <1-40> is broken since <date>",
    "the API key is stored in the vault, ask the platform team, never paste it here",
    "what is a good passphrase? four words that don't belong together, says everybody",
    "The SSN has nine digits, the EIN too, and an IBAN up to thirty-four characters.",
    "my social life is fine, number <1-9> on the list is the passport photo",
    "pin 4 of the connector is ground, pin <5-40> carries <1-24> V",
    "born in the eighties, the company was founded on <date> and has <10-9000> employees",
    "Order 4<100-999> <1000-9999> was shipped in <1-9> parcels, the next one leaves on <date>",
    "call me maybe, ext. <10-99>, or come to room <100-999> between <8-11> and <12-17>",
    "git@github.com:acme/site.git is the remote, git@gitlab.example.com:team/<noun>.git the mirror",
    "the clip is foo@2x.png, the action is checkout@v<1-6>, the image python@sha256:<hex:64>",
    "use pkg@<0-30>.<0-30>.<0-30> and @scope/<noun>@<0-30>.<0-30>.<0-30> together",
    "std::vector<int>::iterator and a::b::c are names, ::before is a pseudo-element, x::y too",
    "Bearer of this letter may pass; basic training starts on <date>; the token economy is a book.",
    "token usage: prompt_tokens=<1-9999>, completion_tokens=<1-9999>, cached=<0-999>",
)
_LANGUAGES = (
    "Ich habe mein Passwort vergessen, das Kennwort ist abgelaufen. Bitte um Rückruf zwischen <8-11> und <12-17> Uhr.",
    "Das Passwort muss mindestens <8-20> Zeichen haben, die PIN ist vierstellig. Rechnung <10000-99999> vom <date>.",
    "Le mot de passe est incorrect, le code expire dans <5-60> minutes. Facture n° <10000-99999> du <date>.",
    "La contraseña es obligatoria y la clave es secreta. Pedido <10000-99999>, total <1-900:2> €.",
    "La password è scaduta, la chiave è in portineria. Fattura <1000-9999> del <date>.",
    "A senha é obrigatória e a chave é do portão. Pedido <10000-99999>, <1-9> caixas.",
    "Het wachtwoord is verlopen, de sleutel ligt bij de receptie. Factuur <10000-99999>.",
    "Hasło jest wymagane, klucz wisi na portierni. Faktura <1000-9999>/<2019-2025>.",
    "Lösenordet är för kort, nyckeln ligger i receptionen. Faktura <10000-99999>.",
    "Пароль неверный, ключ у вахтёра. Заказ <10000-99999> от <date>, <1-9> коробок.",
    "密码是必填项，长度不少于<8-20>位。订单共<1-9>件，金额<1-900:2>元。",
    "パスワードは<8-20>文字以上で設定してください。注文は<1-9>点、合計<1000-9999>円です。",
    "비밀번호는 <8-20>자 이상이어야 합니다. 주문은 <1-9>개이고 <1000-9999>원입니다.",
    "Şifre en az <8-20> karakter olmalı. Sipariş <1-9> kutu, toplam <1-900:2> TL.",
    "पासवर्ड कम से कम <8-20> अक्षर का होना चाहिए। कुल <1-9> डिब्बे।",
    "كلمة المرور غير صحيحة. الطلب من <1-9> صناديق.",
    "Heslo je povinné, klíč je na recepci. Objednávka <1000-9999> ze dne <date>.",
    "Salasana on vanhentunut, avain on vastaanotossa. Lasku <10000-99999>.",
)
_LETTERS = (
    (
        "Dear all,\n\nthe review moved to <date>, <00-23>:<00-59>, room <100-999>. Please bring the figures of "
        "<2019-2025> (revenue <1-90:2> million, <1-90> % up) and section <1-9>.<1-9> of the contract.\n\nBest regards"
    ),
    (
        "Sehr geehrte Damen und Herren,\n\ndie Lieferung vom <date> (Auftrag <10000-99999>, <1-90> Stück, <1-900:2> "
        "EUR) ist "
        "unvollständig; es fehlen die Teile A-<100-999> und B-<100-999>.\n\nMit freundlichen Grüßen"
    ),
    (
        "Bonjour,\n\nla réunion du <date> est reportée de <1-9> jours, "
        "salle <100-999>. Le budget est de <10-900> k€.\n\nCordialement"
    ),
    "Hola:\n\nadjunto el informe <1-99>/<2019-2025>; la tabla <1-9> tiene <10-900> filas.\n\nUn saludo",
    "Ciao,\n\nil treno <1000-9999> parte alle <00-23>:<00-59> dal binario <1-24>, posto <1-90>.\n\nA presto",
    "Prezados,\n\no relatório tem <10-90> páginas e a versão <1-9>.<0-9> sai em <date>.\n\nAbraços",
    "お世話になっております。\n\n会議は<00-23>:<00-59>から、資料は<10-90>ページです。\n\nよろしくお願いいたします。",
    "您好，\n\n会议改到<00-23>:<00-59>，共<1-9>项议题，预算<10-900>万元。\n\n谢谢",
    "Hej,\n\nmötet är flyttat till <date>, rum <100-999>, och tar <1-3> timmar.\n\nHälsningar",
    "Dzień dobry,\n\nspotkanie przeniesiono na <date>, sala <100-999>, punkty <1-9>-<10-20>.\n\nPozdrawiam",
)

SORTS = (
    Sort("talk about secrets", _CHATS, (writing.PLAIN, writing.JSON)),
    Sort("talk about secrets in other languages", _LANGUAGES),
    Sort("letters about work", _LETTERS),
)
