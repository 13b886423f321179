"""The database refuses to change or delete what happened to movements and alarms, and the seal log."""

from django.db import migrations

from otay.node import protection

TABLES = ("transit_movementevent", "transit_alarmevent", "transit_seallogentry")


def _install(apps, schema_editor):
    for table in TABLES:
        protection.install(schema_editor.connection, table)


def _remove(apps, schema_editor):
    for table in TABLES:
        protection.remove(schema_editor.connection, table)


class Migration(migrations.Migration):
    dependencies = [("transit", "0002_movements")]

    operations = [migrations.RunPython(_install, _remove)]
