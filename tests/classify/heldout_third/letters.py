"""Letters, messages and notices in more than thirty languages, worded otherwise than those of the second part."""

from tests.classify.heldout_second.writing import ENTITIES, NO_BREAK, PLAIN
from tests.classify.heldout_third import writing
from tests.classify.heldout_third.places import sort

_ENGLISH = """\
To whom it may concern,

I hereby authorise the release of my records. For identification: born ⟦DATE_OF_BIRTH ordinal⟧, Social Security
number ⟦US_SSN⟧, driver's license number ⟦US_DRIVER_LICENSE⟧, current mailing address ⟦US_POST_OFFICE_BOX⟧, Dayton.
Questions: ⟦US_PHONE_NUMBER dashes⟧ (home) or ⟦EMAIL_ADDRESS simple⟧.

Sincerely,
⟦name en_US⟧
"""
_IRISH = """\
A chara,

My PPS number is ⟦IE_PPS⟧ and I bank with you under ⟦IBAN_CODE en_IE⟧. My date of birth, as you ask, is
⟦DATE_OF_BIRTH slashes⟧. You will find me at ⟦GB_STREET_ADDRESS⟧, Sligo, or on ⟦PHONE_NUMBER GB⟧.

Is mise le meas, ⟦name en_IE⟧
"""
_AUSTRALIAN = """\
Hi team,

new starter ⟦name en_AU⟧: tax file number ⟦AU_TFN⟧, Medicare card number ⟦AU_MEDICARE⟧, D.O.B. ⟦DATE_OF_BIRTH slashes⟧,
previous employer in New Zealand (IRD number ⟦NZ_IRD⟧), personal email ⟦EMAIL_ADDRESS⟧, mobile ⟦PHONE_NUMBER NZ⟧.
"""
_CANADIAN = """\
Dear Revenue Services,

further to my call: SIN ⟦CA_SIN⟧, formerly ⟦CA_SIN bare⟧ on your letter (same number, no dashes); British Columbia
personal health number ⟦CA_BC_PHN⟧; I can be reached at ⟦US_PHONE_NUMBER⟧.
"""
_SOUTH_AFRICAN = (
    "Good day, my ID number is ⟦ZA_IDNR⟧ and the refund goes to my e-mail ⟦EMAIL_ADDRESS⟧. Regards, ⟦name en_GB⟧"
)
_GERMAN = """\
An die Lohnbuchhaltung

Neueintritt zum <date>: ⟦name de_DE⟧, geb. ⟦DATE_OF_BIRTH dots⟧, wohnhaft ⟦DE_STREET_ADDRESS⟧, 04109 Leipzig.
Steueridentifikationsnummer: ⟦DE_IDNR⟧
Sozialversicherungsnummer: ⟦DE_SOCIAL_SECURITY_NUMBER⟧
Krankenkasse mit Versichertennummer ⟦DE_HEALTH_INSURANCE_NUMBER⟧
Bankverbindung: ⟦IBAN_CODE de_DE⟧, BIC ⟦SWIFT_CODE⟧
Privat erreichbar unter ⟦DE_PHONE_NUMBER national⟧ oder ⟦EMAIL_ADDRESS international⟧
"""
_AUSTRIAN = """\
Liebe Kolleginnen,

meine Sozialversicherungsnummer: ⟦AT_VNR⟧. Überweisung bitte auf ⟦IBAN_CODE de_AT⟧, die Schweizer Kollegin hat
AHV-Nr. ⟦CH_SSN⟧ und ⟦IBAN_CODE de_CH⟧. Reisepassnummer für das Visum: ⟦DE_IDENTITY_CARD⟧.

Servus, ⟦name de_AT⟧
"""
_FRENCH = """\
Madame, Monsieur,

je soussignée ⟦name fr_FR⟧, née le ⟦DATE_OF_BIRTH slashes⟧ à Nantes, demeurant ⟦FR_STREET_ADDRESS⟧, numéro de sécurité
sociale ⟦FR_NIR⟧, déclare avoir perdu ma carte bancaire ⟦CARD⟧. Merci de rembourser sur le compte ⟦IBAN_CODE fr_FR⟧.
Vous pouvez m'appeler au ⟦FR_PHONE_NUMBER national⟧.

Veuillez agréer mes salutations distinguées.
"""
_BELGIAN = """\
Geachte,

mijn rijksregisternummer: ⟦BE_NN⟧, rekening ⟦IBAN_CODE nl_BE⟧, gsm ⟦PHONE_NUMBER BE⟧. Mon numéro national figure aussi
sur la carte : ⟦BE_NN bare⟧ (numéro national sans points).
"""
_SPANISH = """\
Estimados señores:

Yo, ⟦name es_ES⟧, con DNI número ⟦ES_DNI⟧ y nacida el ⟦DATE_OF_BIRTH slashes⟧, solicito el cambio de cuenta al
⟦IBAN_CODE es_ES⟧. Mi correo es ⟦EMAIL_ADDRESS simple⟧ y mi móvil ⟦ES_PHONE_NUMBER threes⟧.
"""
_MEXICAN = """\
Buenas tardes, licenciada:

le comparto RFC ⟦MX_RFC⟧, CURP ⟦MX_CURP⟧ y la CLABE interbancaria ⟦MX_CLABE⟧ para el depósito. Mi socio en Bogotá tiene
NIT ⟦CO_NIT⟧ y el de Buenos Aires CUIT ⟦AR_CUIT⟧, CBU ⟦AR_CBU⟧; en Santiago, RUT ⟦CL_RUT⟧.
"""
_ITALIAN = """\
Spett.le Amministrazione,

io sottoscritto ⟦name it_IT⟧, nato il ⟦DATE_OF_BIRTH slashes⟧, C.F. ⟦IT_CODICEFISCALE⟧, chiedo l'accredito su
⟦IBAN_CODE it_IT⟧. Recapiti: tel. ⟦IT_PHONE_NUMBER national⟧, posta elettronica ⟦EMAIL_ADDRESS simple⟧.

Distinti saluti
"""
_BRAZILIAN = """\
Prezada Ana,

para a admissão: CPF ⟦BR_CPF⟧, PIS/PASEP ⟦BR_PIS⟧, CNH ⟦BR_DRIVING_LICENCE⟧, data de nascimento ⟦DATE_OF_BIRTH slashes⟧.
Telefone ⟦BR_PHONE_NUMBER solid⟧, e-mail ⟦EMAIL_ADDRESS simple⟧. CNPJ do prestador: ⟦BR_CNPJ⟧.
"""
_PORTUGUESE = """\
Exmos. Senhores,

envio o número de contribuinte ⟦PT_NIF⟧, o Cartão de Cidadão n.º ⟦PT_CC⟧ e o IBAN ⟦IBAN_CODE pt_PT⟧.
"""
_DUTCH = """\
Beste HR,

hierbij mijn gegevens: burgerservicenummer ⟦NL_BSN⟧, geboortedatum ⟦DATE_OF_BIRTH dashes⟧, paspoortnummer
⟦NL_IDENTITEITSKAARTNUMMER⟧, rekeningnummer ⟦IBAN_CODE nl_BE⟧, mobiel nummer ⟦NL_PHONE_NUMBER dash⟧.
"""
_POLISH = """\
Szanowni Państwo,

proszę o korektę umowy: nr PESEL ⟦PL_PESEL⟧, dowód osobisty seria i numer ⟦PL_IDENTITY_CARD⟧, NIP pracodawcy ⟦PL_NIP⟧,
rachunek ⟦IBAN_CODE pl_PL⟧, urodzony ⟦DATE_OF_BIRTH dots⟧. Kontakt: ⟦EMAIL_ADDRESS simple⟧
"""
_SCANDINAVIAN = """\
Hei alle sammen,

her er listen: fødselsnummer ⟦NO_FODSELSNUMMER⟧ (⟦name no_NO⟧), CPR-nr. ⟦DK_CPR⟧ (⟦name da_DK⟧), personnummer
⟦SE_PERSONNUMMER⟧ (⟦name sv_SE⟧), henkilötunnus ⟦FI_HETU⟧ (⟦name fi_FI⟧) og kennitala ⟦IS_KENNITALA⟧.
Konto: ⟦IBAN_CODE no_NO⟧. Ring meg på ⟦PHONE_NUMBER SE⟧.
"""
_FINNISH = """\
Hyvä vastaanottaja,

henkilötunnukseni on ⟦FI_HETU⟧ ja tilinumeroni ⟦IBAN_CODE fi_FI⟧. Sähköpostini: ⟦EMAIL_ADDRESS simple⟧.
Syntymäaika ⟦DATE_OF_BIRTH fi⟧.
"""
_BALTIC = """\
Tere! Isikukood ⟦EE_IK⟧, telefon ⟦PHONE_NUMBER EE⟧.
Labdien! Personas kods ⟦LV_PVN⟧, tālrunis ⟦PHONE_NUMBER LV⟧.
Sveiki! Asmens kodas ⟦LT_ASMENS⟧, telefonas ⟦PHONE_NUMBER LT⟧.
"""
_CZECH = """\
Vážená paní,

posílám údaje ke smlouvě: rodné číslo ⟦CZ_RC⟧, datum narození ⟦DATE_OF_BIRTH cs⟧, účet ⟦IBAN_CODE cs_CZ⟧,
telefon ⟦PHONE_NUMBER CZ⟧. Slovenská kolegyňa: rodné číslo ⟦SK_RC⟧, účet ⟦IBAN_CODE sk_SK⟧.
"""
_HUNGARIAN = """\
Tisztelt Ügyfélszolgálat!

Születési dátumom: ⟦DATE_OF_BIRTH hu⟧ Telefonszámom ⟦PHONE_NUMBER HU⟧, e-mail címem ⟦EMAIL_ADDRESS simple⟧.
"""
_ROMANIAN = """\
Stimată doamnă,

CNP-ul meu este ⟦RO_CNP⟧, data nașterii ⟦DATE_OF_BIRTH ro⟧, contul ⟦IBAN_CODE ro_RO⟧, telefon ⟦PHONE_NUMBER RO⟧.
"""
_BALKAN = """\
Poštovani, OIB: ⟦HR_OIB⟧, telefon ⟦PHONE_NUMBER HR⟧.
Spoštovani, EMŠO: ⟦SI_EMSO⟧, telefon ⟦PHONE_NUMBER SI⟧.
Уважаеми, ЕГН: ⟦BG_EGN⟧, телефон ⟦PHONE_NUMBER BG⟧.
"""
_GREEK = """\
Αγαπητοί κύριοι,

ο ΑΜΚΑ μου είναι ⟦GR_AMKA⟧, ημερομηνία γέννησης ⟦DATE_OF_BIRTH el⟧, λογαριασμός ⟦IBAN_CODE el_GR⟧.
"""
_RUSSIAN = """\
Уважаемые коллеги!

Для договора: ИНН ⟦RU_INN⟧, СНИЛС ⟦RU_SNILS⟧, дата рождения ⟦DATE_OF_BIRTH dots⟧. Моя почта ⟦EMAIL_ADDRESS simple⟧.
Логин прежний, пароль ⟦PASSWORD_ASSIGNMENT⟧ .
"""
_UKRAINIAN = """\
Шановна пані!

Дата народження: ⟦DATE_OF_BIRTH dots⟧, рахунок ⟦IBAN_CODE uk_UA⟧, телефон ⟦PHONE_NUMBER UA⟧,
ел. пошта ⟦EMAIL_ADDRESS simple⟧.
"""
_TURKISH = """\
Sayın yetkili,

TC kimlik numaram ⟦TR_TCKIMLIK⟧, doğum tarihim ⟦DATE_OF_BIRTH dots⟧, hesabım ⟦IBAN_CODE tr_TR⟧. E-postam
⟦EMAIL_ADDRESS simple⟧.
"""
_HEBREW = "שלום רב, מספר תעודת הזהות שלי ⟦IL_IDNR⟧, הטלפון ⟦ABROAD⟧ והמייל ⟦EMAIL_ADDRESS simple⟧. תודה"
_ARABIC = (
    "السلام عليكم، رقم الهوية الإماراتية ⟦AE_EMIRATES_ID⟧ وتاريخ الميلاد ⟦DATE_OF_BIRTH slashes⟧ والهاتف "
    "⟦PHONE_NUMBER EG⟧."
)
_INDIAN = (
    "महोदय, मेरा आधार ⟦IN_AADHAAR⟧ और पैन ⟦IN_PAN⟧ है। जन्म तिथि ⟦DATE_OF_BIRTH slashes⟧, मोबाइल ⟦IN_PHONE_NUMBER plus⟧."
)
_THAI = "เรียน ฝ่ายบุคคล\nเลขประจำตัวประชาชน ⟦TH_PIN⟧ อีเมล ⟦EMAIL_ADDRESS simple⟧ โทร ⟦PHONE_NUMBER TH⟧"
_MALAY = "Tuan, nombor kad pengenalan saya ⟦MY_NRIC⟧, telefon ⟦PHONE_NUMBER MY⟧. NRIC suami (Singapore): ⟦SG_NRIC⟧."
_INDONESIAN = (
    "Yth. HRD, NIK saya ⟦ID_NIK⟧, tanggal lahir ⟦DATE_OF_BIRTH id⟧, nomor HP ⟦PHONE_NUMBER ID⟧, surel "
    "⟦EMAIL_ADDRESS simple⟧."
)
_CHINESE = "人事部：您好！本人身份证号码⟦CN_RIC⟧，出生日期⟦DATE_OF_BIRTH zh⟧，邮箱⟦EMAIL_ADDRESS simple⟧。谢谢！"
_TAIWANESE = (
    "您好，我的身分證字號是⟦TW_NATIONAL_ID⟧，信用卡號⟦CREDIT_CARD_NUMBER fours⟧，香港同事的身份證 ⟦HK_IDENTITY_CARD⟧。"
)
_JAPANESE = """\
総務部御中

個人番号：⟦JP_IN⟧
携帯：⟦JP_PHONE_NUMBER national⟧
生年月日：⟦DATE_OF_BIRTH zh⟧
連絡先：⟦EMAIL_ADDRESS simple⟧
初期パスワード：⟦PASSWORD_ASSIGNMENT⟧
"""
_KOREAN = "인사팀께: 주민등록번호 ⟦KR_RRN⟧, 생년월일 ⟦DATE_OF_BIRTH ko⟧, 이메일 ⟦EMAIL_ADDRESS simple⟧ 입니다."

_WEST = (
    *(_ENGLISH, _IRISH, _AUSTRALIAN, _CANADIAN, _SOUTH_AFRICAN, _GERMAN, _AUSTRIAN, _FRENCH, _BELGIAN, _SPANISH),
    *(_MEXICAN, _ITALIAN, _BRAZILIAN, _PORTUGUESE, _DUTCH),
)
_EAST = (
    *(_POLISH, _SCANDINAVIAN, _FINNISH, _BALTIC, _CZECH, _HUNGARIAN, _ROMANIAN, _BALKAN, _GREEK, _RUSSIAN, _UKRAINIAN),
    *(_TURKISH, _HEBREW, _ARABIC, _INDIAN, _THAI, _MALAY, _INDONESIAN, _CHINESE, _TAIWANESE, _JAPANESE, _KOREAN),
)

SORTS = (
    sort("letters from the west", _WEST, (PLAIN, writing.QUOTED_MAIL)),
    sort("letters from elsewhere", _EAST),
    sort("letters as pages and programs keep them", (*_WEST[::3], *_EAST[::4]), (ENTITIES, writing.SCRIPT, NO_BREAK)),
)
