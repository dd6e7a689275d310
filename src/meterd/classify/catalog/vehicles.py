"""Vehicles and what identifies them and journeys in them."""

from meterd.classify.model import Category, Classifier, bare, formatted, identifier, near

_PLATE = ("license plate", "licence plate", "number plate", "registration", "plate", "plate number")


def _plate(code: str, place: str, example: str, regex: str, words: tuple[str, ...] = ()) -> Classifier:
    return identifier(
        code,
        code.upper(),
        bare(regex),
        category=Category.VEHICLE,
        description=f"Number plate of {place}",
        example=example,
        context=_PLATE,
        rules=(near(*words),) if words else (),
    )


CLASSIFIERS = (
    identifier(
        "vehicle_identification_number",
        "VEHICLE_IDENTIFICATION_NUMBER",
        bare(r"[0-9A-HJ-NPR-Z]{13}\d{4}"),
        category=Category.VEHICLE,
        description="Vehicle identification number",
        example="VIN 1HGCM82633A004352",
        validator="vin",
        context=(
            "vin",
            "vehicle identification",
            "chassis",
            "fahrgestellnummer",
            "fin",
            "numéro de châssis",
            "bastidor",
            "vehicle id",
            "vin number",
            "fahrzeug-identifizierungsnummer",
            "fin-nummer",
            "chasis",
            "telaio",
            "chassi",
            "chassisnummer",
            "车架号",
            "車台番号",
            "차대번호",
        ),
    ),
    _plate("us_license_plate", "the United States", "license plate 7ABC123", r"[0-9A-Z]{1,3}[ -]?[0-9A-Z]{3,4}"),
    _plate(
        "gb_license_plate",
        "the United Kingdom",
        "registration AB12 CDE",
        r"[A-Z]{2}\d{2} ?[A-Z]{3}|[A-Z]\d{1,3} ?[A-Z]{3}",
    ),
    _plate(
        "de_license_plate",
        "Germany",
        "Kennzeichen B-MW 1234",
        r"[A-ZÄÖÜ]{1,3}[ -][A-Z]{1,2}[ -]?[1-9]\d{0,3}[EH]?",
        ("kennzeichen", "kfz-kennzeichen"),
    ),
    _plate(
        "fr_license_plate",
        "France",
        "immatriculation AB-123-CD",
        r"[A-Z]{2}[ -]?\d{3}[ -]?[A-Z]{2}",
        ("immatriculation", "plaque"),
    ),
    _plate(
        "es_license_plate", "Spain", "matrícula 1234 BCD", r"\d{4}[ -]?[B-DF-HJ-NP-TV-Z]{3}", ("matrícula", "matricula")
    ),
    _plate("it_license_plate", "Italy", "targa AB123CD", r"[A-Z]{2} ?\d{3} ?[A-Z]{2}", ("targa",)),
    _plate(
        "nl_license_plate", "the Netherlands", "kenteken AB-12-CD", r"(?:[0-9A-Z]{1,3}-){2}[0-9A-Z]{1,3}", ("kenteken",)
    ),
    _plate(
        "pl_license_plate",
        "Poland",
        "numer rejestracyjny WA 12345",
        r"[A-Z]{2,3} ?[0-9A-Z]{4,5}",
        ("rejestracyjny", "rejestracja"),
    ),
    _plate("br_license_plate", "Brazil", "placa ABC1D23", r"[A-Z]{3}-?\d[0-9A-J]\d{2}", ("placa",)),
    _plate(
        "in_license_plate",
        "India",
        "vehicle number MH 12 AB 1234",
        r"[A-Z]{2}[ -]?\d{1,2}[ -]?[A-Z]{1,3}[ -]?\d{4}",
        ("vehicle number", "vehicle no"),
    ),
    identifier(
        "booking_reference",
        "BOOKING_REFERENCE",
        bare(r"[0-9A-Z]{6}"),
        category=Category.OTHER,
        description="Reference of a flight's booking",
        example="booking reference X4KJ2P",
        context=("booking reference", "pnr", "record locator", "booking code", "buchungscode", "reservation code"),
    ),
    identifier(
        "airline_ticket_number",
        "AIRLINE_TICKET_NUMBER",
        bare(r"\d{3}[ -]?\d{10}"),
        category=Category.OTHER,
        description="Number of an airline ticket",
        example="ticket number 220-2345678901",
        context=("ticket number", "e-ticket", "ticket no", "ticketnummer"),
    ),
    identifier(
        "frequent_flyer_number",
        "FREQUENT_FLYER_NUMBER",
        bare(r"(?:[A-Z]{2} ?)?\d{7,15}"),
        category=Category.OTHER,
        description="Number of a member of an airline's programme",
        example="frequent flyer number 992003012345678",
        context=("frequent flyer", "miles & more", "mileageplus", "skymiles", "aadvantage"),
    ),
    identifier(
        "parcel_tracking_number",
        "PARCEL_TRACKING_NUMBER",
        formatted(r"1Z[0-9A-Z]{15}\d|[A-Z]{2}\d{9}(?:DE|US|GB|FR|CN|NL|CH|AT|ES|IT)"),
        bare(r"\d{12,22}"),
        category=Category.OTHER,
        description="Number of a parcel",
        example="1Z999AA10123456784",
        validator="parcel",
        context=("tracking number", "tracking no", "sendungsnummer", "numéro de suivi"),
    ),
)
