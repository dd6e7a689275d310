"""The system classifiers, in tables by family, and the codes of the default profile."""

from meterd.classify.catalog import (
    addresses,
    africa,
    asia,
    banking,
    births,
    british_isles,
    card_codes,
    cloud_tokens,
    contact,
    cryptocurrency,
    development_tokens,
    eastern_europe,
    germany_france,
    health,
    identity_documents,
    network,
    nordic,
    north_america,
    oceania,
    passwords,
    people,
    phones,
    private_keys,
    publications,
    securities,
    service_tokens,
    south_america,
    southern_europe,
    vehicles,
    western_europe,
)
from meterd.classify.catalog.default_profile import OTHERS, SECRETS_LEFT_OUT
from meterd.classify.model import Classifier

FAMILIES: dict[str, tuple[Classifier, ...]] = {
    "Contact": contact.CLASSIFIERS,
    "Telephone numbers": phones.CLASSIFIERS,
    "Places": addresses.CLASSIFIERS,
    "People": (*births.CLASSIFIERS, *people.CLASSIFIERS, *identity_documents.CLASSIFIERS),
    "Health": health.CLASSIFIERS,
    "Banking": (*banking.CLASSIFIERS, *card_codes.CLASSIFIERS),
    "Securities and trade": securities.CLASSIFIERS,
    "Cryptocurrencies": cryptocurrency.CLASSIFIERS,
    "Keys": private_keys.CLASSIFIERS,
    "Passwords": passwords.CLASSIFIERS,
    "Credentials of clouds": cloud_tokens.CLASSIFIERS,
    "Credentials of development services": development_tokens.CLASSIFIERS,
    "Credentials of other services": service_tokens.CLASSIFIERS,
    "Networks and devices": network.CLASSIFIERS,
    "Vehicles and journeys": vehicles.CLASSIFIERS,
    "Publications": publications.CLASSIFIERS,
    "North and Central America": north_america.CLASSIFIERS,
    "South America": south_america.CLASSIFIERS,
    "United Kingdom and Ireland": british_isles.CLASSIFIERS,
    "Germany and France": germany_france.CLASSIFIERS,
    "Western Europe": western_europe.CLASSIFIERS,
    "Nordic and Baltic countries": nordic.CLASSIFIERS,
    "Southern Europe": southern_europe.CLASSIFIERS,
    "Eastern Europe": eastern_europe.CLASSIFIERS,
    "Asia": asia.CLASSIFIERS,
    "Africa": africa.CLASSIFIERS,
    "Oceania": oceania.CLASSIFIERS,
}
"""Every family's heading and its classifiers."""

SYSTEM: tuple[Classifier, ...] = tuple(classifier for family in FAMILIES.values() for classifier in family)

_SECRETS = (
    *private_keys.CLASSIFIERS,
    *passwords.CLASSIFIERS,
    *cloud_tokens.CLASSIFIERS,
    *development_tokens.CLASSIFIERS,
    *service_tokens.CLASSIFIERS,
)

DEFAULT_PROFILE: tuple[str, ...] = (
    *(secret.code for secret in _SECRETS if secret.code not in SECRETS_LEFT_OUT),
    *OTHERS,
)
"""Codes of the classifiers that are precise enough for any text: secrets, and personal data of the larger regions."""
