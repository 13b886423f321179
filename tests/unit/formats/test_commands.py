from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from factories.declarations_data import declaration_data
from factories.wco_documents import canonical
from otay.formats.commands import read

SAMPLE = min((Path(__file__).parents[2] / "data" / "wco").glob("*.xml"))


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTAY_LANG", "en")


def run(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(read, [str(argument) for argument in arguments], input=stdin)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.json").write_text(json.dumps(declaration_data()))
    (tmp_path / "bad.json").write_text(json.dumps(declaration_data(incoterm="XYZ")))
    (tmp_path / "two.json").write_text(json.dumps([declaration_data(), declaration_data(reference="TEST-0002")]))
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "garbage").write_bytes(bytes(range(256)))
    return tmp_path


def test_one_object_a_file(folder: Path) -> None:
    result = run(SAMPLE, folder / "good.json")
    assert result.exit_code == 0
    first, second = [json.loads(line) for line in result.stdout.splitlines()]
    assert (first["file"], first["format"], second["format"]) == (str(SAMPLE), "wco", "declaration")
    assert first["records"][0]["document"]["name"] == "MetaData"
    assert set(second) == {"file", "format", "records", "findings"}


def test_a_refused_file_gives_one(folder: Path) -> None:
    result = run(folder / "bad.json")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert answer["records"] == []
    assert answer["findings"] == [
        {
            "place": "/incoterm",
            "value": "XYZ",
            "rule": "D14",
            "message": "This is not an Incoterm.",
            "remedy": "Use one of CFR, CIF, CIP, CPT, DAP, DAT, DDP, DPU, EXW, FAS, FCA, FOB.",
            "severity": "error",
        }
    ]


@pytest.mark.parametrize("name", ["empty", "garbage"])
def test_what_holds_nothing_is_refused_with_a_finding(folder: Path, name: str) -> None:
    result = run(folder / name)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["findings"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "at least one file"),
        (["nowhere.xml"], "nowhere.xml: there is no such file"),
        (["."], "is a folder"),
        (["--format", "klingon", "-"], "no format klingon: use one of auto, cbp-waits, contrl, csv"),
        (["--as", "klingon", "-"], "no format klingon: use one of json, cbp-waits, contrl, csv"),
        (["--template", "wco"], "no template wco: use one of csv"),
        (["--colour"], "No such option"),
        (["a\x00b"], "cannot be read"),
    ],
)
def test_misuse_is_two(arguments: list[str], words: str) -> None:
    result = run(*arguments, stdin=b"")
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stdout == ""


def test_standard_input() -> None:
    result = run("-", stdin=SAMPLE.read_bytes())
    assert result.exit_code == 0
    assert json.loads(result.stdout)["file"] == "-"


def test_as_wco_writes_the_message(folder: Path) -> None:
    result = run(SAMPLE, "--as", "wco")
    assert result.exit_code == 0
    assert canonical(result.stdout_bytes) == canonical(SAMPLE.read_bytes())
    made = run(folder / "good.json", "--as", "wco")
    assert run("-", stdin=made.stdout_bytes).exit_code == 0


def test_as_wco_of_several_messages_is_an_object_a_file(folder: Path) -> None:
    result = run(folder / "two.json", folder / "bad.json", "--as", "wco")
    assert result.exit_code == 1
    first, second = [json.loads(line) for line in result.stdout.splitlines()]
    assert [len(first["messages"]), len(second["messages"])] == [2, 0]
    assert first["messages"][0].startswith("<?xml")
    assert second["findings"]


def test_as_wco_of_a_refused_message_says_why(folder: Path) -> None:
    result = run(folder / "bad.json", "--as", "wco")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error: /incoterm This is not an Incoterm." in result.stderr


def test_tables(folder: Path) -> None:
    made = run(folder / "two.json", "--as", "xlsx")
    back = run("-", stdin=made.stdout_bytes)
    assert len(json.loads(back.stdout)["records"]) == 2
    assert run(folder / "two.json", "--as", "xlsx", "--json").exit_code == 2
    assert run("--template", "csv").stdout.startswith("\ufeffreference,type")


def test_spanish(folder: Path) -> None:
    answer = json.loads(run(folder / "bad.json", "--lang", "es").stdout)
    assert answer["findings"][0]["message"] == "No es un Incoterm."
    assert "Ejemplos:" in run("--lang", "es", "--help").stdout


def test_help_and_formats() -> None:
    assert "otay read declaration.xml --as wco" in run("--help").stdout
    assert "wco" in run("--formats").stdout
    listed = json.loads(run("--formats", "--json").stdout)
    assert {"format": "csv", "title": "Batch of declarations, CSV", "writes": True} in listed


def test_it_runs_without_django() -> None:
    program = (
        "import sys\n"
        "from otay.formats.commands import read\n"
        f"read.main([{str(SAMPLE)!r}], standalone_mode=False)\n"
        "heavy = {'django', 'ninja', 'openpyxl', 'otay.node'}\n"
        "print(sorted(heavy.intersection(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr.strip() == "[]"
