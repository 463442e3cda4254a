"""The same answers, written by hand: DuckDB SQL on the same Parquet.

Written for speed, as somebody would who knows the engine and needs this one answer, whole: with the columns and in the
order that it has, and right for any facts, so that a stage or a standard may have several versions, a target may be the
sum of several, and whoever nobody knows is a group like any other. Views are named as the fact tables; `visits` and
`traits` are the tables of the questions of these names, made beforehand for both sides.
"""

from __future__ import annotations

from typing import Final

from bokgi.analysis.hygiene import REASONS
from bokgi.analysis.pipeline_change import PARTS


def _totals(name: str, where: str) -> str:
    """Count the rows where a condition holds, sum their known amounts, count their unknown ones."""
    return (
        f"count(*) FILTER ({where}) AS {name}, coalesce(sum(amount) FILTER ({where}), 0) AS {name}_amount, "
        f"count(*) FILTER (({where}) AND amount IS NULL) AS {name}_amount_unknown"
    )


_LADDER: Final = """(
    SELECT DISTINCT ON (pipeline, stage) pipeline, stage, stage_order, kind, expected_days FROM stages
    ORDER BY valid_from DESC NULLS LAST, stage_order, kind, label
)"""

VISITS: Final = f"""
    WITH codes AS (
        SELECT pipeline, stage, stage_order, kind,
            CASE WHEN kind = 'open' THEN row_number() OVER (ORDER BY pipeline, stage) ELSE 1000000 END AS code
        FROM {_LADDER}
    ), events AS (
        SELECT deal_id, seq, entered_on, entered_at, not_before_on, origin = 'snapshot' AS interval, code,
            kind, owner_id, outcome,
            CASE WHEN outcome = 'removed' THEN coalesce(closed_on, last_seen_on) ELSE closed_on END AS ended_on
        FROM stage_events JOIN codes USING (pipeline, stage)
            JOIN (SELECT deal_id, owner_id, outcome, closed_on, last_seen_on FROM deals) USING (deal_id)
    ), moves AS (
        SELECT * FROM events
        WINDOW deal AS (PARTITION BY deal_id ORDER BY entered_on, entered_at NULLS FIRST, seq, code)
        QUALIFY lag(code) OVER deal IS DISTINCT FROM code
    ), followed AS (
        SELECT *, count(*) FILTER (code < 1000000) OVER (deal ROWS UNBOUNDED PRECEDING) AS visit,
            lead(code) OVER deal AS then_code, lead(kind) OVER deal AS then_kind,
                lead(entered_on) OVER deal AS then_on,
            lead(not_before_on) OVER deal AS left_not_before_on, lead(code, 2) OVER deal AS after_that
        FROM moves
        WINDOW deal AS (PARTITION BY deal_id ORDER BY entered_on, entered_at NULLS FIRST, seq, code)
    )
    SELECT deal_id, visit, here.pipeline, here.stage, here.stage_order, entered_on, entered_at,
        CASE WHEN then_code IS NOT NULL THEN then_on WHEN outcome <> 'open' THEN greatest(ended_on,
            entered_on) END AS left_on,
        CASE WHEN then_code IS NULL THEN outcome
            WHEN then_code = 1000000 THEN CASE WHEN outcome <> 'open' AND after_that IS NULL THEN outcome
                ELSE then_kind END
            WHEN there.pipeline <> here.pipeline THEN 'removed'
            WHEN there.stage_order > here.stage_order THEN 'advanced' ELSE 'back' END AS exit,
        there.stage AS next_stage, there.stage_order AS next_order,
        visit = min(visit) OVER (PARTITION BY deal_id, followed.code) AS first,
        interval, not_before_on, left_not_before_on, owner_id
    FROM followed JOIN codes AS here ON followed.code = here.code
        LEFT JOIN codes AS there ON then_code = there.code AND there.code < 1000000
    WHERE followed.code < 1000000
"""

_ENDS: Final = ("won", "lost", "no_decision")
_QUARTER: Final = "DATE '2025-10-01' AND DATE '2025-12-31'"

CREATED_COHORT: Final = f"""
    WITH rungs AS (SELECT pipeline, stage, stage_order FROM {_LADDER} WHERE kind = 'open'),
    cohort AS (
        SELECT deal_id, source, outcome = 'won' AS won, amount, pipeline, stage FROM deals
        WHERE created_on BETWEEN {_QUARTER}
    ), entries AS (
        SELECT deal_id, source, amount, pipeline, visits.stage, stage_order, first
        FROM visits JOIN cohort USING (deal_id, pipeline)
    ), cells AS (
        SELECT source, pipeline, greatest(coalesce(furthest, 0), coalesce(stage_order, 0)) AS furthest, won,
            count(*) AS n, coalesce(sum(amount), 0) AS amount, count(*) FILTER (amount IS NULL) AS unknown
        FROM cohort
            LEFT JOIN (SELECT deal_id, max(stage_order) AS furthest FROM entries GROUP BY deal_id) USING (deal_id)
            LEFT JOIN rungs USING (pipeline, stage)
        GROUP BY ALL
    ), at_least AS (
        SELECT source, pipeline, rungs.stage, stage_order, 'open' AS kind,
            coalesce(sum(n) FILTER (won OR furthest >= stage_order), 0)::BIGINT AS at_least,
            coalesce(sum(amount) FILTER (won OR furthest >= stage_order), 0) AS at_least_amount,
            coalesce(sum(unknown) FILTER (won OR furthest >= stage_order), 0)::BIGINT AS at_least_amount_unknown
        FROM cells JOIN rungs USING (pipeline) GROUP BY ALL
        UNION ALL
        SELECT source, pipeline, 'won', top, 'won',
            coalesce(sum(n) FILTER (won), 0)::BIGINT, coalesce(sum(amount) FILTER (won), 0),
            coalesce(sum(unknown) FILTER (won), 0)::BIGINT
        FROM cells JOIN (SELECT pipeline, max(stage_order) + 1 AS top FROM rungs GROUP BY pipeline) USING (pipeline)
        GROUP BY ALL
    )
    SELECT at_least.source, at_least.pipeline, at_least.stage, stage_order, kind,
        CASE WHEN kind = 'won' THEN at_least ELSE coalesce(deals, 0) END AS deals,
        CASE WHEN kind = 'won' THEN at_least_amount ELSE coalesce(amount, 0) END AS deals_amount,
        CASE WHEN kind = 'won' THEN at_least_amount_unknown ELSE coalesce(unknown, 0) END AS deals_amount_unknown,
        at_least, at_least_amount, at_least_amount_unknown,
        CASE WHEN kind = 'won' THEN 0 ELSE at_least - coalesce(deals, 0) END AS skipped
    FROM at_least LEFT JOIN (
        SELECT source, pipeline, stage, count(*) AS deals, coalesce(sum(amount), 0) AS amount,
            count(*) FILTER (amount IS NULL) AS unknown
        FROM entries WHERE first GROUP BY ALL
    ) AS came ON at_least.source IS NOT DISTINCT FROM came.source AND at_least.pipeline = came.pipeline
        AND at_least.stage = came.stage
    ORDER BY at_least.source, at_least.pipeline, stage_order, at_least.stage
"""

