"""What stands on the pages of evaluations, in the language of the reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from bokgi.apps.access.asking import ask
from bokgi.apps.access.models import User
from bokgi.apps.evaluation.criteria import HIGHEST, LOWEST, Criteria, said
from bokgi.apps.evaluation.models import Evaluation, Round
from bokgi.apps.evaluation.rules import STEP_LABELS, Step, Total, current_step
from bokgi.apps.evaluation.selectors import progress_of, result_of, results_as_of
from bokgi.apps.people import comparison
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.errors import BokgiError
from bokgi.domain.messages import N_
from bokgi.questions.asked import Json
from bokgi.questions.fair_result import fair_results
from bokgi.questions.roster import ask_roster
from bokgi.ui import marks
from bokgi.ui.blocks import Badge, Cell, Column, Field, Table

_MOST_DIGITS: Final = 3
_LINE: Final = marks.Scale(0.4, 1.6, 180)
_SPEEDS: Final[dict[str, tuple[str, marks.Tone]]] = {
    "faster": (N_("faster"), "good"),
    "slower": (N_("slower"), "bad"),
    "cannot_tell": (N_("cannot tell"), "plain"),
}


def names_in(screen: Screen, found: Round | None = None) -> dict[str, str]:
    """Give the names of people, of those who have left in a round's period, too; empty before the first import."""
    names: dict[str, str] = {user.person_id: user.name for user in User.objects.exclude(person_id="")}
    for day in {screen.as_of, *([found.start_on] if found is not None else [])}:
        try:
            rows = ask(screen.request, ask_roster, as_of=day)["people"]
        except BokgiError:
            continue
        names |= {row["person_id"]: row["name"] for row in rows if row["name"]}
    return names


def results_in(screen: Screen, found: Round) -> Json | None:
    """Ask the fair results of a round's period; null where the facts have no answer."""
    try:
        return ask(
            screen.request,
            fair_results,
            as_of=results_as_of(found, screen.as_of),
            start=found.start_on,
            end=found.end_on,
        )
    except BokgiError:
        return None


@dataclass(frozen=True)
class Result:
    """A fair result as it stands on a page: the sentence, lines below it, rows beside what was to be expected."""

    headline: str
    badge: Badge | None
    lines: Sequence[str]
    conditions: Sequence[str]
    table: Table | None


def fair_result(screen: Screen, row: Json | None) -> Result | None:
    """Write one person's fair result; null where there is none at all."""
    if row is None:
        return None
    told = [screen.speaker.say(sentence) for sentence in row["said"]]
    rate = row["win_rate"]
    badge = None
    if rate is not None:
        text, tone, sign = comparison.VERDICTS[rate["verdict"]]
        badge = Badge(screen.say(text), tone, sign)  # type: ignore[arg-type]  # tones of VERDICTS are Badge's
    rows = _rows(screen, row)
    columns = [
        Column(screen.say(N_("What"))),
        Column("n", "right"),
        Column(screen.say(N_("Raw")), "right"),
        Column(screen.say(N_("Expected")), "right"),
        Column(screen.say(N_("Of what was to be expected")), "right"),
        Column(screen.say(N_("Interval")), drawn=True),
    ]
    table = (
        Table(screen.say(N_("Beside what was to be expected")), columns, rows, hidden_caption=True) if rows else None
    )
    return Result(told[0], badge, told[1:], comparison.conditions(screen, rate) if rate else [], table)


def _rows(screen: Screen, row: Json) -> list[list[Cell]]:
    percent, cells = screen.speaker.percent, []
    parts = [(screen.say(N_("Win rate")), row["win_rate"])] if row["win_rate"] else []
    parts += [(stage["label"], stage) for stage in row["stages"]]
    for label, rate in parts:
        tone: marks.Tone = {"above": "good", "below": "bad"}.get(rate["verdict"], "plain")  # type: ignore[assignment]  # tones of marks
        cells.append(
            [
                Cell(label),
                Cell(screen.speaker.count(rate["n"])),
                Cell(percent(rate["raw"])),
                Cell(percent(rate["expected"])),
                _ratio(screen, rate["ratio"]),
                Cell(mark=_mark(screen, rate["ratio"], tone)),
            ]
        )
    value = row["value"]
    if value is not None:
        cells.append(
            [
                Cell(screen.say(N_("Amount of a won deal"))),
                Cell(screen.speaker.count(row["won"]["deals"] if row["won"] is not None else 0)),
                Cell("–"),
                Cell("–"),
                _ratio(screen, value["amount_ratio"]),
                Cell(mark=_mark(screen, value["amount_ratio"], "plain")),
            ]
        )
    speed = row["speed"]
    if speed is not None and speed["ratio"] is not None:
        text, tone = _SPEEDS[speed["verdict"]]
        cells.append(
            [
                Cell(screen.say(N_("Days until won")), sub=screen.say(text)),
                Cell(screen.speaker.count(speed["n"])),
                Cell(screen.speaker.days(speed["median_days"])),
                Cell("–"),
                _ratio(screen, speed["ratio"]),
                Cell(mark=_mark(screen, speed["ratio"], tone)),
            ]
        )
    return cells


