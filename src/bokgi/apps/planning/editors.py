"""What can be set on screen: the tables of definitions with their columns, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from bokgi.domain.labels import JOURNEY_STAGES, METRICS
from bokgi.domain.messages import N_

Kind = Literal[
    "text", "long", "select", "integer", "number", "share", "amount", "rate", "currency", "date", "month", "period"
]


@dataclass(frozen=True)
class Input:
    """One column that somebody sets: what it is called, how it is typed, whether it names the row (`key`).

    `known` lists what is usual as text, `choices` what is allowed: code and marked label.
    """

    name: str
    label: str
    kind: Kind = "text"
    hint: str = ""
    required: bool = False
    key: bool = False
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Editor:
    """One table of definitions: `dated` rows hold from a day to a day, others are replaced under their key."""

    table: str
    title: str
    intro: str
    inputs: tuple[Input, ...]
    dated: bool
    listed: tuple[str, ...]
    """Columns of the list, in their order."""

    def input(self, name: str) -> Input:
        """Give one input by name."""
        return next(one for one in self.inputs if one.name == name)


STAGE_KINDS: Final = (
    ("open", N_("Open")),
    ("won", N_("Won")),
    ("lost", N_("Lost")),
    ("no_decision", N_("No decision")),
)
STANDARD_METRICS: Final = (
    ("meeting", N_("Meetings")),
    ("call", N_("Calls")),
    ("email", N_("E-mails")),
    ("message", N_("Messages")),
    ("task", N_("Tasks")),
    ("note", N_("Notes")),
    ("next_step", N_("Next step set")),
    ("lead_response_hours", N_("Hours until a lead is answered")),
    ("untouched_days", N_("Working days without a touch")),
)
PER: Final = (("week", N_("per week")), ("deal", N_("per deal")), ("lead", N_("per lead")))

STAGES: Final = Editor(
    "stages",
    N_("Stages"),
    N_("A stage ends with something the customer did. A change holds from a day on; deals keep their history."),
    (
        Input("pipeline", N_("Pipeline"), required=True, key=True),
        Input("stage", N_("Stage as the CRM calls it"), required=True, key=True),
        Input("label", N_("Name people read"), required=True),
        Input("stage_order", N_("Place in the funnel"), "integer", N_("From 1."), required=True),
        Input("kind", N_("Kind of stage"), "select", required=True, choices=STAGE_KINDS),
        Input("probability", N_("Probability to win"), "share", N_("Percent; the weighted pipeline uses it.")),
        Input("exit_criterion", N_("Exit criterion"), "long", N_("What the customer did when the stage is over.")),
        Input("journey_stage", N_("Stage of the journey"), "select", choices=tuple(JOURNEY_STAGES.items())),
        Input("expected_days", N_("Days a deal should stay"), "integer"),
    ),
    dated=True,
    listed=(
        "pipeline",
        "stage_order",
        "label",
        "kind",
        "probability",
        "exit_criterion",
        "journey_stage",
        "expected_days",
    ),
)
TARGETS: Final = Editor(
    "targets",
    N_("Targets"),
    N_("What is to be won in a period. A quarter without a target of its own is the sum of its months."),
    (
        Input("subject", N_("Whose target"), "select", required=True, key=True),
        Input("metric", N_("What is counted"), "select", required=True, key=True, choices=tuple(METRICS.items())),
        Input(
            "period", N_("Period"), "period", N_("2026-12, 2026-Q4 or 2026-01-01..2027-01-01"), required=True, key=True
        ),
        Input("lead_source", N_("Lead source"), hint=N_("Empty: all."), key=True),
        Input("amount", N_("Target"), "amount", N_("Money, or a number of deals or meetings."), required=True),
    ),
    dated=False,
    listed=("subject", "metric", "period", "lead_source", "amount"),
)
STANDARDS: Final = Editor(
    "standards",
    N_("Standards of action"),
    N_("What everybody of a role does without being asked. Known before it counts."),
    (
        Input("role", N_("Role"), hint=N_("Empty: all."), key=True),
        Input("metric", N_("What is counted"), "select", required=True, key=True, choices=STANDARD_METRICS),
        Input("stage", N_("Stage"), hint=N_("Empty: all."), key=True),
        Input("per", N_("Per"), "select", required=True, choices=PER),
        Input("amount", N_("How many, or the limit"), "number", required=True),
    ),
    dated=True,
    listed=("role", "metric", "stage", "per", "amount"),
)
MEMBERSHIPS: Final = Editor(
    "memberships",
    N_("Teams and people"),
    N_("Who works in which team for whom. Results stay with the team of their day."),
    (
        Input("person_id", N_("Person"), "select", required=True, key=True),
        Input("team", N_("Team")),
        Input("role", N_("Role")),
        Input("manager_id", N_("Manager"), "select"),
        Input("share", N_("Share of working time"), "share", N_("Percent."), required=True),
        Input(
            "started_on", N_("First working day in the company"), "date", N_("Targets and comparisons know who is new.")
        ),
        Input("left_on", N_("First day no longer there"), "date"),
    ),
    dated=True,
    listed=("person_id", "team", "role", "manager_id", "share", "started_on", "left_on"),
)
CALENDAR: Final = Editor(
    "calendar",
    N_("Working days"),
    N_("Weekends and public holidays are no working days; add days on which the company is closed, or works."),
    (
        Input("day", N_("Day"), "date", required=True, key=True),
        Input(
            "working",
            N_("It is"),
            "select",
            required=True,
            choices=(("no", N_("no working day")), ("yes", N_("a working day"))),
        ),
        Input("holiday", N_("Name"), hint=N_("What people call it; empty for a working day.")),
    ),
    dated=False,
    listed=("day", "working", "holiday"),
)
RATES: Final = Editor(
    "rates",
    N_("Exchange rates"),
    N_("Amounts in other currencies are counted at the rate of their month."),
    (
        Input("currency", N_("Currency"), "currency", N_("Three letters, as USD."), required=True, key=True),
        Input("month", N_("Month"), "month", N_("2026-12"), required=True, key=True),
        Input("rate", N_("Rate"), "rate", N_("Units of the organisation's currency for one."), required=True),
    ),
    dated=False,
    listed=("currency", "month", "rate"),
)
EDITORS: Final = {one.table: one for one in (STAGES, TARGETS, STANDARDS, MEMBERSHIPS, CALENDAR, RATES)}
"""All editors by the table they write."""