_LATER: Final = """
    traced AS (
        SELECT *, max(stage_order) OVER course AS highest, count(*) FILTER (exit = 'won') OVER course AS wins,
            max(visit) FILTER (exit = 'won') OVER course AS won_visit, max(left_on)
                FILTER (exit = 'won') OVER course AS won_on,
            max(visit) OVER course AS last_visit
        FROM visits WINDOW course AS (PARTITION BY deal_id, pipeline)
    ), firsts AS (
        SELECT *, exit <> 'advanced' AND (highest > stage_order OR wins > 1) AS unclear FROM traced WHERE first
    ), detours AS (
        SELECT unclear.deal_id, unclear.pipeline, unclear.stage,
            min(CASE WHEN step.stage_order > unclear.stage_order THEN step.entered_on
                ELSE step.left_on END) AS reached_on
        FROM (SELECT * FROM firsts WHERE unclear) AS unclear JOIN visits AS step
            ON step.deal_id = unclear.deal_id AND step.pipeline = unclear.pipeline AND step.visit >= unclear.visit
                AND (step.stage_order > unclear.stage_order OR step.exit = 'won')
        GROUP BY ALL
    ), lasts AS (
        SELECT deal_id, pipeline, exit AS last_exit, left_on AS last_left_on FROM traced WHERE visit = last_visit
    ), told AS (
        SELECT deal_id, owner_id, pipeline, stage, stage_order, entered_on, interval,
            interval AND not_before_on IS NULL AS start_unknown,
            CASE WHEN exit = 'advanced' OR reached_on IS NOT NULL OR (NOT unclear AND won_visit >= visit)
                THEN 'reached'
                ELSE last_exit END AS ending,
            CASE WHEN exit = 'advanced' THEN left_on WHEN reached_on IS NOT NULL THEN reached_on
                WHEN won_visit >= visit THEN won_on ELSE last_left_on END AS ended_on
        FROM firsts JOIN lasts USING (deal_id, pipeline) LEFT JOIN detours USING (deal_id, pipeline, stage)
    )
"""

PROGRESSIONS: Final = f"""
    WITH {_LATER}
    SELECT deal_id, owner_id, pipeline, stage, stage_order, entered_on, interval, start_unknown, ending AS "end",
        ended_on
    FROM told
"""

TRAITS: Final = """
    WITH days AS (SELECT DISTINCT owner_id, coalesce(closed_on, DATE '2025-12-31') AS day FROM deals),
    teams AS (
        SELECT owner_id, day, team FROM days JOIN memberships ON person_id = owner_id AND team IS NOT NULL
            AND coalesce(valid_from <= day, true) AND coalesce(valid_to > day, true)
        QUALIFY row_number() OVER (PARTITION BY owner_id, day ORDER BY share DESC, team) = 1
    ), begun AS (SELECT person_id AS owner_id, min(started_on) AS began_on FROM memberships GROUP BY ALL)
    SELECT deals.*, team, industry, segment, size, region,
        CASE WHEN outcome <> 'open' THEN outcome = 'won' END AS won, 'Q' || quarter(created_on) AS season,
        (assigned_on > created_on)::VARCHAR AS inherited, (created_on - began_on < 180)::VARCHAR AS ramp
    FROM deals LEFT JOIN teams ON teams.owner_id = deals.owner_id AND day = coalesce(closed_on, DATE '2025-12-31')
        LEFT JOIN begun ON begun.owner_id = deals.owner_id
        LEFT JOIN (SELECT account_id, industry, segment, size, region FROM accounts) USING (account_id)
    WHERE outcome <> 'removed'
"""

STAGE_ENTRY_COHORT: Final = f"""
    WITH {_LATER}
    SELECT source, told.pipeline, told.stage, stage_order, {_totals("entered", "true")},
        {", ".join(_totals(end, f"ending = '{end}'") for end in ("reached", "open", "lost", "no_decision", "removed"))}
    FROM told JOIN (SELECT deal_id, source, amount, created_on FROM deals) USING (deal_id)
    WHERE entered_on BETWEEN {_QUARTER} AND (NOT start_unknown OR created_on >= DATE '2025-10-01')
    GROUP BY ALL ORDER BY source, told.pipeline, stage_order, told.stage
"""

CONVERSION_CELLS: Final = f"""
    WITH {_LATER}, cut AS (
        SELECT pipeline, stage, stage_order, entered_on, entered_on >= DATE '2025-10-01' AS entered, interval,
            CASE WHEN start_unknown THEN 'start_unknown'
                WHEN ended_on IS NULL AND ending <> 'open' THEN 'end_unknown'
                WHEN ended_on IS NULL OR ended_on > DATE '2025-12-31' THEN 'open' ELSE ending END AS kind,
            CASE WHEN ended_on IS NULL OR ended_on > DATE '2025-12-31' THEN DATE '2025-12-31'
                ELSE greatest(ended_on, entered_on) END AS until
        FROM told JOIN (SELECT deal_id FROM deals) USING (deal_id) WHERE entered_on <= DATE '2025-12-31'
    )
    SELECT pipeline, stage, stage_order, CASE WHEN entered THEN 0 ELSE DATE '2025-10-01' - entered_on END AS start,
        until - entered_on AS "end", kind, entered, interval, count(*) AS n
    FROM cut WHERE until >= DATE '2025-10-01' GROUP BY ALL
"""

