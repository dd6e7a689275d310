"""Which node a journal is of (`docs/decisions/0042-nodes.md`)."""

import secrets
import sqlite3

import msgspec

_TABLE = """CREATE TABLE IF NOT EXISTS node (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), id TEXT NOT NULL, journal TEXT NOT NULL
)"""


class Node(msgspec.Struct, frozen=True):
    """A node: the name that operators know it by, and what tells its journal from all others.

    The name may be changed, or be given to two nodes by mistake; what is derived from `journal` may not meet the same
    of another node. It is 32 hexadecimal digits, made at random with the file.
    """

    id: str
    journal: str


def keep_node(connection: sqlite3.Connection, name: str | None) -> Node:
    """Return the node of a journal, which is written to it: with another name when one is given, else with its own.

    A new journal without a name gets one. Raises `sqlite3.Error`.
    """
    connection.execute(_TABLE)
    before = connection.execute("SELECT id, journal FROM node").fetchone()
    if before:
        node = Node(name or before[0], before[1])
    else:
        node = Node(name or f"node-{secrets.token_hex(4)}", secrets.token_hex(16))
    if before != (node.id, node.journal):
        connection.execute("INSERT OR REPLACE INTO node VALUES (1, ?, ?)", (node.id, node.journal))
    return node
