"""A growth plan as PDF: one page of A4 by Typst, in Korean type, to print and sign."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from bokgi.apps.coaching.record import CLOSED
from bokgi.apps.coaching.selectors import OpenPlan, RubricSkill
from bokgi.apps.coaching.views.words import CAUSES
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.messages import N_
from bokgi.ui.fonts import FAMILY, font_folder
from bokgi.ui.format import MINUS
from bokgi.ui.theme import over, palette


def content(screen: Screen, shown: Mapping[str, Any]) -> dict[str, Any]:
    """Write what stands on the page: behaviours, why and with what help, the measure, checks, what was learned."""
    say = screen.say
    one: OpenPlan = shown["one"]
    skill: RubricSkill | None = shown["skill"]
    plan, pair = one.plan, shown["pair"]
    checks = [f"{say(N_('after {n} weeks'), n=check['weeks'])}: {_check(screen, check)}" for check in shown["checks"]]
    sections = [
        (N_("What is done differently"), list(one.behaviours) if one.opens else [say(CLOSED)], one.opens),
        (N_("Why this"), [one.reason], False),
        (N_("Cause it answers to"), [say(CAUSES.get(plan.cause, CAUSES[""]))], False),
        (N_("What the coach does for it"), [one.support], False),
        (N_("Measure that will tell"), [shown["baseline"] or shown["measure"]], False),
        (N_("How the measure goes on"), checks, False),
        (N_("What was learned"), [one.learned], False),
    ]
    colours = palette("light")
    surface = colours["surface"]
    return {
        "lang": screen.lang,
        "font": FAMILY,
        "title": say(N_("Growth plan")),
        "people": " · ".join(
            [
                say(N_("{member} with {coach}"), member=pair.member.name, coach=pair.coach.name),
                say(N_("from {day} on"), day=plan.begun_on) if plan.begun_on else say(N_("proposed")),
            ]
        ),
        "sections": [
            {"title": say(title), "lines": [line for line in lines if line], "numbered": numbered}
            for title, lines, numbered in sections
            if any(lines)
        ],
        "skill": None
        if skill is None
        else {"name": f"{skill.stage} · {skill.name}", "anchors": [[str(k), v] for k, v in skill.anchors.items()]},
        "signers": [
            say(N_("{name}, signature and date"), name=pair.member.name),
            say(N_("{name}, signature and date"), name=pair.coach.name),
        ],
        "foot": say(N_("A comparison and no effect: nobody was drawn by lot, and who is coached knows it.")),
        "colours": {
            name: over(colours[token], surface)
            for name, token in (("text", "text"), ("dim", "text-2"), ("line", "line-strong"))
        },
    }


def _check(screen: Screen, check: Mapping[str, Any]) -> str:
    return " ".join(check["said"]) or screen.say(N_("Will be looked at on {day}."), day=check["on"])


def pdf(found: Mapping[str, Any], *, at: datetime | None = None) -> bytes:
    """Set the plan. The same content and moment give the same bytes."""
    import typst  # noqa: PLC0415 - a typesetter, which only this form needs

    made = typst.compile(
        (files("bokgi.apps.coaching") / "growth_plan.typ").read_bytes(),
        format="pdf",
        font_paths=typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font_folder())]
        ),
        sys_inputs={"plan": json.dumps(found, ensure_ascii=False).replace(MINUS, "–")},
        timestamp=(at or datetime(1970, 1, 1, tzinfo=UTC)),
    )
    return bytes(made)
