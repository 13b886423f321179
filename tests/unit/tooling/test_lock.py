"""A stale or unhashed lock file is told by name, offline."""

from __future__ import annotations

import lock
from packaging.requirements import Requirement

CLICK = "click==8.5.1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:01\n    # via otay\n"
PYTEST_PARTS = "".join(
    f"{name} --hash=sha256:00\n" for name in ("iniconfig==2.3.1", "packaging==26.3", "pluggy==1.7.0")
)


def faults(text: str, *wanted: str) -> list[str]:
    return list(lock.faults("r.txt", text, map(Requirement, wanted)))


def test_a_lock_that_fits_has_no_fault() -> None:
    assert faults(CLICK, "click>=8.3") == []


def test_a_package_that_is_asked_for_must_be_pinned_in_range_and_by_hash() -> None:
    assert faults(CLICK, "click>=8.3", "rich>=14") == ["r.txt: rich, which pyproject.toml needs, is not pinned"]
    assert faults(CLICK, "click>=99") == ["r.txt: click is pinned at 8.5.1; pyproject.toml needs >=99"]
    assert faults("click==8.5.1\n", "click") == ["r.txt: click has no hash"]


def test_what_installed_packages_need_must_be_pinned_too() -> None:
    assert "r.txt: pluggy, which pytest needs, is not pinned" in faults("pytest==9.2.0 --hash=sha256:00\n", "pytest")


def test_a_leftover_pin_is_told() -> None:
    assert faults(CLICK + PYTEST_PARTS, "click", "iniconfig", "packaging") == [
        "r.txt: pluggy is pinned but nothing needs it"
    ]


def test_a_pin_for_another_python_does_not_count() -> None:
    other = CLICK.replace("8.5.1", "8.5.1 ; python_full_version < '3'")
    assert faults(other, "click") == ["r.txt: click, which pyproject.toml needs, is not pinned"]


def test_the_lock_files_of_the_project_fit() -> None:
    assert lock.check() == 0
