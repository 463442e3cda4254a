"""The first run of a home without the sample: the organisation and its first administrator."""

from __future__ import annotations

import hmac
from contextlib import suppress
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import available_timezones

import holidays
import pyarrow as pa
from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.numbers import get_territory_currencies
from django import forms
from django.conf import settings
from django.db import transaction

from bokgi.apps.access.forms import PasswordForm
from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.services import organisation_create, user_create
from bokgi.domain.messages import N_, translate
from bokgi.facts.lake import Lake
from bokgi.intake.entering import enter

CODE: Final = "set-up-code"
"""Name of the secret in `keys/` that the server prints: who can read the terminal sets Bokgi up."""

_ALWAYS: Final = date(1970, 1, 1)
CURRENCIES: Final = ("KRW", "USD", "EUR", "JPY", "GBP", "CNY", "VND", "INR", "SGD", "TWD", "AUD", "CAD")
_MONTHS: Final = range(1, 13)
_WEEK_STARTS: Final = (1, 7)
_SUNDAY: Final = 6
"""As the tables of the world's weeks count, from Monday on as 0."""
_ZONES_FIRST: Final = (
    "Asia/Seoul",
    "Asia/Tokyo",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Europe/Berlin",
    "America/New_York",
)
IN_THE_FACTS: Final = ("currency", "time_zone", "country", "language", "fiscal_year_starts", "week_starts")
_UNITS: Final = {"short": N_("Short: 260M, 84K"), "full": N_("Full numbers: 260,000,000")}


def is_code(given: str) -> bool:
    """Say whether somebody knows the set-up code."""
    path = settings.HOME / "keys" / CODE
    if not path.is_file():
        return False
    return hmac.compare_digest(path.read_text(encoding="utf-8").strip().encode(), given.strip().encode())


def zones() -> list[tuple[str, str]]:
    """List the time zones, the likely ones first."""
    others = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
    return [(zone, zone) for zone in dict.fromkeys((*_ZONES_FIRST, *others))]


def countries(lang: str) -> list[tuple[str, str]]:
    """List the countries whose holidays are known, by name, the likely ones first."""
    names = Locale(lang).territories
    known = {code: str(names.get(code, code)) for code in holidays.list_supported_countries(include_aliases=False)}
    likely = [code for code in ("KR", "JP", "US") if code in known]
    return [(code, known[code]) for code in (*likely, *sorted(set(known) - set(likely), key=lambda code: known[code]))]


def country_of(accepted: str) -> str:
    """Guess the country of a visitor from the languages that the browser asks for; South Korea where it says none.

    >>> country_of("en-GB,en;q=0.9"), country_of("de"), country_of("ko-KR,ko;q=0.9"), country_of("*")
    ('GB', 'DE', 'KR', 'KR')
    """
    first = accepted.partition(",")[0].partition(";")[0].strip().replace("-", "_")
    likely = first if "_" in first else get_global("likely_subtags").get(first, "")
    country = likely.rpartition("_")[2].upper()
    return country if country in holidays.list_supported_countries(include_aliases=False) else "KR"


def usual_of(country: str) -> dict[str, Any]:
    """Give what is usual in a country, where a form begins: time zone, currency, first day of the week, holidays."""
    there = sorted(zone for zone, where in get_global("zone_territories").items() if where == country)
    main = get_global("windows_zone_mapping").values()
    likely = [*_ZONES_FIRST, *(zone for zone in there if zone in main), *there]
    zone = next((zone for zone in likely if zone in there), _ZONES_FIRST[0])
    paid = [code for code in get_territory_currencies(country) if code in CURRENCIES]
    # The calendar of a Korean office begins on Monday, whatever the printed one does.
    sunday = False
    with suppress(UnknownLocaleError):
        sunday = country != "KR" and Locale.parse(f"und_{country}").first_week_day == _SUNDAY
    return {
        "time_zone": zone,
        "currency": paid[0] if paid else CURRENCIES[1],
        "week_starts": 7 if sunday else 1,
        "country": country,
    }


class OrganisationForm(forms.Form):
    """What Bokgi must know of the company before it counts anything."""

    name = forms.CharField(label=N_("Name of the company"), max_length=120)
    language = forms.ChoiceField(label=N_("Language"), choices=[("ko", "한국어"), ("en", "English")])
    time_zone = forms.ChoiceField(label=N_("Time zone"))
    currency = forms.ChoiceField(label=N_("Currency"), choices=[(code, code) for code in CURRENCIES])
    money_unit = forms.ChoiceField(label=N_("How amounts are written"))
    fiscal_year_starts = forms.TypedChoiceField(label=N_("First month of the fiscal year"), coerce=int)
    week_starts = forms.TypedChoiceField(
        label=N_("First day of the week"),
        coerce=int,
        help_text=N_("Calendars and choices of weekdays begin with it. Weeks of figures run from Monday to Sunday."),
    )
    country = forms.ChoiceField(label=N_("Public holidays of"), help_text=N_("They are no working days."))

    def __init__(self, *given: Any, lang: str, country: str = "KR", **named: Any) -> None:  # noqa: ANN401 - of forms.Form
        named["initial"] = (
            usual_of(country)
            | {
                "language": lang,
                "money_unit": "short",
                "fiscal_year_starts": 1,
            }
            | named.get("initial", {})
        )
        super().__init__(*given, **named)
        locale = Locale(lang)
        choices = {
            "time_zone": zones(),
            "money_unit": [(key, translate(text, lang)) for key, text in _UNITS.items()],
            "fiscal_year_starts": [(month, locale.months["format"]["wide"][month]) for month in _MONTHS],
            "week_starts": [(day, locale.days["format"]["wide"][day - 1]) for day in _WEEK_STARTS],
            "country": countries(lang),
        }
        for name, listed in choices.items():
            self.fields[name].choices = listed  # type: ignore[attr-defined]  # all are ChoiceFields


class AdminForm(PasswordForm):
    """The first administrator."""

    field_order = ("name", "email", "password")
    email = forms.EmailField(label=N_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))


@transaction.atomic
def begin(*, organisation: dict[str, Any], administrator: dict[str, Any], at: datetime) -> User:
    """Make organisation and first administrator, and enter into the facts what figures depend on; all or nothing.

    The set-up code ends with it.
    """
    organisation_create(**organisation)
    made = user_create(**administrator, role=Role.ADMIN)
    values = {"organisation": organisation["name"], **{name: str(organisation[name]) for name in IN_THE_FACTS}}
    since = [_ALWAYS] * len(values)
    rows = pa.table({"name": list(values), "setting": list(values.values()), "valid_from": since})
    enter(Lake.open(settings.HOME, create=True), {"settings": rows}, by=f"user {made.pk}", at=at, source="settings")
    transaction.on_commit(lambda: (settings.HOME / "keys" / CODE).unlink(missing_ok=True))
    return made
