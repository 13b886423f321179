"""The registry of models: trained by a job on what was known, used by decision, watched; not a file is trusted."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from factories import declarations, investigations
from factories.node import make_person, signed_in
from otay.core.errors import Conflict, Forbidden, Refused
from otay.engines.fraud.ranking import documents
from otay.goods.declarations.models import Declaration, DeclarationEvent
from otay.goods.investigations import indicators, model_files, presenting
from otay.goods.investigations.domain import model_rows
from otay.goods.investigations.domain.model_rows import Mirrored
from otay.goods.investigations.models import ModelVersion, Score, Selected
from otay.goods.investigations.services import matching, registry, scoring, selecting, training
from otay.node import clock, roles
from otay.node.accounts import actor_of_user
from otay.node.models import JobRun

pytestmark = pytest.mark.django_db
PORT = investigations.PORT


def analyst() -> Any:
    return investigations.officer(roles.TARGETING)


def invented(count: int = 500, *, since: date | None = None) -> training.Examples:
    """Rows in which what the neighbour's record leaves open is what inspections find; one in four nobody looked at."""
    dice = np.random.default_rng(3)
    first = since or clock.now().date() - timedelta(days=count // 5)
    made = training.Examples()
    for at in range(count):
        gap = float(dice.choice([0.0, 0.0, 0.0, 0.4, 0.9]))
        value = float(np.exp(dice.normal(9, 1)))
        day = first + timedelta(days=at // 5)
        row = {
            "date": day.isoformat(), "hs": str(dice.choice(["520942", "851762", "870829"])), "origin": "MX",
            "exporter": f"X{dice.integers(20)}", "importer": f"M{dice.integers(30)}", "declarant": "B1", "office": PORT,
            "exporting_country": "MX", "unit": "KGM", "import_type": "import", "import_use": "-", "value": value,
            "net_mass": value / 5, "tax_rate": 5.0, "mirror_gap": gap, "mirror_value": -gap,
            "mirror_duty": float(np.log1p(value * 0.05 * gap)), "mirror_confidence": 1.0,
        }  # fmt: skip
        looked = bool(dice.random() < 0.75)
        found = bool(dice.random() < 0.05 + 0.8 * gap)
        made.rows.append(row)
        made.found.append(found if looked else None)
        made.known.append(day + timedelta(days=1) if looked else None)
        made.duty.append(value * 0.05 * gap if looked and found else None)
    return made


def job() -> JobRun:
    return JobRun.objects.create(job=training.JOB, started_by="system", created_at=clock.now())


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> ModelVersion:
    monkeypatch.setattr(training, "examples", lambda **_asked: invented())
    training.train_challenger(job(), analyst())
    return ModelVersion.objects.get()


def scored(count: int = 3, *, planted: str = "") -> list[Declaration]:
    trucks = [replace(one, planted=planted, mistaken=False) for one in declarations.trucks(count)]
    rows = [investigations.imported(truck) for truck in trucks]
    for truck in trucks:
        investigations.told(truck)
    matching.match()
    scoring.score_new()
    return rows


def test_too_little_is_known_to_train_says_what_is_missing() -> None:
    with pytest.raises(Refused) as refused:
        training.train_challenger(job(), analyst())
    assert "0 inspected declarations" in refused.value.findings[0].text()


def test_a_trained_model_is_a_challenger_until_somebody_decides(trained: ModelVersion) -> None:
    assert trained.role == "challenger"
    held_out = trained.card["held_out"]
    assert held_out["auc"] > 0.75
    assert held_out["rows"] < 100 < trained.rows < trained.card["rows"] == 500
    assert [depth["share"] for depth in held_out["depths"]] == [0.01, 0.02, 0.05, 0.1]
    chances = [expected for expected, _found, _count in held_out["calibration"]]
    assert chances == sorted(chances)
    row = scored(1)[0]
    assert Score.objects.get(declaration=row).model is None
    with pytest.raises(Forbidden):
        registry.promote(actor=investigations.officer(roles.SUPERVISOR, ports=(PORT,)), version=1, why="It is better")
    with pytest.raises(Refused):
        registry.promote(actor=analyst(), version=1, why="")
    registry.promote(actor=analyst(), version=1, why="It is better on the held-out part")
    with pytest.raises(Conflict):
        registry.promote(actor=analyst(), version=1, why="It is better on the held-out part")
    scoring.score([row])
    score = Score.objects.get(declaration=row)
    assert score.model == 1
    assert 0 <= score.probability <= 1


def test_the_champion_ranks_selects_and_says_why(trained: ModelVersion) -> None:
    registry.promote(actor=analyst(), version=1, why="The first model of this test")
    honest = scored(6)
    row = investigations.imported(truck := declarations.truck(planted="undervalued", key="planted"))
    investigations.told(truck)
    matching.match()
    scoring.score_new()
    suspect = Score.objects.get(declaration=row)
    others = Score.objects.filter(declaration__in=honest)
    assert suspect.probability > max(one.probability for one in others)
    assert suspect.duty > max(one.duty for one in others)
    selecting.select(PORT)
    texts = presenting.reason_texts(Selected.objects.get(declaration=row).reasons, "es-mx")
    assert texts
    assert any("vecino" in text for text in texts)


def test_a_larger_gap_never_lowers_the_chance(trained: ModelVersion) -> None:
    model = registry.model_of(trained)
    row = invented(1).rows[0]
    rows = [{**row, "mirror_gap": gap, "mirror_value": -gap} for gap in np.linspace(0, 2, 40).tolist()]
    told = model.score(model_rows.frame_of(rows)).probability
    assert (np.diff(told) >= 0).all()
    assert told[-1] > told[0]


def test_a_second_model_is_judged_beside_the_champion_on_what_neither_knew(
    trained: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.promote(actor=analyst(), version=1, why="The first model of this test")
    ModelVersion.objects.update(known_until=clock.now() - timedelta(days=400))
    monkeypatch.setattr(training, "examples", lambda **_asked: invented(900))
    training.train_challenger(job(), analyst())
    duel = ModelVersion.objects.get(version=2).card["held_out"]["duel"]
    assert duel["champion_version"] == 1
    assert duel["rows"] >= 100
    assert duel["low"] <= duel["challenger"] - duel["champion"] <= duel["high"]


@pytest.mark.parametrize("harm", ["altered", "gone", "foreign", "other version"])
def test_a_model_file_that_cannot_be_used_is_not_and_selection_goes_on(
    harm: str, trained: ModelVersion, settings: Any
) -> None:
    path = settings.OTAY.files / "models" / trained.file
    match harm:
        case "altered":
            path.write_text(path.read_text() + "\n")
        case "gone":
            path.unlink()
        case "foreign":
            path.write_text("a pickle, say")
        case "other version":
            ModelVersion.objects.update(card={**trained.card, "format": "otay.model.v1"})
    model_files._loaded.clear()
    with pytest.raises(Conflict):
        registry.promote(actor=analyst(), version=1, why="It is better, I think")
    ModelVersion.objects.update(role="champion")
    row = scored(1)[0]
    assert Score.objects.get(declaration=row).model is None
    assert ModelVersion.objects.get().drift["unusable"]
    assert registry.moved([Score(model=1, features={})]) == [[]]


@pytest.fixture
def upgraded(trained: ModelVersion, settings: Any) -> ModelVersion:
    """A champion as the version before kept it: document and card of format 2, two boosters and no votes."""
    path = settings.OTAY.files / "models" / trained.file
    body = json.loads(path.read_text())
    del body["votes"], body["own_prices"], body["sha256"]
    body |= {"format": "otay-fraud-model/2", "booster": "tree", "mirror_booster": "tree", "start": [[0.0], [0.0]]}
    text = json.dumps({**body, "sha256": documents._digest(body)})
    path.write_text(text)
    card = {**trained.card, "format": "otay-fraud-model/2"}
    ModelVersion.objects.update(
        role="champion", card=card, digest=hashlib.sha256(text.encode()).digest(),
        drift={"features": {"log_value": 0.4}, "rows": 900},
    )  # fmt: skip
    model_files._loaded.clear()
    JobRun.objects.all().delete()
    return ModelVersion.objects.get()


def test_an_upgrade_leaves_an_old_champion_aside_until_the_job_has_trained_another(
    upgraded: ModelVersion,
) -> None:
    rows = scored(3)
    Score.objects.filter(declaration=rows[0]).update(model=1)
    assert scoring.score([rows[1]])[0].model is None
    assert Score.objects.get(declaration=rows[1]).probability >= 0
    selecting.select(PORT)
    registry.watch_drift()
    user = make_person("targeting")
    client = signed_in(user)
    client.cookies["otay_us_language"] = "es-mx"
    for address in ("", "findings/", "evaluation/", "workbench/", "models/"):
        answer = client.get(f"/investigations/{address}")
        assert answer.status_code == 200, address
    assert "espera a ser entrenado de nuevo" in answer.content.decode()
    alerts = indicators._drift(actor_of_user(user))
    assert [alert.level for alert in alerts] == ["warning"]
    assert training.start_when_due() is not None, "it does not wait for a week nor for new outcomes"
    run = JobRun.objects.get()
    training.train_challenger(run, analyst())
    JobRun.objects.update(state=JobRun.State.DONE)
    assert training.start_when_due() is None
    registry.promote(actor=analyst(), version=2, why="The old one cannot be read")
    assert not registry.outdated(registry.champion())
    assert scoring.score([rows[1]])[0].model == 2


def test_after_an_upgrade_a_failed_training_is_not_tried_every_hour(upgraded: ModelVersion) -> None:
    ModelVersion.objects.update(trained_at=clock.now())
    assert training.start_when_due() is not None
    JobRun.objects.update(state=JobRun.State.FAILED)
    assert training.start_when_due() is None


def test_drift_is_seen_where_trade_changed_and_not_where_it_did_not(trained: ModelVersion) -> None:
    model, rows = registry.model_of(trained), invented().rows[-250:]
    assert registry.drift_of(model, rows)["log_value"] < registry.DRIFT_ALARM
    dearer = [{**one, "value": one["value"] * 6} for one in rows]
    assert registry.drift_of(model, dearer)["log_value"] > registry.DRIFT_ALARM


def test_training_knows_what_was_recorded_by_then_and_no_more() -> None:
    first, second, third = scored(3)
    now = clock.now()
    for row, at in ((first, now - timedelta(hours=2)), (second, now + timedelta(hours=2))):
        DeclarationEvent.objects.create(
            declaration=row, kind="inspected", at=at, recorded_at=at, actor="officer:1", detail={"result": "offence"}
        )
    made = training.examples(as_of=now)
    found = {row["id"]: one for row, one in zip(made.rows, made.found, strict=True)}
    assert found == {first.number: True, second.number: None, third.number: None}
    assert made.labels().found.tolist().count(-1) == 2


def test_a_challenger_is_trained_by_itself_once_a_week_and_only_when_more_is_known(
    trained: ModelVersion,
) -> None:
    assert training.start_when_due() is None, "the last one is of today"
    ModelVersion.objects.update(trained_at=clock.now() - timedelta(days=8), known_until=clock.now() - timedelta(days=8))
    assert training.start_when_due() is None, "nothing was recorded since"
    row = scored(1)[0]
    DeclarationEvent.objects.create(
        declaration=row, kind="inspected", at=clock.now(), recorded_at=clock.now(), actor="officer:1",
        detail={"result": "conforms"},
    )  # fmt: skip
    JobRun.objects.all().delete()
    assert training.start_when_due() is not None
    assert training.start_when_due() is None, "one is under way"


def test_the_mirror_tells_a_model_what_the_engine_would() -> None:
    line = {"element": "value", "ours": "50", "theirs": "100", "verdict": "differs", "ratio": "0.5", "causes": []}
    row = {"value": 50.0, "tax_rate": 10.0}
    alone, half, split = model_rows.mirror_rows(
        [row, row, {"value": 900.0, "tax_rate": 10.0}],
        [Mirrored(alone=1.0), Mirrored([line], confidence=0.95), Mirrored([line], ["split"], parts=3)],
    )
    assert (alone["mirror_alone"], alone["mirror_value"]) == (1.0, None)
    assert half["mirror_value"] == pytest.approx(np.log(0.5))
    assert half["mirror_duty"] == pytest.approx(np.log1p(5))
    assert half["mirror_gap"] > alone["mirror_gap"] > 0
    assert split["mirror_parts"] == 3
    assert json.dumps([alone, half, split])
