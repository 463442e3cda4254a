"""Amounts as most people write them, read at least cost; what is none of these is read thoroughly."""

from __future__ import annotations

from typing import Final

from bokgi.intake.sql import identifier, literal
from bokgi.intake.values.amounts.form import (
    AMOUNT,
    EXACT,
    FACTOR,
    UNITS,
    AmountFormat,
    alternatives,
    currency_of,
    number_pattern,
    without_marks,
)
from bokgi.intake.values.amounts.thorough import thorough_amount
from bokgi.intake.values.currencies import CODES
from bokgi.intake.values.reading import Reading

_ONE_UNIT: Final = {"만": 10**4, "백만": 10**6, "천만": 10**7, "억": 10**8, "조": 10**12}
_BELOW_EOK: Final = {"천만": 10**7, "백만": 10**6, "만": 10**4}
"""Units that may stand behind a number, alone or after 억, where an amount is read at a glance; longer words first."""
_LARGEST: Final = 10**16 - 1


def amount(sql: str, form: AmountFormat, *, name: str) -> Reading:
    """Read the text column `sql` as amounts: results `value` (DECIMAL(18, 2)), `currency` (VARCHAR), `malformed`.

    `currency` is the one written in the cell, else the format's, else null. More than two decimals are rounded half
    away from zero; what is too large for sixteen digits before the point is malformed.

    >>> import duckdb
    >>> from bokgi.intake.values.reading import query
    >>> texts = "(SELECT unnest(['$1,117.10K', '1억 2천만원', '(500)', '10%']) AS t)"
    >>> found = duckdb.sql(query(texts, {"amount": amount("t", AmountFormat(), name="amount")})).fetchall()
    >>> [(str(value), currency, malformed) for value, currency, malformed in found]
    [('1117100.00', 'USD', False), ('120000000.00', 'KRW', False), ('-500.00', None, False), ('None', None, True)]
    """
    whole, plain, usual = (identifier(f"{name}__{step}") for step in ("whole", "plain", "usual"))
    unit, pair = identifier(f"{name}__unit"), identifier(f"{name}__pair")
    easily = (
        {f"{name}__whole": _whole(sql)} if form.multiplier != 1 else {},
        {f"{name}__plain": _plain(sql, whole, form)},
        {f"{name}__unit": f"CASE WHEN {plain} IS NULL THEN {_unit(sql, form)} END"},
        {f"{name}__pair": f"CASE WHEN {unit} = '' THEN {_pair(sql, form)} END"},
        {f"{name}__usual": f"coalesce({plain}, {_counted(sql, unit, form)}, {_paired(sql, pair, form)})"},
    )
    thorough = thorough_amount(sql, form, name=name, only=f"{usual} IS NULL")
    easy = f"CASE WHEN left({sql}, 1) BETWEEN 'A' AND 'Z' THEN left({sql}, 3) ELSE {currency_of(form)} END"
    easy = f"CASE left({sql}, 1) WHEN '$' THEN 'USD' WHEN '₩' THEN 'KRW' ELSE {easy} END"
    easy = f"CASE WHEN right({sql}, 1) = '원' THEN 'KRW' ELSE {easy} END"
    return Reading(
        (*easily, *thorough.steps),
        {
            "value": f"coalesce({usual}, {thorough.results['value']})",
            "currency": f"CASE WHEN {usual} IS NULL THEN {thorough.results['currency']} ELSE {easy} END",
            "malformed": f"(CASE WHEN {usual} IS NULL THEN {thorough.results['malformed']} ELSE false END)",
        },
    )


def _whole(sql: str) -> str:
    """Read whole numbers as they stand."""
    return f"CASE WHEN regexp_full_match({sql}, '-?[0-9]{{1,18}}') THEN try_cast({sql} AS BIGINT) END"


