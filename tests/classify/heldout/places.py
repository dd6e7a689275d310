"""Streets with house numbers, post codes and coordinates."""

from random import Random

from faker import Faker

from tests.classify.heldout.drawing import Draw, characters, masked, one_of
from tests.classify.heldout.kind import Kind, alone, near

_GB_STREETS = (
    "High Street",
    "Station Road",
    "Church Lane",
    "Victoria Road",
    "Green Lane",
    "Mill Lane",
    "Kingsway Avenue",
    "St Mary's Close",
    "Elm Grove",
    "Albert Terrace",
    "Queen's Crescent",
    "Park Drive",
)
_DE_STREETS = (
    "Hauptstraße",
    "Bahnhofstr.",
    "Goethestraße",
    "Lindenweg",
    "Am Alten Markt",
    "Schillerplatz",
    "Gartenweg",
    "Berliner Allee",
    "Mühlengasse",
    "Karl-Marx-Straße",
    "Kaiserdamm",
    "Rosenstr.",
)
_FR_STREETS = (
    "rue de la République",
    "avenue Victor Hugo",
    "boulevard Saint-Michel",
    "place de la Mairie",
    "rue des Lilas",
    "chemin du Moulin",
    "allée des Tilleuls",
    "impasse des Roses",
    "quai de la Loire",
    "cours Gambetta",
)
_POSTCODE_AREAS = ("SW", "EC", "M", "B", "LS", "G", "EH", "CF", "BT", "OX", "CB", "NE")
_INWARD = "ABDEFGHJLNPQRSTUWXYZ"


def _american() -> Draw:
    fake = Faker("en_US")

    def draw(random: Random) -> str:
        fake.seed_instance(random.getrandbits(32))
        return fake.street_address()

    return draw


def _numbered(form: str, streets: tuple[str, ...]) -> Draw:
    def draw(random: Random) -> str:
        return form.format(number=random.randint(1, 180), street=random.choice(streets))

    return draw


def _postcode(random: Random) -> str:
    area = random.choice(_POSTCODE_AREAS)
    return f"{area}{random.randint(1, 20)} {random.randint(1, 9)}{characters(random, _INWARD, 2)}"


def _decimal(random: Random) -> str:
    return f"{random.uniform(-60, 60):.5f}, {random.uniform(-170, 170):.5f}"


def _degrees(random: Random) -> str:
    return f"{random.uniform(1, 60):.4f}° N, {random.uniform(1, 170):.4f}° E"


def _minutes(random: Random) -> str:
    angle = f"{random.randint(10, 59)}°{random.randint(10, 59)}'{random.randint(10, 59)}\""
    return f"{angle}N {random.randint(1, 170)}°{random.randint(10, 59)}'{random.randint(10, 59)}\"W"


_FRENCH = one_of(_numbered("{number} {street}", _FR_STREETS), _numbered("{number} bis, {street}", _FR_STREETS))

KINDS = (
    Kind(
        "US_STREET_ADDRESS",
        _american(),
        near("en", ("shipping address", "address", "home address"), ("address", "street")),
        ("they moved to <value> last spring", "the courier stood in front of <value> and nobody opened", *alone("en")),
    ),
    Kind(
        "US_POST_OFFICE_BOX",
        masked("P.O. Box ####", "PO Box ##", "P.O. Box #####", "Post Office Box ###"),
        near("en", ("mailing address", "address"), ("address", "mailing_address")),
        ("send the cheque to <value>, Springfield", *alone("en")),
    ),
    Kind(
        "GB_STREET_ADDRESS",
        _numbered("{number} {street}", _GB_STREETS),
        near("en", ("address", "home address"), ("address", "address_line_1")),
        ("they moved to <value>, Leeds, last spring", "the meter at <value> is read on Tuesday", *alone("en")),
    ),
    Kind(
        "DE_STREET_ADDRESS",
        _numbered("{street} {number}", _DE_STREETS),
        near("de", ("Adresse", "Anschrift", "Lieferadresse"), ("strasse", "anschrift")),
        ("wir sind in die <value> gezogen", "Treffpunkt ist <value>, 50667 Köln, zweiter Stock", *alone("de")),
    ),
    Kind(
        "FR_STREET_ADDRESS",
        _FRENCH,
        near("fr", ("adresse", "domicile", "adresse de livraison"), ("adresse", "rue")),
        ("nous habitons maintenant <value>, à Lyon", "rendez-vous <value>, 69003 Lyon, deuxième étage", *alone("fr")),
    ),
    Kind(
        "GB_POSTCODE",
        _postcode,
        near("en", ("postcode", "post code"), ("postcode", "post_code")),
        ("the flat is in <value>, near the station", *alone("en")),
    ),
    Kind(
        "COORDINATES",
        one_of(_decimal, _degrees, _minutes),
        near("en", ("coordinates", "GPS position", "location"), ("coordinates", "gps")),
        ("we met at <value> at noon", *alone("en")),
        one_of(_decimal, _degrees, _minutes),
    ),
)
