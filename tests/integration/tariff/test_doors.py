"""Pages, API and commands of rates and tariff."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from factories import tariff
from factories.node import bearer, make_person, make_token, signed_in
from otay.goods.declarations.tariff import commands, queries, reading
from otay.goods.declarations.tariff.models import ExchangeRate, TableFile, TariffLine
from otay.node import clock

pytestmark = pytest.mark.django_db
RATES = b"currency,since,rate\nMXN,2026-01-01,0.05\nCAD,2026-01-01,0.73\n"


@pytest.fixture
def analyst() -> Client:
    return signed_in(make_person("targeting"))


def sent(client: Client, content: bytes, table: str = "rates", **given: str) -> Any:
    file = SimpleUploadedFile("<b>rates.csv", content)
    return client.post("/tariff/files/", {"table": table, "file": file, "source": "Invented gazette", **given})


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


@pytest.mark.parametrize("language", ["en", "es-mx"])
def test_a_file_is_shown_before_it_is_applied(analyst: Client, language: str) -> None:
    analyst.cookies["otay_us_language"] = language
    answer = sent(analyst, RATES)
    row = TableFile.objects.get()
    assert answer["Location"] == f"/tariff/files/{row.pk}/"
    shown = page(analyst, answer["Location"])
    assert "&lt;b&gt;rates.csv" in shown
    assert "0.05" in shown
    assert not ExchangeRate.objects.exists()
    applied = analyst.post(answer["Location"], {"version": "0"})
    assert applied["Location"] == "/tariff/"
    assert ExchangeRate.objects.count() == 2
    assert "Invented gazette" in page(analyst, "/tariff/?currency=MXN&day=2026-01-15")
    assert "rates.csv" in page(analyst, "/tariff/files/")
    assert "/tariff/explained/#rates" in page(analyst, "/tariff/")
    page(analyst, "/tariff/explained/")


def test_findings_of_a_file_are_all_shown_and_it_cannot_be_applied(analyst: Client) -> None:
    bad = b"currency,since,rate\nMXN,2026-01-01,0.05\nXQX,2026-01-01,1\nCAD,soon,1\n"
    address = sent(analyst, bad)["Location"]
    shown = page(analyst, address)
    assert "line 3, currency" in shown
    assert "line 4, since" in shown
    assert 'name="version"' not in shown
    assert analyst.post(address, {"version": "0"}).status_code == 422
    assert not ExchangeRate.objects.exists()


def test_what_was_shown_and_has_changed_meanwhile_is_shown_anew(analyst: Client) -> None:
    address = sent(analyst, RATES)["Location"]
    tariff.rates("MXN,2026-01-01,0.07")
    answer = analyst.post(address, {"version": "0"})
    assert answer.status_code == 409
    assert "0.07" in answer.content.decode()
    assert 'value="1"' in answer.content.decode()
    for version in ("", "x", "-1", "99999999999"):
        assert analyst.post(address, {"version": version}).status_code == 409
    assert analyst.post(address, {"version": "1"}).status_code == 302


def test_an_empty_file_one_too_large_and_a_table_that_is_none(analyst: Client) -> None:
    assert sent(analyst, b"").status_code == 422
    assert sent(analyst, RATES, table="people").status_code == 422
    assert sent(analyst, RATES + b"\n" * reading.MOST_BYTES).status_code == 422, "more than is taken"
    assert not TableFile.objects.exists()


def test_lines_of_a_day_and_the_one_that_goods_fall_under(analyst: Client) -> None:
    tariff.lines("5209,,2020-01-01,,11", "520942,MX,2020-01-01,,0,2,KGM,USD", "520942,CN,2020-01-01,,25")
    shown = page(analyst, "/tariff/lines/?hs=5209.42&origin=mx")
    assert "fall under line 520942 MX" in shown
    assert "2&nbsp;USD/KGM" in shown
    assert "25" not in shown.split("<tbody>")[1].split("</tbody>")[0], "lines of another origin are left out"
    assert "No line for these goods" in page(analyst, "/tariff/lines/?hs=010121")
    assert "no such tariff lines" in page(analyst, "/tariff/lines/?day=1999-01-01")
    for odd in ("?day=x", "?page=x", "?hs=%00%3Cscript%3E", "?origin=%3C%3E&day=0001-01-01"):
        page(analyst, f"/tariff/lines/{odd}")
        page(analyst, f"/tariff/{odd}")


def test_a_stale_rate_is_told(analyst: Client) -> None:
    tariff.rates(f"MXN,{clock.now().date() - timedelta(days=96)},0.05")
    assert "Stale" in page(analyst, "/tariff/")


def test_who_only_reads_sees_no_files() -> None:
    reader = signed_in(make_person("trader"))
    assert "/tariff/files/" not in page(reader, "/tariff/")
    assert reader.get("/tariff/files/").status_code == 403
    assert sent(reader, RATES).status_code == 403
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = signed_in(make_person("targeting")).cookies
    assert sent(browser, RATES).status_code == 403, "without the form's own mark"
    assert not TableFile.objects.exists()


def api(client: Client, address: str, body: Any = None, *, token: str) -> Any:
    if body is None:
        return client.get(f"/api/v1/tariff/{address}", **bearer(token))
    return client.put(
        f"/api/v1/tariff/{address}", json.dumps(body), content_type="application/json", **bearer(token)
    )  # fmt: skip


def test_the_api_puts_and_tells(client: Client) -> None:
    token = make_token("targeting")
    body = {"rates": [{"currency": "MXN", "since": "2026-01-01", "rate": "0.05"}], "source": "Gazette"}
    assert api(client, "rates", body, token=token).json() == {"fresh": 1, "corrected": 0, "same": 0, "version": 1}
    assert api(client, "rates", body, token=token).json() == {"fresh": 0, "corrected": 0, "same": 1, "version": 1}
    told = api(client, "rates?day=2026-01-05", token=token).json()
    assert (told["base"], told["rates"][0]["currency"], told["rates"][0]["stale"]) == ("USD", "MXN", False)
    assert float(told["rates"][0]["rate"]) == 0.05
    line = {"hs": "5209", "start": "2026-01-01", "ad_valorem": "6.5", "source": "Tariff"}
    assert api(client, "lines", {"lines": [line]}, token=token).json()["fresh"] == 1
    assert api(client, "lines?day=2026-02-01", token=token).json()["lines"][0]["hs"] == "5209"
    taken = api(client, "lines/taken?hs=520942&origin=MX&day=2026-02-01", token=token).json()
    assert (taken["line"]["hs"], taken["least"]) == ("5209", False)
    assert api(client, "lines/taken?hs=01", token=token).json() == {"line": None, "least": False}


def test_the_api_refuses_with_every_finding_and_who_may_not(client: Client) -> None:
    bad = {
        "rates": [{"currency": "MX", "since": "2026-01-01", "rate": "-1"}, {"currency": "USD", "since": "", "rate": ""}]
    }
    answer = api(client, "rates", bad, token=make_token("targeting"))
    assert answer.status_code == 422
    assert [one["place"] for one in answer.json()["findings"]] == ["/rates/0/currency", "/rates/1/currency"]
    good = {"rates": [{"currency": "MXN", "since": "2026-01-01", "rate": "1", "source": "Gazette"}]}
    assert api(client, "rates", good, token=make_token("supervisor")).status_code == 403
    assert api(client, "rates", good, token=make_token("trader")).status_code == 403
    assert not ExchangeRate.objects.exists()


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    """The command in this process, whose node is the test's."""
    monkeypatch.setattr("otay.node.commandline.setup", lambda _home: None)
    return CliRunner().invoke(commands.tariff, list(arguments))


