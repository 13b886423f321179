"""The database forgets a range digest when a row below it is touched."""

from django.db import migrations

from otay.exchange import guards


def _install(apps, schema_editor):
    guards.install(schema_editor.connection)


def _remove(apps, schema_editor):
    guards.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("exchange", "0002_reconciliation")]

    operations = [migrations.RunPython(_install, _remove)]
