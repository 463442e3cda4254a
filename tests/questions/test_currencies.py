"""Deals in several currencies, one of them without a rate: sums are those of plain SQL, to the cent."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

import duckdb
import pyarrow as pa
import pytest

from benchmarks.in_memory import facts_of_tables
from bokgi.domain.period import Period
from bokgi.facts.model import Facts
from bokgi.facts.settings import Settings
from bokgi.questions.asked import Json
from bokgi.questions.bottlenecks import find_bottlenecks
from bokgi.questions.compare import compare
from bokgi.questions.concentration import ask_concentration
from bokgi.questions.decompose import decompose
from bokgi.questions.forecast import ask_forecast
from bokgi.ui.spoken import spoken
from tests.cast import rows_of

AS_OF = date(2025, 12, 15)
YEAR = Period(date(2024, 12, 16), date(2025, 12, 16))
QUARTER = Period.parse("2025-Q4")
OWN = ("KRW", "USD")
KNOWN = ",amount,owner_id,source,currency,"
PRICES = {"KRW": Decimal(1), "USD": Decimal("1387.531"), "EUR": Decimal("1503.977"), "JPY": Decimal("9.3")}


@cache
def tables() -> dict[str, pa.Table]:
    """Give two years of deals of four people in won, dollars, euros and yen, with rates of each month but for yen."""
    rng = random.Random(7)  # noqa: S311 - a fixed made-up home
    deals = [
        "deal_id | owner_id | stage | outcome | amount | currency | created_on | closed_on | source | known_at_creation"
    ]
    events = ["deal_id | stage | entered_on | seq"]
    for n in range(900):
        currency = ("KRW", "USD", "EUR", "JPY")[(n % 9) // 2 if n % 9 < 8 else 3]
        amount = (Decimal(rng.randint(5_000_000, 90_000_000)) / PRICES[currency]).quantize(Decimal("0.01"))
        created = AS_OF - timedelta(days=700 - n * 690 // 900)
        closed = created + timedelta(days=rng.randint(20, 60))
        outcome = "open" if closed > AS_OF else rng.choice(("won", "lost", "lost"))
        stage = "proposal" if outcome == "open" else outcome
        ended = "" if outcome == "open" else closed
        deals.append(
            f"d{n} | p{n % 4} | {stage} | {outcome} | {amount} | {currency} | {created} | {ended} | "
            f"{'ab'[n % 2]} | {KNOWN}"
        )
        events += [f"d{n} | qualified | {created} | 1", f"d{n} | proposal | {created + timedelta(days=9)} | 2"]
    stages = ["stage | label | stage_order | kind | pipeline"]
    stages += [
        f"{stage} | {stage} | {place} | {kind} | default"
        for place, (stage, kind) in enumerate(
            (("qualified", "open"), ("proposal", "open"), ("won", "won"), ("lost", "lost")), start=1
        )
    ]
    given = {"deals": deals, "stage_events": events, "stages": stages}
    return {name: rows_of(name, "\n".join(lines)) for name, lines in given.items()}


def rates(own: str) -> pa.Table:
    rows = ["currency | month | rate"]
    for month in range(24):
        on = date(2024 + month // 12, month % 12 + 1, 1)
        for currency in {"KRW", "USD", "EUR"} - {own}:
            rate = PRICES[currency] / PRICES[own] * (1 + Decimal(month) / 1_000)
            rows.append(f"{currency} | {on} | {rate.quantize(Decimal('0.000001'), ROUND_HALF_UP)}")
    return rows_of("rates", "\n".join(rows))


@pytest.fixture(scope="module", params=OWN)
def facts(request: pytest.FixtureRequest) -> Facts:
    own = request.param
    return replace(facts_of_tables({**tables(), "rates": rates(own)}), settings=Settings(currency=own))


def counted(facts: Facts, condition: str) -> Decimal:
    """Add up by plain SQL the amounts of deals that meet a condition, each in the organisation's currency."""
    own = facts.settings.currency
    connection = duckdb.connect()
    connection.register("deals", tables()["deals"])
    connection.register("rates", rates(own))
    row = connection.execute(
        f"""
        SELECT sum(round(amount * CASE WHEN currency = '{own}' THEN 1::DECIMAL(18, 6) ELSE rate END,
                         {0 if own == "KRW" else 2})) AS total
        FROM deals LEFT JOIN rates USING (currency)
        WHERE ({condition}) AND (currency = '{own}'
               OR month = date_trunc('month', CASE outcome WHEN 'open' THEN DATE '{AS_OF}' ELSE closed_on END))
        """
    ).fetchone()
    assert row is not None
    return Decimal(str(row[0] or 0)).quantize(Decimal(1) if own == "KRW" else Decimal("0.01"))


