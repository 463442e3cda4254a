"""How a text column becomes typed columns: helper columns level by level, then results.

A text is parsed once, in a helper column, and several results are taken from it. DuckDB computes a helper column once
per row; the same expression written out in every result would be computed for each. `query` puts the levels of many
columns together, so that one pass over the staged table reads them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from bokgi.intake.sql import identifier


@dataclass(frozen=True)
class Reading:
    """SQL that reads one column.

    `steps` are levels of helper columns (name → expression); a level may use the source and the levels before it.
    `results` (name → expression) may use all of them. Every reading has the result `malformed`: a text is there and
    gives no value.
    """

    steps: tuple[Mapping[str, str], ...]
    results: Mapping[str, str]


def query(relation: str, readings: Mapping[str, Reading], keep: Sequence[str] = ()) -> str:
    """Write the query that reads columns of a relation (a table's name or a query in parentheses).

    `keep` are expressions to keep as they stand. A result `on` of the reading `created` is the column `created_on`; the
    result `value` is the column `created` itself.

    >>> print(query("t", {"n": Reading(({"n__": "c1::INT"},), {"value": "n__", "malformed": "n__ IS NULL"})}, ["id"]))
    SELECT id, n__ AS "n", n__ IS NULL AS "n_malformed" FROM (SELECT *, c1::INT AS "n__" FROM t)
    """
    source = relation
    for level in zip_longest(*(reading.steps for reading in readings.values()), fillvalue={}):
        helpers = [f"{sql} AS {identifier(name)}" for step in level for name, sql in step.items()]
        source = f"(SELECT *, {', '.join(helpers)} FROM {source})"
    results = [
        f"{sql} AS {identifier(name if result == 'value' else f'{name}_{result}')}"
        for name, reading in readings.items()
        for result, sql in reading.results.items()
    ]
    return f"SELECT {', '.join([*keep, *results])} FROM {source}"
