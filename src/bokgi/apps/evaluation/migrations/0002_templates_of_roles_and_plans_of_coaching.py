"""A role's default template; the growth plan is coaching's: what was written here moves into the conversation."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models


def keep_words(apps: Any, schema_editor: Any) -> None:  # noqa: ANN401 - Django's registry and editor
    """Write each step of a growth plan below what both said."""
    del schema_editor
    for step in apps.get_model("evaluation", "GrowthStep").objects.select_related("evaluation").order_by("pk"):
        form = apps.get_model("evaluation", "Evaluation").objects.get(pk=step.evaluation_id)
        lines = [form.talk_text, f"→ {step.behaviour} ({step.check_on.isoformat()})", step.support]
        form.talk_text = "\n".join(line for line in lines if line)
        form.save(update_fields=["talk_text"])


class Migration(migrations.Migration):
    """See the first line."""

    dependencies: ClassVar = [("evaluation", "0001_evaluations")]

    operations: ClassVar = [
        migrations.AddField("template", "is_default", models.BooleanField(default=False)),
        migrations.RunPython(keep_words, migrations.RunPython.noop),
        migrations.DeleteModel("GrowthStep"),
    ]
