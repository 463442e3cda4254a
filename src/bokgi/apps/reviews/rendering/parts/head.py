"""The head: which week, of whom, as of when; the state of the data; four figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.ui import format as written
from bokgi.ui.blocks import Badge, Figure
from bokgi.ui.speaker import Speaker

Json = Mapping[str, Any]


def state(review: Json, speaker: Speaker) -> tuple[list[str], list[str]]:
    """Say what was imported and how old it is, and what to keep in mind when reading on."""
    data = review["data"]
    said = [speaker.say(sentence) for sentence in data["state"]]
    warnings = [speaker.say(found["sentence"]) for found in data["findings"]]
    return said, warnings


def usual(review: Json, what: str, speaker: Speaker) -> tuple[str, Badge | None]:
    """Compare this week's count with the weeks before: their range, and whether it lies outside."""
    found = review["execution_total"]["usual"].get(what)
    if found is None or found["low"] is None:
        return "", None
    ends = speaker.ends(speaker.count(found["low"]), speaker.count(found["high"]))
    shown = speaker.text(N_("usually {range}, {n} {n:week|weeks}"), range=ends, n=found["weeks"])
    badges = {
        "below": Badge(f"↓ {speaker.word(N_('below usual'))}", "bad"),
        "above": Badge(f"↑ {speaker.word(N_('above usual'))}", "good"),
        "within": Badge(f"≈ {speaker.word(N_('as usual'))}", "same"),
    }
    return shown, badges[found["verdict"]]


def figures(review: Json, speaker: Speaker) -> list[Figure]:
    """Give the four figures: won, new, open pipeline, progress to the goal."""
    week = review["execution_total"]["this_week"]
    shown = []
    for what, label in (("won", N_("Won this week")), ("created", N_("New deals this week"))):
        beside, badge = usual(review, what, speaker)
        shown.append(
            Figure(
                label=speaker.word(label),
                value=speaker.message(Message(N_("{n} deal"), {"n": week[what]["count"]}, plural=N_("{n} deals"))),
                of=speaker.money_short(week[what]["amount"]),
                range=beside,
                badge=badge,
            )
        )
    return [*shown, _pipeline(review, speaker), _goal(review, speaker)]


def _pipeline(review: Json, speaker: Speaker) -> Figure:
    change = review["pipeline_change"]
    start, end = change["start"], change["end"]
    deals = speaker.message(Message(N_("{n} deal"), {"n": end["count"]}, plural=N_("{n} deals")))
    value, of = (deals, "") if end["amount"] is None else (speaker.money_short(end["amount"]), deals)
    if change["difference"] is None:
        step = written.signed(speaker.count(end["count"] - start["count"]))
        difference = speaker.text(N_("{step} deals"), step=step)
    else:
        difference = written.signed(speaker.money_short(change["difference"]))
    unknown = end["amount_unknown"]
    return Figure(
        label=speaker.word(N_("Open pipeline")),
        value=value,
        of=of,
        range=speaker.text(N_("{difference} since {day}"), difference=difference, day=speaker.day(start["on"])),
        badge=(
            Badge(
                speaker.message(Message(N_("{n} without amount"), {"n": unknown}, plural=N_("{n} without amount"))),
                "warn",
            )
            if unknown
            else None
        ),
    )


def _goal(review: Json, speaker: Speaker) -> Figure:
    targets = review["progress"]["targets"]
    if not targets:
        return Figure(
            label=speaker.word(N_("Progress to the goal")),
            value=speaker.word(N_("No target")),
            range=speaker.word(N_("Import a targets file to see progress.")),
        )
    target = targets[0]
    return Figure(
        label=speaker.text(N_("Progress, {period}"), period=period_name(target["period"], speaker)),
        value=speaker.percent(target["share"]),
        of=speaker.text(
            N_("{reached} of {target}"),
            reached=value_of(target, "reached", speaker),
            target=value_of(target, "target", speaker),
        ),
        range=speaker.text(N_("{share} of the working days have passed"), share=speaker.percent(target["passed"])),
    )


def value_of(target: Json, key: str, speaker: Speaker) -> str:
    """Write a target's value: money short, a count as a count."""
    value = target[key]
    return speaker.money_short(value) if isinstance(value, Mapping) else speaker.count(value)


def period_name(period: Json, speaker: Speaker) -> str:
    """Name a period: a quarter or month by its name, anything else by its days."""
    named = Period(date.fromisoformat(period["start"]), date.fromisoformat(period["end"]))
    if named in (Period.quarter_of(named.start), Period.month_of(named.start)):
        return written.period_name(named, speaker.lang)
    return speaker.text(N_("{first} to {last}"), first=speaker.day(period["start"]), last=speaker.day(period["last"]))
