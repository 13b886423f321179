"""Duty at stake beside pairs and findings; what a score expects in duty is in dollars from now on."""

from typing import ClassVar

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def in_dollars(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Duty that was kept in another currency is no longer comparable; what is still open is scored anew (version 0)."""
    scores = apps.get_model("investigations", "Score").objects.using(editor.connection.alias)
    scores.exclude(currency__in=["", "USD"]).update(duty=0, version=0)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("investigations", "0003_further_records")]

    operations: ClassVar = [
        migrations.AddField("mirrorpair", "duty", models.JSONField(default=dict)),
        migrations.AddField(
            "mirrorfinding",
            "duty",
            models.DecimalField(decimal_places=2, max_digits=19, null=True, verbose_name="duty at stake"),
        ),
        migrations.AddField("mirrorfinding", "duty_currency", models.CharField(blank=True, max_length=3)),
        migrations.RunPython(in_dollars, migrations.RunPython.noop),
    ]
