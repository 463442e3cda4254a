"""Every address of the application, with something in the place of each argument."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.urls import URLPattern, URLResolver, get_resolver, reverse

ARGUMENTS: Final[dict[str, tuple[str, ...]]] = {
    "deal_id": ("lee-0", "seo-0"),
    "person_id": ("lee", "seo"),
    **dict.fromkeys(("pair_id", "one_on_one_id", "paper_id", "plan_id"), ("00000000-0000-4000-8000-000000000000",)),
    "skill_key": ("discovery", "no-such-skill"),
    "role": ("leader",),
    "version": ("0",),
    "token": ("no-such-invitation",),
    "uidb36": ("1",),
    "key": ("no-such-key",),
    "upload_id": ("00000000-0000-4000-8000-000000000000",),
    "meeting_id": ("1", "2"),
    "participant_id": ("1", "2"),
    "commitment_id": ("1",),
    "series_id": ("1",),
    "case_id": ("1",),
    "recognition_id": ("1",),
    "receiver_id": ("1",),
    "delivery_id": ("1",),
    "form": ("pdf", "ics"),
    "work": ("1",),
    "correction_id": ("1",),
    "token_id": ("1",),
    "import_no": ("1",),
    "pk": ("1",),
    "task_id": ("00000000-0000-4000-8000-000000000000",),
    "name": ("tidy",),
    "component_name": ("button", "table"),
    "table": ("targets", "memberships", "stages", "standards", "calendar", "rates"),
    "kpi": ("win-rate",),
    "user_id": ("1",),
    "session_id": ("1",),
    "deed": ("sign",),
    "of_role": ("AE",),
    "template_id": ("1",),
    "request_id": ("1",),
    "evaluation_id": ("1",),
    "round_id": ("1",),
    "invitation_id": ("1",),
}
"""What stands in an address by the name of the argument: one's own (of `lee`) and somebody else's (of `seo`)."""


@dataclass(frozen=True)
class Page:
    """One view with the addresses that lead to it."""

    name: str
    view: Callable[..., Any]
    arguments: tuple[str, ...]
    addresses: tuple[str, ...]


def _patterns(
    under: list[URLPattern | URLResolver], namespace: str = "", taken: tuple[str, ...] = ()
) -> Iterator[tuple[str, Callable[..., Any], tuple[str, ...]]]:
    for found in under:
        arguments = (*taken, *found.pattern.converters)
        arguments += tuple(name for name in found.pattern.regex.groupindex if name not in arguments)
        if isinstance(found, URLResolver):
            inner = f"{namespace}{found.namespace}:" if found.namespace else namespace
            yield from _patterns(found.url_patterns, inner, arguments)
        else:
            yield f"{namespace}{found.name}", found.callback, arguments


def pages(values: Mapping[str, tuple[str, ...]] = ARGUMENTS) -> list[Page]:
    """List all pages. `KeyError` names an argument that `values` does not know yet."""
    result = []
    for name, view, arguments in _patterns(get_resolver().url_patterns):
        count = max((len(values[argument]) for argument in arguments), default=1)
        given = [{a: values[a][min(i, len(values[a]) - 1)] for a in arguments} for i in range(count)]
        result.append(Page(name, view, arguments, tuple(reverse(name, kwargs=one or None) for one in given)))
    return result
