"""The database refuses to change or delete a declaration as lodged."""

from django.db import migrations

from otay.node import protection

TABLE = "declarations_declarationversion"


def _install(apps, schema_editor):
    protection.install(schema_editor.connection, TABLE)


def _remove(apps, schema_editor):
    protection.remove(schema_editor.connection, TABLE)


class Migration(migrations.Migration):
    dependencies = [("declarations", "0001_initial")]

    operations = [migrations.RunPython(_install, _remove)]
