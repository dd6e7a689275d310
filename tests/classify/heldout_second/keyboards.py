"""What telephones, word processors and scanners make of what is typed: blanks, dashes, digits of other scripts."""

from tests.classify.heldout_second import writing
from tests.classify.heldout_second.document import Sort

_TYPED = (
    "My number is ⟦PHONE_NUMBER GB⟧ and the card ⟦CREDIT_CARD_NUMBER fours⟧.",
    "SSN ⟦US_SSN⟧, phone ⟦US_PHONE_NUMBER⟧",
    "Bitte auf ⟦IBAN_CODE de_DE⟧ überweisen, Rückfragen unter ⟦PHONE_NUMBER DE⟧",
    "virement sur ⟦IBAN_CODE fr_FR⟧, NIR ⟦FR_NIR⟧",
    "⟦CREDIT_CARD_NUMBER dashes⟧ is declined, use ⟦CREDIT_CARD_NUMBER fours⟧",
    "Aadhaar ⟦IN_AADHAAR⟧ and CPF ⟦BR_CPF⟧ were on the scan",
)
_DASHED = (
    "social security number: ⟦US_SSN⟧",
    "card on file ⟦CREDIT_CARD_NUMBER dashes⟧",
    "CUIT ⟦AR_CUIT⟧, Emirates ID ⟦AE_EMIRATES_ID⟧, CNIC ⟦PK_CNIC⟧",
    "personnummer ⟦SE_PERSONNUMMER⟧, hetu ⟦FI_HETU⟧, 주민등록번호 ⟦KR_RRN⟧",
    "date of birth: ⟦DATE_OF_BIRTH iso⟧",
)
_ASIAN = (
    "電話番号：⟦JP_PHONE_NUMBER national⟧",
    "カード番号は⟦CREDIT_CARD_NUMBER bare⟧です。",
    "生年月日：⟦DATE_OF_BIRTH ja⟧",
    "身份证号：⟦CN_RIC⟧，请查收",
    "マイナンバー：⟦JP_IN⟧",
)
_MAILS_FULL_WIDTH = ("メール：⟦EMAIL_ADDRESS⟧", "パスワード：⟦PASSWORD_ASSIGNMENT⟧", "邮箱：⟦EMAIL_ADDRESS⟧，谢谢")
_ARABIC = (
    "رقم الهاتف: ⟦PHONE_NUMBER AE⟧ شكرا",
    "رقم البطاقة ⟦CREDIT_CARD_NUMBER fours⟧",
    "تاريخ الميلاد: ⟦DATE_OF_BIRTH slashes⟧",
)
_HINDI = ("मेरा आधार नंबर ⟦IN_AADHAAR⟧ है", "मोबाइल नंबर ⟦IN_PHONE_NUMBER⟧ पर कॉल करें")
_CONTACTS = ("call ⟦ABROAD⟧ now", "Mobile ⟦ABROAD⟧, home ⟦ABROAD⟧", "write to ⟦EMAIL_ADDRESS⟧ please")
_COPIED = (
    "the token is ⟦TOKEN⟧ as the page shows it",
    "send it to ⟦EMAIL_ADDRESS⟧ today",
    "IBAN ⟦IBAN_CODE it_IT⟧ from the invoice",
)
_SCANNED = (
    (
        "APPLICATION FORM\nSOCIAL SECURITY NUMBER\n⟦US_SSN⟧\nDATE OF BIRTH\n⟦DATE_OF_BIRTH us⟧\nTELEPHONE\n"
        "⟦US_PHONE_NUMBER⟧"
    ),
    "Name    ⟦name de_DE⟧\nIBAN    ⟦IBAN_CODE de_DE⟧\nSteuer-ID    ⟦DE_IDNR⟧",
    "CARD NO.  ⟦CREDIT_CARD_NUMBER fours⟧   EXP  <01-12>/<25-31>",
    "NATIONAL INSURANCE NUMBER  ⟦GB_NINO⟧\nNHS NUMBER  ⟦GB_NHS⟧",
    "Passport No  ⟦US_PASSPORT⟧\nGiven names  ⟦name en_US⟧",
    "CARTA D'IDENTITA\nCODICE FISCALE  ⟦IT_CODICEFISCALE⟧\nNATO IL  ⟦DATE_OF_BIRTH gb⟧",
)
_SCANNED_LINES = ("IBAN\n⟦IBAN_CODE es_ES⟧", "Card number\n⟦CREDIT_CARD_NUMBER fours⟧", "Aadhaar\n⟦IN_AADHAAR⟧")
_NUMBERS = (
    "SSN: ⟦US_SSN blanks⟧",
    "social security number ⟦US_SSN dots⟧",
    "his SSN is ⟦US_SSN bare⟧, hers ⟦US_SSN⟧",
    "SSNs ⟦US_SSN⟧,⟦US_SSN⟧;⟦US_SSN⟧",
    "CNPJ ⟦BR_CNPJ letters⟧ e CPF ⟦BR_CPF bare⟧",
    "samordningsnummer ⟦SE_PERSONNUMMER coordination⟧",
    "personnummer ⟦SE_PERSONNUMMER bare⟧",
    "rodné číslo ⟦CZ_RC bare⟧, kennitala ⟦IS_KENNITALA bare⟧",
    "rijksregisternummer ⟦BE_NN bare⟧, AHV-Nummer ⟦CH_SSN bare⟧",
    "numéro de sécurité sociale ⟦FR_NIR bare⟧",
    "Aadhaar number ⟦IN_AADHAAR bare⟧, SIN ⟦CA_SIN bare⟧",
    "NIP ⟦PL_NIP bare⟧, СНИЛС ⟦RU_SNILS bare⟧, CUIT ⟦AR_CUIT bare⟧",
    "Steuer-ID ⟦DE_IDNR bare⟧, IC No. (MyKad) ⟦MY_NRIC⟧, เลขบัตรประชาชน ⟦TH_PIN bare⟧",
    "⟦NATIONAL⟧\n⟦NATIONAL⟧\n⟦NATIONAL⟧",
    "Phones of the branches: ⟦ABROAD⟧, ⟦ABROAD⟧, ⟦ABROAD⟧ and ⟦ABROAD⟧.",
    "Tel. ⟦DE_PHONE_NUMBER slash⟧, tél. ⟦FR_PHONE_NUMBER printed⟧, phone ⟦US_PHONE_NUMBER printed⟧",
    "telefono ⟦IT_PHONE_NUMBER national⟧, teléfono ⟦ES_PHONE_NUMBER national⟧, telefoon ⟦NL_PHONE_NUMBER national⟧",
    "mobile ⟦IN_PHONE_NUMBER national⟧, 電話番号 ⟦JP_PHONE_NUMBER national⟧, celular ⟦BR_PHONE_NUMBER national⟧",
    "HKID ⟦HK_IDENTITY_CARD⟧, NRIC ⟦SG_NRIC⟧, 身分證字號 ⟦TW_NATIONAL_ID⟧, NIK ⟦ID_NIK⟧",
    "Medicare number ⟦US_MEDICARE_BENEFICIARY⟧, NPI ⟦US_NPI⟧, EIN ⟦US_EIN⟧",
    "TFN ⟦AU_TFN⟧, Medicare card ⟦AU_MEDICARE⟧, IRD number ⟦NZ_IRD⟧, PPS number ⟦IE_PPS⟧",
    "driving licence ⟦GB_DRIVING_LICENCE⟧, UTR ⟦GB_UTR⟧",
    (
        "isikukood ⟦EE_IK⟧, asmens kodas ⟦LT_ASMENS⟧, CNP ⟦RO_CNP⟧, ЕГН ⟦BG_EGN⟧, OIB ⟦HR_OIB⟧, EMŠO ⟦SI_EMSO⟧, ΑΜΚΑ "
        "⟦GR_AMKA⟧"
    ),
    "SVNR ⟦AT_VNR⟧, Rentenversicherungsnummer ⟦DE_SOCIAL_SECURITY_NUMBER⟧, Personalausweisnummer ⟦DE_IDENTITY_CARD⟧",
    "ID number ⟦ZA_IDNR⟧, ת.ז. ⟦IL_IDNR⟧, RFC ⟦MX_RFC⟧, PAN ⟦IN_PAN⟧",
    "The scan of the passport reads\n⟦MACHINE_READABLE_ZONE⟧\nplease check.",
    "send BTC to ⟦BITCOIN_SEGWIT_ADDRESS⟧ or ⟦BITCOIN_ADDRESS⟧, ETH to ⟦ETHEREUM_ADDRESS⟧",
)

