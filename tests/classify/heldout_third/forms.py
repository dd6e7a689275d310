"""Forms, tables and records: of hospitals, employers, banks, schools and landlords."""

from tests.classify.heldout_second.writing import PLAIN, TWO_BLANKS
from tests.classify.heldout_third import writing
from tests.classify.heldout_third.places import sort

_MEDICAL = (
    """\
ADMISSION RECORD                         page <1-9>
Patient: ⟦name en_US⟧        Sex: F      DOB: ⟦DATE_OF_BIRTH us⟧
MRN: ⟦MEDICAL_RECORD_NUMBER⟧    Member ID: ⟦HEALTH_PLAN_NUMBER⟧
Attending NPI: ⟦US_NPI⟧   DEA: ⟦US_DEA_NUMBER⟧
BP <100-160>/<60-95>, pulse <50-99>, temp <36-39:1>
Emergency contact: ⟦US_PHONE_NUMBER⟧
""",
    """\
Discharge letter
The above patient (date of birth ⟦DATE_OF_BIRTH short month⟧, NHS number ⟦GB_NHS⟧) was seen on <date>.
Address ⟦GB_STREET_ADDRESS⟧, ⟦GB_POSTCODE⟧. GP informed at ⟦EMAIL_ADDRESS simple⟧.
Medication: metformin 500 mg, 1-0-1.
""",
    """\
PID|1||⟦MEDICAL_RECORD_NUMBER⟧^^^HOSP^MR||DOE^JANE||⟦DATE_OF_BIRTH compact⟧|F|||||⟦US_PHONE_NUMBER⟧|||||⟦US_SSN⟧
OBX|1|NM|<1000-9999>-<0-9>||<1-9:1>|mmol/L
""",
    """\
{"resourceType":"Patient","identifier":[{"system":"urn:mrn","type":{"text":"Medical record number"},
"value":"⟦MEDICAL_RECORD_NUMBER⟧"}],"birthDate":"⟦DATE_OF_BIRTH iso⟧",
"telecom":[{"system":"phone","value":"⟦US_PHONE_NUMBER plus⟧"},{"system":"email","value":"⟦EMAIL_ADDRESS simple⟧"}]}
""",
    """\
Medicare claim   MBI ⟦US_MEDICARE_BENEFICIARY⟧   subscriber ID ⟦HEALTH_PLAN_NUMBER⟧
Rendering provider NPI ⟦US_NPI⟧   billing EIN ⟦US_EIN⟧   amount <1-9999:2>
""",
    """\
Überweisungsschein
Versicherte: ⟦name de_DE⟧   geb. am ⟦DATE_OF_BIRTH dots⟧
Versicherten-Nr.: ⟦DE_HEALTH_INSURANCE_NUMBER⟧   Kostenträger <100000-999999>
Diagnose: siehe Rückseite
""",
    """\
Ficha clínica n.º <1000-9999>
Nome: ⟦name pt_BR⟧   Nascimento: ⟦DATE_OF_BIRTH slashes⟧   CPF: ⟦BR_CPF⟧
Celular: ⟦BR_PHONE_NUMBER national⟧
""",
)
_EMPLOYERS = (
    """\
NEW HIRE FORM
Last, first: ⟦name en_US⟧
SSN ............ ⟦US_SSN⟧
Birth date ..... ⟦DATE_OF_BIRTH us⟧
Direct deposit:
  ABA routing no ⟦US_RTN⟧
  Checking account no ⟦US_BANK_ACCOUNT⟧
Driver license # ⟦US_DRIVER_LICENSE⟧ (state: OH)
Home: ⟦US_STREET_ADDRESS⟧
""",
    """\
P45 Part 1A
NI number: ⟦GB_NINO⟧
Date of birth: ⟦DATE_OF_BIRTH slashes⟧
Employee's private address: ⟦GB_STREET_ADDRESS⟧, ⟦GB_POSTCODE⟧
Unique Taxpayer Reference: ⟦GB_UTR⟧
Sort code ⟦GB_SORT_CODE⟧
""",
    """\
Personalbogen
  Name:                  ⟦name de_DE⟧
  Geburtsdatum:          ⟦DATE_OF_BIRTH dots⟧
  Steuer-ID:             ⟦DE_IDNR bare⟧
  RV-Nummer:             ⟦DE_SOCIAL_SECURITY_NUMBER⟧
  IBAN:                  ⟦IBAN_CODE de_DE⟧
  Ausweisnummer:         ⟦DE_IDENTITY_CARD⟧
""",
    """\
Bulletin d'embauche
N° de sécurité sociale : ⟦FR_NIR bare⟧
Numéro fiscal : ⟦FR_NIF⟧
Né(e) le : ⟦DATE_OF_BIRTH slashes⟧
Domicile : ⟦FR_STREET_ADDRESS⟧
""",
    """\
Employee master (printout of <date>)
EMP <1000-9999>  ⟦name en_GB⟧   email ⟦EMAIL_ADDRESS upper⟧   PPSN ⟦IE_PPS⟧
EMP <1000-9999>  ⟦name en_GB⟧   email ⟦EMAIL_ADDRESS upper⟧   PPSN ⟦IE_PPS⟧
""",
    """\
Candidate screening: passport number ⟦US_PASSPORT⟧; machine readable zone below.
⟦MACHINE_READABLE_ZONE⟧
Result: clear
""",
    """\
W-9 received. TIN type: ITIN ⟦US_ITIN⟧. Backup withholding: no. EIN of the partnership: ⟦US_EIN⟧.
""",
)
_TABLES = (
    """\
| Name | E-mail | Phone | Topic |
|------|--------|-------|------|
| ⟦name en_US⟧ | ⟦EMAIL_ADDRESS⟧ | ⟦US_PHONE_NUMBER dashes⟧ | <noun> |
| ⟦name en_US⟧ | ⟦EMAIL_ADDRESS⟧ | ⟦ABROAD⟧ | <noun> |
""",
    """\
| Date of birth | Member ID |
|:-:|--:|
| ⟦DATE_OF_BIRTH iso⟧ | ⟦HEALTH_PLAN_NUMBER⟧ |
| ⟦DATE_OF_BIRTH iso⟧ | ⟦HEALTH_PLAN_NUMBER⟧ |
""",
    """\
+----------+--------------------------+
| username | password                 |
+----------+--------------------------+
| svc      | ⟦PASSWORD_ASSIGNMENT⟧ |
| report   | ⟦PASSWORD_ASSIGNMENT⟧ |
+----------+--------------------------+
""",
    """\
 id | email            | ssn
----+------------------+-------------
  <1-9> | ⟦EMAIL_ADDRESS⟧ | ⟦US_SSN⟧
  <1-9> | ⟦EMAIL_ADDRESS⟧ | ⟦US_SSN⟧
(2 rows)
""",
    """\
│ Land │ Nummer │ Konto │
├──────┼────────┼───────┤
│ AT   │ ⟦NATIONAL⟧ │ ⟦IBAN_CODE fours⟧ │
│ CZ   │ ⟦NATIONAL⟧ │ ⟦IBAN_CODE fours⟧ │
""",
    """\
| Service | Secret key | Rotated |
| --- | --- | --- |
| payments | `⟦STRIPE_SECRET_KEY⟧` | <date> |
| mail | `⟦TOKEN⟧` | <date> |
| own | `⟦SECRET_ASSIGNMENT⟧` | <date> |
""",
    """\
Host            MAC address         IPv4             IPv6
printer-<1-9>   ⟦MAC_ADDRESS⟧   ⟦IPV4_ADDRESS⟧   ⟦IPV6_ADDRESS⟧
switch-<1-9>    ⟦MAC_ADDRESS dots⟧      ⟦IPV4_ADDRESS⟧   ⟦IPV6_ADDRESS⟧
""",
    """\
Fahrzeug    FIN (VIN)            Halter geb.
Lkw <1-9>   ⟦VEHICLE_IDENTIFICATION_NUMBER⟧    ⟦DATE_OF_BIRTH dots⟧
Pkw <1-9>   ⟦VEHICLE_IDENTIFICATION_NUMBER⟧    ⟦DATE_OF_BIRTH dots⟧
""",
    """\
h2. Contacts
||who||mail||phone||
|support|⟦EMAIL_ADDRESS⟧|⟦PHONE_NUMBER FR⟧|
|sales|⟦EMAIL_ADDRESS⟧|⟦PHONE_NUMBER ES⟧|
""",
)
_BANKS = (
    "BENEFICIARY: ⟦name en_GB⟧\nIBAN: ⟦IBAN_CODE bare⟧\nSWIFT/BIC: ⟦SWIFT_CODE⟧\nAMOUNT: EUR <1-9999:2>",
    (
        ":20:REF<1000-9999>\n:32A:240<1-9>15EUR<10-9999>,00\n:50K:/⟦IBAN_CODE bare⟧\n"
        ":57A:⟦SWIFT_CODE⟧ (BIC of the bank)\n:59:/⟦IBAN_CODE bare⟧"
    ),
    "CARD APPLICATION\nExisting card no: ⟦CREDIT_CARD_NUMBER diners⟧\nSecond card no: ⟦CREDIT_CARD_NUMBER amex dashes⟧",
    "Terminal <1000-9999> swipe: ⟦CARD_TRACK_DATA⟧ approved",
    "Standing order: sort code ⟦GB_SORT_CODE⟧ account number ⟦US_BANK_ACCOUNT⟧ first payment <date>",
    "Payout wallet (BTC): ⟦BITCOIN_SEGWIT_ADDRESS⟧\nfallback: ⟦BITCOIN_ADDRESS⟧\nstable coin: ⟦ETHEREUM_ADDRESS⟧",
    "Cuenta corriente ⟦ES_CCC⟧ titular ⟦name es_ES⟧",
    "Importe <1-900:2> € a la tarjeta n.º ⟦CREDIT_CARD_NUMBER fours⟧, CVV ⟦CARD_SECURITY_CODE⟧",
    "Kartennummer: ⟦CREDIT_CARD_NUMBER bare⟧ Prüfziffer (CVC): ⟦CARD_SECURITY_CODE⟧",
    "Carta di credito ⟦CREDIT_CARD_NUMBER dashes⟧, codice di sicurezza ⟦CARD_SECURITY_CODE⟧",
)
_BOXED = (
    "SOCIAL SECURITY NUMBER (one digit in each box)\n⟦US_SSN bare⟧\nSign below.",
    "IBAN (ein Zeichen je Feld)\n⟦IBAN_CODE bare⟧\nUnterschrift:",
    "CARD NUMBER\n⟦CREDIT_CARD_NUMBER bare⟧\nEXPIRES <01-12>/2<6-9>",
)
_READ_ALOUD = (
    "Agent: could you spell the security code? Caller: ⟦CARD_SECURITY_CODE⟧. Agent: and the expiry?",
    "Operator: your Social Security number, please. Caller: it's ⟦US_SSN blanks⟧. Operator: thank you.",
    "Reception: date of birth? Visitor: ⟦DATE_OF_BIRTH ordinal⟧. Reception: phone? Visitor: ⟦US_PHONE_NUMBER dashes⟧.",
    (
        "Q. State your driver's license number for the record.\nA. ⟦US_DRIVER_LICENSE⟧.\nQ. And your address?\n"
        "A. ⟦US_STREET_ADDRESS⟧."
    ),
    "Hotline: Ihre Kundenkarten-PIN? Anrufer: ⟦ACCOUNT_PIN⟧. Hotline: Und die IBAN? Anrufer: ⟦IBAN_CODE de_DE⟧.",
    "Bot: Enter your passport number.\nYou: ⟦US_PASSPORT⟧\nBot: Enter your birth date.\nYou: ⟦DATE_OF_BIRTH unpadded⟧",
    "Formulaire > Téléphone > ⟦FR_PHONE_NUMBER solid⟧ > Courriel > ⟦EMAIL_ADDRESS simple⟧ > Suivant",
)

SORTS = (
    sort("medical forms", _MEDICAL, (PLAIN, writing.THREE_BLANKS)),
    sort("forms of employers", _EMPLOYERS, (PLAIN, TWO_BLANKS)),
    sort("tables", _TABLES),
    sort("banks", _BANKS, (PLAIN, writing.FIGURE_BLANKS)),
    sort("forms with boxes", _BOXED, (writing.BOXES,)),
    sort("asked and answered", _READ_ALOUD),
)
