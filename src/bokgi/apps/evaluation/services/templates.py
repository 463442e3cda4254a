"""Writes of what rounds begin with: criteria of a role, named templates, roles of one's own."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.services import audit
from bokgi.apps.evaluation.clock import now
from bokgi.apps.evaluation.criteria import Criteria
from bokgi.apps.evaluation.default_criteria import ROLES
from bokgi.apps.evaluation.models import Template
from bokgi.apps.evaluation.reading import LEADS_ROUNDS
from bokgi.apps.evaluation.selectors import criteria_to_begin, roles_known
from bokgi.domain.errors import NotFoundError, UsageError
from bokgi.domain.messages import N_, Message

_LONGEST_ROLE: Final = 40


@transaction.atomic
def template_save(*, name: str, criteria: Criteria, by: User, is_default: bool = False) -> Template:
    """Save criteria under a name to begin rounds with; the same name is replaced.

    With `is_default` they are what every new round of the role begins with, and the role is their name.
    """
    _templates_led(by)
    given = criteria.role if is_default else name.strip()[:80]
    if not given:
        raise UsageError("name_missing", Message(N_("Give it a name.")))
    if not is_default and (given in ROLES or Template.objects.filter(name=given, is_default=True).exists()):
        raise UsageError("name_taken", Message(N_("“{name}” is the name of a role; choose another."), {"name": given}))
    body = criteria.checked().as_json()
    saved, _made = Template.objects.update_or_create(
        name=given, defaults={"body": body, "by": by, "changed_at": now(), "is_default": is_default}
    )
    audit(by=by, action="template_save", subject=f"template {saved.pk}")
    return saved


@transaction.atomic
def template_remove(*, template: Template, by: User) -> None:
    """Take a template away; a role's default goes back to what it was at the beginning. Rounds keep their criteria."""
    _templates_led(by)
    audit(by=by, action="template_remove", subject=f"template {template.pk}")
    template.delete()


@transaction.atomic
def role_add(*, role: str, by: User) -> Template:
    """Add a role of one's own with criteria to begin with."""
    _templates_led(by)
    name = role.strip()
    if not name or len(name) > _LONGEST_ROLE or set(name) & set("/{}"):
        raise UsageError("name_missing", Message(N_("A role has a name of at most 40 characters, without slash.")))
    if name.casefold() in {one.casefold() for one in roles_known()}:
        raise UsageError("name_taken", Message(N_("“{name}” is the name of a role; choose another."), {"name": name}))
    return template_save(name=name, criteria=criteria_to_begin(name), by=by, is_default=True)


def _templates_led(by: User) -> None:
    if Role(by.role) not in LEADS_ROUNDS:
        raise NotFoundError("template_unknown", Message(N_("There is no such template for you.")))
