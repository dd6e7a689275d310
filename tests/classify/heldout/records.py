"""Birthdays, documents, patients, vehicles, devices and networks."""

import datetime
import string
from ipaddress import IPv4Address, IPv6Address
from random import Random

from tests.classify.heldout import check_digits
from tests.classify.heldout.drawing import (
    HEXADECIMAL,
    birthday,
    born,
    characters,
    grouped,
    masked,
    one_of,
    some,
    valid,
)
from tests.classify.heldout.kind import Kind, alone, by_context, near

_BIRTHS: dict[str, tuple[tuple[str, ...], str, tuple[str, ...]]] = {
    "en": (("date of birth", "DOB", "birth date"), "date_of_birth", ("%m/%d/%Y", "%B %d, %Y", "%Y-%m-%d", "%d %b %Y")),
    "de": (("Geburtsdatum", "geb.", "geboren am"), "geburtsdatum", ("%d.%m.%Y", "%d.%m.%y")),
    "fr": (("date de naissance", "né le", "née le"), "date_naissance", ("%d/%m/%Y",)),
    "es": (("fecha de nacimiento", "nacido el"), "fecha_nacimiento", ("%d/%m/%Y", "%d-%m-%Y")),
    "it": (("data di nascita", "nato il"), "data_nascita", ("%d/%m/%Y",)),
    "pt": (("data de nascimento", "nascido em"), "data_nascimento", ("%d/%m/%Y",)),
    "nl": (("geboortedatum", "geboren op"), "geboortedatum", ("%d-%m-%Y",)),
    "pl": (("data urodzenia", "ur."), "data_urodzenia", ("%d.%m.%Y", "%Y-%m-%d")),
    "sv": (("födelsedatum", "född"), "fodelsedatum", ("%Y-%m-%d",)),
}
"""By language: words, the name of a column, and how dates are written."""


def _births() -> tuple[Kind, ...]:
    """One kind by language, since dates are written differently; all have the same classifier."""
    return tuple(
        by_context("DATE_OF_BIRTH", language, words, (key,), one_of(*(born(form) for form in forms)))
        for language, (words, key, forms) in _BIRTHS.items()
    )


def _passport_lines(random: Random) -> str:
    """Two lines of 44 signs (ICAO 9303, part 4)."""
    country, surname, names = random.choice(
        (
            ("D<<", "MUSTERMANN", "ERIKA"),
            ("GBR", "BAKER", "TOM<EDWARD"),
            ("USA", "JOHNSON", "MARY"),
            ("FRA", "PETIT", "LUC"),
        )
    )
    first = f"P<{country}{surname}<<{names}".ljust(44, "<")
    number = characters(random, "CFGHJKLMNPRTVWXYZ" + string.digits, 9)
    number += check_digits.document(number)
    birth = _with_check(birthday(random))
    expiry = _with_check(datetime.date(2027, 1, 1) + datetime.timedelta(random.randrange(2_000)))
    personal = "<" * 14 + "0"
    whole = check_digits.document(number + birth + expiry + personal)
    return f"{first}\n{number}{country}{birth}{random.choice('FM')}{expiry}{personal}{whole}"


def _with_check(date: datetime.date) -> str:
    return f"{date:%y%m%d}" + check_digits.document(f"{date:%y%m%d}")


def _vehicle(random: Random) -> str:
    maker = random.choice(("1HGCM", "WVWZZ", "JTDKB", "5YJ3E", "WBA3A", "1FTFW"))
    return check_digits.vehicle(
        maker + characters(random, "ABCDEFGHJKLMNPRSTUVWXYZ" + string.digits, 6) + masked("######")(random)
    )


def _public_address(random: Random) -> str:
    while not (address := IPv4Address(random.getrandbits(32))).is_global:
        pass
    return str(address)


def _newer_address(random: Random) -> str:
    tail = random.choice((random.getrandbits(64), random.randrange(1, 4096)))
    return str(
        IPv6Address((0x2001_0DB8 if random.random() < 0.2 else 0x2A02_8109) << 96 | random.getrandbits(32) << 64 | tail)
    )


_ADAPTER = one_of(
    grouped(some(HEXADECIMAL, 12), "##:##:##:##:##:##"),
    grouped(some("0123456789ABCDEF", 12), "##-##-##-##-##-##", "##:##:##:##:##:##"),
)
_DEVICE = valid("imei", masked("35#############", "86#############"))

KINDS = (
    *_births(),
    Kind(
        "MACHINE_READABLE_ZONE",
        _passport_lines,
        (
            "The scan of the passport reads\n<value>\nplease check.",
            "MRZ:\n<value>",
            "ocr result of page 2:\n<value>\nend",
        ),
        ("<value>", "Seite 2\n\n<value>\n\nEnde", "```\n<value>\n```"),
    ),
    by_context(
        "MEDICAL_RECORD_NUMBER",
        "en",
        ("MRN", "medical record number", "patient ID"),
        ("mrn", "medical_record_number"),
        masked("0#######", "#######", "########"),
    ),
    by_context(
        "HEALTH_PLAN_NUMBER",
        "en",
        ("member ID", "insurance member ID", "subscriber ID"),
        ("member_id", "subscriber_id"),
        masked("???#########", "W#########", "###########"),
    ),
    by_context(
        "VEHICLE_IDENTIFICATION_NUMBER",
        "en",
        ("VIN", "VIN number", "vehicle identification number"),
        ("vin",),
        _vehicle,
    ),
    Kind(
        "IMEI",
        grouped(_DEVICE, "###############", "##-######-######-#"),
        near("en", ("IMEI", "IMEI number"), ("imei",)),
        alone("en"),
        grouped(_DEVICE, "##-######-######-#"),
    ),
    Kind(
        "IPV4_ADDRESS",
        _public_address,
        near("en", ("IP address", "IP", "client IP"), ("ip", "client_ip")),
        (
            '<value> - - [11/Mar/2024:08:22:41 +0000] "GET /index.html HTTP/1.1" 200 512',
            "sshd[812]: Failed password for root from <value> port 52144 ssh2",
            "ssh deploy@<value> uptime",
            "curl -v http://<value>:8080/status",
            *alone("de"),
        ),
    ),
    Kind(
        "IPV6_ADDRESS",
        _newer_address,
        near("en", ("IPv6 address", "IP", "client IP"), ("ip", "ipv6")),
        ("curl -v http://[<value>]:8080/status", "PING <value> 56 data bytes", *alone("en")),
    ),
    Kind(
        "MAC_ADDRESS",
        _ADAPTER,
        near("en", ("MAC address", "MAC", "hardware address"), ("mac", "mac_address")),
        ("    link/ether <value> brd all state UP", "DHCPREQUEST on eth0 for lease by <value>", *alone("en")),
    ),
    Kind(
        "SESSION_COOKIE",
        some(string.ascii_lowercase + string.digits, 32),
        ("Cookie: PHPSESSID=<value>", "Set-Cookie: JSESSIONID=<value>; Path=/; HttpOnly"),
        (
            "cookie: theme=dark; sessionid=<value>; lang=de",
            "curl -b 'JSESSIONID=<value>' https://shop.example.com/cart",
            "  -H 'Cookie: connect.sid=<value>' --compressed",
        ),
    ),
)
