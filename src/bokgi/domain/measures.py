"""Measured values that a message carries: what a number is, so that the edge can write it in a language.

A plain `int` is a count and a plain `float` a number without a unit; everything else says what it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from bokgi.domain.money import Money


@dataclass(frozen=True, order=True)
class Rate:
    """A share from 0 to 1; written as percent.

    >>> Rate(0.57)
    Rate(share=0.57)
    """

    share: float


@dataclass(frozen=True, order=True)
class Points:
    """A difference of two shares; written as percentage points."""

    difference: float


@dataclass(frozen=True, order=True)
class Days:
    """A number of days, civil or working as the sentence says."""

    days: float


@dataclass(frozen=True, order=True)
class Hours:
    """A number of hours."""

    hours: float


@dataclass(frozen=True, order=True)
class Score:
    """Points of a scale, or a difference of such; written with two decimals, as totals of evaluations are."""

    score: float


Measure = Money | Rate | Points | Days | Hours | Score | int | float


@dataclass(frozen=True)
class Between:
    """Two ends of an interval, both of one kind.

    >>> Between(Rate(0.49), Rate(0.64)).low
    Rate(share=0.49)
    """

    low: Measure
    high: Measure
