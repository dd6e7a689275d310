"""A person who is to be forgotten; which columns may name one is declared (`Column.names_person`)."""

import msgspec


class Person(msgspec.Struct, frozen=True, rename="camel"):
    """A subject, in the tenants where it shall be forgotten. Names are compared as they are written."""

    subject: str
    type: str
    tenants: tuple[str, ...]
