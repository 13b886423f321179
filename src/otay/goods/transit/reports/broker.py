"""An MQTT broker inside the process (amqtt), for the demonstration: nothing to install, nothing kept."""

from __future__ import annotations

import asyncio
import threading

from amqtt.broker import Broker

HOST = "127.0.0.1"


class EmbeddedBroker:
    """Runs in a thread of its own. Speaks MQTT 3.1.1 and has no shared subscriptions."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="mqtt broker", daemon=True)
        self._ready = threading.Event()
        self._problem: BaseException | None = None

    def start(self) -> None:
        """Listen.

        Raises:
            Exception: what kept it from listening, such as a port that is taken.
        """
        self._thread.start()
        self._ready.wait(10)
        if self._problem:
            raise self._problem

    def stop(self) -> None:
        """End."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        settings = {
            "listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{self.port}", "max_connections": 1000}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
        try:
            broker = Broker(settings, self._loop)
            self._loop.run_until_complete(broker.start())
        except BaseException as problem:
            self._problem = problem
            return
        finally:
            self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(broker.shutdown())
