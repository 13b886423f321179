"""What is fetched at set-up is named by digest and never by address; what pages use is there to be served."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
VENDOR = ROOT / "src" / "otay" / "web" / "static" / "vendor"


def test_the_lock_file_names_every_package_by_digest_and_no_address() -> None:
    text = (ROOT / "package-lock.json").read_text()
    packages = {name: item for name, item in json.loads(text)["packages"].items() if name}
    assert all(item["integrity"].startswith("sha512-") for item in packages.values())
    assert "resolved" not in text
    assert "://" not in text


def test_the_scripts_and_styles_of_every_page_are_files_that_exist() -> None:
    if not VENDOR.exists():
        pytest.skip("assets are not set up (make setup)")
    head = (ROOT / "src/otay/web/jinja2/web/frame/head.html").read_text()
    named = re.findall(r"static\('([^']+)'\)", head)
    own = [name for name in named if not name.startswith("django_htmx/")]
    assert len(own) >= 6
    missing = [name for name in own if not (VENDOR.parent / name).is_file()]
    assert not missing


def test_the_style_sheet_refers_to_nothing_that_was_not_brought() -> None:
    if not VENDOR.exists():
        pytest.skip("assets are not set up (make setup)")
    sheet = VENDOR / "uswds" / "css" / "uswds.min.css"
    references = set(re.findall(r"url\((\.\./[^)?#]+)", sheet.read_text()))
    assert len(references) > 20
    assert [name for name in references if not (sheet.parent / name).resolve().is_file()] == []


def test_no_page_has_a_script_or_style_of_its_own_inside() -> None:
    for template in (ROOT / "src" / "otay").rglob("jinja2/**/*.html"):
        text = template.read_text()
        assert not re.search(r"\son[a-z]+=", text), template
        assert not re.search(r"\sstyle=", text), template
        assert "<style" not in text, template
        scripts = re.findall(r"<script\b[^>]*>", text)
        assert all("src=" in script or "application/json" in script for script in scripts), template
