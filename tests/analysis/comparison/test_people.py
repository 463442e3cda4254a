"""Fair comparison: refusals, components, invariances, and what it reaches on organisations with known truth."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from benchmarks.simulator import Organisation, World, simulate
from bokgi.analysis.comparison import Comparison, compare_people
from bokgi.analysis.comparison.amounts import _log_marginal, amount_effects
from bokgi.analysis.comparison.cells import CountedCases, components, count_cases
from bokgi.analysis.comparison.conditions import DEFAULT_FACTORS, Leak, leaks, varied, with_factors
from bokgi.analysis.comparison.people import _mean_chance, _standardised
from bokgi.analysis.mixed_logit import Cells, fit
from bokgi.domain.errors import RefusalError
from tests.analysis.worlds import told_deals

FACTORS = ["source", "lead_grade", "segment", "industry", "type"]


def ended(world: World) -> ibis.Table:
    tables = {name: ibis.memtable(table) for name, table in world.tables.items()}
    deals = told_deals(tables)
    return deals.filter(deals.won.notnull())


def cases(persons: Sequence[str | None], won: list[bool], **columns: list[str]) -> ibis.Table:
    return ibis.memtable(pa.table({"owner_id": pa.array(persons, pa.string()), "won": won, **columns}))


def figures(result: Comparison) -> dict[str, tuple[float, ...]]:
    return {p.person_id: (p.raw, p.expected, p.adjusted, p.low, p.high, p.p_above_average) for p in result.people}


@pytest.fixture(scope="module")
def unfair() -> tuple[World, Comparison]:
    """Give an organisation that hands its best people the hardest deals, and its comparison."""
    world = simulate(Organisation(seed=4, reps=20, deals=4_000, assignment="good_to_hard"))
    return world, compare_people(ended(world), factors=FACTORS, territory="region")


def test_adjusting_comes_closer_to_the_truth_than_the_raw_rate(unfair: tuple[World, Comparison]) -> None:
    world, result = unfair
    truth = world.truth.standardised_win_rate[[int(p.person_id[1:]) for p in result.people]]
    raw = np.array([p.raw for p in result.people])
    adjusted = np.array([p.adjusted for p in result.people])
    assert np.sqrt(np.mean((adjusted - truth) ** 2)) < 0.7 * np.sqrt(np.mean((raw - truth) ** 2))


def test_expected_and_raw_sum_to_the_same_wins(unfair: tuple[World, Comparison]) -> None:
    _, result = unfair
    wins = sum(p.raw * p.n for p in result.people)
    assert sum(p.expected * p.n for p in result.people) == pytest.approx(wins, rel=0.05)


def test_conditions_name_what_moved_the_expectation(unfair: tuple[World, Comparison]) -> None:
    _, result = unfair
    overall = sum(p.raw * p.n for p in result.people) / result.n
    for person in result.people:
        assert len(person.conditions) == 3
        sizes = [abs(condition.effect) for condition in person.conditions]
        assert sizes == sorted(sizes, reverse=True)
        moved = sum(condition.effect for condition in person.conditions)
        if abs(person.expected - overall) > 0.05:
            assert np.sign(moved) == np.sign(person.expected - overall)


def test_intervals_cover_the_truth_and_pairs_are_calibrated() -> None:
    covered, claimed, right = [], [], []
    for seed in range(12):
        world = simulate(Organisation(seed=100 + seed, reps=12, deals=900))
        result = compare_people(ended(world), factors=FACTORS, territory="region", draws=1_000)
        truth = {p.person_id: world.truth.standardised_win_rate[int(p.person_id[1:])] for p in result.people}
        covered += [p.low <= truth[p.person_id] <= p.high for p in result.people]
        claimed += [pair.p_a_better for pair in result.pairs]
        right += [truth[pair.a] > truth[pair.b] for pair in result.pairs]
    assert 0.84 <= np.mean(covered) <= 0.96
    sure = np.maximum(claimed, 1 - np.array(claimed))
    hit = np.where(np.array(claimed) > 0.5, right, ~np.array(right))
    assert hit.mean() == pytest.approx(sure.mean(), abs=0.05)


def test_equal_people_are_not_told_apart() -> None:
    found = 0
    for seed in range(20):
        world = simulate(Organisation(seed=200 + seed, reps=12, deals=800, noise=True))
        result = compare_people(ended(world), factors=FACTORS, territory="region", draws=500)
        found += result.detectable
        assert result.detectable or {p.verdict for p in result.people} == {"cannot_tell"}
    assert found <= 1


def test_one_territory_each_separates_everybody() -> None:
    world = simulate(Organisation(seed=5, reps=6, deals=600, territories="one_each"))
    result = compare_people(ended(world), factors=FACTORS, territory="region", draws=500)
    assert len(result.separated) == 6
    assert result.pairs == ()
    assert {p.verdict for p in result.people} == {"cannot_tell"}
    assert all(p.p_top_third is None for p in result.people)


@settings(deadline=None, max_examples=10)
@given(order=st.permutations(range(60)), names=st.permutations(["a", "b", "c"]))
def test_order_of_rows_and_names_of_people_do_not_matter(order: list[int], names: list[str]) -> None:
    persons = ["a"] * 20 + ["b"] * 20 + ["c"] * 20
    won = [i % 5 < 1 + "abc".index(p) for i, p in enumerate(persons)]
    source = [["x", "y"][i % 2] for i in range(60)]
    before = compare_people(cases(list(persons), won, source=source), factors=["source"], draws=20_000)
    renamed = dict(zip("abc", names, strict=True))
    after = compare_people(
        cases([renamed[persons[i]] for i in order], [won[i] for i in order], source=[source[i] for i in order]),
        factors=["source"],
        draws=20_000,
    )
    found = figures(after)
    for person, values in figures(before).items():
        assert found[renamed[person]] == pytest.approx(values, abs=0.015)


def test_rows_without_a_person_are_left_out() -> None:
    persons = ["a"] * 10 + ["b"] * 10
    won = [i % 3 == 0 for i in range(20)]
    with_strangers = cases([*persons, None, None], [*won, True, True])
    assert figures(compare_people(with_strangers, factors=[])) == figures(
        compare_people(cases(persons, won), factors=[])
    )


def test_one_more_person_with_a_usual_result_changes_nobody() -> None:
    rng = np.random.default_rng(8)
    rates = np.linspace(0.2, 0.5, 8)
    persons = np.repeat([f"p{i}" for i in range(8)], 120)
    won = rng.random(len(persons)) < np.repeat(rates, 120)
    source = rng.choice(["x", "y"], len(persons))
    before = compare_people(cases(persons.tolist(), won.tolist(), source=source.tolist()), factors=["source"])
    more = (rng.random(40) < won.mean()).tolist()
    after = compare_people(
        cases([*persons.tolist(), *["new"] * 40], [*won.tolist(), *more], source=[*source.tolist(), *["x", "y"] * 20]),
        factors=["source"],
    )
    found = {person.person_id: person for person in after.people}
    for person in before.people:
        assert found[person.person_id].adjusted == pytest.approx(person.adjusted, abs=0.01)
        assert found[person.person_id].verdict == person.verdict


def test_one_case_each_and_exact_duplicates_work() -> None:
    result = compare_people(cases(["a", "b", "c", "d"], [True, False, True, False]), factors=[], draws=500)
    assert {p.verdict for p in result.people} == {"cannot_tell"}
    twice = compare_people(cases(["a", "a", "b", "b"], [True, True, False, False]), factors=[], draws=500)
    assert [p.n for p in twice.people] == [2, 2]


@pytest.mark.parametrize(
    ("persons", "won", "code"),
    [
        (["a", "a"], [True, False], "too_few_people"),
        (["a", "b", None, None], [True, True, False, False], "only_won_cases"),
        (["a", "a", "a", "b", "b", "b", "c", "c", "c", "d", "d", "d"], [True] * 9 + [False] * 3, "only_won_cases"),
        (["a", "b"], [False, False], "no_won_cases"),
    ],
)
def test_what_cannot_be_answered_is_refused(persons: list[str | None], won: list[bool], code: str) -> None:
    with pytest.raises(RefusalError) as refusal:
        compare_people(cases(persons, won), factors=[])
    assert refusal.value.code == code


def test_more_cases_are_asked_for_only_between_undecided_people() -> None:
    persons = ["a"] * 200 + ["b"] * 200 + ["c"] * 200
    won = [i % 200 < (40 if i < 200 else 50 if i < 400 else 140) for i in range(600)]
    result = compare_people(cases(persons, won), factors=[])
    pairs = {(pair.a, pair.b): pair for pair in result.pairs}
    assert pairs["a", "c"].more_cases is None
    assert (pairs["a", "b"].more_cases or 0) > 100


def test_so_many_more_cases_settle_a_pair() -> None:
    def compared(times: float) -> Comparison:
        rates = {"a": 0.20, "b": 0.23, "c": 0.7, "d": 0.5}
        persons, won = [], []
        for person, rate in rates.items():
            n = round(200 * times)
            persons += [person] * n
            won += [i < round(rate * n) for i in range(n)]
        return compare_people(cases(persons, won), factors=[], draws=8_000)

    before = next(pair for pair in compared(1.0).pairs if (pair.a, pair.b) == ("a", "b"))
    assert before.more_cases is not None
    after = next(pair for pair in compared(1.0 + before.more_cases / 400).pairs if (pair.a, pair.b) == ("a", "b"))
    assert after.p_a_better == pytest.approx(0.05, abs=0.015)


def test_the_adjusted_rate_is_that_on_the_mix_of_all_cases() -> None:
    """Very uneven cells: picking some of them in proportion gives the rate over each and every case."""
    rng = np.random.default_rng(11)
    size = np.array([900, 60, 25, 10, 5])
    persons, sources, won = [], [], []
    for person in range(6):
        for source, n in enumerate(size):
            persons += [f"p{person}"] * n
            sources += [f"s{source}"] * n
            won += (rng.random(n) < (0.2, 0.5, 0.7, 0.8, 0.9)[source]).tolist()
    counted = count_cases(
        cases(persons, won, source=sources), person="owner_id", success="won", factors=["source"], territory=None
    )
    posterior = fit(counted.cells, draws=200, seed=1)
    source = next(f for f in range(len(counted.columns)) if f != counted.cells.person)
    base = posterior.draws[:, :1] + posterior.factor(source)[:, counted.cells.levels[source]]
    share = counted.cells.n / counted.cells.n.sum()
    own = posterior.factor(counted.cells.person)
    slow = np.stack([special.expit(base + own[:, i : i + 1]) @ share for i in range(6)], axis=1)
    assert _standardised(counted, posterior) == pytest.approx(slow, abs=0.003)


def test_a_third_of_the_people_are_in_the_top_third() -> None:
    rng = np.random.default_rng(9)
    persons = [f"p{i}" for i in range(9) for _ in range(40)]
    found = compare_people(cases(persons, (rng.random(360) < 0.4).tolist()), factors=[])
    assert sum(person.p_top_third or 0.0 for person in found.people) == pytest.approx(3.0)


def test_the_marginal_of_amounts_is_that_of_normal_means() -> None:
    mean, count = np.array([0.1, -0.3, 0.4]), np.array([4.0, 30.0, 11.0])
    spreads = [0.05, 0.2, 0.8]
    exact = [np.sum(stats.norm.logpdf(mean, 0.0, np.sqrt(0.6 / count + spread**2))) for spread in spreads]
    found = [_log_marginal(mean, count, 0.6, spread) for spread in spreads]
    assert np.diff(found) == pytest.approx(np.diff(exact))


def test_amount_effects_are_those_of_a_slow_twin() -> None:
    """Least squares on dummies by numpy, its residual variance by the rank, then each spread by its own likelihood."""
    rng = np.random.default_rng(4)
    levels, owners = rng.permutation(np.arange(96) % 8), np.arange(96) % 6
    log = 10.0 + rng.normal(0.0, 1.0, 8)[levels] + np.linspace(-0.6, 0.6, 6)[owners] + rng.normal(0.0, 0.5, 96)
    rows = {"owner_id": [f"p{i}" for i in owners], "source": [f"s{i}" for i in levels], "won": [True] * 96}
    table = ibis.memtable(pa.table(rows | {"amount": pa.array(np.round(np.exp(log), 2))}))
    persons = [f"p{i}" for i in range(6)]
    effects = partial(amount_effects, person="owner_id", persons=persons, success="won", factors=["source"], seed=1)
    found = effects(table, draws=20_000)
    assert found is not None
    dummies = np.eye(8)[levels]
    fitted, _rest, rank, _values = np.linalg.lstsq(dummies, log, rcond=None)
    residual = log - dummies @ fitted
    variance = float(residual @ residual) / (96 - rank)
    mean, count = np.array([residual[owners == i].mean() for i in range(6)]), np.full(6, 16.0)
    spreads = np.geomspace(0.005, 1.0, 25)
    height = [stats.norm.logpdf(mean, 0.0, np.sqrt(variance / count + spread**2)).sum() for spread in spreads]
    weight = np.exp(np.array(height) - max(height)) * spreads
    weight /= weight.sum()
    within = 1.0 / (count[0] / variance + spreads**-2)
    centre = within[:, None] * count[0] / variance * mean[None, :]
    expected = weight @ centre
    spread = np.sqrt(weight @ (within[:, None] + (centre - expected) ** 2))
    assert found.draws.mean(axis=0) == pytest.approx(expected, abs=0.03)
    won = effects(table.mutate(amount=table.amount * 1_000), draws=20_000)
    assert won is not None
    assert won.draws == pytest.approx(found.draws, abs=1e-6)
    assert found.draws.std(axis=0) == pytest.approx(spread, rel=0.02)


def test_a_condition_varies_where_there_are_two_levels_of_which_one_may_be_unknown() -> None:
    columns = {
        "two": ["a", "b", None],
        "known_or_not": ["a", None, "a"],
        "one": ["a", "a", "a"],
        "unknown": pa.array([None, None, None], pa.string()),
    }
    table = ibis.memtable(pa.table(columns))
    assert varied(table, list(columns)) == ("two", "known_or_not")
    assert varied(table.filter(table.two == "c"), list(columns)) == ()


def test_people_are_connected_through_chains_of_territories_as_scipy_says() -> None:
    rng = np.random.default_rng(5)
    for people, territories, links in ((60, 60, 55), (40, 200, 90), (3, 2, 4)):
        person, territory = rng.integers(people, size=links), rng.integers(territories, size=links)
        names = (tuple(map(str, range(territories))), tuple(map(str, range(people))))
        ones = np.ones(links)
        cells = Cells((territory, person), (territories, people), 1, 0, ones, ones)
        edges = coo_array((ones, (person, people + territory)), shape=(people + territories,) * 2)
        label = connected_components(edges, directed=False)[1][:people]
        found = components(CountedCases(("territory", "person"), names, cells))
        assert len(set(zip(found.tolist(), label.tolist(), strict=True))) == len(set(label)) == found.max()
        assert (np.diff(np.bincount(found)[1:]) <= 0).all()


def test_conditions_come_with_the_deal_and_rare_ones_count_together() -> None:
    world = simulate(Organisation(seed=6, reps=8, deals=400))
    deals = ended(world)
    assert set(varied(deals, DEFAULT_FACTORS)) == {
        "source",
        "lead_grade",
        "type",
        "industry",
        "segment",
        "season",
        "ramp",
    }
    with_territory = with_factors(deals, ["source", "territory"])
    assert with_territory.territory.nunique().to_pyarrow().as_py() == 8
    with pytest.raises(RefusalError, match="no condition mood"):
        with_factors(deals, ["mood"])


def test_a_column_filled_in_after_the_outcome_is_found() -> None:
    world = simulate(Organisation(seed=7, reps=8, deals=1_000))
    tables = {name: ibis.memtable(table) for name, table in world.tables.items()}
    deals = told_deals(tables)
    assert leaks(deals, ["source", "industry"]) == ()
    later = deals.mutate(
        reason=ibis.ifelse(deals.outcome == "open", ibis.null("string"), "written"),
        label=ibis.ifelse(deals.outcome == "won", "contract", "none"),
        status=ibis.ifelse((deals.outcome == "won") | (deals.source == "event"), "customer", "prospect"),
    )
    assert [(leak.factor, leak.sign) for leak in leaks(later, ["reason", "label", "status"])] == [
        ("reason", "filled_after_closing"),
        ("label", "tells_the_outcome"),
        ("status", "a_level_decides"),
    ]


def test_a_column_that_holds_the_outcome_is_found_though_a_fifth_of_it_is_wrong() -> None:
    world = simulate(Organisation(seed=7, reps=8, deals=1_000, condition_scale=2.0))
    deals = told_deals({name: ibis.memtable(table) for name, table in world.tables.items()})
    fifth = (deals.deal_id.substr(1).cast("int64") % 5) == 0
    noisy = deals.mutate(label=ibis.ifelse((deals.outcome == "won") != fifth, "contract", "none"))
    assert [(leak.factor, leak.sign) for leak in leaks(noisy, ["label", "source", "lead_grade", "owner_id"])] == []
    tenth = (deals.deal_id.substr(1).cast("int64") % 10) == 0
    less = deals.mutate(label=ibis.ifelse((deals.outcome == "won") != tenth, "contract", "none"))
    assert [leak.sign for leak in leaks(less, ["label", "source", "lead_grade", "owner_id"])] == ["tells_the_outcome"]


def test_a_column_of_a_few_lost_or_closed_deals_is_found() -> None:
    world = simulate(Organisation(seed=7, reps=8, deals=1_000))
    deals = told_deals({name: ibis.memtable(table) for name, table in world.tables.items()})
    number = deals.deal_id.substr(1).cast("int64")
    nothing = ibis.null("string")
    late = deals.mutate(
        rival=ibis.ifelse((deals.outcome == "lost") & (number % 5 == 0), "Rival", nothing),
        note=ibis.ifelse((deals.outcome != "open") & (number % 8 == 0), "note", nothing),
        half=ibis.ifelse(number % 2 == 0, "known", nothing),
    )
    # Too few are open to tell that they lack what one lost deal in ten has.
    few_open = late.filter((late.outcome != "open") | (number % 40 == 0))
    assert [(leak.factor, leak.sign) for leak in leaks(few_open, ["rival", "half"])] == [
        ("rival", "known_of_one_outcome")
    ]
    assert [(leak.factor, leak.sign) for leak in leaks(late, ["note", "half"])] == [("note", "filled_after_closing")]


def test_few_deals_do_not_tell_that_a_column_is_filled_in_after_the_outcome() -> None:
    def leaking(closed: int, still_open: int) -> tuple[Leak, ...]:
        ended = [{"outcome": "won" if at % 2 else "lost", "won": at % 2 == 1, "source": "web"} for at in range(closed)]
        going = [{"outcome": "open", "won": None, "source": None} for _ in range(still_open)]
        return leaks(
            ibis.memtable([*ended, *going], schema={"outcome": "str", "won": "bool", "source": "str"}), ["source"]
        )

    assert leaking(7, 3) == ()
    assert [leak.sign for leak in leaking(70, 30)] == ["filled_after_closing"]
    chance = [{"outcome": "won" if at < 3 else "lost", "won": at < 3, "source": "ab"[at >= 3]} for at in range(6)]
    assert leaks(ibis.memtable(chance), ["source"]) == ()


def test_value_is_rate_times_amount_with_both_parts_shrunken() -> None:
    world = simulate(Organisation(seed=8, reps=10, deals=3_000, person_sd=0.0))
    deals = ended(world)
    dear = deals.mutate(amount=ibis.ifelse(deals.owner_id == "p003", deals.amount * 2, deals.amount))
    result = compare_people(dear, factors=FACTORS, territory="region", with_value=True)
    values = {person.person_id: person.value for person in result.people}
    special = values["p003"]
    assert special is not None
    assert special.amount_ratio == pytest.approx(2.0, rel=0.25)
    assert special.low < special.amount < special.high
    for name, value in values.items():
        assert value is not None
        if name != "p003":
            assert value.amount_ratio_low < 1.1
            assert value.amount_ratio_high > 0.8


def test_value_needs_won_amounts() -> None:
    few = cases(["a"] * 8 + ["b"] * 8, [i % 2 == 0 for i in range(16)]).mutate(amount=ibis.literal(1.0))
    assert {person.value for person in compare_people(few, factors=[], with_value=True).people} == {None}


def test_the_mean_chance_is_that_of_the_logistic_function_also_at_its_ends() -> None:
    rng = np.random.default_rng(7)
    eta, moved = rng.normal(0.0, 4.0, (700, 9)), rng.normal(0.0, 2.0, 700)
    eta[0], eta[1] = -800.0, 800.0
    found = _mean_chance(eta, moved)
    assert found == pytest.approx(special.expit(eta + moved[:, None]).mean(axis=1), rel=1e-14)
    assert found[:2].tolist() == [0.0, 1.0]