def test_the_command_takes_a_file_and_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "rates.csv"
    file.write_bytes(RATES)
    dry = run(tmp_path, monkeypatch, "rates", str(file), "--source", "Gazette", "--dry-run", "--json")
    assert json.loads(dry.output) == {"fresh": 2, "changed": 0, "same": 0, "dry_run": True}
    assert not ExchangeRate.objects.exists()
    assert "2 new" in run(tmp_path, monkeypatch, "rates", str(file), "--source", "Gazette").output
    assert "2 were there already" in run(tmp_path, monkeypatch, "rates", str(file), "--source", "Gazette").output
    shown = json.loads(run(tmp_path, monkeypatch, "show", "--day", "2026-01-02", "--json").output)
    assert [one["currency"] for one in shown["rates"]] == ["CAD", "MXN"]
    lines = tmp_path / "lines.csv"
    lines.write_text("hs,start,ad_valorem\n5209,2026-01-01,6.5\n")
    assert run(tmp_path, monkeypatch, "lines", str(lines), "--source", "Tariff").exit_code == 0
    assert "6.5 %" in run(tmp_path, monkeypatch, "show", "5209.42", "--day", "2026-01-02").output
    assert "no line" in run(tmp_path, monkeypatch, "show", "010121", "--day", "2026-01-02").output


def test_the_command_names_the_row_of_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "lines.csv"
    file.write_text("hs,start,ad_valorem\n5209,2026-01-01,-6.5\n")
    for more in ((), ("--dry-run",)):
        done = run(tmp_path, monkeypatch, "lines", str(file), "--source", "Tariff", *more)
        assert done.exit_code == 1
        assert "line 2, ad_valorem" in done.output
    assert not TariffLine.objects.exists()
    assert queries.version_of("lines") == 0
