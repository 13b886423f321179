"""The one change that places knows: filling its tables from the data files that ship with the project."""

from __future__ import annotations

from typing import Any

from django.db import connection, connections, transaction
from django.db.models import Model

from otay.node import audit
from otay.node.actors import Actor
from otay.places import queries, reference
from otay.places.models import (
    Crossing,
    CrossingSide,
    LaneGroup,
    MonthlyVolume,
    OpeningHours,
    Port,
    Provenance,
    ReferenceRelease,
    Source,
)


def load_reference_data(*, actor: Actor) -> bool:
    """Bring the tables to what the data files say. True if they differed; loading the same files again does nothing."""
    actor.require("places.maintain")
    with transaction.atomic():
        changed = install_reference_data()
        if changed:
            audit.record(
                actor=actor, action="places.reference_loaded", subject="places:reference", digest=reference.digest()
            )
    return changed


def install_reference_data() -> bool:
    """Fill the tables as part of setting the database up, as a migration would: no actor, nothing in the audit log."""
    digest = reference.digest()
    if ReferenceRelease.objects.filter(digest=digest).exists():
        return False
    with transaction.atomic():
        _replace()
        last = MonthlyVolume.objects.order_by("-month").values_list("month", flat=True).first()
        ReferenceRelease.objects.update_or_create(id=1, defaults={"digest": digest, "last_month": last})
    queries.forget()
    return True


def _replace() -> None:
    """Rows others may point at (ports, crossings, sources) are updated in place; the rest is written anew."""
    for table in (Provenance, CrossingSide, LaneGroup, OpeningHours, MonthlyVolume):
        table.objects.all().delete()
    _upsert(Source, reference.sources())
    _upsert(Port, reference.ports())
    _upsert(Crossing, reference.crossings())
    Provenance.objects.bulk_create(reference.provenance())
    CrossingSide.objects.bulk_create(reference.crossing_sides())
    LaneGroup.objects.bulk_create(reference.lane_groups())
    OpeningHours.objects.bulk_create(reference.opening_hours())
    _insert_volumes()


def _insert_volumes() -> None:
    """41,000 rows past the ORM: a third of the time, which every new node and every test database pays."""
    table = connection.ops.quote_name(MonthlyVolume._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} (port_id, month, measure, value) VALUES (%s, %s, %s, %s)",  # noqa: S608 - our own name
            reference.monthly_volumes(),
        )


def _upsert(model: type[Model], rows: list[Any]) -> None:
    key = model._meta.pk.name
    columns = [field.name for field in model._meta.concrete_fields if field.name != key]
    model._default_manager.bulk_create(rows, update_conflicts=True, unique_fields=[key], update_fields=columns)
    model._default_manager.exclude(pk__in=[row.pk for row in rows]).delete()


def install_after_migrate(*, using: str, **_signal: object) -> None:
    """Receiver of ``post_migrate``: a fresh node has its ports without being asked. Skipped while the tables are gone
    (a migration backwards)."""
    if using == "default" and ReferenceRelease._meta.db_table in connections[using].introspection.table_names():
        install_reference_data()