SORTS = (
    Sort("typed on a telephone", _TYPED, (writing.NO_BREAK, writing.NARROW, writing.THIN, writing.TWO_BLANKS)),
    Sort("typed with other dashes", _DASHED, (writing.NO_BREAK, writing.NARROW, writing.MINUS)),
    Sort("full-width digits", _ASIAN, (writing.FULL_WIDTH_DIGITS,)),
    Sort("full-width letters", _MAILS_FULL_WIDTH, (writing.FULL_WIDTH,)),
    Sort("Arabic, Persian and Indian digits", _ARABIC, (writing.ARABIC_DIGITS, writing.PERSIAN_DIGITS)),
    Sort("Indian digits", _HINDI, (writing.DEVANAGARI_DIGITS,)),
    Sort("marks of direction", _CONTACTS, (writing.DIRECTED, writing.ISOLATED)),
    Sort("copied with soft breaks", _COPIED, (writing.SOFT_BREAKS, writing.STARS)),
    Sort("scanned forms", _SCANNED, (writing.PLAIN, writing.TWO_BLANKS, writing.TABULATED, writing.SPACED_DASHES)),
    Sort("scanned, broken lines", _SCANNED_LINES, (writing.BROKEN_LINE,)),
    Sort("numbers as countries print them", _NUMBERS),
)
