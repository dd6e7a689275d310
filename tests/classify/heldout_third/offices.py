"""What offices pass around: tickets, exports of Slack, invitations, cards of contacts, forwarded mails."""

import json

from tests.classify.heldout_second.writing import JSON, PLAIN, QUOTED_PRINTABLE
from tests.classify.heldout_third import writing
from tests.classify.heldout_third.places import sort

_TICKETS = (
    """\
Ticket #<10000-99999>  Priority: P<1-4>  Queue: billing
Requester: ⟦name en_GB⟧ <⟦EMAIL_ADDRESS⟧>
Callback: ⟦PHONE_NUMBER GB⟧

Customer says the direct debit from ⟦IBAN_CODE en_GB⟧ was taken twice (<1-900:2> GBP each, <date>).
Verified by date of birth ⟦DATE_OF_BIRTH slashes⟧ and postcode ⟦GB_POSTCODE⟧.
--
Internal note: sort code ⟦GB_SORT_CODE⟧, old mandate. Do not contact before <date>.
""",
    """\
[INC00<10000-99999>] Cannot log in to VPN
State: In progress | Assignment group: Network | Opened: <moment>
Description: user ⟦EMAIL_ADDRESS⟧ gets error <100-999> from ⟦IPV4_ADDRESS⟧, adapter ⟦MAC_ADDRESS⟧.
Work notes: reset done, temporary password ⟦PASSWORD_ASSIGNMENT⟧ sent by SMS to ⟦US_PHONE_NUMBER plus⟧.
""",
    """\
**Steps to reproduce**
1. Sign in as `demo` with password `⟦PASSWORD_ASSIGNMENT⟧`
2. Open *Settings > Keys*
3. The page shows ⟦TOKEN⟧ in clear text

**Expected** it is masked. **Version** <1-9>.<0-30>.<0-30>
""",
    """\
Betreff: Ticket <100000-999999> – Adressänderung
Kundennr. <10000-99999>, geb. ⟦DATE_OF_BIRTH two figures⟧
neu: ⟦DE_STREET_ADDRESS⟧, 4020 Linz
IBAN alt ⟦IBAN_CODE de_AT⟧
IBAN neu ⟦IBAN_CODE de_DE⟧
Rückruf erbeten unter ⟦DE_PHONE_NUMBER dash⟧ (vormittags)
""",
    """\
Case <1000-9999>: chargeback
cardholder ⟦name en_US⟧; card ⟦CREDIT_CARD_NUMBER dashes⟧; amount <1-900:2>; reason code <10-99>.<1-9>
merchant contact ⟦EMAIL_ADDRESS simple⟧, ⟦US_PHONE_NUMBER country⟧
resolution: refunded to ⟦CREDIT_CARD_NUMBER amex⟧
""",
    """\
Zendesk export
requester_email: ⟦EMAIL_ADDRESS simple⟧
requester_phone: ⟦ABROAD⟧
custom_field_tax_id: ⟦NATIONAL⟧
subject: the <thing> arrived broken
tags: [returns, <noun>]
""",
    """\
Jira DEVOPS-<100-9999>: rotate leaked credentials
Found in build <1000-9999>: `aws_secret_access_key=⟦AWS_SECRET_ACCESS_KEY⟧` for key ⟦AWS_ACCESS_KEY_ID⟧.
Also ⟦TOKEN⟧ in the artefact. Assignee: platform. Due <date>.
""",
    """\
Demande n° <10000-99999>
Bonjour, je ne reçois plus mes factures. Mon adresse : ⟦FR_STREET_ADDRESS⟧, 31000 Toulouse.
Tél. ⟦FR_PHONE_NUMBER solid⟧ ou ⟦FR_PHONE_NUMBER trunk⟧. Courriel : ⟦EMAIL_ADDRESS⟧.
NIR : ⟦FR_NIR⟧
""",
    """\
Protocolo <100000-999999>
Titular ⟦name pt_BR⟧, CPF ⟦BR_CPF⟧, nascimento ⟦DATE_OF_BIRTH slashes⟧, PIS ⟦BR_PIS⟧
Contato: ⟦BR_PHONE_NUMBER plus⟧ / ⟦EMAIL_ADDRESS simple⟧
Solicita segunda via da CNH, nº de registro ⟦BR_DRIVING_LICENCE⟧.
""",
)
_SLACK = (
    (
        '{"type":"message","user":"U0<hex:8>","text":"pls reset <mailto:⟦EMAIL_ADDRESS simple⟧|the account '
        'of Ana>","ts":"17<10000000-99999999>.<100000-999999>"}'
    ),
    (
        '{"client_msg_id":"<hex:8>-<hex:4>-4<hex:3>-a<hex:3>-<hex:12>","type":"message","text":"new db '
        'password: `⟦PASSWORD_ASSIGNMENT⟧` :lock:","ts":"17<10000000-99999999>.<100000-999999>"}'
    ),
    '{"type":"message","text":"call <tel:⟦PHONE_NUMBER US bare⟧|⟦US_PHONE_NUMBER dashes⟧> before noon","reactions":[]}',
    (
        '{"type":"message","subtype":"bot_message","text":"*Leak found* in '
        '<https://git.example.com/r/<hex:7>|<hex:7>>: ⟦TOKEN⟧","username":"scanner"}'
    ),
    (
        '{"type":"message","text":"&gt; iban of the landlord\\n⟦IBAN_CODE fours⟧\\nand the bic is '
        '⟦SWIFT_CODE⟧","thread_ts":"1"}'
    ),
    (
        '{"blocks":[{"type":"rich_text","elements":[{"type":"text","text":"webhook is "},{"type":"link",'
        '"url":"⟦SLACK_WEBHOOK⟧"}]}]}'
    ),
    (
        "jo.weber  9:4<0-9> AM\nanyone has the test card?\nmia  9:5<0-9> AM\n"
        "⟦CREDIT_CARD_NUMBER fours⟧ cvv ⟦CARD_SECURITY_CODE⟧ — it's my own one so be nice"
    ),
    "[<date>, <00-23>:<00-59>:<00-59>] Papa: Geheimzahl ist ⟦ACCOUNT_PIN⟧\n[<date>, <00-23>:<00-59>:<00-59>] Mia: 👍",
    (
        "<noun>-bot APP  <00-23>:<00-59>\nLogin from a new device\nUser: ⟦EMAIL_ADDRESS simple⟧\n"
        "IP: ⟦IPV6_ADDRESS⟧\nLocation: ⟦COORDINATES⟧"
    ),
)
_INVITATIONS = (
    """\
BEGIN:VEVENT
DTSTART;TZID=Europe/Vienna:2024<01-12><01-28>T090000
UID:<hex:16>-<hex:8>
ORGANIZER;CN="⟦name de_AT⟧":mailto:⟦EMAIL_ADDRESS simple⟧
ATTENDEE;PARTSTAT=ACCEPTED;CN=⟦name fr_FR⟧:MAILTO:⟦EMAIL_ADDRESS simple⟧
LOCATION:⟦DE_STREET_ADDRESS⟧
DESCRIPTION:Einwahl ⟦PHONE_NUMBER DE⟧\\nMeeting password: ⟦PASSWORD_ASSIGNMENT⟧
END:VEVENT
""",
    """\
You are invited to a meeting.
When: <date>, <00-23>:<00-59>
Dial by your location: ⟦US_PHONE_NUMBER plus⟧ (New York), ⟦PHONE_NUMBER GB⟧ (London)
Passcode: ⟦PASSWORD_ASSIGNMENT⟧
Organiser: ⟦EMAIL_ADDRESS simple⟧
""",
    """\
BEGIN:VALARM
ACTION:EMAIL
ATTENDEE:mailto:⟦EMAIL_ADDRESS simple⟧
SUMMARY:Renew passport ⟦US_PASSPORT⟧ (passport number on page 2)
TRIGGER:-P<1-30>D
END:VALARM
""",
)
_CONTACTS = (
    """\
BEGIN:VCARD
VERSION:4.0
FN:⟦name en_GB⟧
BDAY:⟦DATE_OF_BIRTH compact⟧
TEL;VALUE=uri;PREF=1;TYPE="voice,home":tel:⟦PHONE_NUMBER GB bare⟧
EMAIL;TYPE=work:⟦EMAIL_ADDRESS simple⟧
ADR;TYPE=home:;;⟦GB_STREET_ADDRESS⟧;Leeds;;⟦GB_POSTCODE⟧;United Kingdom
REV:20240<1-9>01T000000Z
END:VCARD
""",
    """\
BEGIN:VCARD
VERSION:2.1
N:⟦name de_DE⟧
TEL;CELL:⟦PHONE_NUMBER DE bare⟧
TEL;WORK:⟦PHONE_NUMBER FR⟧
EMAIL;INTERNET:⟦EMAIL_ADDRESS upper⟧
END:VCARD
""",
    (
        "dn: uid=jweber,ou=people,dc=example,dc=com\nmail: ⟦EMAIL_ADDRESS simple⟧\n"
        "telephoneNumber: ⟦PHONE_NUMBER NL⟧\nuserPassword: ⟦PASSWORD_ASSIGNMENT⟧\nobjectClass: inetOrgPerson"
    ),
    (
        "⟦name it_IT⟧ · Acquisti\nuff. ⟦PHONE_NUMBER IT⟧ · cell. ⟦IT_PHONE_NUMBER national⟧\n"
        "⟦EMAIL_ADDRESS simple⟧ · www.example.com/it"
    ),
    "⟦name nl_NL⟧ (she/her)\nHead of <noun>s, Acme BV\nM ⟦NL_PHONE_NUMBER dash⟧  E ⟦EMAIL_ADDRESS international⟧",
)
_FORWARDED = (
    """\
---------- Forwarded message ---------
From: ⟦name es_ES⟧ <⟦EMAIL_ADDRESS simple⟧>
Date: <date>
Subject: Fwd: datos para la nómina
To: <⟦EMAIL_ADDRESS simple⟧>

NIF ⟦ES_DNI⟧, número de cuenta ⟦ES_CCC⟧ (IBAN ⟦IBAN_CODE es_ES⟧), teléfono ⟦ES_PHONE_NUMBER threes⟧
""",
    """\
> On <date>, ⟦name da_DK⟧ wrote:
> > CPR-nummer: ⟦DK_CPR⟧
> > Konto (IBAN): ⟦IBAN_CODE da_DK⟧
> tak, og telefonnummeret?
⟦PHONE_NUMBER GB⟧ indtil videre
""",
    """\
Received: from mail.example.com ([⟦IPV4_ADDRESS⟧]) by mx.example.org with ESMTPS id <sign:10>
Return-Path: <⟦EMAIL_ADDRESS simple⟧>
Message-Id: <<hex:12>.<hex:8>.mail>
Subject: Re: offer

Please update our file: VAT rep ⟦NATIONAL⟧, phone ⟦ABROAD⟧.
""",
)
_PEOPLE = json.dumps(
    {
        "data": [
            {"id": "<1-999>", "email": "⟦EMAIL_ADDRESS simple⟧", "mobilePhone": "⟦PHONE_NUMBER FR bare⟧"},
            {"id": "<1-999>", "email": "⟦EMAIL_ADDRESS simple⟧", "birthDate": "⟦DATE_OF_BIRTH midnight⟧"},
        ],
        "next": None,
    },
    indent=2,
    ensure_ascii=False,
)

SORTS = (
    sort("tickets", _TICKETS, (PLAIN, writing.COMMENTED)),
    sort("tickets within JSON and HTML", _TICKETS[::2], (JSON, writing.NAMED_ENTITIES)),
    sort("exports of Slack", _SLACK),
    sort("invitations", _INVITATIONS),
    sort("contacts", (*_CONTACTS, _PEOPLE)),
    sort("forwarded mails", _FORWARDED, (PLAIN, QUOTED_PRINTABLE, writing.NUMBERED_ENTITIES)),
)
