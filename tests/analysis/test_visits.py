"""Visits against hand-made histories and a slow twin."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from bokgi.analysis.visits import COLUMNS, ladder, moves, off_ladder, visits, visits_of
from tests.analysis.tables import Facts, Row, facts, ordered, rows_of

STAGES = """
stage   | label   | stage_order | kind        | valid_from
lead    | Lead    | 1           | open        |
talk    | Talk    | 2           | open        |
offer   | Offer   | 3           | open        |
won     | Won     | 4           | won         |
lost    | Lost    | 5           | lost        |
stalled | Stalled | 6           | no_decision |
"""
LADDER = {"lead": (1, "open"), "talk": (2, "open"), "offer": (3, "open")}
LADDER |= {"won": (4, "won"), "lost": (5, "lost"), "stalled": (6, "no_decision")}


def found(data: Facts) -> list[Row]:
    rows = rows_of(visits(data.deals, data.stage_events, data.stages))
    return sorted(rows, key=lambda row: (row["deal_id"], row["visit"]))


def shown(data: Facts) -> list[str]:
    """Print each visit as `deal.visit stage entered→left exit>next`."""
    return [
        f"{row['deal_id']}.{row['visit']} {row['stage']}{'' if row['first'] else ' again'} "
        f"{row['entered_on']:%m-%d}→{row['left_on']:%m-%d} {row['exit']}"
        if row["left_on"]
        else f"{row['deal_id']}.{row['visit']} {row['stage']}{'' if row['first'] else ' again'} "
        f"{row['entered_on']:%m-%d}→ {row['exit']}"
        for row in found(data)
    ]


def test_a_deal_that_walks_the_ladder_is_won_from_its_last_stage() -> None:
    data = facts(
        stages=STAGES,
        deals="""
        deal_id | owner_id | outcome | closed_on
        d       | kim      | won     | 2026-11-20
        """,
        stage_events="""
        deal_id | stage | entered_on
        d       | lead  | 2026-11-02
        d       | talk  | 2026-11-05
        d       | offer | 2026-11-12
        d       | won   | 2026-11-20
        """,
    )
    assert shown(data) == [
        "d.1 lead 11-02→11-05 advanced",
        "d.2 talk 11-05→11-12 advanced",
        "d.3 offer 11-12→11-20 won",
    ]
    first = found(data)[0]
    assert tuple(first) == COLUMNS
    assert (first["next_stage"], first["next_order"], first["owner_id"], first["interval"]) == ("talk", 2, "kim", False)


def test_a_skipped_stage_has_no_row_and_a_stage_left_backwards_is_visited_again() -> None:
    data = facts(
        stages=STAGES,
        deals="deal_id | outcome\nd       | open",
        stage_events="""
        deal_id | stage | entered_on
        d       | lead  | 2026-11-02
        d       | offer | 2026-11-05
        d       | lead  | 2026-11-09
        d       | offer | 2026-11-10
        """,
    )
    assert shown(data) == [
        "d.1 lead 11-02→11-05 advanced",
        "d.2 offer 11-05→11-09 back",
        "d.3 lead again 11-09→11-10 advanced",
        "d.4 offer again 11-10→ open",
    ]


def test_a_reopened_deal_keeps_the_visit_that_ended_in_the_loss() -> None:
    data = facts(
        stages=STAGES,
        deals="deal_id | outcome     | closed_on\nd       | no_decision | 2026-12-01",
        stage_events="""
        deal_id | stage | entered_on
        d       | talk  | 2026-11-02
        d       | lost  | 2026-11-05
        d       | talk  | 2026-11-09
        d       | lost  | 2026-12-01
        """,
    )
    assert shown(data) == ["d.1 talk 11-02→11-05 lost", "d.2 talk again 11-09→12-01 no_decision"]


def test_an_entry_into_the_stage_where_the_deal_stands_is_no_visit() -> None:
    data = facts(
        stages=STAGES,
        deals="deal_id | outcome | closed_on\nd       | won     | 2026-11-20",
        stage_events="""
        deal_id | stage | entered_on
        d       | talk  | 2026-11-02
        d       | talk  | 2026-11-05
        d       | won   | 2026-11-20
        d       | won   | 2026-11-22
        """,
    )
    assert shown(data) == ["d.1 talk 11-02→11-20 won"]


def test_without_an_entry_into_a_closing_stage_the_close_date_ends_the_last_visit() -> None:
    data = facts(
        stages=STAGES,
        deals="""
        deal_id | outcome | closed_on  | last_seen_on
        early   | lost    | 2026-11-01 |
        gone    | removed |            | 2026-11-30
        known   | lost    | 2026-11-20 |
        nobody  | won     |            | 2026-11-30
        """,
        stage_events="""
        deal_id | stage | entered_on
        early   | talk  | 2026-11-02
        gone    | talk  | 2026-11-02
        known   | talk  | 2026-11-02
        nobody  | talk  | 2026-11-02
        """,
    )
    assert shown(data) == [
        "early.1 talk 11-02→11-02 lost",
        "gone.1 talk 11-02→11-30 removed",
        "known.1 talk 11-02→11-20 lost",
        "nobody.1 talk 11-02→ won",
    ]


def test_a_day_without_times_is_ordered_by_seq_and_comes_before_times() -> None:
    data = facts(
        stages=STAGES,
        deals="deal_id\nd",
        stage_events="""
        deal_id | seq | stage | entered_on | entered_at
        d       | 1   | talk  | 2026-11-02 |
        d       | 0   | lead  | 2026-11-02 |
        d       | 0   | offer | 2026-11-02 | 2026-11-02 03:00:00
        """,
    )
    assert [row["stage"] for row in found(data)] == ["lead", "talk", "offer"]


def test_a_deal_that_changes_pipeline_leaves_the_first_one() -> None:
    data = facts(
        stages="""
        pipeline | stage | stage_order | kind
        new      | talk  | 1           | open
        renew    | call  | 5           | open
        """,
        deals="deal_id\nd",
        stage_events="""
        deal_id | pipeline | stage | entered_on
        d       | new      | talk  | 2026-11-02
        d       | renew    | call  | 2026-11-05
        """,
    )
    rows = found(data)
    assert [(row["exit"], row["next_stage"], row["next_order"]) for row in rows] == [
        ("removed", "call", None),
        ("open", None, None),
    ]


def test_a_stage_that_the_ladder_does_not_know_is_passed_over_and_listed() -> None:
    data = facts(
        stages=STAGES,
        deals="deal_id\nd\nwithout_history",
        stage_events="""
        deal_id | stage  | entered_on
        d       | lead   | 2026-11-02
        d       | secret | 2026-11-03
        d       | talk   | 2026-11-05
        """,
    )
    assert shown(data) == ["d.1 lead 11-02→11-05 advanced", "d.2 talk 11-05→ open"]
    assert rows_of(off_ladder(data.stage_events, data.stages)) == [
        {"pipeline": "default", "stage": "secret", "events": 1, "deals": 1}
    ]


def test_a_snapshot_knows_entry_and_leaving_only_to_an_interval() -> None:
    data = facts(
        stages=STAGES,
        deals="deal_id\nd",
        stage_events="""
        deal_id | stage | entered_on | origin   | not_before_on | not_after_on
        d       | lead  | 2026-11-02 | recorded |               |
        d       | talk  | 2026-11-16 | snapshot | 2026-11-09    | 2026-11-16
        """,
    )
    lead, talk = found(data)
    assert (lead["interval"], lead["not_before_on"], lead["left_not_before_on"]) == (False, None, date(2026, 11, 9))
    assert (talk["interval"], talk["not_before_on"], talk["left_not_before_on"]) == (True, date(2026, 11, 9), None)


def test_the_ladder_is_the_latest_definition() -> None:
    data = facts(
        stages="""
        stage | label | stage_order | kind | valid_from
        talk  | Talk  | 1           | open |
        talk  | Chat  | 2           | open | 2026-11-01
        talk  | Word  | 3           | lost | 2026-06-01
        """
    )
    (row,) = rows_of(ladder(data.stages))
    assert (row["label"], row["stage_order"], row["kind"]) == ("Chat", 2, "open")


# ---------------------------------------------------------------- the slow twin

RANK = {stage: (order if kind != "open" else 0, stage) for stage, (order, kind) in LADDER.items()}


def twin(deals: Iterable[Row], events: Iterable[Row]) -> list[Row]:
    """Walk each deal's entries one by one."""
    told = []
    for deal in deals:
        entries = [event for event in events if event["deal_id"] == deal["deal_id"] and event["stage"] in LADDER]
        long_ago = datetime(1, 1, 1, tzinfo=UTC)
        entries.sort(key=lambda e: (e["entered_on"], e["entered_at"] or long_ago, e["seq"], *RANK[e["stage"]]))
        moves: list[Row] = []
        for entry in entries:
            if moves and moves[-1]["stage"] == entry["stage"]:
                continue
            if moves and LADDER[moves[-1]["stage"]][1] != "open" and LADDER[entry["stage"]][1] != "open":
                continue
            moves.append(entry)
        told += told_of(deal, moves)
    return told


