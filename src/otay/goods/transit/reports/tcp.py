"""The TCP door, for devices that speak their own protocol over a raw connection. Everything about it is bounded.

A connection is read again only when what came is on the disk; then the device is answered as its protocol wants.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import Counter
from dataclasses import dataclass
from functools import partial

from otay.core.errors import OtayError
from otay.core.i18n import N_
from otay.formats.seals.acknowledging import acknowledge
from otay.formats.seals.families import FAMILIES
from otay.formats.seals.frames import Kind, Piece, Report, decode_frame
from otay.goods.transit.reports.collector import Collector
from otay.goods.transit.reports.incoming import MESSAGE_BYTES, Message
from otay.goods.transit.reports.reading import recognise
from otay.node import clock

logger = logging.getLogger(__name__)

READ_BYTES = 16 * 1024
ENOUGH_TO_RECOGNISE = 64


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one connection, and all of them, may take. Seconds and bytes."""

    connections: int = 12_000
    connections_of_address: int = 2_000
    first_frame_s: float = 30.0
    rest_of_frame_s: float = 30.0
    idle_s: float = 1800.0
    garbage_bytes: int = 16 * 1024
    pause_s: float = 0.02
    write_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Listening:
    """An address to listen on; ``family`` empty: found out from the first bytes."""

    host: str
    port: int
    family: str = ""


def listening_at(text: str) -> Listening:
    """``HOST:PORT[=PROTOCOL]`` as where to listen.

    Raises:
        OtayError: when it is something else.
    """
    where, _, family = text.partition("=")
    host, _, port = where.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) < 65536 or (family and family not in FAMILIES):
        known = ", ".join(FAMILIES)
        raise OtayError(
            N_("%(text)s is not HOST:PORT or HOST:PORT=PROTOCOL; protocols are %(known)s"), text=text, known=known
        )
    return Listening(host.strip("[]"), int(port), family)


class TcpDoor:
    """Listens on addresses, in a thread of its own."""

    def __init__(self, addresses: list[Listening], collector: Collector, bounds: Bounds | None = None) -> None:
        self.addresses, self.collector, self.bounds = addresses, collector, bounds or Bounds()
        self.ports: list[int] = []
        self.refused = 0
        self._of_address: Counter[str] = Counter()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="tcp door", daemon=True)
        self._ready = threading.Event()
        self._problem: OSError | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Listen.

        Raises:
            OSError: when an address cannot be had.
        """
        self._thread.start()
        self._ready.wait()
        if self._problem:
            raise self._problem

    def stop(self, *, seconds: float = 5.0) -> None:
        """Close all connections; devices send again what was not answered."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(seconds)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            servers = [self._loop.run_until_complete(self._listen(address)) for address in self.addresses]
        except OSError as problem:
            self._problem = problem
            return
        finally:
            self._ready.set()
        self._loop.run_forever()
        for server in servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            self._loop.run_until_complete(asyncio.wait(self._tasks, timeout=2))
        self._loop.close()

    async def _listen(self, address: Listening) -> asyncio.Server:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None:
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            await self._serve(address, reader, writer)

        server = await asyncio.start_server(handle, address.host, address.port, limit=READ_BYTES, backlog=1024)
        self.ports.append(server.sockets[0].getsockname()[1])
        return server

    async def _serve(self, address: Listening, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port, *_ = writer.get_extra_info("peername") or ("?", 0)
        crowded = self._of_address[host] >= self.bounds.connections_of_address
        try:
            if crowded or self._of_address.total() >= self.bounds.connections:
                self.refused += 1
                return
            self._of_address[host] += 1
            try:
                await Connection(self, address.family, f"{host}:{port}", reader, writer).run()
            finally:
                self._of_address[host] -= 1
                if not self._of_address[host]:
                    del self._of_address[host]
        except (ConnectionError, TimeoutError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()


class Connection:
    """One device, or a gateway for several."""

    def __init__(
        self, door: TcpDoor, family: str, peer: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.door, self.family, self.peer = door, family, peer
        self.reader, self.writer = reader, writer
        self.buffer = b""
        self.garbage = 0
        self.device = ""
        self.spoke = False

    async def run(self) -> None:
        """Until it ends, falls silent or sends too much that is no frame."""
        begun = asyncio.get_running_loop().time()
        while self.garbage <= self.door.bounds.garbage_bytes:
            try:
                data = await asyncio.wait_for(self.reader.read(READ_BYTES), self._patience(begun))
            except TimeoutError:
                break
            if not data:
                break
            if not self.buffer:
                begun = asyncio.get_running_loop().time()
            self.buffer += data
            await self._take_frames()
            # whoever sends byte by byte is looked at no more often than this
            await asyncio.sleep(self.door.bounds.pause_s)
        else:
            logger.warning("%s sends no frames: closed", self.peer)
        await self._keep(self.buffer)  # the beginning of a frame is kept as well

    def _patience(self, begun: float) -> float:
        bounds = self.door.bounds
        if not self.buffer:
            return bounds.idle_s if self.spoke else bounds.first_frame_s
        most = bounds.rest_of_frame_s if self.spoke else bounds.first_frame_s
        return max(0.01, begun + most - asyncio.get_running_loop().time())

    async def _take_frames(self) -> None:
        if not self.family and not self._recognised():
            return
        family = FAMILIES[self.family]
        pieces = list(family.split(self.buffer))
        rest = pieces.pop() if pieces and pieces[-1].kind is Kind.PARTIAL else None
        end = rest.start if rest else len(self.buffer)
        whole, self.buffer = self.buffer[:end], self.buffer[end:]
        if len(self.buffer) >= MESSAGE_BYTES:
            self.garbage += len(self.buffer)
            whole, self.buffer = whole + self.buffer, b""
        self.garbage += sum(len(piece.data) for piece in pieces if piece.kind is Kind.GARBAGE)
        frames = [piece for piece in pieces if piece.kind is Kind.FRAME]
        self.spoke = self.spoke or bool(frames)
        if whole.strip():
            await self._keep(whole)
        await self._answer(frames)

    def _recognised(self) -> bool:
        self.family = recognise(self.buffer)
        if not self.family and len(self.buffer) >= ENOUGH_TO_RECOGNISE:
            self.garbage = self.door.bounds.garbage_bytes + 1
        return bool(self.family)

    async def _keep(self, data: bytes) -> None:
        """Returns when ``data`` is on the disk."""
        loop = asyncio.get_running_loop()
        for start in range(0, len(data), MESSAGE_BYTES):
            message = Message(self.peer, data[start : start + MESSAGE_BYTES], self.family, self.device)
            stored: asyncio.Future[None] = loop.create_future()

            on_disk = partial(_settle, loop, stored)
            while not self.door.collector.offer(message, on_disk):
                await asyncio.sleep(0.05)
            await stored

    async def _answer(self, frames: list[Piece]) -> None:
        now = clock.now()
        for piece in frames:
            if self.family == "gt06":
                self._sign_in(piece.data)
            answer = acknowledge(self.family, piece.data, now=now)
            if answer:
                self.writer.write(answer)
        await asyncio.wait_for(self.writer.drain(), self.door.bounds.write_s)

    def _sign_in(self, frame: bytes) -> None:
        report = Report()
        decode_frame(FAMILIES["gt06"], frame, report)
        self.device = report.session.get("gt06", self.device)


def _settle(loop: asyncio.AbstractEventLoop, stored: asyncio.Future[None]) -> None:
    """From the collector's thread."""
    with contextlib.suppress(RuntimeError):  # the door was closed meanwhile
        loop.call_soon_threadsafe(lambda: None if stored.done() else stored.set_result(None))
