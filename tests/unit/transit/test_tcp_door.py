"""The TCP door: frames over raw connections, answers only when they are kept, and everything that somebody might try.

The door as it is, over real connections; what it hands over is kept in memory here, in tables by the tests with a node.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from factories.seals import START, eseal, gt06, jt701, own_report
from otay.goods.transit.reports.incoming import MESSAGE_BYTES, Message
from otay.goods.transit.reports.reading import read
from otay.goods.transit.reports.tcp import Bounds, Listening, TcpDoor

ASKING = jt701(flags=["ack_required"])


class Keeper:
    """Stands where the collector stands: takes at most ``most`` messages while ``closed``, answers when opened."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.held: list[Callable[[], None]] = []
        self.closed = False

    def offer(self, message: Message, on_disk: Callable[[], None]) -> bool:
        self.messages.append(message)
        if self.closed:
            self.held.append(on_disk)
        else:
            on_disk()
        return True

    def records(self) -> list[dict[str, Any]]:
        """What the messages say."""
        return [record for frame in read(list(self.messages)) for record in frame.records]


@contextmanager
def door(family: str = "", **bounds: Any) -> Iterator[TcpDoor]:
    """A door on a free port."""
    opened = TcpDoor([Listening("127.0.0.1", 0, family)], Keeper(), Bounds(**bounds))  # type: ignore[arg-type]
    opened.start()
    try:
        yield opened
    finally:
        opened.stop()


def kept(opened: TcpDoor) -> Keeper:
    return opened.collector  # type: ignore[return-value]


def connect(to: TcpDoor) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", to.ports[0]), timeout=10)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def ended(connection: socket.socket) -> bool:
    """Whether the door has closed the connection (waits at most ten seconds)."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def wait(ready: Any) -> None:
    end = time.monotonic() + 10
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_device_is_answered_when_its_report_is_on_the_disk() -> None:
    with door("jt701") as opened, connect(opened) as device:
        kept(opened).closed = True
        device.sendall(ASKING)
        device.settimeout(0.3)
        with pytest.raises(TimeoutError):
            device.recv(100)
        kept(opened).held[0]()
        device.settimeout(10)
        assert device.recv(100) == b"(P35)"
    assert [item["device_id"] for item in kept(opened).records()] == ["7012345678"]


def test_frames_may_come_in_any_pieces_and_protocols_are_found_out() -> None:
    frames = [jt701(at=START + timedelta(minutes=minute), index=minute) for minute in range(3)]
    with door() as opened:
        with connect(opened) as device:
            data = b"".join(frames)
            for start in range(0, len(data), 7):
                device.sendall(data[start : start + 7])
                time.sleep(0.005)
            wait(lambda: len(kept(opened).records()) == 3)
        with connect(opened) as device:
            device.sendall(eseal("55"))
            assert device.recv(200).endswith(b"Normal ACK,1,E##\r\n")
        with connect(opened) as device:
            device.sendall(own_report("O-1") + b"\n" + own_report("O-2"))
            wait(lambda: len(kept(opened).records()) == 6)
    assert all(frame.records for frame in read(kept(opened).messages))


def test_a_tracker_that_signs_in_is_known_for_the_connection() -> None:
    login = gt06(0x01, bytes.fromhex("0123456789012345"))
    with door("gt06") as opened, connect(opened) as device:
        device.sendall(login)
        assert device.recv(100).startswith(b"xx\x05\x01")
        device.sendall(gt06(0x13, serial=2))
        assert device.recv(100).startswith(b"xx\x05\x13")
    assert [item["device_id"] for item in kept(opened).records()] == ["123456789012345"] * 2


# --- what somebody might try --------------------------------------------------------------------------------------


def test_who_sends_no_frame_in_time_is_closed_and_what_came_is_kept() -> None:
    with door("jt701", first_frame_s=0.3) as opened, connect(opened) as silent, connect(opened) as slow:
        begun = time.monotonic()
        slow.sendall(jt701()[:20])
        assert ended(silent)
        assert ended(slow)
        assert time.monotonic() - begun < 5
    assert [item.data for item in kept(opened).messages] == [jt701()[:20]]


def test_byte_by_byte_does_not_hold_a_connection_beyond_a_frames_time() -> None:
    with door("jt701", rest_of_frame_s=0.5) as opened, connect(opened) as slow:
        slow.sendall(ASKING)
        assert slow.recv(10)
        begun = time.monotonic()
        slow.settimeout(0.05)
        closed = False
        while not closed and time.monotonic() - begun < 8:
            try:
                slow.sendall(b"(")
                closed = slow.recv(1) == b""
            except TimeoutError:
                continue
            except ConnectionError:
                closed = True
        assert closed
        assert time.monotonic() - begun < 5


@pytest.mark.parametrize("family", ["", "jt701"])
def test_a_flood_of_garbage_is_cut_off_and_kept_within_bounds(family: str) -> None:
    with door(family, garbage_bytes=4096) as opened:
        with connect(opened) as noisy:
            sent = 0
            try:
                while sent < 4_000_000:
                    noisy.sendall(b"\x00\xffgarbage" * 100)
                    sent += 900
            except ConnectionError:
                pass
            assert sent < 4_000_000
            assert ended(noisy)
        with connect(opened) as device:
            device.sendall(ASKING)
            assert device.recv(10) == b"(P35)", "others go on"
    noise = sum(len(item.data) for item in kept(opened).messages)
    assert 0 < noise <= 2 * MESSAGE_BYTES


def test_a_frame_that_never_ends_is_bounded() -> None:
    with door("jt701") as opened, connect(opened) as endless:
        sent = 0
        try:
            while sent < 4_000_000:
                endless.sendall(b"(" + b"1" * 9999)
                sent += 10_000
        except ConnectionError:
            pass
        assert ended(endless)
        assert sent < 4_000_000


def test_so_many_connections_and_no_more() -> None:
    with door("jt701", connections_of_address=3) as opened:
        held = [connect(opened) for _ in range(3)]
        time.sleep(0.2)
        with connect(opened) as one_too_many:
            assert ended(one_too_many)
        assert opened.refused == 1
        held.pop().close()
        time.sleep(0.3)
        with connect(opened) as device:
            device.sendall(ASKING)
            assert device.recv(10) == b"(P35)"
        for connection in held:
            connection.close()


def test_a_device_that_does_not_read_its_answers_hurts_nobody() -> None:
    with door("jt701", write_s=0.3) as opened, connect(opened) as deaf:
        frames = b"".join(jt701(flags=["ack_required"], index=index) for index in range(200))
        deaf.settimeout(0.2)
        try:
            for _ in range(20):
                deaf.sendall(frames)
        except (TimeoutError, ConnectionError):
            pass
        with connect(opened) as device:
            device.sendall(ASKING)
            assert device.recv(10) == b"(P35)"


def test_stopping_the_door_ends_its_connections() -> None:
    with door("jt701") as opened:
        device = connect(opened)
        time.sleep(0.1)
    assert ended(device)
    device.close()
