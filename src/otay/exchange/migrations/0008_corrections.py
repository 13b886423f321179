"""A correction cites the version that it replaces. On SQLite this rebuilds outbox and inbox, as 0006 rebuilt the outbox,
and the triggers of the range digests go with the old tables: they are put up again."""

from django.db import migrations, models

from otay.exchange import guards


def _install(apps, schema_editor):
    guards.install(schema_editor.connection)


def _remove(apps, schema_editor):
    guards.remove(schema_editor.connection)


def _field():
    return models.BinaryField(
        default=bytes, max_length=32, help_text="Digest of the version that this one replaces; empty for the first."
    )


class Migration(migrations.Migration):
    dependencies = [("exchange", "0007_restored_at")]

    operations = [
        migrations.AddField("outbox", "corrects", _field()),
        migrations.AddField("inbox", "corrects", _field()),
        migrations.RunPython(_install, _remove),
    ]
