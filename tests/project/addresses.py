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

_NOT_OPENED: Final = {
    "a way elsewhere": (
        "home",
        "icon",
        "account_signup",
        "demo",
        "demo_role",
        "account_set_password",
        "reviews:mail_stop",
    ),
    "a file or data": (
        "health",
        "vega",
        "mfa_login_webauthn",
        "mfa_download_recovery_codes",
        "coaching:plan_pdf",
        "reviews:file",
        "reviews:minutes",
        "evaluation:record",
        "coaching:record",
        "evaluation:form_pdf",
    ),
    "for who is not signed in": ("account_login", "mfa_authenticate", "invitation", "start"),
    "asks for the password first, and is opened once in a while": (
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "mfa_activate_totp",
        "mfa_deactivate_totp",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_add_webauthn",
        "mfa_edit_webauthn",
        "mfa_remove_webauthn",
    ),
    "work on one upload": ("data:uploaded", "data:progress", "data:mend"),
    "one form of one step of a round, or one skill": (
        "evaluation:calibration",
        "evaluation:self",
        "evaluation:peer",
        "coaching:skill",
    ),
}
NOT_OPENED: Final = frozenset(name for names in _NOT_OPENED.values() for name in names)
"""What is no page, or needs more than something of each kind to be there; by the reason."""


@dataclass(frozen=True)
class Page:
    """One view with the addresses that lead to it."""

    name: str
    view: Callable[..., Any]
    arguments: tuple[str, ...]
    addresses: tuple[str, ...]

    @property
    def is_opened(self) -> bool:
        """Tell whether somebody may open it; where only forms are sent to there is nothing to open."""
        view: Any = self.view
        while view is not None:
            code = getattr(view, "__code__", None)
            if code is not None and _METHODS in code.co_freevars:
                return "GET" in view.__closure__[code.co_freevars.index(_METHODS)].cell_contents
            view = getattr(view, "__wrapped__", None)
        return True


_METHODS: Final = "request_method_list"
"""What Django's `require_http_methods` calls the methods that it lets through."""


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
