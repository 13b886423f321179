"""The tutorial on fraud runs from top to bottom, in both languages the same code, and carries no outputs."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

MANUAL = Path(__file__).parents[3] / "docs"


def notebook(language: str) -> Any:
    return json.loads((MANUAL / language / "tutorial" / "fraud.ipynb").read_text("utf-8"))


def code(language: str) -> list[str]:
    return ["".join(cell["source"]) for cell in notebook(language)["cells"] if cell["cell_type"] == "code"]


def test_both_languages_have_the_same_code_and_no_outputs() -> None:
    assert code("en") == code("es")
    assert len(notebook("en")["cells"]) == len(notebook("es")["cells"])
    for language in ("en", "es"):
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook(language)["cells"])


@pytest.mark.slow
def test_the_notebook_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(MANUAL.parent / "src"), os.environ.get("PYTHONPATH", "")]))
    played = nbformat.read(MANUAL / "en" / "tutorial" / "fraud.ipynb", as_version=4)
    nbclient.NotebookClient(
        played, timeout=250, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    told = ["".join(one.get("text", "") for one in cell.outputs) for cell in played.cells if cell.cell_type == "code"]
    assert all(told[1:])
    assert "precision 0.99" in told[3]
    ranked = {line.split()[0]: float(line.split("1%: ")[1][:4]) for line in told[5].splitlines()}
    assert ranked["whole"] > ranked["mirror"]
