"""Which components there are, in the order of their list; each is drawn by `templates/ui/gallery/<name>.jinja`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bokgi.domain.messages import N_


@dataclass(frozen=True)
class Component:
    """One component: its title and when it is used, both marked texts."""

    title: str
    when: str


COMPONENTS: Final[Mapping[str, Component]] = {
    "head": Component(
        N_("Page head"),
        N_(
            "Title, scope, period and the state of the data, always in the same place. "
            "Old data says so in words and colour."
        ),
    ),
    "tabs": Component(
        N_("Tabs, ways and steps"),
        N_(
            "Tabs lead to pages beside each other, segments look at one thing in several ways, "
            "steps say how far one is."
        ),
    ),
    "button": Component(
        N_("Buttons"),
        N_("One primary button to a screen. A button answers within a tenth of a second or shows that it works."),
    ),
    "menu": Component(
        N_("Menu"), N_("What is seldom needed, or a choice of the scope. The first thing to do is a button.")
    ),
    "badge": Component(
        N_("Badges"),
        N_(
            "A verdict stands only where an analysis gave one. Sign and word are there together, so it is read without "
            "colour, too."
        ),
    ),
    "person": Component(
        N_("People"), N_("Wherever a person is named: the letter helps to find the name, it never stands alone.")
    ),
    "private": Component(N_("Private note"), N_("Dashed, with a lock and both names; no third person sees it.")),
    "figure": Component(
        N_("Figures"),
        N_(
            "Value, interval, comparison, n, the way to the rows: order and places never change. Where there are too "
            "few cases, it says so instead."
        ),
    ),
    "panel": Component(
        N_("Panel"), N_("The sentence first, the chart is the evidence; at the foot what to know and where to go.")
    ),
    "whisker": Component(
        N_("Dot and whisker"), N_("Dot: estimate. Whisker: 90% interval. Upright tick: what it is compared with.")
    ),
    "ranges": Component(
        N_("Ranges on one axis"),
        N_(
            "Hollow dot: as it was counted. Dashed line: what all are compared with. Without a name where somebody "
            "would be judged by it."
        ),
    ),
    "dots": Component(N_("Quantile dots"), N_("Twenty results, twenty dots: a chance to count.")),
    "table": Component(
        N_("Table"),
        N_("The head stays, numbers stand to the right, a unit once in the head. Arrow keys walk through the rows."),
    ),
    "stages": Component(
        N_("Stages"),
        N_("Solid: moved on. Hatched: still open. Pale: ended. The bar is drawn to the share of all."),
    ),
    "heat": Component(
        N_("Heat map"),
        N_("The shade is an amount; only the outlined cell with ▼ is a verdict. Grey hatching: too few."),
    ),
    "chart": Component(
        N_("Charts"),
        N_(
            "Drawn in the browser from one specification; it follows its box and the theme, is read aloud as a "
            "sentence, and has its table."
        ),
    ),
    "timeline": Component(
        N_("Timeline"),
        N_("Stages, changes, activities and commitments of a deal in one line. Black: a stage. Dashed: still to come."),
    ),
    "calendar": Component(
        N_("Calendar"),
        N_("Weeks begin with the day that the organisation chose. Shaded: no working day, and why."),
    ),
    "form": Component(
        N_("Forms"), N_("The name above, help below, and at the field itself what is wrong and what to do.")
    ),
    "dialog": Component(N_("Dialogs"), N_("Only what cannot be undone is asked about.")),
    "toast": Component(N_("Toasts"), N_("What can be undone is done at once, and the toast undoes it.")),
    "state": Component(N_("Empty, thin, stale, failed, loading"), N_("What is missing, and what to do next.")),
}