def _ratio(screen: Screen, ratio: Json) -> Cell:
    percent = screen.speaker.percent
    return Cell(
        percent(ratio["estimate"]), sub=screen.speaker.ends(percent(ratio["low"]), percent(ratio["high"])), strong=True
    )


def _mark(screen: Screen, ratio: Json, tone: marks.Tone) -> Markup:
    percent = screen.speaker.percent
    words = screen.say(
        N_("{ratio}, interval {low} to {high}, 100% is what was to be expected"),
        ratio=percent(ratio["estimate"]),
        low=percent(ratio["low"]),
        high=percent(ratio["high"]),
    )
    return marks.whisker(ratio["estimate"], (ratio["low"], ratio["high"]), _LINE, reference=1.0, tone=tone, label=words)


def result_row(screen: Screen, found: Evaluation) -> tuple[Json | None, Json | None]:
    """Give the fair results of the round, and the row of a form's person: what was kept when the form was closed."""
    results = results_in(screen, found.round)
    return results, result_of(results, found.person_id) if found.closed_at is None else found.results


def part_name(screen: Screen, criteria: Criteria, key: str) -> str:
    """Name a part; empty where these criteria have none of that key."""
    part = criteria.part(key)
    return said(part.name, screen.lang) if part is not None else ""


def rating_field(screen: Screen, criteria: Criteria, name: str, label: str, value: int | None) -> Field:
    """Draw the choice of a rating; not rated is a choice, too."""
    options = [("", screen.say(N_("not rated")))]
    options += [
        (str(point), f"{point} · {said(text, screen.lang)}") for point, text in enumerate(criteria.scale, LOWEST)
    ]
    return Field(name, label, "select", "" if value is None else str(value), options)


def rated(criteria: Criteria, given: Mapping[str, Any]) -> dict[str, int | None]:
    """Read ratings from a form; what is no number is no rating of ours and is refused later."""
    return {part.key: rating_given(given.get(f"rating-{part.key}")) for part in criteria.parts}


def rating_given(typed: object) -> int | None:
    """Read one rating from a form; null for what is no number."""
    text = str(typed or "").strip()
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None


def written(criteria: Criteria, given: Mapping[str, Any]) -> dict[str, str]:
    """Read texts from a form: one for each part, and one for the whole (`""`)."""
    keys = ["", *(part.key for part in criteria.parts)]
    return {key: str(given.get(f"text-{key}") or "") for key in keys}


def step_label(screen: Screen, evaluation: Evaluation) -> str:
    """Name the step that is next."""
    return screen.say(STEP_LABELS[current_step(progress_of(evaluation))])


def steps_of(screen: Screen, evaluation: Evaluation) -> tuple[list[str], int]:
    """Give the names of the steps and which one is next, from 1.

    Colleagues and an appeal only where there are any, and no step that was passed over: it would look done.
    """
    progress = progress_of(evaluation)
    shown = [step for step in Step if step is not Step.CLOSED]
    if not progress.peers_asked:
        shown.remove(Step.PEERS)
    if current_step(progress) is not Step.DECISION and progress.decided_on is None:
        shown.remove(Step.DECISION)
    now = current_step(progress)
    taken = {
        Step.CRITERIA: progress.acknowledged_on,
        Step.SELF: progress.self_on,
        Step.CONVERSATION: progress.talked_on,
        Step.ANSWER: progress.answer,
        Step.SIGN_OFF: progress.person_signed_on,
    }
    order = list(Step)
    shown = [step for step in shown if order.index(step) >= order.index(now) or taken.get(step, now) is not None]
    return [screen.say(STEP_LABELS[step]) for step in shown], shown.index(now) + 1 if now in shown else len(shown) + 1


def total_words(screen: Screen, found: Total | None) -> str:
    """Write the total, or why there is none."""
    if found is None:
        return screen.say(N_("Too little is rated for a total."))
    return f"{found.score} / {HIGHEST}"
