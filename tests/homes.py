"""A home on disk with the cast's facts, for tests of pages: two teams, each person with deals of amounts of their own.

`MARKS` names for each person what would give that person away on a page: key, name, address, deals, amounts.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final
from uuid import uuid4

from bokgi.domain.money import Money
from bokgi.facts.lake import Lake
from bokgi.facts.ledger import Entry
from bokgi.ui.format import money
from tests.cast import CAST, NAMES, rows_of

TODAY: Final = date(2026, 11, 24)
SELLERS: Final = ("lee", "park", "choi", "seo", "nam")
_MORE: Final = {"seo": "서가람", "nam": "남궁슬기", "han": "한여울"}
PEOPLE: Final = NAMES | _MORE
DEALS_EACH: Final = 14
_WORDS: Final = (
    "물류",
    "정산",
    "품질",
    "예측",
    "보안",
    "상담",
    "발주",
    "설비",
    "재고",
    "인증",
    "연동",
    "진단",
    "검색",
    "배차",
)


def amount(person: str, number: int) -> int:
    """Give the amount of a deal: a number that nothing else on a page has."""
    return 31_370_000 * (SELLERS.index(person) + 2) + 1_130_000 * number + 7_919


def deal_name(person: str, number: int) -> str:
    """Give the name of a deal."""
    return f"{('해솔', '가람', '온누리', '두레', '나래')[SELLERS.index(person)]} {_WORDS[number]} 도입"


def _deals(known: Sequence[str]) -> tuple[str, str, str]:
    columns = "deal_id | owner_id | stage | outcome | amount | created_on | expected_close_on | closed_on | source"
    deals = [f"{columns} | known_at_creation"]
    events = ["deal_id | stage | entered_on | seq"]
    texts = ["kind | key | text"]
    ladder = ("prospecting", "qualified", "proposal", "negotiation")
    first = ",".join(["", *known, ""])
    for person in SELLERS:
        for number in range(DEALS_EACH):
            key = f"{person}-{number}"
            created = TODAY - timedelta(days=150 - 7 * number)
            outcome = ("open", "won", "lost")[number % 3]
            reached = 1 + number % 4 if outcome != "won" else 4
            stage = ladder[reached - 1] if outcome == "open" else outcome
            closed = "" if outcome == "open" else (created + timedelta(days=40)).isoformat()
            due = TODAY + timedelta(days=3 * number + 2)
            cells = (key, person, stage, outcome, amount(person, number), created, due, closed, "web", first)
            deals.append(" | ".join(map(str, cells)))
            events += [
                f"{key} | {ladder[step]} | {created + timedelta(days=8 * step)} | {step + 1}" for step in range(reached)
            ]
            texts.append(f"deal_name | {key} | {deal_name(person, number)}")
    return "\n".join(deals), "\n".join(events), "\n".join(texts)


def write_home(folder: Path, *, known: Sequence[str] = ()) -> Path:
    """Write the facts of the cast into a home, as one import; `known` are columns that deals had from the first."""
    deals, events, texts = _deals(known)
    second = "\n".join(
        f"{person} | 2팀 | {'manager' if person == 'han' else 'AE'} | {'' if person == 'han' else 'han'} | 1 "
        "| 2021-01-04 | | 2021-01-04"
        for person in _MORE
    )
    tables = {
        **CAST,
        "people": "person_id | source\n" + "\n".join(f"{person} | crm" for person in PEOPLE),
        "memberships": f"{CAST['memberships'].rstrip()}\n{second}",
        "identities": CAST["identities"].rstrip()
        + "\n"
        + "\n".join(f"person | {key} | crm | {key} | {name} | {key}@example.com" for key, name in _MORE.items()),
        "deals": deals,
        "stage_events": events,
        "texts": texts,
    }
    lake = Lake.open(folder, create=True)
    with lake.begin() as writing:
        for name, text in tables.items():
            writing.write(name, rows_of(name, text).drop_columns(["import_no"]))
        moment = datetime(2026, 11, 23, 18, tzinfo=UTC)
        writing.commit(Entry(kind="file", source="crm", by="tests", at=moment, exported_at=moment))
    return folder


def copied(home: Path, folder: Path) -> Path:
    """Copy a home into a folder that is not there yet, to be written into.

    Other processes read the same home meanwhile: what they make and drop beside its facts is left out.
    """

    def copy(source: str, target: str) -> None:
        with suppress(FileNotFoundError):
            shutil.copy2(source, target)

    shutil.copytree(home, folder, copy_function=copy, ignore=shutil.ignore_patterns("spill-*", "making-*"))
    return folder


LATER: Final = datetime(2026, 11, 23, 19, tzinfo=UTC)
"""An hour after the first import of a home."""


def add(folder: Path, tables: Mapping[str, str], at: datetime = LATER) -> None:
    """Import tables, written as `tests.cast` reads them, into a home that is there."""
    with Lake.open(folder).begin() as writing:
        for name, text in tables.items():
            writing.write(name, rows_of(name, text).drop_columns(["import_no"]))
        writing.commit(Entry(kind="file", source="crm", by="tests", at=at, exported_at=at))


def made_once(place: Path, imports: Sequence[Mapping[str, str]], known: Sequence[str]) -> Path:
    """Give a home with the cast's facts and these imports, made in a folder by whichever process needs it first.

    Nobody writes into it afterwards, so that what pages ask of it is kept for all tests that read the same facts.
    """
    content = json.dumps([imports, known], ensure_ascii=False).encode()
    home = place / f"home-{hashlib.sha256(content).hexdigest()[:16]}"
    if not home.exists():
        work = place / f"making-{uuid4().hex}"
        write_home(work, known=known)
        for tables in imports:
            add(work, tables)
        try:
            work.rename(home)
        except OSError:  # another process was quicker
            shutil.rmtree(work)
    return home


def older_deals() -> str:
    """Give a year of deals that ended before the others began, so that a forecast has a past to learn from."""
    deals = ["deal_id | owner_id | stage | outcome | amount | created_on | closed_on"]
    for number in range(40):
        created, outcome = TODAY - timedelta(days=420 - 6 * number), ("won", "lost")[number % 2]
        closed = created + timedelta(days=30)
        deals.append(f"old-{number} | {SELLERS[number % 5]} | {outcome} | {outcome} | 40000000 | {created} | {closed}")
    return "\n".join(deals)


def pipeline_of(owners: Sequence[str], *, all_won: bool = False) -> dict[str, str]:
    """Give a second pipeline, `renewal`, in which each of `owners` has two open deals and one that is won.

    With `all_won` nothing is open there any more, and `han` sells in the first pipeline, too.
    """
    deals = ["deal_id | owner_id | pipeline | stage | outcome | amount | created_on | expected_close_on | closed_on"]
    events = ["deal_id | pipeline | stage | entered_on | seq"]
    for place, person in enumerate(owners):
        for number in range(3):
            key, created = f"{person}-r{number}", TODAY - timedelta(days=40 - 18 * number + place)
            ended = f"won | won | {700_000 + 10 * place + number} | {created} | | {TODAY - timedelta(days=2)}"
            stands = f"talk | open | {800_000 + 10 * place + number} | {created} | {TODAY + timedelta(days=9)} |"
            deals.append(f"{key} | {person} | renewal | {stands if number and not all_won else ended}")
            events.append(f"{key} | renewal | talk | {created} | 1")
    if all_won:
        deals.append(f"han-0 | han | default | proposal | open | 900000 | {TODAY} | {TODAY + timedelta(days=9)} |")
    stages = (
        "pipeline | stage | label | stage_order | kind | probability\n"
        "renewal | talk | 논의 | 1 | open | 0.6\nrenewal | won | 수주 | 2 | won | 1"
    )
    return {"stages": stages, "deals": "\n".join(deals), "stage_events": "\n".join(events)}


def _written(value: int) -> set[str]:
    """Write an amount in every way a page may that gives the amount away: plain, with separators, in words."""
    worth = Money(Decimal(value), "KRW")
    forms = {str(value), f"{value:,}", f"{value / 1e4:,.0f}만"}
    forms |= {money(worth, lang) for lang in ("ko", "en")}
    return forms | {form.replace("\u00a0", " ") for form in forms}


def _marks(person: str) -> set[str]:
    numbers = range(DEALS_EACH)
    deals = {f"{person}-{number}" for number in numbers} | {deal_name(person, number) for number in numbers}
    amounts = {form for number in numbers for form in _written(amount(person, number))}
    return deals | amounts | {PEOPLE[person], f"{person}@example.com"}


MARKS: Final = {person: _marks(person) for person in SELLERS}
