"""The language of our templates: Jinja with one catalogue, one formatter and addresses that carry a hash of the file.

Every text is marked: `_('Weekly review')`, with values `_('{n} rows of {file}', n=3, file=name)`, with a plural
`_n('{n} row', '{n} rows', n=3)`. A value that is `Markup` stays as it is, everything else is escaped. What was marked
in Python (a label, a `Message`, an error) is written with `told(…)`, a figure with `show(…)`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.messages import get_messages
from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.templatetags.static import static as static_address
from django.urls import reverse
from django.utils.timezone import localdate, localtime, now
from django.utils.translation import get_language
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from bokgi.apps.access import demo
from bokgi.apps.access.devices import device
from bokgi.apps.access.models import User
from bokgi.apps.access.requests import organisation_of, theme_of
from bokgi.apps.data.age import DataAge, data_age
from bokgi.apps.jobs.schedules import is_worker_missing
from bokgi.domain.messages import LANGUAGES, Message
from bokgi.domain.sentences import decoded
from bokgi.project.navigation import entries
from bokgi.project.static_files import digest_of
from bokgi.ui import format as formats
from bokgi.ui import vega
from bokgi.ui.templating import SCRIPTS, STYLES, equip

WORD_JOINER: Final = "\u2060"
_BEFORE_PARTICLE: Final = re.compile(r"([)%\]’”])(?=[가-힣])")


def lang() -> str:
    """Give the language of this request."""
    found = get_language() or LANGUAGES[0]
    return found if found in LANGUAGES else LANGUAGES[0]


def told(text: object) -> str:
    """Write a marked text, a `Message` or anything that is text already, in the language of this request."""
    message = text if isinstance(text, Message) else Message(str(text))
    if not isinstance(text, Message) and ("{" in message.msgid or not message.msgid):
        return message.msgid
    return _joined(message.text(lang(), formats.show))


def _said(msgid: str, /, **values: object) -> str:
    return _rendered(Message(msgid, values))


def _said_n(msgid: str, plural: str, /, **values: object) -> str:
    return _rendered(Message(msgid, values, plural=plural))


def _rendered(message: Message) -> str:
    if not any(isinstance(value, Markup) for value in message.values.values()):
        return _joined(message.text(lang(), formats.show))
    # The templates of the catalogue are ours; values are escaped unless they are markup.
    safe = {name: escape(_shown(value)) for name, value in message.values.items()}
    text = Message(message.msgid, safe, plural=message.plural).text(lang())
    return Markup(_joined(text))  # noqa: S704 - see above


def _shown(value: object) -> object:
    return value if isinstance(value, str | Markup) else formats.show(value, lang())


def _joined(text: str) -> str:
    """Keep a particle on the line of the bracket or percent sign before it; a browser would break there."""
    return _BEFORE_PARTICLE.sub(f"\\1{WORD_JOINER}", text)


def show(value: object) -> str:
    """Write money, a date, a rate, a number in the language of this request."""
    return formats.show(value, lang())


def moment(at: datetime | str) -> str:
    """Write a moment in the language and the zone of this request; the year where it is not this one."""
    here = localtime(datetime.fromisoformat(at) if isinstance(at, str) else at)
    return formats.moment(here, lang(), year=here.year != localdate().year)


def day(on: date) -> str:
    """Write a date in the language of this request; with the year where it is not this one."""
    return formats.day(on, lang(), year=on.year != localdate().year)


def said(found: Mapping[str, Any]) -> str:
    """Write a sentence that was kept as JSON in the language of this request."""
    return told(decoded(found))


@cache
def static(path: str) -> str:
    """Give the address of a static file, with a hash of its content."""
    found = finders.find(path)
    return f"{static_address(path)}?{digest_of(str(found)) if found else ''}"


def url(name: str, /, **arguments: object) -> str:
    """Give the address of a page."""
    return reverse(name, kwargs=arguments or None)


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Give what every page needs."""
    return {
        "messages": get_messages(request),
        "navigation": entries(request),
        "lang": lang(),
        "theme": theme_of(request),
        "organisation": organisation_of(request),
        "age": _age(request),
        "demo_roles": demo.ROLES if demo.is_allowed(request) else (),
    }


def _age(request: HttpRequest) -> DataAge | None:
    """Give the age of the data for who is signed in."""
    if not isinstance(getattr(request, "user", None), User):
        return None
    company = organisation_of(request)
    zone = company.time_zone if company is not None else settings.TIME_ZONE
    return data_age(settings.HOME, today=localdate(timezone=ZoneInfo(zone)), zone=zone)


def _escaped(name: str | None) -> bool:
    return name is None or not name.endswith((".txt", ".md"))


def environment(**options: Any) -> Environment:  # noqa: ANN401 - what Django hands on
    """Make the environment of all templates."""
    options |= {"autoescape": _escaped, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    made = Environment(**options)  # noqa: S701 - everything but plain text is escaped
    made.globals |= {
        "_": _said,
        "_n": _said_n,
        "told": told,
        "show": show,
        "said": said,
        "static": static,
        "url": url,
        "styles": STYLES,
        "scripts": SCRIPTS,
        "vega_version": vega.version(),
        "is_worker_missing": lambda: is_worker_missing(at=now()),
    }
    equip(made)
    made.filters |= {"day": day, "device": device, "moment": moment, "show": show, "told": told}
    return made