def won_in(period: Period) -> str:
    return f"outcome = 'won' AND closed_on >= DATE '{period.start}' AND closed_on < DATE '{period.end}'"


def text(found: Json) -> str:
    told = spoken(found, "en")
    return " ".join(part["text"] for name in ("said", "caveats", "would_change") for part in told[name])


def number(condition: str) -> int:
    connection = duckdb.connect()
    connection.register("deals", tables()["deals"])
    row = connection.execute(f"SELECT count(*) FROM deals WHERE {condition}").fetchone()
    assert row is not None
    return int(row[0])


def unconverted(condition: str = "true") -> int:
    return number(f"currency = 'JPY' AND ({condition})")


def test_a_change_between_periods_is_that_of_plain_sums_and_names_deals_without_a_rate_once(facts: Facts) -> None:
    before = QUARTER.before()
    found = decompose(facts, as_of=AS_OF, period=Period(QUARTER.start, date(2025, 12, 16)), against=before)
    sides = [(found[name]["period"], Decimal(found[name]["won"]["amount"])) for name in ("before", "after")]
    for period, amount in sides:
        assert amount == counted(facts, won_in(Period(*(date.fromisoformat(period[end]) for end in ("start", "end")))))
    assert sum(Decimal(part["amount"]["amount"]) for part in found["parts"]) == sides[1][1] - sides[0][1]
    assert f"{unconverted()} deals in JPY have no exchange rate" in text(found)
    assert "no amount and add nothing" not in text(found)


def test_a_deal_of_which_nobody_knows_the_amount_lacks_more_than_a_rate(facts: Facts) -> None:
    sides = QUARTER.before(), Period(QUARTER.start, date(2025, 12, 16))
    deals = tables()["deals"]
    amounts = deals["amount"].to_pylist()
    rows = enumerate(deals.select(["currency", "outcome", "closed_on"]).to_pylist())
    place = next(
        n
        for n, row in rows
        if (row["currency"], row["outcome"]) == ("JPY", "won") and row["closed_on"] >= QUARTER.start
    )
    amounts[place] = None
    column = deals.column_names.index("amount")
    told = deals.set_column(column, deals.schema.field(column), pa.array(amounts, deals.schema.field(column).type))
    given = {**tables(), "rates": rates(facts.settings.currency), "deals": told}
    empty = replace(facts_of_tables(given), settings=facts.settings)
    found = text(decompose(empty, as_of=AS_OF, period=sides[1], against=sides[0]))
    won = number(" OR ".join(f"({won_in(side)})" for side in sides))
    assert f"1 of {won} deals won in these periods has no amount and adds nothing" in found
    assert f"{unconverted() - 1} deals in JPY have no exchange rate" in found


def test_where_nothing_won_has_a_rate_it_is_the_rate_that_is_missing(facts: Facts) -> None:
    yen = tables()["deals"].filter(pa.compute.equal(tables()["deals"]["currency"], "JPY"))
    bare = replace(facts_of_tables({**tables(), "deals": yen}), settings=facts.settings)
    found = decompose(bare, as_of=AS_OF)
    assert found["reason"] == "no_won_amounts"
    assert "is there an amount with an exchange rate" in text(found)


