from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exchange", "0006_outbox_trace"),
    ]

    operations = [
        migrations.AddField(
            model_name="peerhealth",
            name="restored_at",
            field=models.DateTimeField(
                blank=True,
                help_text="Set while a restored node has not learnt yet what the neighbour holds of it.",
                null=True,
            ),
        ),
    ]
