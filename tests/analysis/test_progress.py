"""Target, pace and coverage; what became of deals that were due; velocity."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import pytest

from bokgi.analysis.due_deals import FATES, due_deals
from bokgi.analysis.progress import Metric, Subject, progress
from bokgi.analysis.velocity import velocity
from bokgi.analysis.win_loss import win_loss
from bokgi.domain.errors import UsageError
from bokgi.domain.period import Period
from tests.analysis.tables import Row, calendar, facts, rows_of

QUARTER = Period(date(2026, 10, 1), date(2027, 1, 1))
AS_OF = date(2026, 11, 13)
DAYS = calendar(date(2026, 9, 1), date(2027, 2, 1))
DEALS = """
deal_id | owner_id | source  | outcome | closed_on  | expected_close_on | amount
a       | lee      | web     | won     | 2026-10-05 | 2026-10-05        | 10
b       | lee      | partner | won     | 2026-11-13 | 2026-10-05        | 30
c       | lee      |         | won     | 2026-11-12 | 2026-10-05        |
d       | lee      | web     | won     | 2026-11-14 | 2026-10-05        | 100
e       | park     | web     | open    |            | 2026-10-05        | 8
f       | lee      | web     | open    |            | 2026-12-31        | 50
g       | lee      | partner | open    |            | 2027-01-01        | 50
h       | lee      | web     | lost    | 2026-11-12 | 2026-11-12        | 50
i       | lee      | partner | open    |            | 2026-12-31        |
"""
TARGETS = """
subject_kind | subject_id | metric     | period_start | period_end | lead_source | amount
person       | lee        | won_amount | 2026-10-01   | 2027-01-01 | all         | 200
person       | lee        | won_amount | 2026-10-01   | 2026-11-01 | all         | 999
person       | lee        | won_amount | 2026-10-01   | 2026-11-01 | partner     | 20
person       | lee        | won_amount | 2026-11-01   | 2026-12-01 | partner     | 30
person       | lee        | won_amount | 2026-12-01   | 2027-01-01 | partner     | 10
person       | choi       | won_amount | 2026-10-01   | 2026-11-01 | all         | 20
person       | lee        | won_count  | 2026-10-01   | 2027-01-01 | all         | 5
team         | 1팀        | won_amount | 2026-10-01   | 2027-01-01 | all         | 200
organisation | all        | won_amount | 2026-10-01   | 2027-01-01 | all         | 0
"""


def told(subject: Subject = Subject.PERSON, **options: Any) -> dict[tuple[str, str], Row]:  # noqa: ANN401 - options of the analysis
    data = facts(deals=DEALS, targets=TARGETS, calendar=DAYS)
    given: dict[str, Any] = {"as_of": AS_OF, "period": QUARTER} | options
    rows = rows_of(progress(data.deals, data.targets, data.calendar, subject=subject, **given))
    return {(row["subject_id"], row["lead_source"]): row for row in rows}


def test_attainment_pace_and_coverage_of_a_person() -> None:
    rows = told()
    assert list(rows) == [("choi", "all"), ("lee", "all"), ("lee", "partner"), ("park", "all")]
    lee = rows["lee", "all"]
    assert (lee["won"], lee["won_amount"], lee["won_amount_unknown"], lee["target"]) == (
        3,
        Decimal(40),
        1,
        Decimal(200),
    )
    assert (lee["attainment"], lee["left"], lee["reason"]) == (0.2, Decimal(160), None)
    # 66 weekdays in the quarter, 32 of them up to 13 November.
    assert (lee["working_days"], lee["working_days_passed"]) == (66, 32)
    assert (lee["expected"], lee["ahead"]) == (Decimal("96.97"), Decimal("-56.97"))
    assert lee["needed_per_day"] == Decimal("4.71")
    assert (lee["open_due"], lee["open_due_amount"], lee["open_due_amount_unknown"]) == (2, Decimal(50), 1)
    assert lee["coverage"] == pytest.approx(50 / 160)


def test_targets_inside_the_period_add_up_only_when_they_fill_it() -> None:
    rows = told()
    assert rows["lee", "partner"]["target"] == Decimal(60)
    assert rows["lee", "partner"]["attainment"] == 0.5
    assert (rows["choi", "all"]["target"], rows["choi", "all"]["reason"]) == (None, "gap")
    assert (rows["park", "all"]["reason"], rows["park", "all"]["coverage"]) == ("no_target", None)
    assert rows["park", "all"]["open_due"] == 1


def test_a_target_may_count_deals() -> None:
    lee = told(metric=Metric.WON_COUNT)["lee", "all"]
    assert (lee["attained"], lee["attainment"], lee["left"], lee["coverage"]) == (Decimal(3), 0.6, Decimal(2), 1.0)


def test_a_target_of_nothing_gives_no_share_and_one_that_is_reached_no_need() -> None:
    (everybody,) = told(Subject.ORGANISATION).values()
    assert (everybody["won"], everybody["attainment"], everybody["coverage"]) == (3, None, None)
    assert everybody["needed_per_day"] is None


def test_teams_need_deals_that_know_their_team() -> None:
    with pytest.raises(UsageError, match="team"):
        told(Subject.TEAM)


BEFORE = """
deal_id | owner_id | outcome | amount | expected_close_on | closed_on
won     | lee      | open    | 10     | 2026-11-10        |
grew    | lee      | open    | 20     | 2026-11-10        |
lost    | lee      | open    | 5      | 2026-11-10        |
slept   | lee      | open    | 5      | 2026-11-10        |
slips   | park     | open    | 40     | 2026-11-10        |
blank   | park     | open    |        | 2026-11-30        |
stays   | park     | open    | 8      | 2026-11-10        |
missing | park     | open    | 2      | 2026-11-10        |
pulled  | park     | open    | 99     | 2026-12-10        |
done    | park     | won     | 99     | 2026-10-10        | 2026-10-10
back    | park     | lost    | 99     | 2026-10-10        | 2026-10-10
"""
AFTER = """
deal_id | owner_id | outcome     | amount | expected_close_on | closed_on
won     | kim      | won         | 10     | 2026-11-10        | 2026-11-12
grew    | lee      | won         | 25     | 2026-11-10        | 2026-11-12
lost    | lee      | lost        | 5      | 2026-11-10        | 2026-11-12
slept   | lee      | no_decision | 5      | 2026-11-10        | 2026-11-12
slips   | park     | open        | 40     | 2026-12-01        |
blank   | park     | open        |        |                   |
stays   | park     | open        | 8      | 2026-11-30        |
pulled  | park     | won         | 90     | 2026-12-10        | 2026-11-30
done    | park     | won         | 99     | 2026-10-10        | 2026-10-10
back    | park     | won         | 98     | 2026-11-10        | 2026-11-10
new     | choi     | won         | 7      | 2026-11-20        | 2026-11-20
"""
NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))


def due(**options: Any) -> list[Row]:  # noqa: ANN401 - options of the analysis
    before, after = facts(deals=BEFORE), facts(deals=AFTER)
    return rows_of(due_deals(before.deals, after.deals, period=NOVEMBER, **({"minimum_n": 1} | options)))


def test_every_deal_that_was_due_has_one_fate() -> None:
    (row,) = due()
    assert {fate: (row[fate], row[f"{fate}_amount"]) for fate in FATES} == {
        "won": (2, Decimal(30)),
        "lost": (1, Decimal(5)),
        "no_decision": (1, Decimal(5)),
        "removed": (1, Decimal(2)),
        "slipped": (1, Decimal(40)),
        "undated": (1, Decimal(0)),
        "still_due": (1, Decimal(8)),
    }
    assert (row["due"], row["due_amount"], row["due_amount_unknown"]) == (8, Decimal(90), 1)
    assert (row["pipeline_conversion"], row["need"]) == (pytest.approx(1 / 3), pytest.approx(3))
    assert (row["pipeline_conversion_n"], row["slippage"]) == (0.25, 0.125)
    assert row["slippage_amount"] == pytest.approx(40 / 90)
    assert (row["pulled_in"], row["pulled_in_amount"]) == (1, Decimal(90))
    assert (row["created_and_won"], row["created_and_won_amount"]) == (2, Decimal(105))


def test_a_deal_counts_with_its_owner_before() -> None:
    rows = {row["owner_id"]: row for row in due(by=["owner_id"])}
    assert (rows["lee"]["due"], rows["lee"]["won"], rows["choi"]["created_and_won"]) == (4, 2, 1)
    assert "kim" not in rows


def test_few_deals_due_have_no_rates() -> None:
    (row,) = due(minimum_n=9)
    assert (row["reason"], row["pipeline_conversion"], row["need"], row["slippage"]) == ("too_few", None, None, None)
    with pytest.raises(UsageError, match="colour"):
        due(by=["colour"])


def test_velocity_multiplies_its_parts() -> None:
    deals = facts(
        deals="""
        deal_id | owner_id | outcome | created_on | closed_on  | amount
        a       | lee      | won     | 2026-11-01 | 2026-11-11 | 50
        b       | lee      | lost    | 2026-11-01 | 2026-11-11 | 10
        c       | lee      | open    | 2026-11-01 |            | 10
        d       | lee      | open    | 2026-11-01 |            | 10
        e       | park     | lost    | 2026-11-01 | 2026-11-11 | 10
        f       | park     | open    | 2026-11-01 |            | 10
        g       | choi     | open    | 2026-11-01 |            | 10
        h       | jung     | won     | 2026-11-01 | 2026-11-11 | 10
        """
    ).deals
    rows = {row["owner_id"]: row for row in rows_of(velocity(deals, period=NOVEMBER, by=["owner_id"], minimum_n=1))}
    assert set(rows) == {"lee", "park", "choi"}
    assert (rows["lee"]["open"], rows["lee"]["velocity"]) == (2, Decimal(5))
    assert (rows["park"]["velocity"], rows["park"]["reason"]) == (None, "no_wins")
    assert (rows["choi"]["n"], rows["choi"]["velocity"], rows["choi"]["reason"]) == (0, None, "too_few")
    (together,) = rows_of(velocity(deals, period=NOVEMBER))
    assert (together["open"], together["reason"]) == (4, "too_few")


def test_tables_are_read_no_more_often_than_needed() -> None:
    kinds = {"deal_id": "string", "outcome": "string", "amount": "decimal(18, 2)"}
    kinds |= dict.fromkeys(("created_on", "closed_on", "expected_close_on"), "date")
    before, after = (ibis.table(kinds, name=name) for name in ("deals_before", "deals_after"))

    def reads(found: ibis.Table) -> int:
        return len(re.findall('(FROM|JOIN) "deals_', str(ibis.to_sql(found, dialect="duckdb"))))

    assert reads(velocity(after, period=QUARTER)) == 1
    assert reads(win_loss(after, period=QUARTER)) == 1
    # Those due look for their other day in the one table, those won in the other.
    assert reads(due_deals(before, after, period=QUARTER)) == 4
