"""Read the wait-time feed: XML (``border_wait_time/port``) or JSON (a list of the same ports), one record a lane group.

Sources: the element names of bwt.cbp.gov/xml/bwt.xml and /api/bwtnew as public readers of them use them. No schema is
published: elements that are not known are passed over, and what is known must make sense.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from otay.core.findings import Finding, error, refuses, warning
from otay.core.i18n import N_
from otay.formats.cbp_waits.moments import moment
from otay.formats.registry import ReadResult

KEY = "cbp-waits"
MOST_PORTS = 1000
MOST_FINDINGS = 200
MOST_MINUTES, MOST_LANES = 1440, 200
LANES = (
    ("commercial_vehicle_lanes", "standard_lanes", "cargo"),
    ("commercial_vehicle_lanes", "FAST_lanes", "cargo_fast"),
    ("passenger_vehicle_lanes", "standard_lanes", "general"),
    ("passenger_vehicle_lanes", "NEXUS_SENTRI_lanes", "sentri"),
    ("passenger_vehicle_lanes", "ready_lanes", "ready"),
    ("pedestrian_lanes", "standard_lanes", "pedestrian"),
    ("pedestrian_lanes", "ready_lanes", "pedestrian_ready"),
)
"""Groups of the feed, and the lane of the house that each is; pedestrians' Ready lanes have none of their own there."""
AUTOMATION = {
    "commercial_vehicle_lanes": "commercial_automation_type",
    "passenger_vehicle_lanes": "passenger_automation_type",
    "pedestrian_lanes": "pedestrain_automation_type",
}
"""Who or what measured (the last name is spelt so in the feed)."""
STATUSES = {
    "no delay": "no_delay",
    "delay": "delay",
    "lanes closed": "closed",
    "closed": "closed",
    "update pending": "pending",
}
ABSENT = ("", "n/a", "na")


def read(data: bytes) -> ReadResult:
    """Lane groups that the feed tells of. A lane whose fields make no sense is left out, and its finding says why."""
    ports, findings = _xml(data) if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" else _json(data)
    records: list[dict[str, Any]] = []
    if len(ports) > MOST_PORTS:
        message = N_("The feed has more than %(most)s ports.")
        return ReadResult(KEY, [], (error("", "waits.ports", message, len(ports), most=MOST_PORTS),))
    for index, port in enumerate(ports):
        records.extend(_port(port, f"/{index}", findings))
    if len(findings) > MOST_FINDINGS:
        message = N_("More was found than is shown.")
        findings = [*findings[:MOST_FINDINGS], warning("", "waits.more", message)]
    return ReadResult(KEY, records, tuple(findings))


def _json(data: bytes) -> tuple[list[Any], list[Finding]]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as problem:
        place = f"line {problem.lineno}" if isinstance(problem, json.JSONDecodeError) else ""
        message = N_("This is neither XML nor JSON: %(reason)s.")
        return [], [error(place, "waits.syntax", message, reason=str(problem)[:200])]
    if isinstance(found, dict):
        found = found.get("port", [found] if "port_number" in found else None)
    if not isinstance(found, list):
        return [], [error("", "waits.ports", N_("The feed is a list of ports."))]
    return found, []


def _xml(data: bytes) -> tuple[list[Any], list[Finding]]:
    from otay.formats.wco.validation import parse

    root, problem = parse(data)
    if problem is not None:
        return [], [problem]
    if root.tag != "border_wait_time":
        message = N_("The first element is %(tag)s; a feed of wait times begins with border_wait_time.")
        return [], [error("line 1", "waits.ports", message, tag=str(root.tag)[:60])]
    return [_tree(port) for port in root.findall("port")], []


def _tree(element: Any) -> Any:
    children = [child for child in element if isinstance(child.tag, str)]
    return {child.tag: _tree(child) for child in children} if children else (element.text or "").strip()


def _port(port: Any, place: str, findings: list[Finding]) -> Iterator[dict[str, Any]]:
    if not isinstance(port, dict):
        findings.append(error(place, "waits.port", N_("This is not a port."), str(port)))
        return
    number = _text(port, "port_number")
    if not (number.isalnum() and len(number) == 6):
        message = N_("A port has a number of six characters.")
        findings.append(error(f"{place}/port_number", "waits.port_number", message, number))
        return
    common = {
        "crossing_id": number,
        "port_name": _text(port, "port_name"),
        "crossing_name": _text(port, "crossing_name"),
        "border": _text(port, "border"),
        "hours": _text(port, "hours"),
        "port_status": _text(port, "port_status"),
    }
    for group, lanes, lane in LANES:
        found = port.get(group)
        if found in (None, ""):
            continue
        where = f"{place}/{group}"
        if not isinstance(found, dict):
            findings.append(error(where, "waits.lanes", N_("This is not a group of lanes."), str(found)))
            continue
        part = found.get(lanes)
        if part in (None, ""):
            continue
        if not isinstance(part, dict):
            findings.append(error(f"{where}/{lanes}", "waits.lanes", N_("This is not a group of lanes."), str(part)))
            continue
        record = _lane(
            port, part, f"{where}/{lanes}", _number(found, where, "maximum_lanes", MOST_LANES, findings), findings
        )
        if record is not None:
            yield common | {"lane": lane, "automation": _text(port, AUTOMATION[group])} | record


def _lane(
    port: dict[str, Any], part: dict[str, Any], place: str, most: int | None, findings: list[Finding]
) -> dict[str, Any] | None:
    said = _text(part, "operational_status").lower()
    if said in ABSENT:
        return None
    status = STATUSES.get(said)
    here: list[Finding] = []
    if status is None:
        message = N_("This status is not known: it is kept, and no wait is taken from it.")
        here.append(warning(f"{place}/operational_status", "waits.status", message, said))
    minutes = _number(part, place, "delay_minutes", MOST_MINUTES, here)
    lanes_open = _number(part, place, "lanes_open", MOST_LANES, here)
    if lanes_open is not None and most is not None and lanes_open > most:
        message = N_("More lanes are open than there are (%(most)s).")
        here.append(warning(f"{place}/lanes_open", "waits.lanes_open", message, lanes_open, most=most))
    at = moment(_text(port, "date"), _text(port, "time"), _text(part, "update_time"), place, here)
    findings.extend(here)
    if refuses(here):
        return None
    measured = status in ("delay", "no_delay")
    return {
        "at": at,
        "status": status or said,
        "delay_minutes": (0 if minutes is None and status == "no_delay" else minutes) if measured else None,
        "lanes_open": lanes_open,
        "maximum_lanes": most,
    }


def _text(part: dict[str, Any], name: str) -> str:
    value = part.get(name)
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()[:200]


def _number(part: dict[str, Any], place: str, name: str, most: int, findings: list[Finding]) -> int | None:
    text = _text(part, name)
    if text.lower() in ABSENT:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 6 and int(text) <= most:
        return int(text)
    message = N_("Must be a whole number from 0 to %(most)s.")
    findings.append(error(f"{place}/{name}", "waits.number", message, text, most=most))
    return None
