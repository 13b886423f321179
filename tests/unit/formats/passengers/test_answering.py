from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from factories.passengers import ANA, HEADER, JOHN, interchange, manifest, message
from otay.core.findings import Severity
from otay.formats.answering import answer, reply
from otay.formats.contrl.reading import read as read_contrl
from otay.formats.contrl.writing import write as write_contrl
from otay.formats.cusres.answers import NO_BOARD, SCREEN, STATUS_CHANGE, Answer
from otay.formats.cusres.reading import read as read_cusres
from otay.formats.cusres.writing import acknowledged, answered, refused, write, write_record
from otay.formats.paxlst.reading import read as read_paxlst
from otay.formats.registry import ReadResult, detect

NOW = "2026-03-01T08:31"
UNKNOWN_BIRTH = (JOHN[0], "DTM+329:751399", *JOHN[5:])


def answers(data: bytes) -> list[dict[str, Any]]:
    (sent,) = reply(data, prepared=NOW).messages
    result = read_cusres(sent)
    assert result.findings == ()
    people: list[dict[str, Any]] = result.records[0]["travellers"]
    return people


def test_each_traveller_is_answered_under_both_references() -> None:
    (sent,) = reply(manifest(ANA, UNKNOWN_BIRTH), prepared=NOW).messages
    text = sent.decode().replace("\r\n", "")
    assert (
        "ERP+2'RFF+AVF:ABC123'RFF+ABO:ABC12301'ERC+0Z'FTX+AAP+++OK TO BOARD'"
        "ERP+2'RFF+AVF:ABC124'RFF+ABO:ABC12401'ERC+4Z'FTX+AAP+++INSUFFICIENT DATA - DATE OF BIRTH'"
    ) in text
    assert "UNB+UNOA:4+MXAPIS:ZZ+OT:ZZ+260301:0831+REF1++IAPI'" in text
    assert "BGM+962'RFF+TN:OTAY0001'RFF+AF:OT498'DTM+189:2603011042:201'" in text
    assert detect(sent) == "cusres"


@pytest.mark.parametrize(
    ("segments", "code", "text"),
    [
        (JOHN, "0Z", "OK TO BOARD"),
        (("NAD+FL", *JOHN[1:]), "4Z", "INSUFFICIENT DATA - NAME"),
        ((*JOHN[:2], *JOHN[3:]), "4Z", "INSUFFICIENT DATA - DATE OF BIRTH"),
        (JOHN[:8], "4Z", "INSUFFICIENT DATA - DOCUMENT"),
        ((*JOHN[:8], "RFF+AEA:12345"), "0Z", "OK TO BOARD"),
        (("NAD+FL+++SUKARNO", *JOHN[1:]), "0Z", "OK TO BOARD"),
    ],
)
def test_what_is_sufficient(segments: tuple[str, ...], code: str, text: str) -> None:
    (person,) = answers(manifest(segments))
    assert (person["answer"]["code"], person["answer"]["text"]) == (code, text)


def test_without_references_the_name_says_who_is_meant() -> None:
    (person,) = answers(manifest((*JOHN[:6], *JOHN[8:])))
    assert person["answer"]["text"] == "OK TO BOARD JOHN SMITH"


def test_a_screen_decides() -> None:
    data = manifest(ANA, JOHN)
    decided = [Answer(NO_BOARD), Answer(SCREEN, "SEE OFFICER")]
    (sent,) = reply(data, prepared=NOW, screen=lambda record: decided[: len(record["travellers"])]).messages
    first, second = read_cusres(sent).records[0]["travellers"]
    assert first["answer"] == {"code": "1Z", "meaning": "no board", "text": "NO BOARD"}
    assert second["answer"] == {"code": "2Z", "meaning": "additional screening", "text": "SEE OFFICER"}


