"""Frames of seals as logs, gateways and other firmware print them: the records stay the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories.seals import LOCKED, START, after, eseal, jt701
from otay.formats.seals.families import FAMILIES
from otay.formats.seals.frames import read
from otay.formats.seals.record import ALARM_OF_FLAG, STATUS_BITS

HEX = jt701(index=9).hex()
P45 = "(2050018634,P45,051124,204046,9.861502,N,83.950336,W,A,1,0,1,1,0012260888,0,0,0)"


def records(family: str, data: bytes | str) -> list[dict[str, Any]]:
    found = read(data.encode() if isinstance(data, str) else data, FAMILIES[family])
    assert not [item for item in found.findings if item.severity == "error"], found.findings
    return list(found.records)


def pairs(text: str) -> list[str]:
    return [text[at : at + 2] for at in range(0, len(text), 2)]


@pytest.mark.parametrize(
    "line",
    [
        HEX, HEX.upper(), f"  {HEX}\r\n", " ".join(pairs(HEX)), ":".join(pairs(HEX)), "-".join(pairs(HEX)), f"0x{HEX}",
        ",".join(f"0x{pair}" for pair in pairs(HEX)), "".join(f"\\x{pair}" for pair in pairs(HEX)), f'"{HEX}"',
        f"'{HEX}'", f"{HEX[:40]} {HEX[40:]}",
    ],
)  # fmt: skip
def test_hexadecimal_however_it_is_printed(line: str) -> None:
    assert records("jt701", line) == records("jt701", jt701(index=9))


@pytest.mark.parametrize("between", ["", " ", ",", ";", "\t", "\n", "\r\n\r\n", ", "])
def test_several_frames_on_a_line(between: str) -> None:
    frames = [jt701(at=after(minute), index=minute) for minute in range(3)]
    found = records("jt701", between.join(frame.hex() for frame in frames))
    assert [item["index"] for item in found] == [0, 1, 2]
    assert records("jt701", b"".join(frames)) == found


@given(st.sets(st.sampled_from(STATUS_BITS)))
def test_every_combination_of_status_bits_is_named(flags: set[str]) -> None:
    (item,) = records("jt701", jt701(flags=flags).hex())
    assert {name for name, is_set in item["status"].items() if is_set} == flags
    assert set(item["alarms"]) == {ALARM_OF_FLAG[name] for name in flags if name in ALARM_OF_FLAG}
    assert item["ack"] == ("(P35)" if "ack_required" in flags else None)


@given(st.integers(0, 255), st.integers(0, 255))
def test_charge_and_index_of_any_value(battery: int, index: int) -> None:
    (item,) = records("jt701", jt701(flags=LOCKED, battery=battery, index=index))
    assert (item["battery"], item["charging"]) == ((None, True) if battery == 255 else (battery, False))
    assert item["index"] == index


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({",1,1,0012260888,": ",4,0,0000000000,"}, {"event_source": 4, "alarms": [], "card": None}),
        ({",0,0,0)": ",1,3,77)"}, {"alarms": ["unlock", "wrong_password"], "ack": "(P69,0,77)"}),
        ({",A,1,0,": ",V,12.5,270,"}, {"valid": False, "speed": 20.12, "course": 270}),
        ({"0012260888": "04A1B2C3"}, {"card": "04A1B2C3"}),
        ({"0012260888": ""}, {"card": None}),
    ],
)
def test_other_lock_events(change: dict[str, str], expected: dict[str, Any]) -> None:
    text = P45
    for old, new in change.items():
        text = text.replace(old, new)
    for line in (text, f'"{text}"', text.encode().hex()):
        (item,) = records("jt701", line)
        assert {name: item[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("kind", "alarm"),
    [
        ("Event-Door", "door_open"), ("Event-Shock", "vibration"), ("Event-Drop", "drop"), ("Event-Lock", "lock"),
        ("Event-RC-Unlock", "unlock"), ("Startup", None), ("Button-Normal", None), ("Event-Something-New", None),
    ],
)  # fmt: skip
def test_every_event_of_an_eseal(kind: str, alarm: str | None) -> None:
    text = eseal("7", START, kind).decode()
    for line in (text, text + "\r\n", text.encode().hex().upper(), f" {text} "):
        (item,) = records("eseal", line)
        assert (item["type"], item["alarms"]) == (kind, [alarm] if alarm else [])
    assert len(records("eseal", text + text)) == 2
    opened = records("eseal", text.replace("Close", "Open").replace(",0.0,0,3.78,", ",1,,4,"))[0]
    assert (opened["door_open"], opened["battery_v"], opened["nfc"]) == (True, 4.0, "")
    assert "door_open" in opened["alarms"]


def test_a_lock_whose_number_begins_like_a_trackers_is_told_by_its_length() -> None:
    lock = bytes.fromhex(
        "2460201102320112003401010000000422434199114158229e000000000009000000000010e064"
        "00000000000020100e0868817043592664000000000000"
    )
    for line in (lock.hex(), lock.hex() + jt701(index=9).hex()):
        found = records("jt701", line)
        assert found == records("jt600", line)
        assert (found[0]["device_id"], found[0]["length"], found[0]["battery"]) == ("6020110232", 52, 100)
        assert found[0]["alarms"] == ["cover_open"], "what this firmware adds after its record is no second position"
        assert found[0]["trailing_hex"].startswith("20100e0868817043592664")
        assert len(found) == line.count("24602011") + line.count("247012345678")


@pytest.mark.parametrize("text", ["(740190311185,1,001,ELOCK,3,529439)", "(794104004140,1,001,BASE,2,TIME)"])
def test_the_answer_of_a_jt808_lock_to_a_command_keeps_the_device_heard(text: str) -> None:
    for line in (text, text.encode().hex()):
        (item,) = records("jt808", line)
        assert (item["device_id"], item["ignored"], item["lat"]) == (text[1:13], True, None)
        assert item["text"] == text[14:-1]


def test_a_card_at_a_jt808_device_is_read() -> None:
    frame = "7e0702002201827061151401bc012510091507510000003030323962383835" + "00" * 12 + "2b7e"
    (item,) = records("jt808", frame)
    assert (item["card"], item["card_present"], item["time"]) == ("0029b885", True, "2025-10-09T07:07:51Z")