_FLOWS: Final = (
    {"at_start": "before", "entered": "NOT before"}
    | {way: f"gone AND exit = '{way}'" for way in ("advanced", "back", "won", "lost", "no_decision", "removed")}
    | {"at_end": "NOT gone"}
)

STAGE_FLOW: Final = f"""
    WITH cells AS (
        SELECT source, visits.pipeline, visits.stage, visits.stage_order, exit,
            entered_on < DATE '2025-10-01' AS before, coalesce(left_on < DATE '2026-01-01', false) AS gone,
            left_on IS NULL AND exit <> 'open' AS nowhen, count(*) AS n, coalesce(sum(amount), 0) AS amount,
            count(*) FILTER (amount IS NULL) AS unknown
        FROM visits JOIN (SELECT deal_id, source, amount FROM deals) USING (deal_id)
        WHERE entered_on < DATE '2026-01-01' AND (left_on >= DATE '2025-10-01' OR left_on IS NULL)
        GROUP BY ALL
    )
    SELECT source, pipeline, stage, stage_order,
        {
    ", ".join(
        f"coalesce(sum(n) FILTER (NOT nowhen AND {where}), 0)::BIGINT AS {name}, "
        f"coalesce(sum(amount) FILTER (NOT nowhen AND {where}), 0) AS {name}_amount, "
        f"coalesce(sum(unknown) FILTER (NOT nowhen AND {where}), 0)::BIGINT AS {name}_amount_unknown"
        for name, where in _FLOWS.items()
    )
},
        coalesce(sum(n) FILTER (nowhen), 0)::BIGINT AS left_on_unknown
    FROM cells GROUP BY ALL ORDER BY source, pipeline, stage_order, stage
"""

SNAPSHOT: Final = f"""
    SELECT source, pipeline, stage, stage_order, kind, count(*) AS deals, coalesce(sum(amount), 0) AS deals_amount,
        count(*) FILTER (amount IS NULL) AS deals_amount_unknown
    FROM deals LEFT JOIN {_LADDER} USING (pipeline, stage)
    WHERE outcome = 'open' GROUP BY ALL ORDER BY source, pipeline, stage_order NULLS LAST, stage
"""

TIME_CELLS: Final = """
    WITH seen AS (
        SELECT deal_id, pipeline, stage, stage_order, interval AND not_before_on IS NULL AS start_unknown,
            left_on IS NULL AND exit <> 'open' AS end_unknown, exit = 'removed' AND next_stage IS NULL AS removed,
            left_on IS NULL OR left_on > DATE '2025-12-31' AS here,
            coalesce(least(left_on, DATE '2025-12-31'), DATE '2025-12-31') AS until, until - entered_on AS days,
            coalesce(entered_on - not_before_on - 1, 0) AS entry_room,
            CASE WHEN here THEN 0 ELSE coalesce(left_on - left_not_before_on - 1, 0) END AS leave_room,
            greatest(days + entry_room // 2 - leave_room // 2, 0) AS middle,
            CASE WHEN entered_on >= DATE '2025-10-01' THEN 0 WHEN until < DATE '2025-10-01' THEN middle
                ELSE DATE '2025-10-01' - entered_on + entry_room // 2 END AS before
        FROM visits SEMI JOIN (
            SELECT deal_id, pipeline, stage FROM visits WHERE left_on IS NULL OR left_on >= DATE '2025-10-01'
        ) USING (deal_id, pipeline, stage)
        WHERE entered_on <= DATE '2025-12-31'
    ), stays AS (
        SELECT deal_id, pipeline, stage, stage_order, max(until) AS until, sum(before)::BIGINT AS start,
            greatest(sum(middle)::BIGINT, start) AS "end", sum(greatest(days - leave_room, 0))::BIGINT AS shortest,
            sum(days + entry_room)::BIGINT AS longest, sum(entry_room + leave_room) > 0 AS interval,
            CASE WHEN bool_or(start_unknown) THEN 'start_unknown' WHEN bool_or(end_unknown) THEN 'end_unknown'
                WHEN bool_or(here) THEN 'open' WHEN bool_or(removed) THEN 'removed' ELSE 'left' END AS kind
        FROM seen GROUP BY ALL
    )
    SELECT pipeline, stage, stage_order, start, "end", shortest, longest, kind, interval, count(*) AS n
    FROM stays JOIN (SELECT deal_id FROM deals) USING (deal_id) WHERE until >= DATE '2025-10-01' GROUP BY ALL
"""

PERIOD_FLOW: Final = f"""
    WITH happened AS (
        SELECT created_on AS day, 'created' AS flow, amount FROM deals WHERE created_on BETWEEN {_QUARTER}
        UNION ALL
        SELECT closed_on, outcome, amount FROM deals WHERE outcome <> 'open' AND closed_on BETWEEN {_QUARTER}
        UNION ALL
        SELECT entered_on, 'reopened', amount FROM (
            SELECT deal_id, entered_on FROM visits
            QUALIFY lag(exit) OVER (PARTITION BY deal_id ORDER BY visit) IN ('won', 'lost', 'no_decision')
        ) JOIN (SELECT deal_id, amount FROM deals) USING (deal_id) WHERE entered_on BETWEEN {_QUARTER}
    )
    SELECT week_start, iso_week, any_value(days) AS days,
        {", ".join(_totals(flow, f"flow = '{flow}'") for flow in ("created", "reopened", *_ENDS, "removed"))}
    FROM happened JOIN (
        SELECT day, week_start, iso_week, count(*) OVER (PARTITION BY week_start) AS days
        FROM calendar WHERE day BETWEEN {_QUARTER}
    ) USING (day) GROUP BY ALL ORDER BY week_start
"""

_PARTS: Final = ", ".join(
    f"({place}, '{part}', '{kind}', {sign})"
    for place, (part, kind, sign) in enumerate(
        (part, kind, -1 if kind == "out" else 0 if kind == "told" else 1) for part, kind in PARTS.items()
    )
)

