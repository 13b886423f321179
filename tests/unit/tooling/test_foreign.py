"""What must not be committed is found, and only that."""

from __future__ import annotations

from pathlib import Path

import foreign
import pytest


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("package-lock.json", '{"resol' + 'ved" : "x"}', "download address"),
        ("notes.md", "see https://pypi" + ".org/project/click", "package index"),
        ("a.py", 'open("/home/' + 'ana/x")', "path of one machine"),
        ("src/otay/web/static/vendor/x.js", "", "third-party"),
        ("src/otay/web/static/web/x.min.js", "", "third-party"),
        ("data.csv", "x" * (foreign.LARGEST + 1), "the limit is"),
    ],
)
def test_foreign_things_are_found(name: str, content: str, says: str) -> None:
    (found,) = foreign.findings(Path(name), content.encode())
    assert says in found


def test_the_place_is_told() -> None:
    (found,) = foreign.findings(Path("a.md"), b"one\ntwo registry.npmjs" + b".org\n")
    assert found.startswith("a.md:2:")


def test_ordinary_files_pass() -> None:
    text = "from pathlib import Path\nhttps://example.org/work/home\nPATH=/usr/bin\n"
    assert list(foreign.findings(Path("src/otay/cli.py"), text.encode())) == []
