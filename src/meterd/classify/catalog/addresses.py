"""Where people live and where they are."""

from meterd.classify.catalog.declaring import number
from meterd.classify.model import (
    Boundary,
    Category,
    Classifier,
    Expression,
    Likelihood,
    Pattern,
    Rule,
    Set,
    Target,
    bare,
    formatted,
    identifier,
    refuse,
)

_SUFFIXES = (
    "Alley|Aly|Annex|Arcade|Avenue|Ave|Bayou|Beach|Bend|Bluffs?|Bottom|Boulevard|Blvd|Branch|Bridge|Brooks?|Burgs?|Bypass"
    "|Camp|Canyon|Cape|Causeway|Centers?|Circles?|Cir|Cliffs?|Club|Common|Corners?|Course|Courts?|Ct|Coves?|Creek"
    "|Crescent|Crest|Crossing|Crossroad|Curve|Dale|Dam|Divide|Drives?|Dr|Estates?|Expressway|Extensions?|Falls?|Ferry"
    "|Fields?|Flats?|Fords?|Forest|Forges?|Forks?|Fort|Freeway|Gardens?|Gateway|Glens?|Greens?|Groves?|Harbors?|Haven"
    "|Heights|Highway|Hwy|Hills?|Hollow|Inlet|Islands?|Isle|Junctions?|Keys?|Knolls?|Lakes?|Land|Landing|Lane|Ln|Lights?"
    "|Loaf|Locks?|Lodge|Loop|Mall|Manors?|Meadows?|Mews|Mills?|Mission|Motorway|Mount|Mountains?|Neck|Orchard|Oval"
    "|Overpass|Parks?|Parkways?|Pkwy|Pass|Passage|Path|Pike|Pines?|Place|Pl|Plains?|Plaza|Points?|Ports?|Prairie|Radial"
    "|Ramp|Ranch|Rapids?|Rest|Ridges?|River|Roads?|Rd|Route|Row|Rue|Run|Shoals?|Shores?|Skyway|Springs?|Spurs?|Squares?"
    "|Sq|Station|Stravenue|Stream|Streets?|St|Summit|Terrace|Ter|Throughway|Trace|Track|Trafficway|Trail|Tunnel|Turnpike"
    "|Underpass|Unions?|Valleys?|Via|Viaduct|Views?|Villages?|Ville|Vista|Walks?|Wall|Ways?|Wells?"
)
_IN_PROSE = (
    refuse(r"^\d+ (?:The|Best|Key|More|Most|Other|Overall|Different) |(?:Keys|Lights|Parks|Points|Views|Ways)\.?$"),
    refuse(
        Expression(r"\b(?:article|chapter|figure|level|page|part|question|section|step|table|top|volume) $", True),
        Target.CONTEXT,
    ),
)
"""Headings and lists have numbers before capitalised words too."""
_UNIT = r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Floor|Fl|Room|Rm|Box|#)\.? ?[0-9A-Z-]{1,6})?"
_LOCALITY = r"(?:,|\n| )? ?[A-Z][A-Za-z.'-]+(?: [A-Z][A-Za-z.'-]+){0,3},? [A-Z]{2},? \d{5}(?:-\d{4})?"
_STREET = (
    r"\d{1,6}[A-Z]? (?:(?:N|S|E|W|NE|NW|SE|SW|North|South|East|West)\.? )?"
    rf"(?:(?:[A-Z][A-Za-z.'-]*|\d{{1,3}}(?:st|nd|rd|th)) ){{1,4}}(?:{_SUFFIXES})\b\.?"
)


def _street(code: str, place: str, example: str, *regexes: str) -> Classifier:
    """Declare a street with the number of a house, as the words for streets of a language tell."""
    return identifier(
        code,
        code.upper(),
        *(formatted(regex, boundary=Boundary.WORD) for regex in regexes),
        category=Category.LOCATION,
        description=f"Street and house number, {place}",
        example=example,
    )


def _postal(
    code: str, place: str, example: str, pattern: Pattern, words: tuple[str, ...] = (), validator: str | None = None
) -> Classifier:
    return identifier(
        code,
        code.upper(),
        pattern,
        category=Category.LOCATION,
        description=f"Postal code of {place}",
        example=example,
        validator=validator,
        context=words,
        before=24,
    )


_AMONG_NUMBERS = (
    refuse(r"^-?0\.\d+, ?-?[01]\."),
    Rule(Expression(r"\d[,;]\s*$|^[,;]\s*-?\d"), Target.CONTEXT, Set(Likelihood.NO_MATCH), before=4, after=4),
)
"""Two numbers of a longer list, or shares of one, are no place."""
_CODE_WORDS = ("postal code", "postcode", "zip", "zip code", "zipcode")