PIPELINE_CHANGE: Final = f"""
    WITH rungs AS (SELECT pipeline, stage, stage_order FROM {_LADDER} WHERE kind = 'open'),
    pairs AS (
        SELECT b.deal_id IS NOT NULL AS existed, a.deal_id IS NULL AS vanished,
            CASE WHEN a.outcome <> 'removed' AND a.closed_on IS NULL THEN 'closed_undated' ELSE a.outcome END AS went,
            coalesce(b.outcome = 'open', false) AS was, coalesce(a.outcome = 'open', false) AS now, b.amount AS x,
            a.amount AS y, sb.stage_order AS from_order, sa.stage_order AS to_order, b.expected_close_on AS from_due,
            a.expected_close_on AS to_due
        FROM deals_before AS b FULL JOIN deals AS a ON b.deal_id = a.deal_id
            LEFT JOIN rungs AS sb ON b.pipeline = sb.pipeline AND b.stage = sb.stage
            LEFT JOIN rungs AS sa ON a.pipeline = sa.pipeline AND a.stage = sa.stage
        WHERE b.outcome = 'open' OR a.outcome = 'open' OR b.deal_id IS NULL
    ), cells AS (
        SELECT was, now, vanished, CASE WHEN was THEN NULL WHEN existed THEN 'reopened' ELSE 'created' END AS came,
            CASE WHEN NOT was OR vanished THEN NULL WHEN x IS NULL AND y IS NOT NULL THEN 'amount_filled'
                WHEN y IS NULL AND x IS NOT NULL THEN 'amount_emptied' WHEN y > x THEN 'amount_up'
                WHEN y < x THEN 'amount_down' END AS changed,
            CASE WHEN now THEN NULL WHEN vanished THEN 'removed' ELSE pairs.went END AS went,
            CASE WHEN NOT (was AND now) THEN NULL WHEN to_order > from_order THEN 'stage_forward'
                WHEN to_order < from_order THEN 'stage_back' END AS moved,
            CASE WHEN NOT (was AND now) THEN NULL WHEN to_due > from_due THEN 'close_later'
                WHEN to_due < from_due THEN 'close_sooner' END AS dated,
            count(*) AS n, coalesce(sum(x), 0) AS earlier, count(*) FILTER (x IS NULL) AS earlier_unknown,
            coalesce(sum(y), 0) AS later, count(*) FILTER (y IS NULL) AS later_unknown
        FROM pairs GROUP BY ALL
    ), told AS (
        SELECT place, part, kind, sign, n, kind = 'start' OR vanished AS as_before,
            CASE WHEN as_before THEN earlier ELSE later END AS level,
            CASE WHEN as_before THEN earlier_unknown ELSE later_unknown END AS unknown,
            CASE WHEN kind = 'change' THEN later - earlier ELSE level END AS step,
            CASE kind WHEN 'start' THEN was WHEN 'in' THEN came = part WHEN 'change' THEN changed = part
                WHEN 'out' THEN went = part WHEN 'end' THEN now ELSE moved = part OR dated = part END AS here
        FROM cells, (VALUES {_PARTS}) AS parts(place, part, kind, sign)
    )
    SELECT part, kind, coalesce(sum(n) FILTER (here), 0) AS deals, coalesce(sum(level) FILTER (here), 0) AS amount,
        coalesce(sum(unknown) FILTER (here), 0) AS amount_unknown,
        coalesce(sum(n * sign) FILTER (here AND kind <> 'change'), 0) AS deals_change,
        coalesce(sum(step * sign) FILTER (here), 0) AS amount_change
    FROM told GROUP BY part, kind, place ORDER BY place
"""


def _unless_unknown(column: str, holds: str) -> str:
    """Tell of a deal whether a condition holds, where the day as of which deals are told knows the column."""
    return f"contains(unknown_then, ',{column},') IS NOT TRUE AND {holds}"


HYGIENE: Final = f"""
    WITH opened AS (SELECT * FROM deals WHERE outcome = 'open'),
    touches AS (
        SELECT deal_id, max(happened_on) FILTER (coalesce(done, coalesce(outcome, '') <> 'planned')
            AND happened_on <= DATE '2025-12-31') AS last_on,
            min(happened_on) FILTER (NOT coalesce(done, false) AND happened_on > DATE '2025-12-31') AS next_on
        FROM activities SEMI JOIN opened USING (deal_id)
        WHERE NOT automatic AND coalesce(outcome, '') <> 'cancelled' GROUP BY deal_id
    ), pushes AS (
        SELECT deal_id, count(*) AS times FROM deal_changes SEMI JOIN opened USING (deal_id)
        WHERE field = 'expected_close_on' AND try_cast(new AS DATE) > try_cast(old AS DATE) GROUP BY deal_id
    ), stays AS (
        SELECT deal_id, pipeline, stage, sum(coalesce(left_on, DATE '2025-12-31') - entered_on) AS days
        FROM visits SEMI JOIN opened USING (deal_id, pipeline, stage) GROUP BY ALL HAVING bool_or(exit = 'open')
    ), told AS (
        SELECT owner_id, amount, {_unless_unknown("amount", "amount IS NULL")} AS no_amount,
            {_unless_unknown("expected_close_on", "expected_close_on IS NULL")} AS no_close_date,
            {_unless_unknown("expected_close_on", "expected_close_on < DATE '2025-12-31'")} AS close_passed,
            times >= 3 AS pushed,
            {_unless_unknown("has_next_step", "next_step_on IS NULL AND NOT has_next_step")} AS no_next_step,
            {_unless_unknown("next_step_on", "next_step_on < DATE '2025-12-31'")} AS next_step_passed,
            recorded AND today - working_days >= 10 AND next_on IS NULL AS untouched,
            recorded AND last_on IS NULL AND next_on IS NULL AS never_touched,
            CASE WHEN planned >= 0.1 * (SELECT count(*) FROM opened) AND planned > 0 THEN next_on IS NULL
                AND NOT coalesce(next_step_on >= DATE '2025-12-31', false) END AS nothing_planned,
            days > expected_days AS stage_overdue
        FROM opened LEFT JOIN touches USING (deal_id) LEFT JOIN pushes USING (deal_id)
            LEFT JOIN stays USING (deal_id, pipeline, stage)
            LEFT JOIN (SELECT pipeline, stage, expected_days FROM {_LADDER}) USING (pipeline, stage)
            LEFT JOIN calendar ON day = coalesce(last_on, greatest(created_on, assigned_on)),
            (SELECT EXISTS (FROM activities WHERE NOT automatic) AS recorded,
                (SELECT count(*) FROM touches WHERE next_on IS NOT NULL) AS planned,
                (SELECT working_days FROM calendar WHERE day = DATE '2025-12-31') AS today)
    )
    SELECT owner_id, {_totals("open", "true")}, {_totals("flagged", " OR ".join(REASONS))},
        {", ".join(_totals(reason, reason) for reason in REASONS)}
    FROM told GROUP BY owner_id ORDER BY owner_id
"""

