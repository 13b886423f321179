from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exchange", "0005_mutual_tls"),
    ]

    operations = [
        migrations.AddField(
            model_name="outbox",
            name="trace",
            field=models.CharField(blank=True, default="", max_length=55),
        ),
    ]
