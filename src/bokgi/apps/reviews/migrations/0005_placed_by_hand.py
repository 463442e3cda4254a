from django.db import migrations, models


class Migration(migrations.Migration):
    """Meetings that are planned already stay where they are: whether somebody chose their day was not kept."""

    dependencies = [("reviews", "0004_moved_mail")]

    operations = [
        migrations.AddField("meeting", "placed_by_hand", models.BooleanField(default=True)),
        migrations.AlterField("meeting", "placed_by_hand", models.BooleanField(default=False)),
    ]
