"""Demo roles: in a home that the sample made, whoever sits at this machine may look through four pairs of eyes.

Only where `bokgi sample` left its mark, only from this machine by its own name (the Host header is checked against
`ALLOWED_HOSTS`, so another site cannot reach it through a name of its own), and never behind a proxy.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.selectors import organisation
from bokgi.apps.access.services import organisation_create, user_create
from bokgi.domain.messages import N_
from bokgi.facts.lake import Lake

_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via")
"""What proxies add, but for nginx as it comes: that one speaks HTTP/1.0 with us, as no browser does."""


@dataclass(frozen=True)
class DemoRole:
    """A pair of eyes: its key in the address, its name on the button, whose name it has."""

    key: str
    label: str
    role: Role
    name: str

    @property
    def email(self) -> str:
        """Give the address it is kept under; `.example` belongs to nobody."""
        return f"{self.key}@demo.example"


ROLES: Final = (
    DemoRole("leader", N_("Sales leader"), Role.LEADER, "한서윤"),
    DemoRole("rep", N_("Sales rep"), Role.REP, "김도현"),
    DemoRole("operations", N_("Sales operations"), Role.ADMIN, "오지안"),
    DemoRole("executive", N_("Executive"), Role.VIEWER, "백도윤"),
)
"""Who sells in the sample has the name of the person whose place is taken."""


def is_allowed(request: HttpRequest) -> bool:
    """Say whether this request may take a demo role."""
    if not settings.DEMO or any(name in request.headers for name in _FORWARDED):
        return False
    if request.META.get("SERVER_PROTOCOL") == "HTTP/1.0":
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


@transaction.atomic
def demo_prepare(*, lake: Lake) -> None:
    """Make organisation and demo users where they are missing; each takes the place of a person of the sample."""
    if organisation() is None:
        organisation_create(name="복기 예제 회사")
    for demo in ROLES:
        if not User.objects.filter(email=demo.email).exists():
            user_create(email=demo.email, name=demo.name, role=demo.role, person_id=_person(lake, demo.name))


def _person(lake: Lake, name: str) -> str:
    """Find the person of a name; empty for who stands in no file."""
    wanted = (pc.field("kind") == "person") & (pc.field("name") == name)
    for path in lake.state()["identities"]:
        keys = pq.read_table(path, columns=["key"], filters=wanted, partitioning=None)["key"].to_pylist()
        if keys:
            return str(keys[0])
    return ""


def demo_user(key: str) -> User | None:
    """Find the user of a demo role."""
    emails = {demo.key: demo.email for demo in ROLES}
    return User.objects.filter(email=emails.get(key, "")).first()