_KINDS: Final = ("meeting", "call", "email", "message", "task", "note")
_ACTS: Final = ", ".join(
    [
        "count(*) AS activities",
        *(f"count(*) FILTER (kind = '{kind}') AS {kind}" for kind in _KINDS),
        f"count(*) FILTER (kind NOT IN {_KINDS}) AS other",
        *(f"count(*) FILTER (outcome = '{result}') AS {result}" for result in ("connected", "replied", "no_show")),
    ]
)
_ACT_NAMES: Final = ("activities", *_KINDS, "other", "connected", "replied", "no_show")
_HELD: Final = f"""NOT automatic AND coalesce(outcome, '') <> 'cancelled'
            AND coalesce(done, coalesce(outcome, '') <> 'planned') AND happened_on BETWEEN {_QUARTER}"""
_OWNED: Final = tuple(f"{name}{part}" for name in ("created", *_ENDS) for part in ("", "_amount", "_amount_unknown"))

EXECUTION: Final = f"""
    WITH acts AS (
        SELECT person_id, {_ACTS}
        FROM activities LEFT JOIN activity_people USING (activity_id)
        WHERE {_HELD}
        GROUP BY person_id
    ), moves AS (
        SELECT visits.owner_id AS person_id, count(*) AS entered
        FROM visits LEFT JOIN (SELECT deal_id, created_on FROM deals) USING (deal_id)
        WHERE entered_on BETWEEN {_QUARTER}
            AND (NOT interval OR not_before_on IS NOT NULL OR created_on >= DATE '2025-10-01')
        GROUP BY visits.owner_id
    ), owned AS (
        SELECT owner_id AS person_id, {_totals("created", f"created_on BETWEEN {_QUARTER}")},
            {", ".join(_totals(end, f"outcome = '{end}' AND closed_on BETWEEN {_QUARTER}") for end in _ENDS)},
            count(*) FILTER (outcome = 'open') AS open,
            count(*) FILTER (outcome = 'open' AND (has_next_step OR next_step_on IS NOT NULL)) AS with_next_step,
            count(*) FILTER (outcome = 'open' AND (has_next_step IS NOT NULL OR next_step_on IS NOT NULL)) AS known
        FROM deals
        WHERE created_on BETWEEN {_QUARTER} OR closed_on BETWEEN {_QUARTER} OR outcome = 'open'
        GROUP BY owner_id
    )
    SELECT coalesce(acts.person_id, moves.person_id, owned.person_id) AS person_id,
        CASE WHEN open > 0 AND known = 0 THEN NULL ELSE coalesce(with_next_step, 0) END AS with_next_step,
        {", ".join(f"coalesce({name}, 0) AS {name}" for name in (*_ACT_NAMES, "entered", *_OWNED, "open"))}
    FROM acts FULL JOIN moves ON acts.person_id IS NOT DISTINCT FROM moves.person_id
        FULL JOIN owned ON coalesce(acts.person_id, moves.person_id) IS NOT DISTINCT FROM owned.person_id
    ORDER BY person_id
"""

_Z: Final = 1.959963984540054


def _wilson(name: str, hits: str, cases: str) -> str:
    """Give a rate and its interval at 95 %, from ten cases on."""
    share, z = f"({hits} / {cases})", _Z
    spread = f"{z} * sqrt({share} * (1 - {share}) / {cases} + {z * z / 4} / ({cases} * {cases}))"
    ends = [f"({share} + {z * z / 2} / {cases} {sign} {spread}) / (1 + {z * z} / {cases})" for sign in "-+"]
    values = zip(("rate", "low", "high"), (share, *ends), strict=True)
    return ", ".join(f"CASE WHEN {cases} >= 10 THEN {value} END AS {name}_{part}" for part, value in values)


WIN_LOSS: Final = f"""
    WITH closed AS (
        SELECT week_start, iso_week, outcome, amount, closed_on - created_on AS days
        FROM deals JOIN (SELECT day, week_start, iso_week FROM calendar) ON closed_on = day
        WHERE outcome IN ('won', 'lost', 'no_decision') AND closed_on BETWEEN {_QUARTER}
    ), told AS (
        SELECT week_start, iso_week, count(*) AS n, {", ".join(_totals(end, f"outcome = '{end}'") for end in _ENDS)},
            avg(amount::DOUBLE) FILTER (outcome = 'won')::DECIMAL(18, 2) AS mean_won,
            median(amount::DOUBLE) FILTER (outcome = 'won')::DECIMAL(18, 2) AS median_won,
            median(days) FILTER (outcome = 'won' AND days >= 0)::DOUBLE AS cycle_days,
            median(days) FILTER (outcome <> 'won' AND days >= 0)::DOUBLE AS loss_days
        FROM closed GROUP BY ALL
    )
    SELECT *, {_wilson("win_rate", "won", "n").replace("win_rate_rate", "win_rate")}, won + lost AS narrow_n,
        {_wilson("narrow", "won", "(won + lost)")},
        CASE WHEN n >= 10 THEN won_amount::DOUBLE
            / nullif((won_amount + lost_amount + no_decision_amount)::DOUBLE, 0) END AS value_rate,
        CASE WHEN n < 10 THEN 'too_few' END AS reason
    FROM told ORDER BY week_start, iso_week
"""

_WAYS: Final = ("advanced", "back", "won", "lost", "no_decision")

