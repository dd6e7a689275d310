"""Documents of the agent's sessions, as the server shows them."""

import contextlib
from urllib.parse import quote

from meterd.agent.bodies import encode
from meterd.agent.errors import Refused, Unreachable
from meterd.agent.sessions import ActiveSession
from meterd.agent.table import SessionTable
from meterd.agent.uplink import Uplink

_MAX_BYTES = 64 * 2**20


class Documents:
    """Reads documents for users: the server's, else what the agent itself knows."""

    def __init__(self, table: SessionTable, uplink: Uplink) -> None:
        self._table = table
        self._uplink = uplink

    async def read(self, id_: str, user: int) -> bytes:
        """Return the document of a session that the user began here.

        Raises:
            Refused: there is none (404), or no id (400).
        """
        if not id_:
            raise Refused(400, "Session ID required")
        return await self._document(self._table.find(id_, user))

    async def read_all(self, user: int) -> bytes:
        """Return the documents of all sessions that the user began here.

        Raises:
            Refused: they are larger than an answer may be (413).
        """
        documents: list[bytes] = []
        for active in self._table.all:
            if active.session.user == user:
                documents.append(await self._document(active))
            if sum(map(len, documents)) > _MAX_BYTES:
                raise Refused(413, f"The sessions have more than {_MAX_BYTES} bytes: ask for each with /session")
        return b"[" + b",".join(documents) + b"]"

    async def _document(self, active: ActiveSession) -> bytes:
        with contextlib.suppress(Unreachable):
            if server_id := active.session.server_id:
                response = await self._uplink.read(f"/api/sessions/{quote(server_id, safe='')}")
                if response.status == 200:
                    return response.body
        return encode(active.session.stub())
