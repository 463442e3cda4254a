from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def moved_before(apps: Apps, _schema: BaseDatabaseSchemaEditor) -> None:
    """Keep meetings where they are that take place on another day than their series': who moved them was not kept."""
    meetings = apps.get_model("reviews", "Meeting").objects
    meetings.exclude(on=models.F("planned_on")).update(placed_by_hand=True)


class Migration(migrations.Migration):
    dependencies = [("reviews", "0004_moved_mail")]

    operations = [
        migrations.AddField("meeting", "placed_by_hand", models.BooleanField(default=False)),
        migrations.RunPython(moved_before, migrations.RunPython.noop, elidable=True),
    ]
