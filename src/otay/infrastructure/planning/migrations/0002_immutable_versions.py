"""The database refuses to change or delete a saved version and what was done with it."""

from django.db import migrations

from otay.node import protection

TABLES = ("planning_planversion", "planning_planstep")


def _install(apps, schema_editor):
    for table in TABLES:
        protection.install(schema_editor.connection, table)


def _remove(apps, schema_editor):
    for table in TABLES:
        protection.remove(schema_editor.connection, table)


class Migration(migrations.Migration):
    dependencies = [("planning", "0001_initial")]

    operations = [migrations.RunPython(_install, _remove)]
