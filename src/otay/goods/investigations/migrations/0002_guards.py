"""The database refuses to change or delete what was entered in a case, found, seized or handed on."""

from django.db import migrations

from otay.node import protection

TABLES = [
    f"investigations_{name}"
    for name in ("caseentry", "evidencecustody", "outcomeevent", "seizeditem", "seizurecustody")
]


def _install(apps, schema_editor):
    for table in TABLES:
        protection.install(schema_editor.connection, table)


def _remove(apps, schema_editor):
    for table in TABLES:
        protection.remove(schema_editor.connection, table)


class Migration(migrations.Migration):
    dependencies = [("investigations", "0001_initial")]

    operations = [migrations.RunPython(_install, _remove)]
