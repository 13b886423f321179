"""The doors that ``node.toml`` names, opened inside the process that does the node's background work.

A border with thousands of seals gives them processes of their own instead: ``otay transit listen``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from otay.goods.transit.reports.listening import Listener

TEND_SECONDS = 1.0
NONE_SECONDS = 3600.0
PASSWORD = "OTAY_MQTT_PASSWORD"  # noqa: S105 - the name of a variable
AUTHORITY = "mqtt-ca.pem"
"""In the folder of the node's keys: what the broker's certificate is checked against; else the system's."""


class Doors:
    """Opened at the first step, then tended. Nothing is answered before it is on the disk, so the end needs no care."""

    def __init__(self) -> None:
        self.listener: Listener | None = None

    def step(self) -> float:
        """A step of the background loop: seconds until the next."""
        given = settings.OTAY
        if not given.seal_mqtt and not given.seal_tcp:
            return NONE_SECONDS
        if self.listener is None:
            self.listener = self._opened()
        self.listener.tend()
        return TEND_SECONDS

    def _opened(self) -> Listener:
        from otay.goods.transit.reports.listening import Listener
        from otay.goods.transit.reports.tcp import listening_at

        given, listener = settings.OTAY, Listener()
        if given.seal_mqtt:
            ca = given.keys / AUTHORITY
            listener.over_mqtt(
                given.seal_mqtt, password=os.environ.get(PASSWORD, ""), mqtt_ca=ca if ca.exists() else None
            )
        if given.seal_tcp:
            listener.over_tcp([listening_at(text) for text in given.seal_tcp])
        try:
            listener.start()
        except BaseException:
            listener.stop()
            raise
        return listener