EXECUTION_BY_STAGE: Final = f"""
    WITH acts AS (
        SELECT deal_id, happened_on, kind, outcome, person_id FROM activities LEFT JOIN activity_people
            USING (activity_id)
        WHERE {_HELD}
    ), here AS (
        SELECT days.deal_id, happened_on, pipeline, stage, stage_order
        FROM (SELECT DISTINCT deal_id, happened_on FROM acts) AS days JOIN visits ON visits.deal_id = days.deal_id
            AND entered_on <= happened_on AND (left_on >= happened_on OR (left_on IS NULL AND exit = 'open'))
        QUALIFY row_number() OVER (PARTITION BY days.deal_id, happened_on ORDER BY visit) = 1
    ), did AS (
        SELECT person_id, pipeline, stage, stage_order, {_ACTS}
        FROM acts LEFT JOIN here USING (deal_id, happened_on) GROUP BY ALL
    ), moved AS (
        SELECT visits.owner_id AS person_id, pipeline, stage, stage_order,
            count(*) FILTER (entered_on BETWEEN {_QUARTER}
                AND (NOT interval OR not_before_on IS NOT NULL OR created_on >= DATE '2025-10-01')) AS entered,
            {", ".join(f"count(*) FILTER (left_on BETWEEN {_QUARTER} AND exit = '{way}') AS {way}" for way in _WAYS)}
        FROM visits LEFT JOIN (SELECT deal_id, created_on FROM deals) USING (deal_id)
        WHERE entered_on BETWEEN {_QUARTER} OR left_on BETWEEN {_QUARTER} GROUP BY ALL
    )
    SELECT coalesce(did.person_id, moved.person_id) AS person_id, coalesce(did.pipeline, moved.pipeline) AS pipeline,
        coalesce(did.stage, moved.stage) AS stage, coalesce(did.stage_order, moved.stage_order) AS stage_order,
        {", ".join(f"coalesce({name}, 0) AS {name}" for name in (*_ACT_NAMES, "entered", *_WAYS))}
    FROM did FULL JOIN moved ON did.person_id IS NOT DISTINCT FROM moved.person_id
        AND did.pipeline IS NOT DISTINCT FROM moved.pipeline AND did.stage IS NOT DISTINCT FROM moved.stage
    ORDER BY person_id, pipeline, stage_order, stage
"""

LOSS_REASONS: Final = f"""
    SELECT outcome, lost_reason, count(*) AS deals, coalesce(sum(amount), 0) AS deals_amount,
        count(*) FILTER (amount IS NULL) AS deals_amount_unknown,
        count(*) / sum(count(*)) OVER (PARTITION BY outcome) AS share
    FROM deals WHERE outcome IN ('lost', 'no_decision') AND closed_on BETWEEN {_QUARTER}
    GROUP BY outcome, lost_reason ORDER BY outcome, deals DESC, lost_reason NULLS LAST
"""

VELOCITY: Final = f"""
    WITH told AS (
        SELECT count(*) FILTER (outcome = 'open') AS open, count(*) FILTER (ended) AS n,
            CASE WHEN n >= 10 THEN count(*) FILTER (won) / n END AS win_rate,
            (avg(amount::DOUBLE) FILTER (won))::DECIMAL(18, 2) AS mean_won,
            median(closed_on - created_on) FILTER (won AND closed_on >= created_on)::DOUBLE AS cycle_days
        FROM (SELECT outcome, amount, created_on, closed_on,
            outcome IN ('won', 'lost', 'no_decision') AND closed_on BETWEEN {_QUARTER} AS ended,
            outcome = 'won' AND closed_on BETWEEN {_QUARTER} AS won FROM deals)
    )
    SELECT open, n, win_rate, mean_won, cycle_days,
        (open * win_rate * mean_won::DOUBLE / nullif(cycle_days, 0))::DECIMAL(38, 2) AS velocity,
        CASE WHEN n < 10 THEN 'too_few' WHEN velocity IS NULL THEN 'no_wins' END AS reason
    FROM told WHERE open > 0
"""

COMPARISON_CELLS: Final = """
    SELECT coalesce(source, '(unknown)') AS source, coalesce(lead_grade, '(unknown)') AS lead_grade,
        coalesce(type, '(unknown)') AS type, coalesce(industry, '(unknown)') AS industry,
        coalesce(segment, '(unknown)') AS segment, coalesce(size, '(unknown)') AS size,
        coalesce(season, '(unknown)') AS season, coalesce(inherited, '(unknown)') AS inherited,
        coalesce(ramp, '(unknown)') AS ramp, coalesce(region, '(unknown)') AS region, owner_id,
        count(*) AS n, count(*) FILTER (won) AS wins
    FROM traits WHERE won IS NOT NULL AND owner_id IS NOT NULL GROUP BY ALL
"""

PROGRESS: Final = f"""
    WITH goals AS (
        SELECT subject_id, lead_source, coalesce(sum(amount) FILTER (exact),
            CASE WHEN sum(days) FILTER (NOT exact) = 92 THEN sum(amount) FILTER (NOT exact) END) AS target
        FROM (SELECT subject_id, lead_source, amount, period_end - period_start AS days,
                period_start = DATE '2025-10-01' AND period_end = DATE '2026-01-01' AS exact
            FROM targets WHERE subject_kind = 'person' AND metric = 'won_amount'
                AND period_start >= DATE '2025-10-01' AND period_end <= DATE '2026-01-01')
        GROUP BY ALL
    ), achieved AS (
        SELECT owner_id AS subject_id, CASE WHEN grouping(source) = 1 THEN 'all' ELSE source END AS lead_source,
            {_totals("won", "outcome = 'won'")}, {_totals("open_due", "outcome = 'open'")}
        FROM deals
        WHERE (outcome = 'won' AND closed_on BETWEEN {_QUARTER}) OR (outcome = 'open'
            AND expected_close_on BETWEEN {_QUARTER})
        GROUP BY GROUPING SETS ((owner_id), (owner_id, source))
        HAVING grouping(source) = 1 OR source IN (SELECT lead_source FROM goals WHERE lead_source <> 'all')
    ), pace AS (
        SELECT count(*) AS working_days, count(*) FILTER (day <= DATE '2025-12-31') AS working_days_passed
        FROM calendar WHERE working AND day BETWEEN {_QUARTER}
    ), paced AS (
        SELECT coalesce(achieved.subject_id, goals.subject_id) AS subject_id,
            coalesce(achieved.lead_source, goals.lead_source) AS lead_source, target,
            CASE WHEN goals.subject_id IS NULL THEN 'no_target' WHEN target IS NULL THEN 'gap' END AS reason,
            coalesce(won, 0) AS won, coalesce(won_amount, 0) AS won_amount,
            coalesce(won_amount_unknown, 0) AS won_amount_unknown, coalesce(won_amount, 0) AS attained,
            coalesce(won_amount, 0)::DOUBLE / nullif(target::DOUBLE, 0) AS attainment, working_days,
            working_days_passed,
            (target::DOUBLE * (working_days_passed / nullif(working_days, 0)))::DECIMAL(38, 2) AS expected,
            target - coalesce(won_amount, 0) AS "left", coalesce(open_due, 0) AS open_due,
            coalesce(open_due_amount, 0) AS open_due_amount,
            coalesce(open_due_amount_unknown, 0) AS open_due_amount_unknown
        FROM achieved FULL JOIN goals ON achieved.subject_id IS NOT DISTINCT FROM goals.subject_id
            AND achieved.lead_source IS NOT DISTINCT FROM goals.lead_source, pace
    )
    SELECT *, attained - expected AS ahead,
        CASE WHEN "left" > 0 THEN ("left"::DOUBLE
            / nullif(working_days - working_days_passed, 0))::DECIMAL(38, 2) END AS needed_per_day,
        CASE WHEN "left" > 0 THEN open_due_amount::DOUBLE / "left"::DOUBLE END AS coverage
    FROM paced ORDER BY subject_id, lead_source
"""

