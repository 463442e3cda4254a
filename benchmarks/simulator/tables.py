"""The simulated world as fact tables, with all that a CRM would know at the end date and nothing later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.simulator.history import NEVER, Paths
from bokgi.facts.schema import TABLES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Levels = Mapping[str, Ints]


def table(name: str, columns: Mapping[str, object]) -> pa.Table:
    """Make a table of the schema from the columns given; the others are null, `import_no` is 1."""
    schema = TABLES[name].arrow()
    rows = len(next(iter(columns.values())))  # type: ignore[arg-type]  # every value is an array or a list
    arrays = []
    for field in schema:
        if field.name == "import_no":
            arrays.append(pa.array(np.ones(rows, dtype=np.int64)))
        elif field.name in columns:
            value = columns[field.name]
            array = value if isinstance(value, pa.Array) else pa.array(value)
            arrays.append(array.cast(field.type))
        else:
            arrays.append(pa.nulls(rows, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def days_of(days: Ints, mask: NDArray[np.bool_] | None = None) -> pa.Array:
    """Turn days since 1970-01-01 into dates, null where `mask` holds."""
    return pa.array(days.astype(np.int32), mask=mask).cast(pa.date32())


def _labels(levels: Ints, names: Sequence[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(levels.astype(np.int32)), pa.array(list(names))).cast(pa.string())


def _money(amount: Floats) -> pa.Array:
    return pa.array(np.round(amount).astype(np.int64)).cast(pa.decimal128(21, 2)).cast(pa.decimal128(18, 2))


def _ids(prefix: str, numbers: Ints) -> pa.Array:
    return pa.array([f"{prefix}{number:06d}" for number in numbers])


def fact_tables(
    rng: np.random.Generator,
    *,
    end: int,
    start: int,
    levels: Levels,
    conditions: Mapping[str, tuple[tuple[str, float, float], ...]],
    owner: Ints,
    teams: int,
    territory: Ints,
    created: Ints,
    amount: Floats,
    paths: Paths,
    stage_names: Sequence[str],
    turnover: float,
    reps: int,
) -> dict[str, pa.Table]:
    """Cut the world at `end` (days since 1970-01-01, excluded) and write it as tables of `facts.schema`."""
    n = len(created)
    closed = paths.closed < end
    deal_ids = _ids("d", np.arange(n))
    person_ids = [f"p{number:03d}" for number in range(reps)]
    owners = _labels(owner, person_ids)
    outcome = np.where(~closed, 0, np.where(paths.won, 1, np.where(paths.no_decision, 3, 2)))
    stages = [*stage_names, "won", "lost", "no_decision"]
    seen = paths.entered < end
    deal, entered = paths.deal[seen], paths.entered[seen]
    stage = np.where(paths.stage[seen] < 0, len(stage_names) + 1, paths.stage[seen])
    ends = np.nonzero(closed)[0]
    deal = np.concatenate([deal, ends])
    entered = np.concatenate([entered, paths.closed[ends]])
    stage = np.concatenate([stage, len(stage_names) - 1 + outcome[ends]])
    order = np.lexsort((np.arange(len(deal)), entered, deal))
    deal, entered, stage = deal[order], entered[order], stage[order]
    first = np.concatenate([[True], deal[1:] != deal[:-1]])
    seq = np.arange(len(deal)) - np.maximum.accumulate(np.where(first, np.arange(len(deal)), 0)) + 1
    current = np.zeros(n, dtype=np.int64)
    current[deal] = stage  # the last assignment of a deal is its latest entry

    expected, changes = _expected_close(rng, created, paths, end)
    attributes = pa.array(
        [
            [
                ("territory", f"t{t:02d}"),
                ("segment", conditions["segment"][s][0]),
                ("industry", conditions["industry"][i][0]),
            ]
            for t, s, i in zip(territory, levels["segment"], levels["industry"], strict=True)
        ],
        type=pa.map_(pa.string(), pa.string()),
    )
    deals = table(
        "deals",
        {
            "deal_id": deal_ids,
            "account_id": _ids("a", np.arange(n)),
            "owner_id": owners,
            "pipeline": pa.array(["default"] * n),
            "stage": _labels(current, stages),
            "type": _labels(levels["type"], [o[0] for o in conditions["type"]]),
            "source": _labels(levels["source"], [o[0] for o in conditions["source"]]),
            "lead_grade": _labels(levels["lead_grade"], [o[0] for o in conditions["lead_grade"]]),
            "created_on": days_of(created),
            "assigned_on": days_of(created),
            "amount": _money(amount),
            "currency": pa.array(["KRW"] * n),
            "expected_close_on": days_of(expected),
            "closed_on": days_of(np.where(closed, paths.closed, 0), mask=~closed),
            "outcome": _labels(outcome, ["open", "won", "lost", "no_decision"]),
            "known_at_creation": pa.array(
                [",owner_id,account_id,pipeline,type,source,lead_grade,amount,currency,assigned_on,attributes,"] * n
            ),
            "attributes": attributes,
        },
    )
    accounts = table(
        "accounts",
        {
            "account_id": _ids("a", np.arange(n)),
            "name": _ids("Account ", np.arange(n)),
            "industry": _labels(levels["industry"], [o[0] for o in conditions["industry"]]),
            "segment": _labels(levels["segment"], [o[0] for o in conditions["segment"]]),
            "region": _labels(territory, [f"t{t:02d}" for t in range(int(territory.max()) + 1)]),
        },
    )
    left = rng.random(reps) < turnover
    leave = start + rng.integers((end - start) // 2, end - start, reps)
    members = table(
        "memberships",
        {
            "person_id": person_ids,
            "team": [f"team{number % teams + 1}" for number in range(reps)],
            "role": ["AE"] * reps,
            "share": np.ones(reps),
            "valid_from": days_of(np.full(reps, start)),
            "valid_to": days_of(np.where(left, leave, 0), mask=~left),
            "started_on": days_of(np.full(reps, start)),
            "left_on": days_of(np.where(left, leave, 0), mask=~left),
        },
    )
    kinds = ["open"] * len(stage_names) + ["won", "lost", "no_decision"]
    return {
        "deals": deals,
        "accounts": accounts,
        "stage_events": table(
            "stage_events",
            {
                "deal_id": deal_ids.take(pa.array(deal)),
                "seq": seq,
                "pipeline": pa.array(["default"] * len(deal)),
                "stage": _labels(stage, stages),
                "entered_on": days_of(entered),
                "origin": pa.array(["recorded"] * len(deal)),
                "by_id": owners.take(pa.array(deal)),
            },
        ),
        "deal_changes": changes_table(changes, deal_ids),
        "people": table(
            "people", {"person_id": person_ids, "source": ["simulator"] * reps, "automatic": np.zeros(reps, dtype=bool)}
        ),
        "memberships": members,
        "stages": table(
            "stages",
            {
                "pipeline": ["default"] * len(stages),
                "stage": stages,
                "label": stages,
                "stage_order": np.arange(1, len(stages) + 1),
                "kind": kinds,
                "origin": ["given"] * len(stages),
            },
        ),
        **_activities(rng, created, np.minimum(paths.closed, end), owners, deal_ids, start),
    }


Changes = tuple[Ints, Ints, Ints, Ints]


def _expected_close(rng: np.random.Generator, created: Ints, paths: Paths, end: int) -> tuple[Ints, Changes]:
    """Expected close dates and their pushes: when the date passes and the deal is open, it moves on by some weeks."""
    expected = np.maximum(paths.planned_close - rng.integers(0, 45, len(created)), created + 7)
    rows: list[tuple[Ints, Ints, Ints, Ints]] = []
    for _ in range(40):
        due = np.nonzero((expected < np.minimum(paths.closed, end)) & (expected < end - 1))[0]
        if len(due) == 0:
            break
        moved = expected[due] + rng.integers(14, 61, len(due))
        rows.append((due, expected[due], moved, expected[due]))
        expected[due] = moved
    if not rows:
        empty = np.zeros(0, dtype=np.int64)
        return expected, (empty, empty, empty, empty)
    deal, old, new, on = (np.concatenate([row[i] for row in rows]) for i in range(4))
    return expected, (deal, old, new, on)


def changes_table(changes: Changes, deal_ids: pa.Array) -> pa.Table:
    """Write the pushes as deal_changes."""
    deal, old, new, on = changes
    text = [days_of(values).cast(pa.string()) for values in (old, new)]
    return table(
        "deal_changes",
        {
            "deal_id": deal_ids.take(pa.array(deal)),
            "field": pa.array(["expected_close_on"] * len(deal)),
            "seq": np.ones(len(deal), dtype=np.int64),
            "old": text[0],
            "new": text[1],
            "changed_on": days_of(on),
            "origin": pa.array(["recorded"] * len(deal)),
        },
    )


def _activities(
    rng: np.random.Generator, created: Ints, until: Ints, owners: pa.Array, deal_ids: pa.Array, start: int
) -> dict[str, pa.Table]:
    """Meetings, calls and e-mails at random days while a deal is open, some made by a system."""
    until = np.where(until >= NEVER, created + 365, until)
    count = rng.poisson(np.clip((until - created) / 14.0, 0.2, 14))
    deal = np.repeat(np.arange(len(created)), count)
    on = created[deal] + (rng.random(len(deal)) * (until - created)[deal]).astype(np.int64)
    kind = rng.choice(4, len(deal), p=[0.25, 0.25, 0.35, 0.15])
    ids = _ids("v", np.arange(len(deal)))
    activities = table(
        "activities",
        {
            "activity_id": ids,
            "kind": _labels(kind, ["meeting", "call", "email", "other"]),
            "deal_id": deal_ids.take(pa.array(deal)),
            "happened_on": days_of(np.maximum(on, start)),
            "done": np.ones(len(deal), dtype=bool),
            "automatic": kind == 3,
        },
    )
    return {
        "activities": activities,
        "activity_people": table("activity_people", {"activity_id": ids, "person_id": owners.take(pa.array(deal))}),
    }
