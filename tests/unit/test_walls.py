"""The walls of the house stand: the real tree passes, and a breach planted in a copy is caught by the right wall."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
IMPORT = "import otay.{}\n"

BREACHES = [
    ("Floors", {"node/breach.py": IMPORT.format("places")}),
    ("Floors", {"formats/breach.py": "def read():\n    import otay.engines\n"}),
    ("Floors", {"screening/breach.py": IMPORT.format("goods.declarations")}),
    ("Floors", {"attic/__init__.py": ""}),
    ("Rooms", {"people/alpha/__init__.py": IMPORT.format("people.beta"), "people/beta/__init__.py": ""}),
    ("Rooms", {"people/alpha/__init__.py": IMPORT.format("goods.declarations")}),
    ("Rooms", {"goods/alpha/__init__.py": IMPORT.format("goods.beta"), "goods/beta/__init__.py": ""}),
    ("Rooms", {"goods/declarations/breach.py": IMPORT.format("goods.beta"), "goods/beta/__init__.py": ""}),
    (
        "Inside",
        {
            "people/alpha/__init__.py": "",
            "people/alpha/models.py": IMPORT.format("people.alpha.services"),
            "people/alpha/services.py": "",
        },
    ),
    (
        "Inside",
        {
            "goods/alpha/__init__.py": "",
            "goods/alpha/views.py": IMPORT.format("goods.alpha.api"),
            "goods/alpha/api.py": "",
        },
    ),
    ("Library", {"core/breach.py": "from django.db import models\n"}),
    ("Library", {"engines/breach.py": "import ninja\n"}),
    ("Library", {"people/alpha/__init__.py": "", "people/alpha/domain.py": IMPORT.format("node.models")}),
    (
        "Cycles",
        {
            "people/alpha/__init__.py": "",
            "people/alpha/one.py": IMPORT.format("people.alpha.two"),
            "people/alpha/two.py": IMPORT.format("people.alpha.one"),
        },
    ),
]


def copy_tree(folder: Path) -> None:
    """The Python of the package, without its data."""

    def left_out(_folder: str, names: list[str]) -> set[str]:
        return {name for name in names if name == "__pycache__" or ("." in name and not name.endswith(".py"))}

    shutil.copytree(ROOT / "src" / "otay", folder / "otay", ignore=left_out)


def lint(folder: Path) -> tuple[int, str]:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--config", str(ROOT / ".importlinter"), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def broken(output: str) -> set[str]:
    return set(re.findall(r"^(\w+):.*BROKEN\b", output, re.MULTILINE))


def test_the_walls_stand() -> None:
    code, output = lint(ROOT / "src")
    assert code == 0, output
    assert "5 kept, 0 broken" in output


@pytest.mark.parametrize(
    ("wall", "planted"), BREACHES, ids=lambda value: value if isinstance(value, str) else next(iter(value))
)
def test_a_breach_is_caught(tmp_path: Path, wall: str, planted: dict[str, str]) -> None:
    copy_tree(tmp_path)
    for name, text in planted.items():
        path = tmp_path / "otay" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    code, output = lint(tmp_path)
    assert code == 1, output
    assert wall in broken(output), output


def test_goods_may_use_its_declarations(tmp_path: Path) -> None:
    copy_tree(tmp_path)
    room = tmp_path / "otay" / "goods" / "alpha"
    room.mkdir()
    (room / "__init__.py").write_text("")
    (room / "services.py").write_text(IMPORT.format("goods.declarations.apps"))
    assert "Rooms" not in broken(lint(tmp_path)[1])
