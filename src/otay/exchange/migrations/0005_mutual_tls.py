from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exchange", "0004_key_rotation_and_erasure"),
    ]

    operations = [
        migrations.AddField(
            model_name="peer",
            name="door",
            field=models.CharField(blank=True, default="", max_length=300, verbose_name="door"),
        ),
        migrations.AddField(
            model_name="peer",
            name="authority",
            field=models.TextField(blank=True, default=""),
        ),
    ]