_FATES: Final = ", ".join(
    f"count(*) FILTER (fate = '{fate}') AS {fate}, coalesce(sum(amount) FILTER (fate = '{fate}'), 0) AS {fate}_amount"
    for fate in (
        "won",
        "lost",
        "no_decision",
        "removed",
        "slipped",
        "undated",
        "still_due",
        "pulled_in",
        "created_and_won",
    )
)
_DECEMBER: Final = "DATE '2025-12-01' AND DATE '2025-12-31'"

DUE_DEALS: Final = f"""
    WITH told AS (
        SELECT due.owner_id, due.amount, true AS was_due,
            CASE WHEN later.deal_id IS NULL OR outcome = 'removed' THEN 'removed'
                WHEN outcome <> 'open' AND closed_on BETWEEN {_DECEMBER} THEN outcome
                WHEN outcome = 'open' AND expected_close_on > DATE '2025-12-31' THEN 'slipped'
                WHEN outcome = 'open' AND expected_close_on IS NULL THEN 'undated' ELSE 'still_due' END AS fate
        FROM (SELECT deal_id, owner_id, amount FROM deals_before
                WHERE outcome = 'open' AND expected_close_on BETWEEN {_DECEMBER}) AS due
            LEFT JOIN (SELECT deal_id, outcome, closed_on, expected_close_on FROM deals) AS later
                ON due.deal_id = later.deal_id
        UNION ALL
        SELECT CASE WHEN earlier.deal_id IS NULL THEN won.owner_id ELSE earlier.owner_id END, won.amount, false,
            CASE WHEN outcome = 'open' THEN 'pulled_in' ELSE 'created_and_won' END
        FROM (SELECT deal_id, owner_id, amount FROM deals
                WHERE outcome = 'won' AND closed_on BETWEEN {_DECEMBER}) AS won
            LEFT JOIN (SELECT deal_id, owner_id, outcome, expected_close_on FROM deals_before) AS earlier
                ON won.deal_id = earlier.deal_id
        WHERE outcome IS DISTINCT FROM 'won'
            AND NOT coalesce(outcome = 'open' AND expected_close_on BETWEEN {_DECEMBER}, false)
    )
    SELECT owner_id, {_totals("due", "was_due")}, {_FATES},
        CASE WHEN due >= 10 THEN won_amount::DOUBLE / nullif(due_amount::DOUBLE, 0) END AS pipeline_conversion,
        CASE WHEN due >= 10 THEN won / due END AS pipeline_conversion_n, CASE WHEN due >= 10 THEN slipped / due
            END AS slippage,
        CASE WHEN due >= 10 THEN slipped_amount::DOUBLE / nullif(due_amount::DOUBLE, 0) END AS slippage_amount,
        CASE WHEN due < 10 THEN 'too_few' END AS reason, 1 / nullif(pipeline_conversion, 0) AS need
    FROM told GROUP BY owner_id ORDER BY owner_id
"""

STANDARDS_MET: Final = f"""
    WITH weekly AS (
        SELECT role AS for_role, metric, stage, amount FROM standards
        WHERE per = 'week' AND metric IN ({", ".join(f"'{kind}'" for kind in (*_KINDS, "other"))})
            AND (valid_from IS NULL OR valid_from < DATE '2026-01-01')
            AND (valid_to IS NULL OR valid_to > DATE '2025-12-31')
        QUALIFY row_number() OVER (PARTITION BY role, metric, stage ORDER BY valid_from DESC NULLS LAST,
            amount DESC) = 1
    ), days AS (SELECT day FROM calendar WHERE working AND day BETWEEN {_QUARTER}
    ), worked AS (
        SELECT person_id, role, sum(share) / 5 AS weeks FROM memberships JOIN days
            ON (valid_from IS NULL OR valid_from <= day) AND (valid_to IS NULL OR valid_to > day)
        WHERE role IS NOT NULL GROUP BY ALL
    ), acts AS (
        SELECT deal_id, happened_on, kind, person_id FROM activities JOIN activity_people USING (activity_id)
        WHERE {_HELD} AND kind IN (SELECT metric FROM weekly)
    ), staged AS (
        SELECT * FROM acts WHERE kind IN (SELECT metric FROM weekly WHERE stage <> 'all')
    ), here AS (
        SELECT days.deal_id, happened_on, stage
        FROM (SELECT DISTINCT deal_id, happened_on FROM staged) AS days JOIN visits ON visits.deal_id = days.deal_id
            AND entered_on <= happened_on AND (left_on >= happened_on OR (left_on IS NULL AND exit = 'open'))
        QUALIFY row_number() OVER (PARTITION BY days.deal_id, happened_on ORDER BY visit) = 1
    ), done AS (
        SELECT person_id, kind AS metric, 'all' AS stage, count(*) AS n FROM acts GROUP BY ALL
        UNION ALL
        SELECT person_id, kind, stage, count(*) FROM staged JOIN here USING (deal_id, happened_on) GROUP BY ALL
    )
    SELECT person_id, role, metric, stage, coalesce(n, 0) AS done, amount * weeks AS standard,
        coalesce(n, 0) >= amount * weeks AS met
    FROM worked JOIN weekly ON for_role = 'all' OR for_role = role LEFT JOIN done USING (person_id, metric, stage)
    ORDER BY person_id, role, metric, stage
"""