CLASSIFIERS = (
    identifier(
        "us_street_address",
        "US_STREET_ADDRESS",
        Pattern(rf"{_STREET}{_UNIT}{_LOCALITY}", Likelihood.VERY_LIKELY, boundary=Boundary.WORD),
        formatted(rf"{_STREET}{_UNIT}", boundary=Boundary.WORD),
        category=Category.LOCATION,
        description="Street and house number of the United States, with its town if given",
        example="1600 Pennsylvania Avenue NW",
        context=("address", "lives at", "live at", "located at", "ship to", "residence", "street"),
        rules=_IN_PROSE,
    ),
    identifier(
        "us_post_office_box",
        "US_POST_OFFICE_BOX",
        formatted(r"(?i:p\.? ?o\.? ?box|post office box) \d{1,6}|(?:PSC|CMR) \d{1,5},? Box \d{1,5}"),
        category=Category.LOCATION,
        description="Post office box",
        example="P.O. Box 12345",
    ),
    _street(
        "gb_street_address",
        "in the United Kingdom and Ireland",
        "221B Baker Street, London NW1 6XE",
        r"\d{1,4}[A-Za-z]? (?:[A-Z][A-Za-zÀ-ɏ'-]+ ){1,3}(?:Street|Road|Lane|Close|Avenue|Drive|Gardens|Grove|Way"
        r"|Place|Court|Mews|Terrace"
        r"|Crescent|Square|Hill|Walk|Row)(?:,? [A-Z][A-Za-zÀ-ɏ'-]+){1,3},? [A-Z]{1,2}\d[0-9A-Z]? \d[A-Z]{2}",
    ),
    _street(
        "de_street_address",
        "in German",
        "Musterstraße 12a",
        r"(?:[A-Za-zÀ-ɏ-]+(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|ring|ufer|damm|chaussee)"
        r"|[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ-]+[ -](?:Stra(?:ß|ss)e|Str\.|Weg|Platz|Allee|Ring|Gasse))"
        r" \d{1,4} ?(?:[a-z]\b)?(?:[/-]\d{1,4})?(?:,? \d{5} [A-ZÄÖÜ][A-Za-zÀ-ɏ-]+)?",
    ),
    _street(
        "fr_street_address",
        "in French",
        "12 bis, rue de la Paix",
        r"\d{1,4}(?: ?(?:bis|ter|quater))?,? (?i:rue|avenue|boulevard|place|chemin|impasse|allée|quai|route"
        r"|cours|square|passage)"
        r" (?:(?:de|du|des|de la|de l'|d'|la|le|les) ?)?[A-ZÀ-Ý][A-Za-zÀ-ɏ'-]+(?:[ -][A-ZÀ-Ýdl][A-Za-zÀ-ɏ'-]+){0,4}",
    ),
    _street(
        "es_street_address",
        "in Spanish",
        "Calle de Alcalá 50",
        r"(?i:calle|avenida|avda\.?|c/|plaza|paseo|pasaje|ronda|camino|carretera|glorieta|callejón|alameda|vía"
        r"|rambla|cañada|urbanización|acceso|cuesta)"
        r" (?:(?:de|del|de la|de los|de las) )?[A-ZÁÉÍÓÚÑ][A-Za-zÀ-ɏ'-]+"
        r"(?: [A-Za-zÀ-ɏ'-]+){0,5},? (?:n[ºo°.]{1,2} ?)?\d{1,4}",
    ),
    _street(
        "it_street_address",
        "in Italian",
        "Via Giuseppe Verdi, 12",
        r"(?i:via|viale|piazza|piazzale|corso|vicolo|largo|strada|stretto|rotonda|borgo|canale|contrada"
        r"|incrocio|vicolo)"
        r" (?:(?:di|del|della|dei|delle|degli) )?[A-ZÀ-Ý][A-Za-zÀ-ɏ'-]+(?: [A-Za-zÀ-ɏ'-]+){0,4},? \d{1,4}",
    ),
    _street(
        "pt_street_address",
        "in Portuguese",
        "Rua Gonçalves Dias, 17",
        r"(?i:rua|avenida|av\.|travessa|praça|alameda|largo|rodovia|estrada|viela|ladeira|quadra|via|parque"
        r"|jardim|vila|condomínio|setor|vereda|trecho|sítio|residencial|recanto|praia|passarela|pátio|núcleo"
        r"|morro|loteamento|lago|lagoa|fazenda|favela|esplanada|estação|distrito|conjunto|colônia|chácara|campo"
        r"|aeroporto|área|feira)"
        r" (?:(?:de|da|do|das|dos) )?[A-ZÀ-Ý][A-Za-zÀ-ɏ'-]+(?: [A-Za-zÀ-ɏ'-]+){0,5},? (?:n[ºo°.]{1,2} ?)?\d{1,5}",
    ),
    _street(
        "nl_street_address",
        "in Dutch",
        "Keizersgracht 123",
        r"[A-Z][A-Za-zÀ-ɏ'-]+(?:straat|laan|weg|plein|gracht|kade|singel|hof|dreef|baan|pad|steeg|dijk|ring"
        r"|boulevard) \d{1,4}(?:[a-z]|-\d{1,4}|-?[IVX]{1,4})?",
    ),
    _street(
        "pl_street_address",
        "in Polish",
        "ul. Marszałkowska 10/15",
        r"(?:ul\.|ulica|al\.|aleja|pl\.|plac"
        r"|os\.) [A-ZŁŚŻŹĆ0-9][A-Za-zÀ-ɏ-]+(?: [A-ZŁŚŻŹĆ][A-Za-zÀ-ɏ-]+){0,3} \d{1,4}[a-z]?(?:/\d{1,4})?",
    ),
    _street(
        "se_street_address",
        "in Swedish, Norwegian and Danish",
        "Ringvägen 8",
        r"[A-ZÅÄÖÆØ][A-Za-zÀ-ɏ-]+(?:gatan|vägen|gränd|torget|stigen|gata|väg|torg|stig|vej|gade|veien|gaten|allé|alle"
        r"|gränden) \d{1,4}(?: ?[A-Z]\b)?",
    ),
    _street(
        "ru_street_address",
        "in Russian and Ukrainian",
        "ул. Ленина, д. 12",
        r"(?:ул\.|улица|пр\.|проспект|пер\.|переулок|наб\.|бул\.|бульвар|вул\.|вулиця|просп\."
        r"|ш\.) [А-ЯЁІЇЄ][А-Яа-яЁІЇЄёіїє-]+(?: [А-Яа-яЁІЇЄёіїє-]+){0,3},? (?:д\. ?|буд\. ?)?\d{1,4}",
    ),
    _street(
        "tr_street_address",
        "in Turkish",
        "Atatürk Caddesi No: 15",
        r"[A-ZÇĞİÖŞÜ][A-Za-zÀ-ɏ]+(?: [A-ZÇĞİÖŞÜ][A-Za-zÀ-ɏ]+){0,2} (?:Caddesi|Cad\.|Sokak|Sokağı|Sok\.|Bulvarı"
        r"|Mahallesi)[ ,]{1,2}(?:No:? ?)?\d{1,4}",
    ),
    _street(
        "jp_street_address",
        "in Japanese",
        "東京都千代田区丸の内1丁目9番1号",
        r"(?:東京都|北海道|(?:京都|大阪)府|[一-龥ァ-ヶーぁ-ん]{2,3}県)[一-龥ァ-ヶーぁ-ん]+[市区町村郡][一-龥ァ-ヶーぁ-ん]*\d{1,4}(?:丁目|番地?|-\d{1,4})(?:\d{1,4}(?:番地?|号))*",
    ),
    _street(
        "cn_street_address",
        "in Chinese",
        "北京市朝阳区建国路88号",
        r"(?:[一-龥ァ-ヶーぁ-ん]+(?:省|自治区))?[一-龥ァ-ヶーぁ-ん]+市[一-龥ァ-ヶーぁ-ん]+[区县市][一-龥ァ-ヶーぁ-ん]+(?:路|街|道|巷|胡同)\d{1,5}号",
    ),
    _postal("us_zip_code", "the United States", "ZIP code 94105-1234", bare(r"\d{5}(?:-\d{4})?"), _CODE_WORDS),
    _postal(
        "us_state_and_zip_code",
        "the United States, after its state",
        "San Francisco, CA 94105",
        formatted(
            r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]"
            r"|T[NX]|UT|V[AT]|W[AIVY]) \d{5}(?:-\d{4})?"
        ),
        _CODE_WORDS,
    ),
    _postal(
        "gb_postcode",
        "the United Kingdom",
        "SW1A 2AA",
        formatted(
            r"(?:[A-PR-UWYZ]\d{1,2}|[A-PR-UWYZ][A-HK-Y]\d{1,2}|[A-PR-UWYZ]\d[A-HJKPSTUW]"
            r"|[A-PR-UWYZ][A-HK-Y]\d[ABEHMNPRVWXY]|GIR) \d[ABD-HJLNP-UW-Z]{2}"
        ),
        ("postcode", "post code"),
    ),
    _postal(
        "ca_postal_code",
        "Canada",
        "K1A 0B1",
        formatted(r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z][ -]?\d[ABCEGHJ-NPRSTV-Z]\d"),
        ("postal code", "code postal"),
    ),
    _postal(
        "ie_eircode",
        "Ireland",
        "D02 X285",
        formatted(r"(?:[AC-FHKNPRTV-Y]\d{2}|D6W) [0-9AC-FHKNPRTV-Y]{4}"),
        ("eircode",),
    ),
    _postal("de_postal_code", "Germany", "PLZ 10115", bare(r"(?:D-)?\d{5}"), ("plz", "postleitzahl")),
    _postal("ch_postal_code", "Switzerland", "PLZ CH-8001", bare(r"CH-[1-9]\d{3}"), ("plz", "postleitzahl", "npa")),
    _postal("fr_postal_code", "France", "code postal 75001", bare(r"(?:F-)?\d{5}"), ("code postal", "cp")),
    _postal("it_postal_code", "Italy", "CAP 00184", bare(r"\d{5}"), ("c.a.p", "cap:", "codice postale", "cap")),
    _postal("br_postal_code", "Brazil", "CEP 01310-100", bare(r"\d{5}-?\d{3}"), ("cep",)),
    _postal("pt_postal_code", "Portugal", "código postal 1000-205", bare(r"[1-9]\d{3}-\d{3}"), ("código postal",)),
    _postal("pl_postal_code", "Poland", "kod pocztowy 00-950", bare(r"\d{2}-\d{3}"), ("kod pocztowy", "kod")),
    _postal("jp_postal_code", "Japan", "〒100-0005", bare(r"\d{3}-\d{4}"), ("〒", "郵便番号")),
    _postal("in_pin_code", "India", "PIN code 110001", bare(r"[1-9]\d{2} ?\d{3}"), ("pin code", "pincode")),
    _postal(
        "au_postcode",
        "Australia, after its state",
        "Sydney NSW 2000",
        formatted(r"(?:NSW|VIC|QLD|WA|SA|TAS|ACT|NT) \d{4}"),
        ("postcode",),
    ),
    _postal("cn_postal_code", "China", "邮编 100020", bare(r"\d{6}"), ("邮编", "邮政编码")),
    _postal("ru_postal_code", "Russia", "индекс 101000", bare(r"\d{6}"), ("индекс", "почтовый индекс")),
    number(
        "at.postleitzahl",
        "Postal code of Austria",
        "PLZ 5090",
        bare(r"(?:A-)?[1-9]\d{3}"),
        words=("plz", "postleitzahl"),
        category=Category.LOCATION,
    ),
    number(
        "es.postal_code",
        "Postal code of Spain",
        "código postal 28013",
        bare(r"\d{5}"),
        words=("código postal", "c.p"),
        capitals=("CP",),
        category=Category.LOCATION,
    ),
    number(
        "nl.postcode",
        "Postal code of the Netherlands",
        "postcode 2601 DC",
        bare(r"[1-9]\d{3} ?[A-Z]{2}"),
        words=("postcode", "adres"),
        category=Category.LOCATION,
    ),
    number(
        "se.postnummer",
        "Postal code of Sweden",
        "postnummer 114 18",
        bare(r"(?:SE-)?\d{3} ?\d{2}"),
        words=("postnummer", "postnr"),
        category=Category.LOCATION,
    ),
    identifier(
        "coordinates",
        "COORDINATES",
        formatted(r"-?\d{1,2}\.\d{4,8}, ?-?1?\d{1,2}\.\d{4,8}"),
        formatted(
            r"\d{1,2}\.\d{2,8} ?° ?[NS],? ?\d{1,3}\.\d{2,8} ?° ?[EWO]"
            r"|[NS] ?\d{1,2}\.\d{3,8} ?°?,? ?[EWO] ?\d{1,3}\.\d{3,8}°?",
            boundary=Boundary.WORD,
        ),
        formatted(
            r"\d{1,2}° ?\d{1,2}['′] ?\d{1,2}(?:\.\d{1,4})?[\"″]? ?[NS],? ?"
            r"\d{1,3}° ?\d{1,2}['′] ?\d{1,2}(?:\.\d{1,4})?[\"″]? ?[EWO]",
            boundary=Boundary.ANYWHERE,
        ),
        category=Category.LOCATION,
        description="Latitude and longitude of a place",
        example="52.5200, 13.4050",
        rules=_AMONG_NUMBERS,
        context=("coordinates", "gps", "location", "lat", "latitude", "position"),
    ),
    identifier(
        "open_location_code",
        "OPEN_LOCATION_CODE",
        formatted(r"[23456789CFGHJMPQRVWX]{8}\+[23456789CFGHJMPQRVWX]{2,3}"),
        category=Category.LOCATION,
        description="Plus code of a place",
        example="9F4MGC22+22",
    ),
    identifier(
        "what_three_words",
        "WHAT_THREE_WORDS",
        formatted(r"///[a-z]{3,20}\.[a-z]{3,20}\.[a-z]{3,20}", boundary=Boundary.ANYWHERE),
        category=Category.LOCATION,
        description="Place in three words",
        example="///filled.count.soap",
    ),
)