def told_of(deal: Row, moves: list[Row]) -> list[Row]:
    closed = deal["outcome"] != "open"
    rows: list[Row] = []
    for index, move in enumerate(moves):
        order, kind = LADDER[move["stage"]]
        if kind != "open":
            continue
        row: Row = {"deal_id": deal["deal_id"], "visit": len(rows) + 1, "stage": move["stage"], "stage_order": order}
        row |= {"entered_on": move["entered_on"], "next_stage": None, "next_order": None}
        row["first"] = all(before["stage"] != move["stage"] for before in rows)
        rest = moves[index + 1 :]
        if not rest:
            row["exit"] = deal["outcome"]
            left: date | None = deal["closed_on"] if closed else None
            if deal["outcome"] == "removed" and left is None:
                left = deal["last_seen_on"]
            row["left_on"] = None if left is None else max(left, move["entered_on"])
        else:
            next_order, next_kind = LADDER[rest[0]["stage"]]
            row["left_on"] = rest[0]["entered_on"]
            if next_kind == "open":
                row |= {"next_stage": rest[0]["stage"], "next_order": next_order}
                row["exit"] = "advanced" if next_order > order else "back"
            else:
                row["exit"] = deal["outcome"] if closed and len(rest) == 1 else next_kind
        rows.append(row)
    return rows


