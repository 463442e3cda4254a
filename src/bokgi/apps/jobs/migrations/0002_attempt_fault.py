from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0001_queue_and_schedules"),
    ]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="fault",
            field=models.JSONField(null=True),
        ),
    ]
