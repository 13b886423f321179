"""Parts of a consignment beside the first record of a pair, reasons beside a selection; both books are then looked at
once more."""

from typing import ClassVar

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def look_again(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Parts of a split consignment stood as alone so far: the matching begins anew, and changes only what is wrong."""
    cursors = apps.get_model("investigations", "MirrorCursor").objects.using(editor.connection.alias)
    cursors.filter(name__in=["ours", "theirs"]).update(last=0)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("investigations", "0002_guards")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="PairedRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("peer", models.CharField(max_length=8)),
                ("number", models.CharField(max_length=70)),
                (
                    "pair",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="further",
                        to="investigations.mirrorpair",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["peer", "number"], name="pairs_of_a_further_record")],
            },
        ),
        migrations.AddField("selected", "reasons", models.JSONField(default=list)),
        migrations.RunPython(look_again, migrations.RunPython.noop),
    ]
