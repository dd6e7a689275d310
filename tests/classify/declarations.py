"""A few classifiers that the tests of the engine run."""

from meterd.classify.library import Detector, Library, Profile
from meterd.classify.model import (
    Classifier,
    bare,
    expand,
    formatted,
    identifier,
    near,
    secret,
)

US_PHONE = identifier(
    "phonenumber",
    "US_PHONE_NUMBER",
    formatted(r"\(?[2-9]\d{2}(?:\) ?|-)\d{3}-\d{4}|[2-9]\d{2}\.\d{3}\.\d{4}"),
    bare(r"1?[2-9]\d{9}"),
    validator="phone:US",
    context=("phone", "call", "tel"),
    rules=(expand(r"\+?1[- ]?\(?$", before=5), near("ext", after=6, before=0), expand(r"^ ext\.? \d+", after=10)),
    family="phone",
)
ANY_PHONE = identifier("any_phone", "PHONE_NUMBER", r"\+?[\d(][\d ()-]{6,}\d", yields_to=("phone", "us_ssn", "card"))
SSN = identifier(
    "us_ssn",
    "US_SSN",
    formatted(r"\d{3}-\d{2}-\d{4}"),
    bare(r"\d{9}"),
    validator="stdnum:us.ssn",
    context=("ssn", "social security"),
)
CARD = identifier("card", "CARD_NUMBER", r"\d{4}(?:[ -]?\d{4}){3}", validator="luhn")
TOKEN = secret("token", "TOKEN", r"tok_[0-9a-f]{16}")
EMAIL = identifier("email", "EMAIL", r"[\pL\d.]+@[a-z]+\.[a-z]{2,6}", validator="tld")
IPV4 = identifier("ipv4", "IPV4", r"\d{1,3}(?:\.\d{1,3}){3}", validator="ipv4")
PLATE = identifier("plate", "PLATE", bare(r"[A-Z]{2}-\d{4}"), context=("plate",))

# more expressions than are searched for without a prefilter
CLASSIFIERS: tuple[Classifier, ...] = (US_PHONE, ANY_PHONE, SSN, CARD, TOKEN, EMAIL, IPV4, PLATE)
UUID = "7dbf380f-0af8-4276-acb0-85413db2dbff"
LIBRARY = Library(CLASSIFIERS, [Profile(UUID, "all", tuple(Detector(one.code) for one in CLASSIFIERS))])
