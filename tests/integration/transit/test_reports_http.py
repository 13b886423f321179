"""The HTTP door: a gateway's token, its own devices, bounds and answers."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from factories.node import bearer, make_token
from factories.seals import eseal, jt701, own_report
from otay.goods.transit import reports
from otay.goods.transit.reports import api
from otay.goods.transit.reports.incoming import BATCH_MESSAGES, MESSAGE_BYTES
from otay.goods.transit.reports.models import Flag, Report, ReportFrame
from otay.node import clock
from otay.node.actors import SYSTEM

pytestmark = pytest.mark.django_db
FRAMES, BATCH = "/api/v1/seal-reports/frames", "/api/v1/seal-reports/batch"


def post(address: str, body: Any, token: str, **headers: str) -> Any:
    return Client().post(address, body, content_type="application/octet-stream", **bearer(token), **headers)


def test_a_gateway_reports_for_its_firms_devices_and_passes_the_answers_on() -> None:
    reports.admit(actor=SYSTEM, device_ids=["7012345678"], family="jt701", party="acme")
    token = make_token("carrier", party="acme")
    frames = [jt701(at=clock.now() - timedelta(minutes=one), flags=["ack_required"]) for one in (1, 2)]
    answer = post(f"{FRAMES}?format=jt701", b"".join(frames), token)
    assert answer.status_code == 200
    assert answer.json() == {
        "stored": 2, "duplicates": 0, "flagged": 0, "unread": 0, "findings": [], "answers": [b"(P35)".hex()] * 2,
    }  # fmt: skip
    assert post(f"{FRAMES}?format=jt701", b"".join(frames), token).json()["duplicates"] == 2
    assert {item.trusted for item in reports.of_device("7012345678")} == {True}
    assert ReportFrame.objects.first().source.startswith("client:")  # type: ignore[union-attr]


def test_a_gateway_cannot_speak_for_anothers_device() -> None:
    reports.admit(actor=SYSTEM, device_ids=["S-1"], party="rival")
    reports.admit(actor=SYSTEM, device_ids=["S-2"])  # of no firm
    token = make_token("carrier", party="acme")
    for device in ("S-1", "S-2"):
        answer = post(FRAMES, own_report(device, clock.now()), token)
        assert (answer.status_code, answer.json()["flagged"]) == (200, 1)
        assert not reports.of_device(device)
    assert set(Report.objects.values_list("flags", flat=True)) == {Flag.OTHER_SENDER}
    assert not reports.due().since


@pytest.mark.parametrize(("role", "party"), [("trader", "acme"), ("carrier", ""), ("auditor", "acme")])
def test_who_may_not_report(role: str, party: str) -> None:
    token = make_token(role, party=party)
    assert post(FRAMES, own_report("S-1", clock.now()), token).status_code == 403
    assert post(BATCH, b"", token).status_code == 403
    assert not ReportFrame.objects.exists()


def test_without_a_token_nothing_is_taken() -> None:
    assert Client().post(FRAMES, b"x", content_type="application/octet-stream").status_code == 401
    assert post(FRAMES, b"x", "otay_wrong").status_code == 401


def test_a_batch_of_lines_in_three_shapes() -> None:
    token = make_token("transit")
    now = clock.now()
    lines = [
        json.dumps({"format": "jt701", "hex": jt701(at=now).hex()}),
        json.dumps({"format": "eseal", "text": eseal("5", now).decode()}),
        own_report("O-1", now).decode(),
        json.dumps({"format": "jt701", "hex": "00ff"}),
    ]
    answer = post(BATCH, gzip.compress("\n".join(lines).encode()), token, HTTP_CONTENT_ENCODING="gzip")
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert (found["stored"], found["unread"], found["answers"][0][:6]) == (3, 1, b"##S".hex())
    assert [(item["number"], item["rule"]) for item in found["findings"]] == [(3, "seal.garbage")]


@pytest.mark.parametrize(
    "line",
    [
        b"{", b"[]", b"null", b'{"format": "jt701"}', b'{"format": "jt701", "hex": 1}', b'{"format": [], "hex": ""}',
        b'{"format": "jt701", "hex": "0"}', b'{"format": "jt701", "hex": "zz"}', b'{"format": "x", "text": "\\ud800"}',
        b'{"format": "jt701", "hex": "00", "text": "x"}', b"[" * 5000,
        b'{"format": "jt701", "text": "' + b"x" * (MESSAGE_BYTES + 1) + b'"}',
    ],
)  # fmt: skip
def test_a_line_that_is_no_report_is_named_and_nothing_is_kept(line: bytes) -> None:
    token = make_token("transit")
    answer = post(BATCH, own_report("S-1", clock.now()) + b"\n" + line, token)
    assert answer.status_code == 422
    assert answer.json()["findings"][0]["place"] == "line 2"
    assert not Report.objects.exists()


def test_what_is_too_large_is_refused_at_the_door() -> None:
    token = make_token("transit")
    assert post(FRAMES, b"(" * (MESSAGE_BYTES + 1), token).status_code == 413
    assert post(BATCH, b"\n".join([own_report()] * (BATCH_MESSAGES + 1)), token).status_code == 413
    assert post(FRAMES, gzip.compress(b"(" * 10_000_000), token, HTTP_CONTENT_ENCODING="gzip").status_code == 413
    assert post(FRAMES, b"x", token, HTTP_CONTENT_ENCODING="br").status_code == 415
    assert not ReportFrame.objects.exists()


def test_the_door_is_rate_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    assert api.THROTTLE.limit == api.PER_MINUTE == 600
    monkeypatch.setattr(api.THROTTLE, "limit", 3)
    token = make_token("transit")
    codes = [post(BATCH, b"", token).status_code for _ in range(8)]
    assert codes[:3] == [200] * 3
    assert 429 in codes