def test_shares_of_people_are_those_of_plain_sums(facts: Facts) -> None:
    found = ask_concentration(facts, as_of=AS_OF, start=YEAR.start, end=YEAR.end)
    each = {f"p{n}": counted(facts, f"{won_in(YEAR)} AND owner_id = 'p{n}'") for n in range(4)}
    top = max(each, key=lambda name: each[name])
    assert found["top_person"]["person_id"] == top
    assert found["top_share"] == pytest.approx(float(each[top] / sum(each.values())), abs=1e-12)
    assert f"{unconverted()} deals in JPY" in text(found)
    assert found["left_out"] == unconverted(won_in(YEAR))
    assert "left out" not in text(found)
    by_number = ask_concentration(facts, as_of=AS_OF, start=YEAR.start, end=YEAR.end, measure="count")
    assert by_number["left_out"] == 0
    assert "JPY" not in text(by_number)


def test_wins_of_nobody_are_told_beside_those_without_a_rate(facts: Facts) -> None:
    deals = tables()["deals"]
    owner = pa.array([None if name == "p3" else name for name in deals["owner_id"].to_pylist()], pa.string())
    nobodys = deals.set_column(deals.schema.get_field_index("owner_id"), deals.schema.field("owner_id"), owner)
    known = facts_of_tables({**tables(), "deals": nobodys, "rates": rates(facts.settings.currency)})
    found = ask_concentration(replace(known, settings=facts.settings), as_of=AS_OF, start=YEAR.start, end=YEAR.end)
    nobody = number(f"{won_in(YEAR)} AND owner_id = 'p3'")
    assert found["left_out"] == nobody + unconverted(f"{won_in(YEAR)} AND owner_id <> 'p3'")
    assert f"{nobody} won deals are left out" in text(found)


def test_a_forecast_begins_with_what_is_won_by_plain_sums(facts: Facts) -> None:
    found = ask_forecast(facts, as_of=AS_OF, period=QUARTER)
    assert Decimal(found["won_so_far"]["amount"]) == counted(facts, won_in(Period(QUARTER.start, date(2025, 12, 16))))
    assert found["won_so_far"]["currency"] == facts.settings.currency
    assert sum(Decimal(row["won_so_far"]["amount"]) for row in found["people"]) == Decimal(
        found["won_so_far"]["amount"]
    )
    assert found["reason"] is None
    assert found["unknown_amounts"] == unconverted("outcome = 'open'")
    assert "for what is open the amounts of won deals like it stand in" in text(found)
    assert "they stay out of sums" not in text(found)


def test_a_gain_rests_on_amounts_in_one_currency(facts: Facts) -> None:
    found = find_bottlenecks(facts, as_of=AS_OF, by=["person"])
    stage = [unit for unit in found["units"] if unit["stage"] == "proposal" and unit["gain"]]
    assert stage
    arrived = f"created_on + 9 >= DATE '{AS_OF - timedelta(days=363)}' AND created_on + 9 <= DATE '{AS_OF}'"
    known = "currency <> 'JPY'"
    for unit in stage:
        mine = f"{arrived} AND owner_id = '{unit['unit']}' AND {known}"
        mean = float(counted(facts, mine)) / number(mine)
        # Drawn towards that of everybody as by ten cases, and with the noise of draws.
        assert float(unit["gain"]["mean_amount"]) == pytest.approx(mean, rel=0.06)
    assert f"{unconverted()} deals in JPY" in text(found)


def test_value_rests_on_amounts_in_one_currency(facts: Facts) -> None:
    found = compare(facts, as_of=AS_OF, metric="value")
    won = "outcome = 'won' AND currency <> 'JPY'"
    mean = float(counted(facts, won)) / number(won)
    ratio = [
        float(one["value"]["estimate"]["amount"]) / one["adjusted"] / one["value"]["amount_ratio"]["estimate"]
        for one in found["people"]
        if one["value"] is not None
    ]
    assert ratio == pytest.approx([mean] * 4, rel=0.02)
