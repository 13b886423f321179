"""The database refuses to change or delete a version of a traveller, save that its contents may be emptied."""

from django.db import migrations

TABLE = "passengers_travellerversion"
MESSAGE = f"{TABLE} is append-only: only retention empties a body"
SAME = ("id", "traveller_id", "version", "kind", "stamp", "at", "digest")
_KEPT = " AND ".join(f"NEW.{column} = OLD.{column}" for column in SAME)

SQLITE = [
    f"CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} WHEN NOT (NEW.body = '{{}}' AND {_KEPT}) "
    f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END",
    f"CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END",
]
POSTGRESQL = [
    f"CREATE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF TG_OP = 'UPDATE' AND NEW.body = '{{}}'::jsonb AND {_KEPT} THEN RETURN NEW; END IF; "
    f"RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
    f"CREATE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE ON {TABLE} "
    f"FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()",
    f"CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} "
    f"FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_refuse()",
]


def _install(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement, params=None)


def _remove(apps, schema_editor):
    from otay.node import protection

    protection.remove(schema_editor.connection, TABLE)


class Migration(migrations.Migration):
    dependencies = [("passengers", "0001_initial")]

    operations = [migrations.RunPython(_install, _remove)]
