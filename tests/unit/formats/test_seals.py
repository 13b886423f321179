"""Every sample decodes to every value it is given with; nothing that is fed in crashes, hangs or invents a date."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import reduce
from operator import xor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otay.core.errors import Refused
from otay.core.findings import Severity
from otay.formats.registry import ReadResult, detect, read, write
from otay.formats.seals.acknowledging import acknowledge
from otay.formats.seals.families import FAMILIES
from otay.formats.seals.frames import Kind, split_stream
from otay.formats.seals.jt808 import luhn
from otay.formats.seals.own import Alarm
from otay.formats.seals.record import ALARMS, STATUS_BITS

SAMPLES = json.loads((Path(__file__).parents[2] / "data" / "seals" / "samples.json").read_text())
FORMAT_OF = {
    "jointech-jt701-binary": "jt701",
    "jointech-jt701-P45": "jt701",
    "jointech-wlnet-sensor": "jt701",
    "jointech-jt600-binary": "jt600",
    "jointech-jt600-U0x": "jt600",
    "jointech-W01": "jt600",
    "jointech-text": "jt600",
    "eseal": "eseal",
    "teratrack-json": "teratrack",
    "jt808-lock": "jt808",
    "gt06-alarm": "gt06",
    "upro-lock": "upro",
}
DECODED = [sample for sample in SAMPLES if sample["protocol"] in FORMAT_OF]
FRAMED = [sample for sample in SAMPLES if sample["protocol"] == "jointech-framing"]
OTHER_NAMES = {"status_bits": "status"}
"""Given values that the record has under another name."""
GIVEN_OTHERWISE: dict[str, Any] = {
    "lock2Battery": lambda record: record["locks"][1]["battery_v"],
    "lock1Locked": lambda record: record["locks"][0]["locked"],
    "unlockResult": lambda record: record["unlock_result"],
    "logisticsLock": lambda record: record["logistics_lock"],
    "alarm": lambda record: record["alarms"][0],
    "traccar_blocked": lambda record: record["status"]["motor_locked"],
    "traccar_alarm": lambda record: (record["alarms"] or [None])[0],
}
KNOWN_TO_TRACCAR = ("geofence_enter", "geofence_exit", "vibration", "low_battery")


def frame_of(sample: dict[str, Any]) -> bytes:
    text = sample["hex_or_text"]
    return bytes.fromhex(text) if sample["form"] == "hex" else text.encode()


def given_value(record: dict[str, Any], name: str, expected: Any) -> Any:
    if name == "traccar_alarms":
        return [alarm for alarm in record["alarms"] if alarm in KNOWN_TO_TRACCAR]
    if name in GIVEN_OTHERWISE:
        return GIVEN_OTHERWISE[name](record)
    if name == "status" and isinstance(expected, int):
        return record["status_word"]
    if name == "slaves":
        return [{key: slave[key] for key in want} for slave, want in zip(record["slaves"], expected, strict=True)]
    return record[OTHER_NAMES.get(name, name)]


def assert_given(record: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        found = given_value(record, name, value)
        if isinstance(value, float):
            assert found == pytest.approx(value, abs=6e-6), name
        else:
            assert found == value, name


def name_of(sample: dict[str, Any]) -> str:
    return f"{sample['protocol']}-{SAMPLES.index(sample)}"


def test_the_corpus_is_whole() -> None:
    assert len(SAMPLES) == 38 == len(DECODED) + len(FRAMED)


@pytest.mark.parametrize("sample", DECODED, ids=name_of)
def test_every_given_value_comes_out(sample: dict[str, Any]) -> None:
    key = FORMAT_OF[sample["protocol"]]
    data = sample["hex_or_text"].encode()
    assert detect(data) == key
    result = read(data, format=key)
    assert result == read(data)
    expected = dict(sample["expect"])
    positions = expected.pop("positions", None)
    answer = expected.pop("ack", None)
    if answer is not None:
        assert (acknowledge(key, frame_of(sample)) or b"").decode().strip() == answer
        assert result.records[0]["ack"] == answer
    assert len(result.records) == (1 if positions is None else len(positions))
    for record, place in zip(result.records, positions or [{}], strict=True):
        assert_given(record, {**expected, **place})
    assert all(finding.severity is not Severity.ERROR for finding in result.findings)


@pytest.mark.parametrize("sample", DECODED, ids=name_of)
def test_every_record_has_the_common_shape(sample: dict[str, Any]) -> None:
    for record in read(sample["hex_or_text"].encode()).records:
        assert {"device_id", "time", "valid", "lat", "lon", "speed", "course", "battery", "status", "alarms"} <= set(
            record
        )
        assert set(record["alarms"]) <= set(ALARMS)
        assert all(isinstance(value, bool) for value in record["status"].values())
        json.dumps(record, allow_nan=False)


@pytest.mark.parametrize("sample", FRAMED, ids=name_of)
def test_frames_are_cut_as_given(sample: dict[str, Any]) -> None:
    frames, rest = split_stream(FAMILIES["jt701"], frame_of(sample))
    assert frames[0].hex() == sample["expect"]["first_frame_hex"].lower()
    assert rest == b""


@pytest.mark.parametrize("sample", DECODED, ids=name_of)
def test_the_bytes_themselves_read_like_their_hex(sample: dict[str, Any]) -> None:
    key = FORMAT_OF[sample["protocol"]]
    assert read(frame_of(sample), format=key).records == read(sample["hex_or_text"].encode(), format=key).records


@pytest.mark.parametrize("sample", DECODED, ids=name_of)
@pytest.mark.parametrize("several", [2, 5])
def test_concatenated_frames_are_told_apart(sample: dict[str, Any], several: int) -> None:
    family = FAMILIES[FORMAT_OF[sample["protocol"]]]
    frame = frame_of(sample)
    frames, rest = split_stream(family, frame * several)
    assert frames == split_stream(family, frame)[0] * several
    assert rest == b""


@pytest.mark.parametrize("sample", [item for item in DECODED if item["protocol"] != "jointech-text"], ids=name_of)
def test_a_cut_frame_waits_for_its_rest_and_is_a_finding_in_a_file(sample: dict[str, Any]) -> None:
    family = FAMILIES[FORMAT_OF[sample["protocol"]]]
    frame = frame_of(sample)
    whole, _ = split_stream(family, frame)
    for cut in range(1, len(frame), max(1, len(frame) // 25)):
        frames, rest = split_stream(family, frame[:cut])
        again, left = split_stream(family, rest + frame[cut:])
        assert (frames + again, left) == (whole, b""), cut
    result = read(frame[: len(frame) - 1].hex().encode(), format=family.key)
    (finding,) = [item for item in result.findings if item.rule == "seal.truncated"]
    assert finding.place == "line 1, byte 0"
    assert finding.severity is Severity.ERROR


LOCK = bytes.fromhex(
    "2475801263981711002713061813333723501622090221558f012f0000002a070000000020e055b88552191f000f0f0f07"
)


def with_status(bit: int) -> bytes:
    return LOCK[:36] + (1 << bit).to_bytes(2, "big") + LOCK[38:]


@pytest.mark.parametrize(("bit", "name"), list(enumerate(STATUS_BITS)))
def test_every_bit_of_the_lock_has_its_name(bit: int, name: str) -> None:
    (record,) = read(with_status(bit).hex().encode(), format="jt701").records
    assert [flag for flag, is_set in record["status"].items() if is_set] == [name]


@pytest.mark.parametrize(
    ("bit", "alarm"),
    [
        (1, "geofence_enter"),
        (2, "geofence_exit"),
        (3, "rope_cut"),
        (4, "vibration"),
        (8, "unlock"),
        (9, "wrong_password"),
        (10, "unauthorised_card"),
        (11, "low_battery"),
        (12, "cover_open"),
        (14, "motor_fault"),
    ],
)
def test_every_alarm_of_the_lock_is_raised(bit: int, alarm: str) -> None:
    (record,) = read(with_status(bit).hex().encode(), format="jt701").records
    assert record["alarms"] == [alarm]


def test_a_full_battery_byte_means_charging() -> None:
    (record,) = read((LOCK[:38] + b"\xff" + LOCK[39:]).hex().encode(), format="jt701").records
    assert (record["charging"], record["battery"]) == (True, None)


@pytest.mark.parametrize(
    ("at", "value", "rule", "byte"),
    [
        (12, "13", "seal.time", 10),
        (10, "32", "seal.time", 10),
        (13, "ff", "seal.time", 10),
        (16, "9a", "seal.bcd", 16),
        (16, "9959", "seal.place", 16),
        (17, "6000", "seal.place", 16),
    ],
)
def test_nonsense_is_a_finding_with_its_byte_and_no_value(at: int, value: str, rule: str, byte: int) -> None:
    # day, month, year stand in bytes 10 to 12: a wrong one must not become another date
    at = {12: 11}.get(at, at)
    bad = LOCK[:at] + bytes.fromhex(value) + LOCK[at + len(value) // 2 :]
    result = read(bad.hex().encode(), format="jt701")
    (finding,) = result.findings
    assert (finding.rule, finding.place) == (rule, f"line 1, byte {byte}")
    (record,) = result.records
    assert (record["time"] is None) == (rule == "seal.time")
    assert (record["lat"] is None) == (rule != "seal.time")
    assert record["status"]["motor_locked"], "what the seal says is kept"


def test_a_frame_cut_inside_by_a_wrong_length_keeps_its_position() -> None:
    short = LOCK[:8] + (30).to_bytes(2, "big") + LOCK[10:39] + b"\x07"
    result = read(short.hex().encode(), format="jt701")
    assert result.records[0]["lat"] == pytest.approx(23.836037)
    assert [finding.rule for finding in result.findings] == ["seal.truncated"]


def test_garbage_between_frames_is_named_and_skipped() -> None:
    result = read(b"hello\n" + LOCK.hex().encode() + b"\n" + b"ffee" + LOCK.hex().encode() + b"\nabc", format="jt701")
    assert len(result.records) == 2
    assert [(item.rule, item.place) for item in result.findings] == [
        ("seal.garbage", "line 1, byte 0"),
        ("seal.garbage", "line 3, byte 0"),
        ("seal.hex", "line 4, byte 1"),
        ("seal.garbage", "line 4, byte 0"),
    ]


def test_findings_are_bounded() -> None:
    result = read(b"x\n" * 5000, format="jt701")
    assert len(result.findings) == 1001
    assert result.findings[-1].rule == "seal.more"


@pytest.mark.parametrize("version", [0x16, 0x17, 0x18, 0x19, 0x1A])
def test_the_lock_is_answered_as_its_version_wants(version: int) -> None:
    frame = LOCK[:6] + bytes([version]) + LOCK[7:]
    assert acknowledge("jt701", frame) == (b"(P35)" if version < 0x19 else acknowledge("jt701", frame))
    if version == 0x19:
        assert acknowledge("jt701", frame) == b"(P69,0,7)"
    assert acknowledge("jt701", frame[:36] + b"\x00\x40" + frame[38:]) is None


def test_an_eseal_is_answered_with_its_own_words() -> None:
    head = "##S,eSeal,1000821,256,3.0.6,{},34,2017-08-31,08:14:40,15,A,"
    text = head + "25.708828N 100.372870W,10,0,Open,0.71,0:0:3:0,3.8,-73,E##"
    assert (
        acknowledge("eseal", text.format("Event-Door").encode())
        == b"##S,eSeal,1000821,256,3.0.6,Event-Door ACK,34,E##\r\n"
    )
    started = acknowledge("eseal", text.format("Startup").encode(), config="10:20")
    assert started == b"##S,eSeal,1000821,256,3.0.6,Startup ACK,34,10:20,E##\r\n"
    assert acknowledge("eseal", b"##S,eSeal,1000898,256,3.0.6,RC-NFC DEL ACK,,E##") is None
    (record,) = read(text.format("Event-RC-Unlock").encode()).records
    assert record["alarms"] == ["unlock", "door_open"]


def jt808(
    kind: int, body: bytes, *, flags: int = 0, device: bytes = bytes.fromhex("440061018577"), serial: int = 27
) -> bytes:
    inner = kind.to_bytes(2, "big") + (len(body) | flags).to_bytes(2, "big") + device
    inner += serial.to_bytes(1 if kind in (0x5501, 0x5502) else 2, "big") + body
    inner += bytes([reduce(xor, inner)])
    return b"\x7e" + inner.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02") + b"\x7e"


PLACE = bytes.fromhex("000000000000000201e8480006cbab80006401f4005a260115083000")


def location(extra: bytes = b"", alarm: int = 0) -> bytes:
    return jt808(0x0200, alarm.to_bytes(4, "big") + PLACE[4:] + extra)


def test_jt808_is_unescaped_checked_and_told_in_utc() -> None:
    frame = location(bytes.fromhex("0602007e"), alarm=1 << 17)
    assert b"\x7d\x02" in frame
    result = read(frame.hex().encode())
    (record,) = result.records
    assert (record["device_id"], record["time"]) == ("440061018577", "2026-01-15T00:30:00Z")
    assert (record["lat"], record["lon"], record["speed"], record["course"]) == (32.0, 114.011008, 50.0, 90)
    assert record["alarms"] == ["tampering"]
    wrong = bytearray(frame)
    wrong[-2] ^= 1
    (finding,) = read(bytes(wrong).hex().encode(), format="jt808").findings
    assert (finding.rule, finding.place) == ("seal.checksum", f"line 1, byte {len(wrong) - 2}")


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        (0x0B, "0231323334353665", {"lock_command": 2, "lock_password": "123456", "unlock_result": 0x65}),
        (0x0B, "010000000765", {"lock_command": 1, "lock_card": 7, "unlock_result": 0x65}),
        (0xDA, "000205", {"rope_cut_count": 2}),
        (0xE4, "0132", {"battery": 50, "charging": False}),
        (0x60, "0061aabbccddeeff3132333435363738", {"event": 0x61, "card": "12345678", "lock_id": "aabbccddeeff"}),
        (0xFE, "7c0104000000105a", {"alarms": ["tampering"]}),
        (0xE8, "0c12", {"alarms": ["tampering"]}),
        (0xEB, "00060089ffffeffe", {"alarms": ["power_off", "removed"]}),
        (0x77, "01", {"items": {"77": "01"}}),
        (
            0xD5,
            "0101020304050a0b0c0d0e500020",
            {
                "locks": [
                    {"id": "0102030405", "card": "0a0b0c0d0e", "battery": 80, "status_word": 32, "locked": False},
                ]
            },
        ),
    ],
)
def test_what_locks_add_to_a_location(kind: int, data: str, said: dict[str, Any]) -> None:
    extra = bytes([kind, len(data) // 2]) + bytes.fromhex(data)
    (record,) = read(location(extra).hex().encode(), format="jt808").records
    assert {name: record[name] for name in said} == said


def test_speeding_without_speed_is_how_padlocks_tell_tampering() -> None:
    still = PLACE[:18] + b"\x00\x00" + PLACE[20:]
    (record,) = read(jt808(0x0200, b"\x00\x00\x00\x02" + still[4:]).hex().encode(), format="jt808").records
    assert record["alarms"] == ["overspeed", "tampering"]
    (moving,) = read(location(alarm=2).hex().encode(), format="jt808").records
    assert moving["alarms"] == ["overspeed"]


def test_a_lock_frame_tells_the_unlock_and_is_answered_when_it_asks() -> None:
    body = LOCK[10:27] + bytes.fromhex("1f070000002a5a00000001000203002000080b06010000000765")
    frame = jt808(0x5501, body, flags=0x8000, serial=3)
    (record,) = read(frame.hex().encode()).records
    assert (record["unlock_result"], record["lock_card"], record["alarms"]) == (0x65, 7, ["low_battery"])
    assert record["status"] == {"motor_locked": True}
    answer = acknowledge("jt808", frame)
    assert answer is not None
    assert answer[1:3] == b"\x44\x01"
    assert acknowledge("jt808", jt808(0x5501, body, serial=3)) is None
    (blind,) = read(jt808(0x5502, body, serial=3).hex().encode()).records
    assert blind["valid"] is False


def test_a_batch_of_stored_positions_is_read_whole() -> None:
    one = len(PLACE).to_bytes(2, "big") + PLACE
    frame = jt808(0x0704, b"\x00\x02\x01" + one + one)
    result = read(frame.hex().encode())
    assert [record["archive"] for record in result.records] == [True, True]
    assert result.findings == ()
    short = read(jt808(0x0704, b"\x00\x03\x01" + one + one).hex().encode())
    assert [item.rule for item in short.findings] == ["seal.count"]


def test_jt808_answers_hold_their_checksum() -> None:
    for kind in (0x0100, 0x0002, 0x0200):
        answer = acknowledge("jt808", jt808(kind, PLACE))
        assert answer is not None
        assert reduce(xor, answer[1:-1].replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")) == 0
    clock = acknowledge("jt808", jt808(0x0109, b""), now=datetime(2026, 1, 15, 8, 30, tzinfo=UTC))
    assert clock is not None
    assert bytes.fromhex("07ea010f081e00") in clock


def test_an_imei_in_six_bytes_gets_its_check_digit() -> None:
    assert luhn("49015420323751") == "8"


def test_a_gt06_login_names_the_frames_after_it() -> None:
    login = "78780d01086240770456888100018cdd0d0a"
    alarm = next(item for item in SAMPLES if item["protocol"] == "gt06-alarm")["hex_or_text"]
    from otay.formats.seals.gt06 import crc16

    body = bytes.fromhex(login)[2:-4]
    fixed = b"\x78\x78" + body + crc16(body).to_bytes(2, "big") + b"\r\n"
    first, second = read(fixed.hex().encode() + b"\n" + alarm.encode(), format="gt06").records
    assert first["device_id"] == second["device_id"] == "862407704568881"
    assert acknowledge("gt06", fixed) is not None


REPORT = {"otay": "seal/1", "device_id": "S-1", "time": "2026-01-15T08:30:00-08:00", "lat": 32.5, "lon": -116.9}


def test_our_own_report_is_read_and_written() -> None:
    data = json.dumps(REPORT | {"alarms": ["rope_cut"], "status": {"locked": False}, "battery": 80}).encode()
    result = read(data)
    assert (result.format, result.records[0]["time"]) == ("otay-seal", "2026-01-15T16:30:00Z")
    assert read(write(result, "otay-seal")).records == result.records


def test_any_family_can_be_written_as_our_own_report() -> None:
    result = read(LOCK.hex().encode())
    (again,) = read(write(result, "otay-seal"), format="otay-seal").records
    assert {key: again[key] for key in ("time", "lat", "alarms", "status")} == {
        key: result.records[0][key] for key in ("time", "lat", "alarms", "status")
    }
    with pytest.raises(Refused):
        write(ReadResult("jt701", [{"device_id": "1", "time": None}]), "otay-seal")


@pytest.mark.parametrize(
    "change",
    [{"time": "2026-01-15T08:30:00"}, {"lat": 91}, {"lon": None}, {"alarms": ["boom"]}, {"extra": 1}, {"battery": 101}],
)
def test_a_faulty_report_of_our_own_is_refused(change: dict[str, Any]) -> None:
    result = read(json.dumps(REPORT | change).encode(), format="otay-seal")
    assert result.records == []
    assert {item.rule for item in result.findings} == {"seal.field"}


def test_the_alarms_of_our_own_report_are_those_of_every_record() -> None:
    assert Alarm.__args__ == ALARMS


def test_hostile_nesting_is_refused() -> None:
    for data in (b'{"MDeviceID":' * 5000, b"[" * 100_000 + b'{"MDeviceID":1}', b'{"otay": "seal/1",' * 3000):
        for key in ("teratrack", "otay-seal"):
            read(data, format=key)


FRAMES = [frame_of(sample) for sample in SAMPLES] + [location(), jt808(0x5501, LOCK[10:27] * 3)]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(FAMILIES)), st.binary(max_size=300))
def test_no_bytes_crash_a_reader(key: str, data: bytes) -> None:
    for item in (data, data.hex().encode()):
        json.dumps(read(item, format=key).records, allow_nan=False)
    acknowledge(key, data)


@settings(max_examples=500, deadline=None)
@given(
    st.sampled_from(sorted(FAMILIES)),
    st.sampled_from(FRAMES),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_no_damaged_frame_crashes_a_reader_or_makes_a_date(
    key: str, frame: bytes, changes: list[tuple[int, int]]
) -> None:
    damaged = bytearray(frame)
    for at, value in changes:
        damaged[at % len(damaged)] = value
    for record in read(bytes(damaged), format=key).records:
        if record["time"] is not None:
            datetime.fromisoformat(record["time"])
        assert (record["lat"] is None) or abs(record["lat"]) <= 90
        json.dumps(record, allow_nan=False)
    pieces = list(FAMILIES[key].split(bytes(damaged)))
    assert all(piece.kind in Kind for piece in pieces)
    acknowledge(key, bytes(damaged))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(FRAMES), max_size=6),
    st.lists(st.integers(1, 60), max_size=30),
    st.sampled_from(sorted(FAMILIES)),
)
def test_a_stream_gives_the_same_frames_however_it_arrives(frames: list[bytes], sizes: list[int], key: str) -> None:
    own = [frame for frame in frames if [p.kind for p in FAMILIES[key].split(frame)] == [Kind.FRAME]]
    stream = b"".join(own)
    whole, _ = split_stream(FAMILIES[key], stream)
    found, rest, at = [], b"", 0
    for size in [*sizes, len(stream)]:
        some, rest = split_stream(FAMILIES[key], rest + stream[at : at + size])
        found += some
        at += size
    assert found == whole


@pytest.mark.parametrize(
    ("key", "junk"),
    [
        ("eseal", b"##S," * 100_000),
        ("teratrack", b'\n{"a' * 50_000),
        ("upro", b"*" * 200_000),
        ("jt808", b"\x7e" * 200_000),
        ("gt06", b"\x78\x78\xff" * 50_000),
        ("jt701", b"(1,2,3,WLNET,5,2," + b")x" * 100_000),
    ],
)
@pytest.mark.timeout(30)
def test_hostile_streams_take_no_longer_than_their_length(key: str, junk: bytes) -> None:
    result = read(junk, format=key)
    assert result.records == []
    assert len(result.findings) <= 1001
