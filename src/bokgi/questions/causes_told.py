"""How the causes behind a result are told: sentences for signals, open questions, what to measure a plan by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bokgi.analysis.causes import Cause, Reading, Signal
from bokgi.analysis.causes.reading import HANDLING_WEEKS
from bokgi.domain.measures import Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.sentences import encoded
from bokgi.questions.asked import Asked, Json

CAUSE_NAMES: Final = {
    "environment": N_("environment"),
    "lead_handling": N_("lead handling"),
    "skill": N_("skill at one stage"),
    "motivation": N_("falling activity"),
    "ramp": N_("still new"),
}
STATE_NAMES: Final = {
    "sign": N_("shows"),
    "unclear": N_("unclear"),
    "no_sign": N_("does not show"),
    "too_few": N_("too few"),
}
_SIGNALS: Final = {
    "hand": N_(
        "With these deals an average colleague reaches {value} of the usual win rate ({n} closed {n:deal|deals})."
    ),
    "response": N_("{value} of {n} {n:lead was|leads were} answered late or not at all; {usual} with the others."),
    "untouched": N_("Nobody was in touch for long on {value} of {n} open {n:deal|deals}; {usual} with the others."),
    "no_next_step": N_("{value} of {n} open {n:deal has|deals have} no next step; {usual} with the others."),
    "next_step_passed": N_("The next step of {value} of {n} open {n:deal|deals} is overdue; {usual} with the others."),
    "stage": N_("At {stage} {value} of {n} {n:deal|deals} went on; {usual} was to be expected of the same deals."),
    "win_rate": N_("On the same deals the win rate is {value}; {usual} on average ({n} closed {n:deal|deals})."),
    "ramp": N_("In the company for {value} {value:day|days}."),
}
_FELL: Final = N_("Activities fell to about {value} in a working week since {since}, from {usual} before.")
_MAY_HAVE_FELL: Final = N_(
    "Activities may have fallen to about {value} in a working week since {since}, from {usual} before; among so many "
    "people, chance alone makes that somewhere."
)
_KEPT: Final = N_("Activities have not fallen against the own past ({n} {n:week|weeks}).")
_NEW: Final = N_("In the company for {value} {value:day|days}, fewer than the {usual} of the ramp.")
_TOO_FEW: Final = {
    "hand": N_("The deals handed over: too few closed deals to tell."),
    "response": N_("Lead response: too few leads to tell ({n})."),
    "untouched": N_("Contact with open deals: too few to tell ({n})."),
    "no_next_step": N_("Next steps: too few open deals to tell ({n})."),
    "next_step_passed": N_("Overdue next steps: too few open deals to tell ({n})."),
    "activities": N_("Activities: too few, or too few weeks, to tell a change from chance."),
    "ramp": N_("The first day in the company is not known."),
}
_NOT_RECORDED: Final = {
    "response": N_("Lead response: the data hold none."),
    "untouched": N_("Contact with open deals: the data hold none."),
    "no_next_step": N_("Next steps: the data hold none."),
    "next_step_passed": N_("Overdue next steps: the data hold no dates of next steps."),
}
_QUESTIONS: Final = {
    "environment": N_("Which of the deals you were handed would you have chosen yourself, and which not?"),
    "response": N_("What keeps a new lead waiting before you get to it?"),
    "care": N_("Which open deals would you let go today, and what would the others need next?"),
    "stage": N_("Tell me about the last deal that stopped at {stage}: which step was hardest?"),
    "win_rate": N_("Which lost deal would you like to play again, and from which move?"),
    "motivation": N_("What has changed in your weeks since {since}?"),
    "ramp": N_("What would have helped you most in your first weeks?"),
}
_ALWAYS: Final = N_("Which step was hardest for you lately, and what would make it easier?")


def told_cause(here: Asked, cause: Cause) -> Json:
    """Tell a cause with each of its signals; `value`, `usual` and `p` are null where a signal has no figure."""
    return {
        "cause": cause.name,
        "label": encoded(Message(CAUSE_NAMES[cause.name])),
        "state": cause.state,
        "signals": [
            {
                "code": one.code,
                "state": one.state,
                "reason": _reason(one),
                "n": one.n,
                "value": one.value,
                "usual": one.usual,
                "p": one.p,
                "stage": one.stage,
                "since": one.since and one.since.isoformat(),
                "sentence": encoded(_sentence(here, one)),
            }
            for one in cause.signals
        ],
    }


def _reason(one: Signal) -> str | None:
    """Say why a signal has no figure; null where it has one."""
    if one.state != "too_few":
        return None
    return "too_few" if one.recorded else "not_recorded"


def _sentence(here: Asked, one: Signal) -> Message:
    values: dict[str, object] = {"n": one.n}
    if not one.recorded:
        return Message(_NOT_RECORDED[one.code])
    if one.state == "too_few" or one.value is None or one.usual is None:
        return Message(_TOO_FEW[one.code], values)
    if one.code == "activities":
        if one.since is None:
            return Message(_KEPT, values)
        words = _FELL if one.state == "sign" else _MAY_HAVE_FELL
        return Message(words, {"value": one.value, "usual": one.usual, "since": one.since})
    if one.code == "ramp":
        words = _NEW if one.state == "sign" else _SIGNALS["ramp"]
        return Message(words, {"value": round(one.value), "usual": round(one.usual)})
    values |= {"value": Rate(one.value), "usual": Rate(one.usual)}
    if one.stage is not None:
        values["stage"] = here.stage_label(one.stage)
    return Message(_SIGNALS[one.code], values)


def _signs(reading: Reading) -> list[tuple[str, Signal]]:
    return [(cause.name, one) for cause in reading.causes for one in cause.signals if one.state in {"sign", "unclear"}]


def open_questions(here: Asked, reading: Reading) -> list[Message]:
    """Suggest open questions from the evidence; the last one always fits."""
    out = []
    for cause, one in _signs(reading):
        if one.code == "stage" and one.stage is not None:
            out.append(Message(_QUESTIONS["stage"], {"stage": here.stage_label(one.stage)}))
        elif cause == "motivation" and one.since is not None:
            out.append(Message(_QUESTIONS["motivation"], {"since": one.since}))
        elif cause == "lead_handling":
            out.append(Message(_QUESTIONS["response" if one.code == "response" else "care"]))
        else:
            out.append(Message(_QUESTIONS["win_rate" if one.code == "win_rate" else cause]))
    return list({repr(message): message for message in [*out, Message(_ALWAYS)]}.values())


def measure(reading: Reading) -> str | None:
    """Suggest what to measure a plan by: the clearest sign that the person can do something about."""
    measures = {"response": "lead_response", "activities": "activities", "win_rate": "win_rate"}
    for _cause_name, one in _signs(reading):
        if one.code == "stage":
            return f"stage:{one.stage}"
        if one.code in {"untouched", "no_next_step", "next_step_passed"}:
            return "next_step"
        if one.code in measures:
            return measures[one.code]
    return None


def said_of(here: Asked, person_id: str, result: Json, reading: Reading) -> list[Message]:
    """Say how the result stands and which causes the data point to, the result first."""
    values: dict[str, object] = {"name": here.name(person_id), "weeks": HANDLING_WEEKS}
    said = [_lead(here, result, values)]
    if result["low"] and result["low_by_chance"] and not (result["falling"] and not result["falling_by_chance"]):
        said.append(Message(N_("Chance alone makes differences as large as this one, with as many deals as these.")))
    found: Sequence[Message] = [Message(CAUSE_NAMES[name]) for name in reading.found]
    unclear = [
        Message(CAUSE_NAMES[one.name]) for one in reading.causes if one.state == "unclear" and one.name != "motivation"
    ]
    if found:
        said.append(Message(N_("The data point to: {causes}."), {"causes": list(found)}))
    else:
        said.append(Message(N_("The data show no cause; that is no proof that there is none.")))
    if unclear:
        said.append(Message(N_("Not to be told apart from falling activity: {causes}."), {"causes": unclear}))
    return said


def _lead(here: Asked, result: Json, values: dict[str, object]) -> Message:
    if result["why_not"] == "nothing_won":
        text = N_(
            "In the last {weeks} {weeks:week|weeks} neither {name} nor any colleague won a deal with an amount: "
            "there is no result to compare."
        )
        return Message(text, values)
    if result["won"] is None:
        return Message(
            N_("{name} closed no deals in the last {weeks} {weeks:week|weeks} that could be compared."), values
        )
    values |= {name: here.worth(float(result[name]["amount"])) for name in ("won", "average", "before") if result[name]}
    if result["low"] and result["falling"]:
        return Message(
            N_(
                "{name} won {won} in {weeks} {weeks:week|weeks}: less than colleagues on average ({average}), "
                "and than before ({before})."
            ),
            values,
        )
    if result["low"]:
        return Message(
            N_("{name} won {won} in {weeks} {weeks:week|weeks}, less than the average colleague: {average}."), values
        )
    if result["falling"]:
        return Message(
            N_(
                "{name} won {won} in {weeks} {weeks:week|weeks}, less than in the {weeks} "
                "{weeks:week|weeks} before: {before}."
            ),
            values,
        )
    return Message(
        N_("{name} won {won} in {weeks} {weeks:week|weeks}, neither low nor falling; the average colleague {average}."),
        values,
    )
