"""What programs hand to each other: JSON with escapes, percent-encoding, XML, HTML, spreadsheets."""

from tests.classify.heldout_second import writing
from tests.classify.heldout_second.document import Sort

_NOTES = (
    "Hello,\nmy mail is ⟦EMAIL_ADDRESS⟧\nphone:\n⟦ABROAD⟧\nThanks",
    "⟦TOKEN⟧\n⟦TOKEN⟧\nrevoke both",
    "\"⟦EMAIL_ADDRESS⟧\" wrote: 'the IBAN is\t⟦IBAN_CODE de_DE⟧'",
    "birthday of the customer\ndate of birth: ⟦DATE_OF_BIRTH iso⟧\nSSN: ⟦US_SSN⟧\n",
    "paid with ⟦CREDIT_CARD_NUMBER fours⟧ & shipped to\n⟦US_STREET_ADDRESS⟧",
    'curl -u "bot:⟦PASSWORD_ASSIGNMENT user⟧" https://api.example.com\npassword: ⟦PASSWORD_ASSIGNMENT⟧\n',
    "Tel.: ⟦PHONE_NUMBER DE⟧\n⟦NATIONAL⟧\n⟦NATIONAL⟧",
    "server\n⟦IPV4_ADDRESS⟧\n⟦MAC_ADDRESS⟧\n⟦IPV6_ADDRESS⟧\n",
    "<password>⟦PASSWORD_ASSIGNMENT⟧</password>\n<user>app</user>",
    "DATABASE_URL=postgres://app:⟦DATABASE_URL⟧@db.example.com/x\nAPI_KEY='⟦SECRET_ASSIGNMENT⟧'\n",
)
_QUERIES = (
    "email=⟦EMAIL_ADDRESS⟧&phone=⟦ABROAD⟧&plan=basic",
    "redirect=https://app.example.com/?token=⟦JSON_WEB_TOKEN⟧",
    "iban=⟦IBAN_CODE nl_NL⟧;amount=<1-900:2>",
    "card=⟦CREDIT_CARD_NUMBER fours⟧|cvv=⟦CARD_SECURITY_CODE⟧",
    "password=⟦PASSWORD_ASSIGNMENT⟧&remember=1",
)
_ROWS = (
    "<row><mail>⟦EMAIL_ADDRESS⟧</mail><tel>⟦ABROAD⟧</tel><birthDate>⟦DATE_OF_BIRTH iso⟧</birthDate></row>",
    "<soap:Header><wsse:Username>svc</wsse:Username><wsse:Password>⟦PASSWORD_ASSIGNMENT⟧</wsse:Password></soap:Header>",
    "<Dbtr><IBAN>⟦IBAN_CODE bare⟧</IBAN></Dbtr><Cdtr><IBAN>⟦IBAN_CODE bare⟧</IBAN><BIC>⟦SWIFT_CODE⟧</BIC></Cdtr>",
    '<person ssn="⟦US_SSN⟧" dob="⟦DATE_OF_BIRTH iso⟧" phone="⟦US_PHONE_NUMBER⟧"/>',
    '<setting name="ApiKey"><value>⟦SECRET_ASSIGNMENT⟧</value></setting>',
    '<a href="mailto:⟦EMAIL_ADDRESS⟧">write to us</a> or <a href="tel:⟦PHONE_NUMBER link⟧">call</a>',
    '<input type="hidden" name="csrf" value="<hex:12>"><input name="card" value="⟦CREDIT_CARD_NUMBER bare⟧">',
    "<dict><key>Password</key><string>⟦PASSWORD_ASSIGNMENT⟧</string><key>Port</key><integer>993</integer></dict>",
    "<tr><td>⟦EMAIL_ADDRESS⟧</td><td>⟦NATIONAL⟧</td><td><1-900:2></td></tr>",
)
_TABLES = (
    (
        "id,email,phone,date_of_birth\n1,⟦EMAIL_ADDRESS⟧,⟦US_PHONE_NUMBER⟧,⟦DATE_OF_BIRTH us⟧\n"
        "2,⟦EMAIL_ADDRESS⟧,⟦US_PHONE_NUMBER⟧,⟦DATE_OF_BIRTH us⟧"
    ),
    "employee;ssn;salary_band\n<1-999>;⟦US_SSN⟧;C\n<1-999>;⟦US_SSN⟧;B\n<1-999>;⟦US_SSN⟧;A",
    (
        "kunde\tiban\tgeburtsdatum\n<1-999>\t⟦IBAN_CODE bare⟧\t⟦DATE_OF_BIRTH dots⟧\n"
        "<1-999>\t⟦IBAN_CODE de_AT⟧\t⟦DATE_OF_BIRTH dots⟧"
    ),
    (
        'name,card,exp\n"⟦name en_US⟧","⟦CREDIT_CARD_NUMBER fours⟧",04/29\n'
        '"⟦name en_US⟧","⟦CREDIT_CARD_NUMBER dashes⟧",11/28'
    ),
    "cpf;nome;telefone\n⟦BR_CPF⟧;⟦name pt_BR⟧;⟦BR_PHONE_NUMBER⟧\n⟦BR_CPF⟧;⟦name pt_BR⟧;⟦BR_PHONE_NUMBER⟧",
    "user,password\nadmin,⟦PASSWORD_ASSIGNMENT⟧\nguest,⟦PASSWORD_ASSIGNMENT⟧",
    "| service | key |\n| --- | --- |\n| billing | ⟦TOKEN⟧ |\n| search | ⟦TOKEN⟧ |",
    "host,mac,ip\nprinter-<1-9>,⟦MAC_ADDRESS⟧,⟦IPV4_ADDRESS⟧\nscanner-<1-9>,⟦MAC_ADDRESS⟧,⟦IPV4_ADDRESS⟧",
    "pesel,nip\n⟦PL_PESEL⟧,⟦PL_NIP⟧\n⟦PL_PESEL⟧,⟦PL_NIP⟧",
    '"Vehicle","VIN"\n"van <1-99>","⟦VEHICLE_IDENTIFICATION_NUMBER⟧"\n"car <1-99>","⟦VEHICLE_IDENTIFICATION_NUMBER⟧"',
    "personnummer;namn\n⟦SE_PERSONNUMMER⟧;⟦name sv_SE⟧\n⟦SE_PERSONNUMMER coordination⟧;⟦name sv_SE⟧",
)
_JSON = (
    '{"user":{"email":"⟦EMAIL_ADDRESS⟧","phone":"⟦ABROAD⟧","dateOfBirth":"⟦DATE_OF_BIRTH iso⟧","plan":"pro"}}',
    '{"password":"⟦PASSWORD_ASSIGNMENT⟧","remember":true,"attempt":<1-9>}',
    '{"payment":{"pan":"⟦CREDIT_CARD_NUMBER bare⟧","cvc":"⟦CARD_SECURITY_CODE⟧","amount":<1-900:2>}}',
    '{"tool":"send","arguments":"{\\"to\\": \\"⟦EMAIL_ADDRESS⟧\\", \\"api_key\\": \\"⟦SECRET_ASSIGNMENT⟧\\"}"}',
    '[{"kty":"EC","crv":"P-256","kid":"a","d":"⟦JSON_WEB_KEY⟧"},{"kty":"EC","crv":"P-256","kid":"b","d":"⟦JSON_WEB_KEY⟧"}]',
    "{'id': <1-999>, 'ssn': '⟦US_SSN⟧', 'ids': ['⟦NATIONAL⟧', '⟦NATIONAL⟧']}",
)
_ESCAPED = (writing.JSON, writing.JSON_ASCII, writing.JSON_CAREFUL, writing.JSON_TWICE)
_ENCODED = (writing.PERCENT, writing.FORM)
_MARKED_UP = (writing.XML, writing.ENTITIES, writing.HEXADECIMAL_ENTITIES, writing.PAGE, writing.BOLD)

SORTS = (
    Sort("JSON with escapes", _NOTES, _ESCAPED),
    Sort("percent-encoded", (*_NOTES[::2], *_QUERIES), _ENCODED),
    Sort("XML and HTML with entities", _NOTES, _MARKED_UP),
    Sort("rows of XML and HTML", _ROWS),
    Sort("spreadsheets", _TABLES),
    Sort("JSON as it is stored", _JSON, (writing.PLAIN, writing.JSON)),
)
