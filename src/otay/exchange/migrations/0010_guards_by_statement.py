"""On PostgreSQL the guards of the range digests look at rows that come or go together once a statement."""

from django.db import migrations

from otay.exchange import guards


def _install(apps, schema_editor):
    guards.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("exchange", "0009_consents")]

    operations = [migrations.RunPython(_install, migrations.RunPython.noop)]