@pytest.mark.parametrize("function", ["BGM+745+XR", "BGM+745+RP", "BGM+266+CLOB", "BGM+266+XF", "BGM+655"])
def test_what_asks_for_no_answer_a_traveller_is_accepted_as_a_whole(function: str) -> None:
    data = interchange(message(function, HEADER[1:], "NAD+ZZZ", "RFF+AVF:X1", "RFF+ABO:1"))
    (sent,) = reply(data, prepared=NOW).messages
    assert b"ERP+1'\r\nERC+0'" in sent
    (record,) = read_cusres(sent).records
    assert (record["message"]["accepted"], record["travellers"]) == (True, [])


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"UNT+13+1'", b""), (b"BGM+745'", b""), (b"PAXLST", b"ORDERS")],
)
def test_what_cannot_be_taken_as_a_list_gets_contrl(old: bytes, new: bytes) -> None:
    data = manifest().replace(b"CNT+42:0'", b"CNT+42:0'").replace(b"UNT+12+1'", b"UNT+13+1'").replace(old, new)
    replied = reply(data, prepared=NOW)
    assert replied.rejected
    (sent,) = replied.messages
    (record,) = read_contrl(sent).records
    assert detect(sent) == "contrl"
    assert record["interchange"]["action"] == "rejected"
    assert record["interchange"]["reference"] == "REF1"
    assert [entry["action"] for entry in record["messages"]] == ["rejected"]


def test_no_message_at_all_gets_contrl() -> None:
    (sent,) = reply(b"Dear sirs", prepared=NOW).messages
    assert read_contrl(sent).records[0]["interchange"] == {
        "reference": "",
        "sender": "",
        "recipient": "",
        "action": "rejected",
        "error": "13",
        "meaning": "missing",
        "errors": [],
    }


def test_a_good_message_beside_a_bad_one_is_answered() -> None:
    data = interchange(message(HEADER, JOHN), message("TDT+20+OT1", reference="2"))
    replied = reply(data, prepared=NOW)
    first, second = replied.messages
    assert (detect(first), detect(second)) == ("cusres", "contrl")
    (record,) = read_contrl(second).records
    assert [entry["action"] for entry in record["messages"]] == ["accepted", "rejected"]
    assert record["messages"][1]["errors"] == [{"segment": "2", "code": "13", "meaning": "missing"}]


def test_syntax_only() -> None:
    (sent,) = reply(manifest(JOHN), prepared=NOW, syntax_only=True).messages
    (record,) = read_contrl(sent).records
    assert record["interchange"]["action"] == "accepted"
    assert record["messages"][0]["type"] == "PAXLST"


def test_contrl_is_written_as_it_was_read() -> None:
    result = read_contrl(
        interchange(
            message("UCI+7+A:ZZ+B+4+18", "UCM+1+PAXLST:D:05B+4", "UCS+3+13", "UCD+12+3:2", type="CONTRL:D:3:UN")
        )
    )
    assert result.findings == ()
    (record,) = result.records
    assert record["messages"][0]["errors"] == [
        {"segment": "3", "code": "13", "meaning": "missing"},
        {"code": "12", "meaning": "invalid value", "element": "3", "component": "2"},
    ]
    again = read_contrl(write_contrl(result)[0]).records[0]
    assert again["messages"][0]["errors"] == record["messages"][0]["errors"]


# status changes and their acknowledgement


def change() -> dict[str, Any]:
    (list_,) = read_paxlst(manifest(ANA)).records
    sent = write_record(answered(list_, [Answer(NO_BOARD)], function=STATUS_CHANGE, prepared=NOW))
    (record,) = read_cusres(sent).records
    return record


def test_a_status_change_is_acknowledged_by_echo() -> None:
    told = change()
    assert (told["message"]["function"], told["message"]["code"]) == ("status change", "132")
    (sent,) = reply(write(ReadResult("cusres", [told]))[0], prepared=NOW).messages
    (record,) = read_cusres(sent).records
    assert record["message"]["function"] == "acknowledgement"
    assert record["message"]["sender"] == told["message"]["recipient"]
    assert record["travellers"][0]["references"] == {"AVF": "ABC123", "ABO": "ABC12301"}
    assert record["travellers"][0]["answer"]["code"] == "1Z"