WORTH_TELLING: Final = f"""
    WITH ended AS (
        SELECT deal_id, owner_id, outcome, amount, lost_reason, closed_on, closed_on - created_on AS cycle_days
        FROM deals WHERE closed_on BETWEEN {_QUARTER} AND outcome IN ('won', 'lost', 'no_decision')
    ), walked AS (
        SELECT deal_id, pipeline, stage, exit, visit, lead(visit) OVER deal AS next
        FROM visits SEMI JOIN ended USING (deal_id) WINDOW deal AS (PARTITION BY deal_id ORDER BY visit)
    ), stays AS (
        SELECT deal_id, count(*) FILTER (exit = 'back' OR (exit IN ('won', 'lost', 'no_decision')
            AND next IS NOT NULL)) AS setbacks, max(pipeline) FILTER (next IS NULL) AS pipeline,
            max(stage) FILTER (next IS NULL) AS stage
        FROM walked GROUP BY deal_id
    ), pushed AS (
        SELECT deal_id, count(*) AS pushes FROM deal_changes SEMI JOIN ended USING (deal_id)
        WHERE field = 'expected_close_on' AND try_cast(new AS DATE) > try_cast(old AS DATE) GROUP BY deal_id
    ), ranked AS (
        SELECT pipeline, stage, row_number() OVER (PARTITION BY pipeline ORDER BY stage_order DESC, stage) AS rank,
            count(*) OVER (PARTITION BY pipeline) AS steps
        FROM {_LADDER} WHERE kind = 'open'
    ), told AS (
        SELECT ended.*, coalesce(setbacks, 0) AS setbacks, coalesce(pushes, 0) AS times_pushed, stage,
            rank = 1 OR (rank = 2 AND steps >= 3) AS late
        FROM ended LEFT JOIN stays USING (deal_id) LEFT JOIN pushed USING (deal_id)
            LEFT JOIN ranked USING (pipeline, stage)
    ), stories AS (
        SELECT 'largest' AS story, 1 AS "order", 0 AS weight, * FROM told WHERE outcome = 'won' AND amount IS NOT NULL
        UNION ALL SELECT 'fastest', 2, cycle_days, * FROM told WHERE outcome = 'won' AND cycle_days >= 0
            AND cycle_days < (SELECT CASE WHEN count(*) >= 10 THEN quantile_cont(closed_on - created_on, 0.25) END
                FROM deals WHERE outcome = 'won'
                AND closed_on BETWEEN DATE '2025-01-01' AND DATE '2025-12-31' AND closed_on >= created_on)
        UNION ALL SELECT 'against_odds', 3, -(setbacks + times_pushed), * FROM told
            WHERE outcome = 'won' AND (setbacks > 0 OR times_pushed >= 2)
        UNION ALL SELECT 'lost_late', 4, 0, * FROM told WHERE outcome <> 'won' AND late
    )
    SELECT story, row_number() OVER story AS place, * EXCLUDE (story, "order", weight, late) FROM stories
    WINDOW story AS (PARTITION BY story ORDER BY weight, amount DESC NULLS LAST, deal_id) QUALIFY place <= 3
    ORDER BY "order", place
"""

WON_CELLS: Final = f"""
    SELECT owner_id, amount::DOUBLE AS size, count(*) AS n FROM deals
    WHERE outcome = 'won' AND closed_on BETWEEN {_QUARTER} GROUP BY ALL
"""

BOTTLENECK_CELLS: Final = f"""
    SELECT progressions.pipeline, progressions.stage, progressions.stage_order, team, traits.source, segment,
        count(*) AS n,
        count(*) FILTER (progressions."end" = 'reached') AS wins
    FROM progressions JOIN traits USING (deal_id)
    WHERE progressions."end" NOT IN ('open', 'removed') AND ended_on BETWEEN {_QUARTER}
    GROUP BY ALL ORDER BY 1, 2, 3, 4, 5, 6
"""

LEAD_RESPONSE: Final = f"""
    WITH ours AS (
        SELECT lead_id, owner_id, account_id, converted_deal_id, assigned_on, assigned_at FROM leads
        WHERE assigned_on BETWEEN {_QUARTER}
    ), done AS (
        SELECT account_id, deal_id, happened_on, happened_at FROM activities WHERE {_HELD}
    ), found AS (
        SELECT lead_id, min(happened_on) AS answered_on,
            CASE WHEN min(happened_on) FILTER (happened_at IS NOT NULL) = min(happened_on)
                THEN min(happened_at) END AS answered_at
        FROM (
            SELECT lead_id, happened_on, happened_at, assigned_at FROM ours JOIN done USING (account_id)
                WHERE happened_on >= assigned_on
            UNION ALL SELECT lead_id, happened_on, happened_at, assigned_at
                FROM ours JOIN done ON converted_deal_id = done.deal_id WHERE happened_on >= assigned_on)
        WHERE NOT coalesce(happened_at < assigned_at, false)
        GROUP BY lead_id
    )
    SELECT greatest(CASE WHEN answered_at IS NOT NULL AND assigned_at IS NOT NULL
            THEN date_diff('second', assigned_at, answered_at) // 60
                - ((coalesce(answered_on, DATE '2025-12-31') - assigned_on)
                    - (ended.working_days - begun.working_days)) * 1440
            ELSE (ended.working_days - begun.working_days) * 1440 END, 0) AS minutes,
        CASE WHEN answered_on IS NULL THEN 'open' ELSE 'answered' END AS kind,
        answered_on IS NOT NULL AND (answered_at IS NULL OR assigned_at IS NULL) AS by_day,
        owner_id AS person_id, count(*) AS n
    FROM ours LEFT JOIN found USING (lead_id)
        LEFT JOIN calendar AS begun ON begun.day = assigned_on
        LEFT JOIN calendar AS ended ON ended.day = coalesce(answered_on, DATE '2025-12-31')
    GROUP BY ALL
"""
