from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from bokgi.apps.access.sealing import seal


def plain_text_overwrite(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Have a file database write over what it frees: the plain text must not stay in it."""
    del apps
    if editor.connection.vendor == "sqlite":
        editor.execute("PRAGMA secure_delete = ON")


def private_notes_seal(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Seal the private notes that stand in plain text."""
    del editor
    table = apps.get_model("reviews", "Note").objects
    for row, key, text in list(table.filter(private=True, sealed="").values_list("pk", "key", "text")):
        table.filter(pk=row).update(text="", sealed=seal(text, to=f"note {key}"))


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0002_learning_and_telling"),
    ]

    operations = [
        migrations.RunPython(plain_text_overwrite, migrations.RunPython.noop, elidable=True),
        migrations.AddField(
            model_name="note",
            name="sealed",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AlterField(
            model_name="note",
            name="text",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.RunPython(private_notes_seal, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="note",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("private", True), ("text", ""), models.Q(("sealed", ""), _negated=True)),
                    models.Q(("private", False), ("sealed", "")),
                    _connector="OR",
                ),
                name="note_private_is_sealed",
            ),
        ),
    ]