def _plain(sql: str, whole: str, form: AmountFormat) -> str:
    """Read what is a number as it stands; this is most cells of most files."""
    bare = f"NOT contains({sql}, ',')"
    if form.decimal_mark == ",":
        bare += f" AND NOT contains({sql}, '.')"
    easy = f"regexp_full_match({sql}, {literal(_easy(form))})"
    grouped = without_marks(sql, form, also="$₩원+")
    if form.multiplier == 1:
        at_once = f"CASE WHEN {bare} THEN try_cast({sql} AS {AMOUNT}) END"
        by_commas = f"CASE WHEN {_by_commas(sql, form)} THEN try_cast(replace({sql}, ',', '') AS {AMOUNT}) END"
        decorated = f"CASE WHEN {easy} THEN try_cast({grouped} AS {AMOUNT}) END"
        coded = (
            f"CASE WHEN {_coded(sql, form)} THEN try_cast({without_marks(f'substr({sql}, 4)', form)} AS {AMOUNT}) END"
        )
        return f"coalesce({at_once}, {by_commas}, {decorated}, {coded})"
    most = _LARGEST // form.multiplier
    times = f"WHEN {whole} BETWEEN -{most} AND {most} THEN ({whole} * {form.multiplier})::{AMOUNT}"
    factor = f"{form.multiplier}::{FACTOR}"
    return (
        f"CASE {times} WHEN {bare} THEN try_cast(try_cast({sql} AS {EXACT}) * {factor} AS {AMOUNT})"
        f" WHEN {easy} THEN try_cast(try_cast({grouped} AS {EXACT}) * {factor} AS {AMOUNT}) END"
    )


def _easy(form: AmountFormat) -> str:
    """Write the pattern of the commonest decorated amounts; a unit in the header leaves no room for a currency."""
    number = f"-?{number_pattern(form)}"
    return number if form.multiplier != 1 else rf"[$₩]?{number}|{number}원"


def _by_commas(sql: str, form: AmountFormat) -> str:
    """Write the condition for a number whose only marks are commas between thousands; they are gone at least cost."""
    if form.decimal_mark == ",":
        return "false"
    return rf"regexp_full_match({sql}, '-?[0-9]{{1,3}}(?:,[0-9]{{3}})+(?:\.[0-9]*)?')"


def _coded(sql: str, form: AmountFormat) -> str:
    """Write the condition for a number behind the code of a currency, as reports of CRMs write it: KRW 1,200."""
    return f"regexp_full_match({sql}, {literal(f'(?:{alternatives(CODES)}) ?-?{number_pattern(form)}')})"


def _unit(sql: str, form: AmountFormat) -> str:
    """Find the one Korean unit behind a number, the commonest of amounts with units; an empty text where it is not."""
    if form.multiplier != 1 and form.currency not in {None, "KRW"}:
        return "''"
    number = f"₩?-?{number_pattern(form)}"
    return f"regexp_extract({sql}, {literal(f'^{number} ?({alternatives(_ONE_UNIT)})원?$')}, 1)"


def _counted(sql: str, unit: str, form: AmountFormat) -> str:
    """Multiply a number by the one unit behind it."""
    factors = " ".join(f"WHEN {literal(word)} THEN {factor}" for word, factor in _ONE_UNIT.items())
    number = f"try_cast({without_marks(sql, form, also='₩원' + UNITS)} AS {EXACT})"
    product = f"try_cast({number} * (CASE {unit} {factors} END)::{FACTOR} AS {AMOUNT})"
    return f"CASE WHEN {unit} <> '' THEN {product} END"


def _pair(sql: str, form: AmountFormat) -> str:
    """Cut an amount of 억 and 만, as most are spoken, at 억: `1억 2천만원`."""
    if form.multiplier != 1 and form.currency not in {None, "KRW"}:
        return "NULL::STRUCT(eok VARCHAR, man VARCHAR)"
    number = number_pattern(form)
    cut = f"^₩?-?({number}) ?억 ?({number} ?(?:{alternatives(_BELOW_EOK)}))원?$"
    return f"regexp_extract({sql}, {literal(cut)}, ['eok', 'man'])"


def _paired(sql: str, pair: str, form: AmountFormat) -> str:
    """Add up 억 and 만."""
    eok, man = (f"try_cast({without_marks(f'{pair}.{part}', form, also=UNITS)} AS {EXACT})" for part in ("eok", "man"))
    factors = " ".join(f"WHEN ends_with({pair}.man, '{word}') THEN {factor}" for word, factor in _BELOW_EOK.items())
    worth = f"{eok} * {_ONE_UNIT['억']}::{FACTOR} + {man} * (CASE {factors} END)::{FACTOR}"
    signed = f"try({worth}) * CASE WHEN contains({sql}, '-') THEN -1 ELSE 1 END"
    return f"CASE WHEN {pair}.man <> '' THEN try_cast({signed} AS {AMOUNT}) END"
