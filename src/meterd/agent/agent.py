"""The parts of an agent, from its queues on disk to what it answers."""

from meterd.agent.delivery import Delivery
from meterd.agent.documents import Documents
from meterd.agent.processes import Process
from meterd.agent.recording import Recorder
from meterd.agent.requests import Requests
from meterd.agent.settings import Settings
from meterd.agent.spool import Spool
from meterd.agent.supervision import Supervisor
from meterd.agent.table import SessionTable
from meterd.agent.uplink import Uplink


class Agent:
    """Holds the parts of the agent. `owner` is the process that started it.

    Attributes:
        users: the ids of those who may use the agent beside its own user.
        supervisor: knows which parts fail.
        table: the sessions.
        delivery: brings what is queued to the server.
        recorder: puts what happens into the queues.
        requests: answers what applications write.
        documents: answers what users read.
    """

    def __init__(self, settings: Settings, spools: list[Spool], owner: Process | None) -> None:
        self.users = settings.users
        self._spools = spools
        self.supervisor = Supervisor()
        self.table = SessionTable(spools)
        self._uplink = Uplink(settings)
        self.delivery = Delivery(self._uplink, self.table, self.supervisor)
        self.recorder = Recorder(self.delivery, settings)
        self.requests = Requests(self.table, self.recorder, self.delivery, spools[0], owner)
        self.documents = Documents(self.table, self._uplink)

    def resume(self) -> None:
        """Deliver what was left in the queues."""
        for active in self.table.all:
            self.delivery.wake(active)

    @property
    def is_done(self) -> bool:
        """Whether every session has ended and the server has everything."""
        return not self.table.running and not any(spool.queued_items for spool in self._spools)

    def health(self) -> dict[str, object]:
        """Say how the agent is: what waits, and what fails."""
        failing = self.supervisor.failing
        return {
            "status": "degraded" if failing else "ok",
            "sessions": len(self.table.running),
            "queued": sum(spool.queued_items for spool in self._spools),
            "queued_bytes": sum(spool.queued_bytes for spool in self._spools),
            "refused": self.delivery.refused,
            "server_reachable": not self._uplink.is_failing,
            "failing": failing,
        }

    async def close(self, seconds: float) -> None:
        """Queue what is aggregated, deliver for as long as given, and release the files, whatever goes wrong before."""
        for active in self.table.running:
            with self.supervisor.attempt(f"the last flush of session {active.session.id}"):
                await self.recorder.flush(active)
        with self.supervisor.attempt("the last delivery"):
            await self.delivery.settle(seconds)
        with self.supervisor.attempt("the end of delivery"):
            await self.delivery.close()
        for spool in self._spools:
            with self.supervisor.attempt(f"closing {spool.path.name}"):
                await spool.close()
