"""Blanks, dashes, digits and marks that telephones, word processors and other scripts put into values."""

from tests.classify.heldout_second.writing import ARABIC_DIGITS, FULL_WIDTH_DIGITS, PERSIAN_DIGITS, TABULATED
from tests.classify.heldout_third import writing
from tests.classify.heldout_third.places import sort

_TYPED = (
    "Card: ⟦CREDIT_CARD_NUMBER fours⟧ or ⟦CREDIT_CARD_NUMBER amex⟧, IBAN: ⟦IBAN_CODE fours⟧",
    "reach me under ⟦PHONE_NUMBER FR⟧, ⟦PHONE_NUMBER CZ⟧ or ⟦PHONE_NUMBER US⟧",
    "her SSN ⟦US_SSN⟧ and his ⟦US_SSN⟧ are on the return",
    "N.I. number ⟦GB_NINO⟧; numéro de sécurité sociale ⟦FR_NIR⟧; Steuer-ID ⟦DE_IDNR⟧",
    "CPF ⟦BR_CPF⟧, CUIT ⟦AR_CUIT⟧, RUT ⟦CL_RUT⟧, AHV ⟦CH_SSN⟧",
    "Emirates ID ⟦AE_EMIRATES_ID⟧, CNIC ⟦PK_CNIC⟧, SNILS ⟦RU_SNILS⟧, Aadhaar ⟦IN_AADHAAR⟧",
    "born ⟦DATE_OF_BIRTH iso⟧ (date of birth), sort code ⟦GB_SORT_CODE⟧, routing number ⟦US_RTN⟧",
)
_CONTACTS = (
    "write to ⟦EMAIL_ADDRESS simple⟧ today",
    "⟦ABROAD⟧ is my new number",
    "ask ⟦EMAIL_ADDRESS simple⟧ or ring ⟦US_PHONE_NUMBER plus⟧",
    "the key ⟦TOKEN⟧ was copied from a page",
    "server ⟦IPV4_ADDRESS⟧ answers, ⟦MAC_ADDRESS⟧ doesn't",
)
_BENGALI = (
    ("মোবাইল নম্বর ⟦PHONE_NUMBER BD⟧"),
    ("কার্ড নম্বর ⟦CREDIT_CARD_NUMBER fours⟧"),
    ("জন্ম তারিখ: ⟦DATE_OF_BIRTH slashes⟧"),
)
_THAI = ("เลขบัตรประชาชน ⟦TH_PIN⟧", "บัตรเครดิต ⟦CREDIT_CARD_NUMBER fours⟧", "โทร ⟦PHONE_NUMBER TH⟧ ค่ะ")
_TAMIL = ("ஆதார் எண் ⟦IN_AADHAAR⟧", "தொலைபேசி ⟦IN_PHONE_NUMBER plus⟧")
_ARABIC = ("رقم الجوال ⟦PHONE_NUMBER SA⟧", "آيبان: ⟦IBAN_CODE fours⟧", "البطاقة ⟦CREDIT_CARD_NUMBER dashes⟧ منتهية")
_WIDE = (
    "口座の名義と電話：⟦JP_PHONE_NUMBER national⟧",
    "クレジットカード番号：⟦CREDIT_CARD_NUMBER dashes⟧",
    "個人番号は⟦JP_IN⟧です",
    "手机：⟦PHONE_NUMBER TW⟧",
)
_ADDRESSES = ("メールは⟦EMAIL_ADDRESS simple⟧へ", "邮箱⟦EMAIL_ADDRESS simple⟧，谢谢", "서버 주소 ⟦IPV4_ADDRESS⟧ 입니다")
_QUOTED = (
    "«Пароль» теперь ⟦PASSWORD_ASSIGNMENT⟧, запишите",
    "The password is now ⟦PASSWORD_ASSIGNMENT⟧ for everybody",
    "mot de passe : ⟦PASSWORD_ASSIGNMENT accents⟧ (avec les accents)",
    "Das Passwort lautet ⟦PASSWORD_ASSIGNMENT accents⟧ mit Umlauten",
    "Token ⟦TOKEN⟧ and mail ⟦EMAIL_ADDRESS simple⟧",
)
_SHEETS = (
    "SSN⟦US_SSN⟧DOB⟦DATE_OF_BIRTH us⟧",
    "IBAN⟦IBAN_CODE fours⟧BIC⟦SWIFT_CODE⟧",
    "Phone⟦US_PHONE_NUMBER⟧Mail⟦EMAIL_ADDRESS simple⟧",
)
_NUMBERS = (
    "Emirates ID: ⟦AE_EMIRATES_ID bare⟧, CNIC: ⟦PK_CNIC bare⟧",
    "CPF sem pontos: ⟦BR_CPF bare⟧; CNPJ sem pontos: ⟦BR_CNPJ bare⟧; PIS: ⟦BR_PIS⟧",
    "CUIL ⟦AR_CUIT bare⟧, RUT ⟦CL_RUT bare⟧, NIT ⟦CO_NIT bare⟧",
    "Social Insurance Number ⟦CA_SIN bare⟧; ITIN ⟦US_ITIN bare⟧; SSN ⟦US_SSN bare⟧",
    "AHV-Nummer ⟦CH_SSN bare⟧, Steuer-IdNr. ⟦DE_IDNR bare⟧, INSZ ⟦BE_NN bare⟧",
    "СНИЛС ⟦RU_SNILS bare⟧, ИНН ⟦RU_INN⟧",
    "주민번호 ⟦KR_RRN bare⟧ 확인 바랍니다",
    "Aadhaar no. ⟦IN_AADHAAR bare⟧ / PAN card ⟦IN_PAN⟧",
    "rodné číslo ⟦SK_RC bare⟧; personnummer ⟦SE_PERSONNUMMER bare⟧; NIR ⟦FR_NIR bare⟧",
    "บัตรประชาชน เลขที่ ⟦TH_PIN bare⟧",
    "⟦NATIONAL⟧; ⟦NATIONAL⟧; ⟦NATIONAL⟧",
    "Filialen: ⟦ABROAD⟧ / ⟦ABROAD⟧ / ⟦ABROAD⟧",
    "cards ending soon\n⟦CARD⟧\n⟦CREDIT_CARD_NUMBER diners⟧\n⟦CREDIT_CARD_NUMBER bare⟧",
    "Tel: ⟦GB_PHONE_NUMBER trunk⟧ | Tél : ⟦FR_PHONE_NUMBER trunk⟧ | Tel.: ⟦IT_PHONE_NUMBER abroad⟧",
    "Mob: ⟦IN_PHONE_NUMBER dash⟧, Alt: ⟦IN_PHONE_NUMBER plus⟧",
    "WhatsApp ⟦BR_PHONE_NUMBER plus⟧ / telefone ⟦BR_PHONE_NUMBER solid⟧",
    "Fax & phone: ⟦US_PHONE_NUMBER country⟧, ⟦US_PHONE_NUMBER dashes⟧, ⟦US_PHONE_NUMBER plus⟧",
    "Accounts: ⟦IBAN_CODE nl_BE⟧, ⟦IBAN_CODE da_DK⟧, ⟦IBAN_CODE fi_FI⟧, ⟦IBAN_CODE no_NO⟧",
    "Accounts: ⟦IBAN_CODE ro_RO⟧; ⟦IBAN_CODE el_GR⟧; ⟦IBAN_CODE tr_TR⟧; ⟦IBAN_CODE uk_UA⟧",
    "Mails: ⟦EMAIL_ADDRESS⟧, ⟦EMAIL_ADDRESS upper⟧, <⟦EMAIL_ADDRESS international⟧>",
    "wallets\n⟦BITCOIN_ADDRESS⟧\n⟦BITCOIN_SEGWIT_ADDRESS⟧\n⟦ETHEREUM_ADDRESS⟧",
    "route add ⟦IPV6_ADDRESS⟧/64 via ⟦IPV6_ADDRESS⟧ dev eth0",
    "meet at ⟦COORDINATES⟧, or at ⟦GB_STREET_ADDRESS⟧, or write to ⟦US_POST_OFFICE_BOX⟧",
)

SORTS = (
    sort("typed with other blanks", _TYPED, (writing.FIGURE_BLANKS, writing.EM_BLANKS, writing.WORD_JOINERS)),
    sort("with marks of no width", _CONTACTS, (writing.BYTE_ORDER_MARK, writing.NON_JOINERS, writing.WORD_JOINERS)),
    sort("in marks of other languages", _QUOTED, (writing.GUILLEMETS, writing.CORNERS, writing.CURLY_QUOTES)),
    sort("Bengali digits", _BENGALI, (writing.BENGALI_DIGITS,)),
    sort("Thai digits", _THAI, (writing.THAI_DIGITS,)),
    sort("Tamil digits", _TAMIL, (writing.TAMIL_DIGITS,)),
    sort("Arabic and Persian digits", _ARABIC, (ARABIC_DIGITS, PERSIAN_DIGITS)),
    sort("wide digits", _WIDE, (FULL_WIDTH_DIGITS,)),
    sort("wide dots and signs", _ADDRESSES, (writing.FULL_WIDTH_DOTS,)),
    sort("cells of sheets", _SHEETS, (TABULATED,)),
    sort("numbers as others print them", _NUMBERS),
)
