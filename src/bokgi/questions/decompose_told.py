"""What a decomposition says: where a difference arose, what chance leaves of it, and what would change it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from bokgi.analysis.decomposition import Decomposition, Part
from bokgi.domain.measures import Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money
from bokgi.domain.period import Period
from bokgi.questions.asked import Asked
from bokgi.questions.targets import Target

PARTS_SAID: Final = 3

PART_NAMES: Final = {
    "volume": N_("number of deals"),
    "mix": N_("mix of deals"),
    "head_start": N_("how far along they were"),
    "undecided": N_("not yet decided"),
    "conversion": N_("conversion"),
    "cycle": N_("speed"),
    "close_dates": N_("moved close dates"),
    "amount_known": N_("amounts not recorded"),
    "amount": N_("deal size"),
    "ambition": N_("target beyond what was won before"),
    "chance": N_("chance"),
}


def label(here: Asked, part: Part) -> Message:
    """Name a part, a conversion by its stage."""
    if part.stage is not None:
        return Message(N_("conversion at {stage}"), {"stage": here.stage_label(part.stage)})
    return Message(PART_NAMES[part.name])


def _signed(here: Asked, part: Part) -> Message:
    values = {"part": label(here, part), "amount": Money(abs(part.amount), here.facts.settings.currency)}
    return Message(N_("{part} −{amount}") if part.amount < 0 else N_("{part} +{amount}"), values)


def _worth(here: Asked, amount: Decimal) -> Money:
    return Money(abs(amount), here.facts.settings.currency)


def said_of_periods(here: Asked, found: Decomposition) -> list[Message]:
    """Say how much more or less was won than in the other period, and which parts are more than chance."""
    values: dict[str, object] = {
        "after": found.after,
        "before": found.before,
        "amount": _worth(here, found.whole),
        "won_after": _worth(here, found.won_after),
        "won_before": _worth(here, found.won_before),
    }
    if found.whole == 0:
        return [Message(N_("As much was won in {after} as in {before}: {won_after}."), values)]
    lead = (
        N_("{amount} more was won in {after} than in {before}: {won_after} against {won_before}.")
        if found.whole > 0
        else N_("{amount} less was won in {after} than in {before}: {won_after} against {won_before}.")
    )
    said = [Message(lead, values)]
    if found.by_chance:
        said.append(Message(N_("Chance alone makes differences as large as this one, with as many deals as these.")))
    return [*said, *_beyond_chance(here, found)]


def nothing_won(found: Decomposition, said: Sequence[Message]) -> list[Message]:
    """Say that nothing was won where two sides without a win are compared; of a target also how far it is."""
    lead = said[0]
    if "other" in lead.values:
        return [Message(N_("No deal of {person} or {other} was won in {period}."), lead.values)]
    text = Message(N_("No deal was won in {after} or in {before}."), {"after": found.after, "before": found.before})
    return [text, lead] if "target" in lead.values else [text]


def said_of_target(here: Asked, found: Decomposition, goal: Target) -> list[Message]:
    """Say how far what was won is from the target, what that asks for, and which parts are more than chance."""
    values: dict[str, object] = {
        "period": goal.period,
        "amount": _worth(here, found.whole),
        "won": _worth(here, found.won_after),
        "target": _worth(here, found.won_before),
    }
    over = here.as_of >= goal.period.last
    if found.whole == 0:
        lead = (
            N_("{won} is won in {period}, just what the target asks for.")
            if over
            else N_("{won} is won in {period}, just what the target asks for by now.")
        )
    elif found.whole > 0:
        lead = (
            N_("{won} is won in {period}, {amount} above the target of {target}.")
            if over
            else N_("{won} is won in {period}, {amount} above the {target} that the target asks for by now.")
        )
    else:
        lead = (
            N_("{won} is won in {period}, {amount} short of the target of {target}.")
            if over
            else N_("{won} is won in {period}, {amount} short of the {target} that the target asks for by now.")
        )
    ambition = found.parts[0]
    said = [Message(lead, values)]
    if ambition.amount < 0:
        more = {"amount": _worth(here, ambition.amount), "before": found.before}
        said.append(Message(N_("The target asks for {amount} more than was won in {before}."), more))
    return [*said, *_beyond_chance(here, found, against=found.before)]


def said_of_people(here: Asked, found: Decomposition, person: str, other: str) -> list[Message]:
    """Say how much more or less a person won than another one, and which parts are more than chance."""
    values: dict[str, object] = {
        "person": here.name(person),
        "other": here.name(other),
        "period": found.after,
        "amount": _worth(here, found.whole),
        "won": _worth(here, found.won_after),
        "won_other": _worth(here, found.won_before),
    }
    if found.whole == 0:
        return [Message(N_("{person} won as much as {other} in {period}: {won}."), values)]
    lead = (
        N_("{person} won {amount} more than {other} in {period}: {won} against {won_other}.")
        if found.whole > 0
        else N_("{person} won {amount} less than {other} in {period}: {won} against {won_other}.")
    )
    return [Message(lead, values), *_beyond_chance(here, found)]


def _beyond_chance(here: Asked, found: Decomposition, against: Period | None = None) -> list[Message]:
    """Name the largest parts that chance does not explain; of a target those of the change `against` a period before.

    What the target asks for beyond that period is given, so that chance neither explains it nor does not.
    """
    sure = sorted((part for part in found.parts if part.by_chance is False), key=lambda part: -abs(part.amount))
    told = [_signed(here, part) for part in sure[:PARTS_SAID] if part.amount]
    if not told and against is not None:
        text = N_("Of what changed since {before}, no single part is more than chance explains.")
        return [Message(text, {"before": against})]
    if not told:
        return [Message(N_("No single part of it is more than chance explains."))]
    return [Message(N_("More than chance explains: {parts}."), {"parts": told})]


def caveats(found: Decomposition) -> list[Message]:
    """Say what the parts do not mean, and what is not known; nothing where there is no part."""
    if not any(part.amount for part in found.parts):
        return []
    said = [Message(N_("The parts say where the difference stands, not what caused it."))]
    if any(part.name == "chance" for part in found.parts):
        said.append(
            Message(
                N_("“Chance” is what neither the deals handed over nor lasting differences explain; nobody's merit.")
            )
        )
    if any(part.by_chance is not None for part in found.parts):
        said.append(
            Message(
                N_(
                    "A part whose interval ({level}) holds zero may be chance, and so may one that just misses it "
                    "among so many parts."
                ),
                {"level": Rate(found.level)},
            )
        )
    if not found.close_dates_known:
        said.append(Message(N_("No history of close dates is known: what moved dates did stands under speed.")))
    return said


def would_change(here: Asked, found: Decomposition) -> list[Message]:
    """Say what is still open, and what would make more of the parts surer."""
    said = []
    if found.undecided_after:
        said.append(
            Message(
                N_(
                    "{n} {n:deal|deals} of {period} {n:is|are} still open; as they are decided, “not yet "
                    "decided” moves to other parts."
                ),
                {"n": found.undecided_after, "period": found.after},
            )
        )
    if here.as_of < found.after.last or found.after.days < found.before.days:
        said.append(Message(N_("The period is not over; both are counted for as many days as have passed.")))
    if any(part.by_chance for part in found.parts):
        said.append(Message(N_("Longer periods have more deals, and chance explains less of their difference.")))
    return said


def without_amounts(won: int, unpriced: int) -> Message:
    """Say how many of the wins have no amount."""
    return Message(
        N_("{n} of {all} {all:deal|deals} won in these periods {n:has|have} no amount and {n:adds|add} nothing."),
        {"n": unpriced, "all": won},
    )
