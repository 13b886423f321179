"""Which process serves which of the group's MQTT sessions.

A broker keeps what it gave to a session until that session answers, also when its process is gone. So the sessions are
fixed in number and have names, and some living process always serves each of them: by lease, like all background work
of a node. Two processes serve one session each; if one is killed the other serves both; when it is back it is given
one again.
"""

from __future__ import annotations

import logging
import time

from otay.goods.transit.reports.collector import Collector
from otay.goods.transit.reports.mqtt import Broker, Session
from otay.node.leases import Holder, alive

logger = logging.getLogger(__name__)

GRACE_SECONDS = 3.0
"""So long after its first session a process leaves the others to processes that may be about to start."""
WAITING = "transit.mqtt.waiting"


class Sessions:
    """The sessions that this process serves. ``tend`` is called about once a second."""

    def __init__(self, broker: Broker, names: list[str], collector: Collector) -> None:
        self.broker, self.names, self.collector = broker, names, collector
        self.serving: dict[str, Session] = {}
        self._leases: dict[str, Holder] = {}
        self._waiting = Holder()
        self._first_at = 0.0

    def tend(self) -> None:
        """Keep what is ours, take what nobody serves, give one up to a process that has none."""
        for name in list(self.serving):
            if not self._leases[name].hold(_lease(name)):
                logger.warning("session %s is served by another process now", name)
                self._end(name)
        self._renew()
        if not self.serving:
            self._take_first()
        elif alive([WAITING])[WAITING]:
            if len(self.serving) > 1:
                self._end(next(reversed(self.serving)))
        elif time.monotonic() - self._first_at > GRACE_SECONDS:
            for name in self.names:
                self._take(name)

    def stop(self) -> None:
        """Let all sessions go."""
        for name in list(self.serving):
            self._end(name)
        self._waiting.release()

    def _renew(self) -> None:
        for holder in self._leases.values():
            holder.renew()

    def _take_first(self) -> None:
        if any(self._take(name) for name in self.names):
            self._first_at = time.monotonic()
            self._waiting.release()
        elif self._waiting.hold(WAITING):
            self._waiting.renew()

    def _take(self, name: str) -> bool:
        if name in self.serving:
            return False
        holder = Holder()
        if not holder.hold(_lease(name)):
            return False
        session = Session(self.broker, name, self.collector)
        session.start()
        self.serving[name], self._leases[name] = session, holder
        logger.info("serving session %s", name)
        return True

    def _end(self, name: str) -> None:
        self.serving.pop(name).stop()
        self._leases.pop(name).release()


def _lease(name: str) -> str:
    return f"transit.mqtt.{name}"[:80]
