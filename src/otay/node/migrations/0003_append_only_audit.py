"""The database refuses to change or delete audit events."""

from django.db import migrations

from otay.node import protection


def _install(apps, schema_editor):
    protection.install(schema_editor.connection)


def _remove(apps, schema_editor):
    protection.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("node", "0002_jobs_and_leases")]

    operations = [migrations.RunPython(_install, _remove)]
