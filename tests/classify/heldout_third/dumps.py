"""Dumps and exports: SQL, CSV, JSON lines, YAML, XML, pages, and what notebooks and debuggers show."""

from tests.classify.heldout_second.writing import JSON, JSON_CAREFUL, PERCENT, PLAIN, XML
from tests.classify.heldout_third import writing
from tests.classify.heldout_third.places import sort

_STATEMENTS = (
    """\
INSERT INTO `customers` (`id`, `email`, `phone`, `birth_date`, `iban`) VALUES
(<1-99>, '⟦EMAIL_ADDRESS simple⟧', '⟦PHONE_NUMBER DE bare⟧', '⟦DATE_OF_BIRTH iso⟧', '⟦IBAN_CODE bare⟧'),
(<1-99>, '⟦EMAIL_ADDRESS simple⟧', '⟦PHONE_NUMBER FR bare⟧', '⟦DATE_OF_BIRTH iso⟧', '⟦IBAN_CODE bare⟧');
""",
    """\
COPY public.users (id, email, password_hash, last_ip) FROM stdin;
<1-99>\t⟦EMAIL_ADDRESS simple⟧\t⟦HTPASSWD_HASH⟧\t⟦IPV4_ADDRESS⟧
<1-99>\t⟦EMAIL_ADDRESS simple⟧\t⟦ARGON2_HASH⟧\t⟦IPV6_ADDRESS⟧
\\.
""",
    "CREATE USER 'report'@'%' IDENTIFIED BY '⟦PASSWORD_ASSIGNMENT⟧';\nFLUSH PRIVILEGES;",
    "ALTER USER app WITH ENCRYPTED PASSWORD '⟦PASSWORD_ASSIGNMENT⟧' VALID UNTIL '2030-01-01';",
    "CREATE LOGIN reader WITH PASSWORD = N'⟦PASSWORD_ASSIGNMENT⟧', CHECK_POLICY = OFF;",
    "SET PASSWORD FOR 'jo'@'localhost' = PASSWORD('⟦PASSWORD_ASSIGNMENT⟧');",
    "UPDATE employees SET ssn = '⟦US_SSN⟧', routing_number = '⟦US_RTN⟧' WHERE id = <1-999>;",
    "SELECT * FROM people WHERE pesel = '⟦PL_PESEL⟧' OR nip = '⟦PL_NIP⟧' LIMIT <1-90>;",
    "DELETE FROM sessions WHERE token = '⟦SECRET_ASSIGNMENT⟧' AND created < now();",
    "MERGE (p:Person {email: '⟦EMAIL_ADDRESS simple⟧', personnummer: '⟦SE_PERSONNUMMER⟧'}) RETURN p",
    (
        "CREATE EXTERNAL TABLE t OPTIONS (aws_access_key_id '⟦AWS_ACCESS_KEY_ID⟧', aws_secret_access_key "
        "'⟦AWS_SECRET_ACCESS_KEY⟧')"
    ),
    (
        "-- card of the test customer\n"
        "UPDATE cards SET pan='⟦CREDIT_CARD_NUMBER any bare⟧', cvc='⟦CARD_SECURITY_CODE⟧' WHERE id=<1-99>;"
    ),
)
_ROWS = (
    (
        "first_name,last_name,dob,ssn\n⟦name en_US⟧,x,⟦DATE_OF_BIRTH us⟧,⟦US_SSN⟧\n"
        "⟦name en_US⟧,y,⟦DATE_OF_BIRTH us⟧,⟦US_SSN⟧"
    ),
    (
        "Vorname;Nachname;Geburtsdatum;Telefon\n"
        "⟦name de_DE⟧;x;⟦DATE_OF_BIRTH dots⟧;⟦DE_PHONE_NUMBER national⟧\n"
        "⟦name de_DE⟧;y;⟦DATE_OF_BIRTH dots⟧;⟦DE_PHONE_NUMBER dash⟧"
    ),
    (
        "nom;date_naissance;portable;courriel\n"
        "⟦name fr_FR⟧;⟦DATE_OF_BIRTH slashes⟧;⟦FR_PHONE_NUMBER national⟧;⟦EMAIL_ADDRESS simple⟧"
    ),
    "nombre,dni,fecha_nacimiento,movil\n⟦name es_ES⟧,⟦ES_DNI⟧,⟦DATE_OF_BIRTH slashes⟧,⟦ES_PHONE_NUMBER threes⟧",
    (
        "imię i nazwisko;PESEL;data urodzenia\n⟦name pl_PL⟧;⟦PL_PESEL⟧;⟦DATE_OF_BIRTH iso⟧\n"
        "⟦name pl_PL⟧;⟦PL_PESEL⟧;⟦DATE_OF_BIRTH iso⟧"
    ),
    "姓名,身份证号,出生日期\n王芳,⟦CN_RIC⟧,⟦DATE_OF_BIRTH iso⟧\n李强,⟦CN_RIC⟧,⟦DATE_OF_BIRTH iso⟧",
    "氏名\t生年月日\t電話番号\n佐藤\t⟦DATE_OF_BIRTH year first slashes⟧\t⟦JP_PHONE_NUMBER national⟧",
    (
        "name,url,username,password\nbank,https://bank.example.com,jo,⟦PASSWORD_ASSIGNMENT⟧\n"
        "shop,https://shop.example.com,jo,⟦PASSWORD_ASSIGNMENT⟧"
    ),
    "title|login|password|notes\nrouter|admin|⟦PASSWORD_ASSIGNMENT⟧|attic\nnas|jo|⟦PASSWORD_ASSIGNMENT⟧|cellar",
    "User name,Access key ID,Secret access key\nci,⟦AWS_ACCESS_KEY_ID⟧,⟦AWS_SECRET_ACCESS_KEY⟧",
    "provider,npi,dea\n<noun> clinic,⟦US_NPI⟧,⟦US_DEA_NUMBER⟧\n<noun> practice,⟦US_NPI⟧,⟦US_DEA_NUMBER⟧",
    "account,sort_code,iban\ncurrent,⟦GB_SORT_CODE⟧,⟦IBAN_CODE bare⟧\nsavings,⟦GB_SORT_CODE⟧,⟦IBAN_CODE bare⟧",
    "device;imei;mac\n<thing>;⟦IMEI⟧;⟦MAC_ADDRESS⟧\n<thing>;⟦IMEI⟧;⟦MAC_ADDRESS⟧",
    '"member_id","date_of_birth","plan"\n"⟦HEALTH_PLAN_NUMBER⟧","⟦DATE_OF_BIRTH us⟧","gold"',
    (
        "vin,buyer_email\n⟦VEHICLE_IDENTIFICATION_NUMBER⟧,⟦EMAIL_ADDRESS simple⟧\n"
        "⟦VEHICLE_IDENTIFICATION_NUMBER⟧,⟦EMAIL_ADDRESS simple⟧"
    ),
)
_RECORDS = (
    (
        '{"_id":{"$oid":"<hex:24>"},"mail":"⟦EMAIL_ADDRESS simple⟧","geburtsdatum":"⟦DATE_OF_BIRTH dots⟧",'
        '"tags":["<noun>"]}'
    ),
    (
        '{"user":"jo","passwd":"⟦PASSWORD_ASSIGNMENT⟧","uid":<100-9999>}\n'
        '{"user":"mia","passwd":"⟦PASSWORD_ASSIGNMENT⟧","uid":<100-9999>}'
    ),
    '{"access_key":"⟦AWS_ACCESS_KEY_ID⟧","secret_key":"⟦AWS_SECRET_ACCESS_KEY⟧","region":"us-east-2"}',
    '{"clientSecret":"⟦SECRET_ASSIGNMENT⟧","refreshToken":"⟦GCP_OAUTH_REFRESH_TOKEN⟧","scope":"read"}',
    '{"identity":{"kind":"person","number":"⟦NATIONAL⟧"},"contact":{"tel":"⟦ABROAD⟧"},"active":true}',
    '{"socialSecurityNumber":"⟦US_SSN bare⟧","driversLicense":"⟦US_DRIVER_LICENSE⟧","passportNumber":"⟦US_PASSPORT⟧"}',
    '{"cardNumber":"⟦CREDIT_CARD_NUMBER any bare⟧","securityCode":"⟦CARD_SECURITY_CODE⟧","pin":"⟦ACCOUNT_PIN⟧"}',
    (
        "customer:\n  email: ⟦EMAIL_ADDRESS simple⟧\n  birthday: ⟦DATE_OF_BIRTH iso⟧\n  bank:\n"
        "    iban: ⟦IBAN_CODE fours⟧\n    bic: ⟦SWIFT_CODE⟧"
    ),
    (
        "- name: ⟦name nl_NL⟧\n  bsn: '⟦NL_BSN⟧'\n  geboortedatum: ⟦DATE_OF_BIRTH dashes⟧\n"
        "- name: ⟦name nl_BE⟧\n  rijksregisternummer: ⟦BE_NN⟧"
    ),
    (
        "<patient><mrn>⟦MEDICAL_RECORD_NUMBER⟧</mrn><dob>⟦DATE_OF_BIRTH "
        "us⟧</dob><phone>⟦US_PHONE_NUMBER⟧</phone></patient>"
    ),
    '<cbc:PayeeFinancialAccount><cbc:ID schemeID="IBAN">⟦IBAN_CODE bare⟧</cbc:ID></cbc:PayeeFinancialAccount>',
    (
        "<dt>E-Mail</dt><dd>⟦EMAIL_ADDRESS simple⟧</dd><dt>Telefon</dt><dd>⟦PHONE_NUMBER "
        "DE⟧</dd><dt>Steuer-ID</dt><dd>⟦DE_IDNR⟧</dd>"
    ),
    '<label>Password</label><input type="text" name="password" value="⟦PASSWORD_ASSIGNMENT⟧"><button>Save</button>',
    "<tr><th>SSN</th><td>⟦US_SSN⟧</td></tr><tr><th>Date of birth</th><td>⟦DATE_OF_BIRTH us⟧</td></tr>",
    '<meta name="contact" content="⟦EMAIL_ADDRESS simple⟧"><a href=\'tel:⟦PHONE_NUMBER GB bare⟧\'>call</a>',
    (
        "User(id=<1-99>, email='⟦EMAIL_ADDRESS simple⟧', password='⟦PASSWORD_ASSIGNMENT⟧', "
        "born=datetime.date(2000, 1, <1-28>))"
    ),
    'Customer{name="x", card=⟦CREDIT_CARD_NUMBER any bare⟧, phone=⟦ABROAD⟧, score=<1-99>}',
    (
        'array(2) {\n  ["email"]=>\n  string(<10-30>) "⟦EMAIL_ADDRESS simple⟧"\n  ["api_key"]=>\n'
        '  string(32) "⟦SECRET_ASSIGNMENT⟧"\n}'
    ),
    '%{email: "⟦EMAIL_ADDRESS simple⟧", token: "⟦TOKEN⟧", inserted_at: ~U[<moment>]}',
    'owner {\n  email: "⟦EMAIL_ADDRESS simple⟧"\n  phone: "⟦PHONE_NUMBER US bare⟧"\n  ip: "⟦IPV4_ADDRESS⟧"\n}',
    'a:2:{s:5:"email";s:20:"⟦EMAIL_ADDRESS simple⟧";s:8:"password";s:12:"⟦PASSWORD_ASSIGNMENT⟧";}',
    "\\section{Contact}\nWrite to \\texttt{⟦EMAIL_ADDRESS simple⟧} or call \\mbox{⟦PHONE_NUMBER AT⟧}.",
    '[cols="1,2"]\n|===\n|IBAN |⟦IBAN_CODE fours⟧\n|Phone |⟦ABROAD⟧\n|===',
)
_NOTES = (
    "Guest: ⟦EMAIL_ADDRESS simple⟧\nRoom <100-999>\nPassport number: ⟦US_PASSPORT⟧\nPaid by ⟦CREDIT_CARD_NUMBER fours⟧",
    'wifi password: ⟦PASSWORD_ASSIGNMENT⟧\n"router" login is admin',
    "Owner's phone: ⟦PHONE_NUMBER IT⟧; tenant's phone: ⟦PHONE_NUMBER CZ⟧",
    "New key = ⟦TOKEN⟧ (old: ⟦TOKEN⟧)",
    "SSN/TIN: ⟦US_SSN⟧\nDOB: ⟦DATE_OF_BIRTH us⟧\n<b>urgent</b> & private",
    "ids: [⟦NATIONAL⟧], [⟦NATIONAL⟧] – see § <1-90>",
    "Überweisung an ⟦IBAN_CODE de_DE⟧, Rückfragen: ⟦PHONE_NUMBER DE⟧",
    "api_key=⟦SECRET_ASSIGNMENT⟧\nhost=⟦IPV4_ADDRESS⟧\n",
)

SORTS = (
    sort("dumps of databases", _STATEMENTS),
    sort("rows with headings", _ROWS),
    sort("records of every notation", _RECORDS),
    sort("records in a message", _RECORDS[::3], (JSON, writing.CELL)),
    sort(
        "notes, escaped",
        _NOTES,
        (
            writing.PYTHON,
            writing.SCRIPT,
            writing.PROPERTIES,
            writing.STATEMENT,
            writing.JSON_LINES,
            JSON_CAREFUL,
        ),
    ),
    sort(
        "notes, for pages", _NOTES, (XML, writing.NAMED_ENTITIES, writing.NUMBERED_ENTITIES, writing.CODE, writing.SPAN)
    ),
    sort("notes, in addresses", _NOTES[::2], (PERCENT, writing.PERCENT_LOWER)),
    sort("notes, in Markdown", _NOTES, (PLAIN, writing.MARKDOWN_ESCAPED)),
)
