"""bokgi evaluation: rounds and how far they are, fair results of a period, everything that is held about one person."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from typing import Annotated, Any

import typer

from bokgi.cli.answering import answer, asked_once, conclude, facts_of, interval, say_all, show_table, window
from bokgi.cli.database import open_database
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.errors import NotFoundError, UsageError
from bokgi.domain.messages import N_, Message


@command("evaluation rounds", N_("List the rounds of evaluation, with how far their forms are."), order=58)
def rounds(session: Session) -> Answer:
    """List rounds; nothing of what stands in a form."""
    open_database(session)
    from bokgi.apps.evaluation.models import Round
    from bokgi.apps.evaluation.rules import STEP_LABELS, Step, current_step
    from bokgi.apps.evaluation.selectors import progress_of

    told: list[dict[str, Any]] = []
    for found in Round.objects.prefetch_related("evaluations"):
        steps = Counter(current_step(progress_of(form)).value for form in found.evaluations.all())
        told.append(
            {
                "round": found.pk,
                "name": found.name,
                "start": found.start_on.isoformat(),
                "end": found.end_on.isoformat(),
                "closed": found.closed_at is not None,
                "kept_until": None if found.kept_until is None else found.kept_until.isoformat(),
                "forms": {step.value: steps[step.value] for step in Step if steps[step.value]},
            }
        )

    def screen(shown: Session) -> None:
        rows = [
            (
                str(one["round"]),
                one["name"],
                f"{one['start']} – {one['end']}",
                " · ".join(f"{shown.word(STEP_LABELS[Step(step)])} {n}" for step, n in one["forms"].items()),
            )
            for one in told
        ]
        columns = [(N_("No."), "right"), (N_("Round"), "left"), (N_("Period"), "left"), (N_("How far"), "left")]
        if rows:
            show_table(shown, columns, rows)
        else:
            shown.say(N_("There is no round of evaluation yet."))

    return Answer({"rounds": told}, screen)


@command(
    "evaluation result",
    N_("The fair result of each person, or of one, in a period: as it stands on the evaluation form."),
    order=59,
    method="comparison",
)
def result(
    session: Session,
    *,
    who: Annotated[
        str | None, typer.Argument(metavar=N_("NAME"), help=N_("Name, address or person_id; without it everybody."))
    ] = None,
    round_: Annotated[
        int | None, typer.Option("--round", metavar=N_("NUMBER"), help=N_("The round whose period it is."))
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar=N_("DATE"), help=N_("First day of the period."))
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar=N_("DATE"), help=N_("Last day of the period."))] = None,
) -> Answer:
    """Ask what the pages of the round ask, and show one person's part of it, or everybody's."""
    from bokgi.questions.fair_result import fair_results
    from bokgi.questions.people import person_id

    start, end = _period(session, round_, from_, to)
    as_of = min(session.today(), end - timedelta(days=1))
    found = asked_once(session, fair_results, as_of=as_of, start=start, end=end)
    if who is not None:
        with facts_of(session) as facts:
            meant = person_id(facts, who)
        people = [one for one in found["people"] if one["person_id"] == meant]
        if not people:
            nothing = N_("{who} had no deal and was in no team in this period.")
            raise NotFoundError("person_without_result", Message(nothing, {"who": who}))
        found = found | {"people": people, "pairs": [one for one in found["pairs"] if meant in {one["a"], one["b"]}]}
    told = answer(session, found)
    return Answer(told, lambda shown: _show(shown, told))


def _period(session: Session, number: int | None, from_: str | None, to: str | None) -> tuple[date, date]:
    if number is None:
        start, end = window(from_, to)
        if start is None or end is None:
            raise UsageError(
                "period_missing",
                Message(N_("Say which period.")),
                Message(N_("Give --round, or --from and --to; bokgi evaluation rounds lists the rounds.")),
            )
        return start, end
    open_database(session)
    from bokgi.apps.evaluation.models import Round

    found = Round.objects.filter(pk=number).first()
    if found is None:
        raise NotFoundError(
            "round_unknown",
            Message(N_("There is no round {n}."), {"n": number}),
            Message(N_("bokgi evaluation rounds lists the rounds.")),
        )
    return found.start_on, found.end_on


def _show(session: Session, found: dict[str, Any]) -> None:
    from bokgi.ui.format import percent

    if len(found["people"]) == 1:
        session.out.print(found["people"][0]["name"] or found["people"][0]["person_id"], style="bold")
        say_all(session, found["people"][0], "said")
    else:
        say_all(session, found, "said")
    columns = [
        (N_("Name"), "left"),
        (N_("Cases"), "right"),
        (N_("Raw"), "right"),
        (N_("Expected"), "right"),
        (N_("Of what was to be expected"), "right"),
        (N_("Interval"), "right"),
    ]
    rows = [
        (
            one["name"] or one["person_id"],
            str(rate["n"]),
            percent(rate["raw"]),
            percent(rate["expected"]),
            percent(rate["ratio"]["estimate"]),
            interval(session, rate["ratio"], percent),
        )
        for one in sorted(found["people"], key=lambda one: (one["name"] or "", one["person_id"]))
        if (rate := one["win_rate"]) is not None
    ]
    if rows:
        show_table(session, columns, rows)
    conclude(session, found)


@command("evaluation record", N_("Everything that evaluations hold about one person, for that person."), order=60)
def record(
    session: Session,
    *,
    who: Annotated[str, typer.Argument(metavar=N_("NAME"), help=N_("Name, address or person_id."))],
) -> Answer:
    """Give what the person may read on screen, too; the audit trail keeps that it was given out."""
    from bokgi.questions.people import person_id

    with facts_of(session) as facts:
        meant = person_id(facts, who)
    open_database(session)
    from bokgi.apps.access.services import audit
    from bokgi.apps.evaluation.papers import record_of
    from bokgi.apps.evaluation.selectors import user_of

    user = user_of(meant)
    if user is None:
        nobody = N_("{who} does not sign in here; evaluations hold nothing that could be given to a person.")
        raise NotFoundError("person_without_user", Message(nobody, {"who": who}))
    told = json.loads(json.dumps(record_of(user, session.lang), ensure_ascii=False, default=str))
    audit(by=None, action="record_export", subject=f"user {user.pk}")
    return Answer(told, lambda shown: shown.write_json(told))
