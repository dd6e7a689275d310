"""Letters in ten languages, with the numbers that people and firms of a country put into them."""

from tests.classify.heldout_second import writing
from tests.classify.heldout_second.document import Sort

_ENGLISH = """\
From: ⟦name en_US⟧ <⟦EMAIL_ADDRESS⟧>
Subject: Onboarding papers

Hi,

please find my details below.

Date of birth: ⟦DATE_OF_BIRTH us⟧
SSN: ⟦US_SSN⟧
Address: ⟦US_STREET_ADDRESS⟧
Cell: ⟦US_PHONE_NUMBER⟧
Direct deposit: routing number ⟦US_RTN⟧, account number ⟦US_BANK_ACCOUNT⟧

I start on <date>. Best,
⟦name en_US⟧
"""
_BRITISH = """\
Dear Sir or Madam,

my National Insurance number is ⟦GB_NINO⟧ and my NHS number ⟦GB_NHS⟧. I was born on ⟦DATE_OF_BIRTH gb⟧ and have moved to
⟦GB_STREET_ADDRESS⟧, ⟦GB_POSTCODE⟧. Please pay into sort code ⟦GB_SORT_CODE⟧ or ⟦IBAN_CODE en_GB⟧.

Tel. ⟦GB_PHONE_NUMBER national⟧ or, from abroad, ⟦PHONE_NUMBER GB⟧
Yours faithfully,
⟦name en_GB⟧
"""
_GERMAN = """\
Sehr geehrte Damen und Herren,

hiermit kündige ich zum <date>. Meine Angaben: geboren am ⟦DATE_OF_BIRTH dots⟧, Steuer-ID ⟦DE_IDNR⟧,
Versichertennummer ⟦DE_HEALTH_INSURANCE_NUMBER⟧, Anschrift ⟦DE_STREET_ADDRESS⟧.
Bitte überweisen Sie auf ⟦IBAN_CODE de_DE⟧ (BIC ⟦SWIFT_CODE⟧).

Mit freundlichen Grüßen
⟦name de_DE⟧
Tel. ⟦DE_PHONE_NUMBER slash⟧ · mobil ⟦DE_PHONE_NUMBER trunk⟧ · ⟦EMAIL_ADDRESS⟧
"""
_FRENCH = """\
Bonjour,

voici les informations demandées : née le ⟦DATE_OF_BIRTH gb⟧, numéro de sécurité sociale ⟦FR_NIR⟧,
numéro fiscal ⟦FR_NIF⟧.
RIB : ⟦IBAN_CODE fr_FR⟧. J'habite ⟦FR_STREET_ADDRESS⟧.
Téléphone : ⟦FR_PHONE_NUMBER printed⟧, ou ⟦PHONE_NUMBER FR⟧ de l'étranger.

Cordialement,
⟦name fr_FR⟧ — ⟦EMAIL_ADDRESS⟧
"""
_SPANISH = """\
Buenos días:

Adjunto mis datos. DNI ⟦ES_DNI⟧, fecha de nacimiento ⟦DATE_OF_BIRTH gb⟧, NIE de mi pareja ⟦ES_NIE⟧.
Cuenta: ⟦IBAN_CODE es_ES⟧. Teléfono móvil ⟦ES_PHONE_NUMBER national⟧.
Mi primo en México tiene CURP ⟦MX_CURP⟧ y CLABE ⟦MX_CLABE⟧; mi tía en Chile, RUT ⟦CL_RUT⟧.

Un saludo, ⟦name es_ES⟧ (⟦EMAIL_ADDRESS⟧)
"""
_ITALIAN = """\
Gentile ufficio,

invio il codice fiscale ⟦IT_CODICEFISCALE⟧, nata il ⟦DATE_OF_BIRTH it⟧. Bonifico su ⟦IBAN_CODE it_IT⟧, carta
⟦CREDIT_CARD_NUMBER fours⟧. Cellulare ⟦PHONE_NUMBER IT⟧.

Cordiali saluti
⟦name it_IT⟧, ⟦EMAIL_ADDRESS⟧
"""
_PORTUGUESE = """\
Boa tarde,

segue o cadastro da empresa: CNPJ ⟦BR_CNPJ⟧ (novo formato: CNPJ ⟦BR_CNPJ letters⟧), sócio com CPF ⟦BR_CPF⟧,
data de nascimento ⟦DATE_OF_BIRTH gb⟧, celular ⟦BR_PHONE_NUMBER⟧. NIF português do contador: ⟦PT_NIF⟧.

Atenciosamente, ⟦name pt_BR⟧ — ⟦EMAIL_ADDRESS⟧
"""
_DUTCH = """\
Beste,

mijn BSN is ⟦NL_BSN⟧, geboortedatum ⟦DATE_OF_BIRTH dashes⟧. Graag storten op ⟦IBAN_CODE nl_NL⟧.
Mobiel: ⟦NL_PHONE_NUMBER national⟧. Mijn Belgische rijksregisternummer was ⟦BE_NN⟧.

Groet, ⟦name nl_NL⟧, ⟦EMAIL_ADDRESS⟧
"""
_POLISH = """\
Dzień dobry,

przesyłam dane do umowy: PESEL ⟦PL_PESEL⟧, dowód osobisty ⟦PL_IDENTITY_CARD⟧, data urodzenia ⟦DATE_OF_BIRTH pl⟧.
Numer konta ⟦IBAN_CODE pl_PL⟧, tel. ⟦PHONE_NUMBER PL⟧. Firma ma NIP ⟦PL_NIP⟧.

Pozdrawiam, ⟦name pl_PL⟧ (⟦EMAIL_ADDRESS⟧)
"""
_SWEDISH = """\
Hej!

Mitt personnummer är ⟦SE_PERSONNUMMER⟧, min mans samordningsnummer är ⟦SE_PERSONNUMMER coordination⟧.
Telefon: ⟦PHONE_NUMBER SE⟧, e-post ⟦EMAIL_ADDRESS⟧. Vår finska kollega har henkilötunnus ⟦FI_HETU⟧, den norska
fødselsnummer ⟦NO_FODSELSNUMMER⟧ och den danska CPR-nummer ⟦DK_CPR⟧.

Hälsningar
⟦name sv_SE⟧
"""
_RUSSIAN = """\
Добрый день!

Мои данные: дата рождения ⟦DATE_OF_BIRTH dots⟧, СНИЛС ⟦RU_SNILS⟧, ИНН ⟦RU_INN⟧, эл. почта ⟦EMAIL_ADDRESS⟧.
Карта ⟦CREDIT_CARD_NUMBER fours⟧. Пароль от кабинета: ⟦PASSWORD_ASSIGNMENT⟧

С уважением, ⟦name ru_RU⟧
"""
_CZECH = """\
Dobrý den,

posílám rodné číslo ⟦CZ_RC⟧ a telefon ⟦PHONE_NUMBER AT⟧. Heslo do portálu je ⟦PASSWORD_ASSIGNMENT⟧,
e-mail ⟦EMAIL_ADDRESS⟧.

Děkuji, ⟦name cs_CZ⟧
"""
_TURKISH = """\
Merhaba,

T.C. kimlik numaram ⟦TR_TCKIMLIK⟧, cep telefonum ⟦PHONE_NUMBER TR⟧, e-posta ⟦EMAIL_ADDRESS⟧.

Saygılarımla, ⟦name tr_TR⟧
"""
_JAPANESE = """\
お世話になっております。

電話番号：⟦JP_PHONE_NUMBER national⟧
メール：⟦EMAIL_ADDRESS⟧
生年月日：⟦DATE_OF_BIRTH ja⟧
カード番号：⟦CREDIT_CARD_NUMBER fours⟧

よろしくお願いいたします。
"""
_SIGNATURES = (
    (
        "-- \n⟦name de_DE⟧ | Vertrieb\nT ⟦DE_PHONE_NUMBER trunk⟧ | F ⟦DE_PHONE_NUMBER abroad⟧\n"
        "⟦EMAIL_ADDRESS⟧ | www.example.com"
    ),
    "Sent from my phone\n\nOn <date>, ⟦name en_GB⟧ <⟦EMAIL_ADDRESS⟧> wrote:\n> call me: ⟦ABROAD⟧\n> or ⟦ABROAD⟧",
    (
        "BEGIN:VCARD\nVERSION:3.0\nFN:⟦name en_US⟧\nTEL;TYPE=CELL:⟦ABROAD⟧\nEMAIL;TYPE=INTERNET:⟦EMAIL_ADDRESS⟧\n"
        "BDAY:⟦DATE_OF_BIRTH iso⟧\nEND:VCARD"
    ),
    "mailto:⟦EMAIL_ADDRESS⟧?subject=Invoice tel:⟦PHONE_NUMBER link⟧ (do not reply)",
    "Contact: ⟦EMAIL_ADDRESS punycode⟧ or ⟦EMAIL_ADDRESS⟧; office hours 9 to 5.",
)
_LETTERS = (_ENGLISH, _BRITISH, _GERMAN, _FRENCH, _SPANISH, _ITALIAN, _PORTUGUESE, _DUTCH, _POLISH, _SWEDISH)
_MORE_LETTERS = (_RUSSIAN, _CZECH, _TURKISH, _JAPANESE)

SORTS = (
    Sort("mails in fourteen languages", (*_LETTERS, *_MORE_LETTERS)),
    Sort("mails as they are sent", _LETTERS, (writing.QUOTED_PRINTABLE,)),
    Sort("signatures and cards", _SIGNATURES),
)