DAY = date(2026, 11, 2)
days = st.integers(0, 6).map(lambda n: DAY + timedelta(days=n))
outcomes = st.sampled_from(["open", "open", "won", "lost", "no_decision", "removed"])


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    deals: list[Row] = []
    events: list[Row] = []
    for number in range(draw(st.integers(1, 3))):
        outcome = draw(outcomes)
        deal: Row = {"deal_id": f"d{number}", "outcome": outcome, "closed_on": None, "last_seen_on": draw(days)}
        if outcome != "open":
            deal["closed_on"] = draw(st.none() | days)
        deals.append(deal)
        for seq in range(draw(st.integers(0, 7))):
            on = draw(days)
            hour = draw(st.none() | st.integers(0, 2))
            at = None if hour is None else datetime(on.year, on.month, on.day, hour, tzinfo=UTC)
            stage = draw(st.sampled_from([*LADDER, "secret"]))
            events.append({"deal_id": deal["deal_id"], "seq": seq, "stage": stage, "entered_on": on, "entered_at": at})
    return deals, events


@given(histories(), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_visits_agree_with_the_slow_twin_in_any_order_of_rows(
    history: tuple[list[Row], list[Row]], shuffle: Random
) -> None:
    deals, events = history
    expected = twin(deals, events)
    shuffle.shuffle(events)
    shuffle.shuffle(deals)
    answer = found(facts(stages=STAGES, deals=deals, stage_events=events))
    keys = [
        "deal_id",
        "visit",
        "stage",
        "stage_order",
        "entered_on",
        "next_stage",
        "next_order",
        "first",
        "exit",
        "left_on",
    ]
    assert ordered({key: row[key] for key in keys} for row in answer) == ordered(
        {key: row[key] for key in keys} for row in expected
    )


@given(histories(), days)
@settings(max_examples=20)
def test_moves_of_the_whole_history_cut_to_a_day_are_the_visits_of_the_history_up_to_it(
    history: tuple[list[Row], list[Row]], on: date
) -> None:
    data = facts(stages=STAGES, deals=history[0], stage_events=history[1])
    cut = visits(data.deals, data.stage_events.filter(data.stage_events.entered_on <= on), data.stages)
    whole = visits_of(moves(data.stage_events, data.stages), data.deals, as_of=on)
    assert ordered(rows_of(whole)) == ordered(rows_of(cut))