def test_a_status_change_for_nobody_is_an_error() -> None:
    told = change()
    told["travellers"] = []
    (sent,) = reply(write(ReadResult("cusres", [told]))[0], prepared=NOW).messages
    assert b"BGM+312'" in sent
    assert b"ERP+1'\r\nERC+118'" in sent
    assert read_cusres(sent).records[0]["message"]["errors"] == [{"code": "118", "text": ""}]
    assert b"ERC+118" in write_record(acknowledged(told, error=True, prepared=NOW))


def test_exception_to_the_whole_list() -> None:
    (list_,) = read_paxlst(manifest(ANA)).records
    (record,) = read_cusres(write_record(refused(list_, "FLIGHT NOT KNOWN", prepared=NOW))).records
    assert record["message"]["accepted"] is False
    assert record["message"]["errors"] == [{"code": "1", "text": "FLIGHT NOT KNOWN"}]


def test_cusres_as_others_send_it() -> None:
    data = interchange(
        message(
            "BGM+962",
            "RFF+TN:1909240821556284716",
            "RFF+AF:MU589",
            "DTM+189:2609241420:201",
            "DTM+232:2609240930:201",
            "LOC+125+SFO",
            "LOC+87+PVG",
            "ERP+2",
            "RFF+AVF:NY7HZZ",
            "RFF+ABO:1234",
            "ERC+1Z",
            "ERC+X5",
            "FTX+AAP+++NO BOARD:SEE DESK",
            "ERP+2",
            "RFF+AVF:NY7HZZ",
            "ERC+9Q",
            "QQQ+1",
            type="CUSRES:D:05B:UN:IATA",
        )
    )
    result = read_cusres(data)
    assert [(finding.rule, finding.severity) for finding in result.findings] == [
        ("cusres.code", Severity.WARNING),
        ("paxlst.segment", Severity.INFO),
    ]
    (record,) = result.records
    assert record["flights"][0]["departure"] == "2026-09-24T14:20"
    first = record["travellers"][0]
    assert (first["answer"]["text"], first["more_codes"]) == ("NO BOARD SEE DESK", ["X5"])
    assert record["totals"]["answers"] == {"1Z": 1, "9Q": 1}


def test_cusres_about_cargo_is_read_too() -> None:
    text = (
        "UNH+1086431+CUSRES:D:05B:UN'BGM+294+1'TDT+20+1299+1++APLU:172'RFF+AAA'DTM+133:20260420'LOC+5+USBAL'"
        "ERP+1'ERC+SB4'FTX+AAH+++VESSEL NOT ON FILE'ERP+1'ERC+S01'FTX+AAH+++REJECTED'UNT+14+1086431'"
    )
    (record,) = read_cusres(text.encode()).records
    assert [error["code"] for error in record["message"]["errors"]] == ["SB4", "S01"]
    assert record["travellers"] == []


# the command


def run(*arguments: str, stdin: bytes | None = None) -> Any:
    return CliRunner(env={"OTAY_LANG": "en"}).invoke(answer, list(arguments), input=stdin)


def test_the_command(tmp_path: Path) -> None:
    file = tmp_path / "manifest.edi"
    file.write_bytes(manifest(JOHN))
    result = run(str(file))
    assert result.exit_code == 0
    assert "ERC+0Z'" in result.stdout
    assert result.stderr == ""


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    result = run("-", stdin=manifest(UNKNOWN_BIRTH))
    assert result.exit_code == 1
    assert "ERC+4Z'" in result.stdout
    assert "date of birth is not a day of the calendar" in result.stderr
    assert run("--contrl", "-", stdin=manifest(JOHN)).stdout.count("UCM+") == 1
    assert run("-", stdin=b"").exit_code == 1


@pytest.mark.parametrize("arguments", [[], ["nowhere.edi"], ["."], ["--what"]])
def test_misuse(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_help_in_both_languages() -> None:
    assert "CUSRES" in run("--help").stdout
    assert "Ejemplos" in run("--lang", "es", "--help").stdout
