import pytest

from meterd.classify.check_digits import RULES
from meterd.classify.validators import validator

ZONE = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<1"

SAMPLES = [
    ("au_medicare", "2123 45670 1", "2123 45671 1"),
    ("br_cnh", "12345678900", "12345678910"),
    ("br_pis", "120.12345.67-2", "120.12345.67-9"),
    ("card_track", "%B4111111111111111^DOE/JANE^2812101", "%B4111111111111112^DOE/JANE^2812101"),
    ("de_document", "L01X00T471", "L01X00T472"),
    ("de_document", "L01X00T47", "L01X00T4"),
    ("de_driving_licence", "B072RRE2I55", "B072RRE2I65"),
    ("de_health_insurance", "A123456780", "A123456781"),
    ("de_social_security", "15 070649 C 103", "15 070649 C 104"),
    ("hk_identity_card", "A123456(3)", "A123456(4)"),
    ("hk_identity_card", "AB987654(3)", "AB987654(A)"),
    ("machine_readable_zone", f"{ZONE}0", f"{ZONE}1"),
    ("mx_clabe", "032180000118359719", "032180000118359718"),
    ("parcel", "1Z999AA10123456784", "1Z999AA10123456785"),
    ("parcel", "RR473124829GB", "RR473124828GB"),
    ("parcel", "123456789012", "123456789012X"),
    ("pl_identity_card", "ABS 123456", "ABS 223456"),
    ("pl_passport", "ZS0000177", "ZS1000177"),
    ("pzn", "03041347", "03041348"),
    ("pzn", "3041347", "3041348"),
    ("ru_snils", "112-233-445 95", "112-233-445 96"),
    ("ru_snils", "001-001-998 00", "001-001-999 00"),
    ("se_personnummer", "880320-0016", "880320-0017"),
    ("se_personnummer", "701063-2391", "701093-2391"),
    ("se_personnummer", "19701063+2391", "21701063+2391"),
    ("sg_nric", "S1234567D", "S1234567A"),
    ("sg_nric", "M5398242L", "M5398242K"),
    ("tw_national_id", "A123456789", "A123456788"),
    ("us_dea", "BB1388568", "BB1388567"),
    ("us_npi", "1234567893", "1234567890"),
    ("vin", "1HGCM82633A004352", "1HGCM82643A004352"),
    ("vin", "WVWZZZ1JZ3W386752", "LVWZZZ1JZ3W386752"),
]


@pytest.mark.parametrize(("name", "good", "bad"), SAMPLES)
def test_a_number_is_told_from_one_with_a_wrong_digit(name: str, good: str, bad: str) -> None:
    assert validator(name)(good)
    assert not validator(name)(bad)


def test_every_rule_has_a_sample() -> None:
    assert set(RULES) == {name for name, _, _ in SAMPLES}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("text", ["", "\u0663\u00e9\U0001f600\x00", "-", "\u0661" * 11])
def test_what_does_not_have_the_form_is_refused(name: str, text: str) -> None:
    assert not RULES[name](text)
