from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

STATES = [("pending", "Pending"), ("written", "Written"), ("overtaken", "Overtaken"), ("taken_back", "Taken Back")]


def written(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Forget what became of written corrections: the facts say it."""
    del schema_editor
    closed = ["agreed", "overtaken", "taken_back"]
    found = apps.get_model("data", "Correction").objects.filter(state__in=closed, import_no__isnull=False)
    found.update(state="written", closed_at=None)


class Migration(migrations.Migration):
    dependencies = [("data", "0004_entered_contacts")]

    operations = [
        migrations.RunPython(written, migrations.RunPython.noop),
        *(
            migrations.AlterField(
                model_name=name,
                name="state",
                field=models.CharField(choices=STATES, default="pending", max_length=10),
            )
            for name in ("correction", "entereddeal", "enteredcontact")
        ),
    ]
