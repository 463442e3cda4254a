"""Amounts in any of the ways, taken apart: what stands before the digits, the digits with units, what stands after."""

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
from bokgi.intake.values.currencies import SIGNS, SUFFIXES
from bokgi.intake.values.reading import Reading
from bokgi.intake.values.text import is_unread

_WIDE: Final = "０１２３４５６７８９．，（）＋－−–—﹣￦＄％’　\u00a0\u202f\u2009\t"
_NARROW: Final = "0123456789.,()+-----₩$%'     "
_SUFFIX_HEAD: Final = f"(?:{'|'.join(SUFFIXES)})"


def thorough_amount(sql: str, form: AmountFormat, *, name: str, only: str = "true") -> Reading:
    """Read amounts in any of the ways, where the condition `only` holds: what `amount` does not read at a glance.

    >>> import duckdb
    >>> from bokgi.intake.values.reading import query
    >>> texts = "(SELECT unnest(['1,200', '3억5000만']) AS t)"
    >>> found = duckdb.sql(query(texts, {"x": thorough_amount("t", AmountFormat(), name="x")})).fetchall()
    >>> [str(value) for value, _, _ in found]
    ['1200.00', '350000000.00']
    """
    parts, direct, number, sections = (
        identifier(f"{name}__{step}") for step in ("parts", "direct", "number", "sections")
    )
    steps = (
        {f"{name}__parts": f"CASE WHEN ({only}) AND {sql} IS NOT NULL THEN {_parts(sql)} END"},
        {
            f"{name}__direct": _number(parts, form, AMOUNT),
            f"{name}__number": _number(parts, form, EXACT),
            f"{name}__sections": _sections(parts, form),
        },
        {f"{name}__{part}": _section(sections, part) for part in ("jo", "eok", "man", "rest")},
    )
    korean = _korean(name, sections, parts, form)
    signed = f"CASE WHEN {_negative(parts)} THEN -1 ELSE 1 END"
    factor = _multiplier(parts, form)
    # What needs no factor keeps all sixteen digits; a factor needs room for the product.
    western = f"CASE WHEN {factor} = 1 THEN {direct} ELSE {number} * {factor} END"
    written = f"try_cast(coalesce({western}, {korean}) * {signed} AS {AMOUNT})"
    value = f"CASE WHEN {parts} IS NULL THEN NULL WHEN {_fits(parts, form)} THEN {written} END"
    return Reading(
        steps,
        {
            "value": value,
            "currency": f"coalesce({_currency(parts)}, {currency_of(form)})",
            "malformed": f"(CASE WHEN {parts} IS NULL THEN false ELSE {is_unread(sql, value)} END)",
        },
    )


def _parts(sql: str) -> str:
    """Cut a text into what stands before the digits, the digits with Korean units, and what stands after.

    The pattern is kept simple, for it is ten times faster than one that names signs and currencies.
    """
    common = f"regexp_full_match({sql}, '[ -~₩원{UNITS}]*')"
    text = (
        f"CASE WHEN {common} THEN upper({sql}) ELSE upper(translate({sql}, {literal(_WIDE)}, {literal(_NARROW)})) END"
    )
    cut = f"^([^0-9.{UNITS}]*)([0-9.{UNITS}](?:[0-9., {UNITS}\\x27]*[0-9.{UNITS}])?)([^0-9.{UNITS}]*)$"
    return f"regexp_extract({text}, {literal(cut)}, ['before', 'digits', 'after'])"


def _number(parts: str, form: AmountFormat, decimal: str) -> str:
    """Read the digits where they are one number."""
    fits = f"regexp_full_match({parts}.digits, {literal(number_pattern(form))})"
    return f"CASE WHEN {fits} THEN try_cast({without_marks(f'{parts}.digits', form)} AS {decimal}) END"


def _sections(parts: str, form: AmountFormat) -> str:
    """Cut digits with Korean units at 조, 억 and 만, where they are well formed."""
    number = number_pattern(form)
    section = f"(?:{number}? ?천 ?)?(?:{number}? ?백 ?)?(?:{number}? ?십 ?)?{number}? ?"
    fits = f"(?:{section}조 ?)?(?:{section}억 ?)?(?:{section}만 ?)?{section}"
    cut = "^(?:([^조억만]*)(조))?(?:([^조억만]*)(억))?(?:([^조억만]*)(만))?([^조억만]*)$"
    names = "['jo', 'has_jo', 'eok', 'has_eok', 'man', 'has_man', 'rest']"
    return (
        f"CASE WHEN regexp_matches({parts}.digits, '[{UNITS}]') AND {parts} IS NOT NULL"
        f" AND regexp_full_match({parts}.digits, {literal(fits)})"
        f" THEN regexp_extract({without_marks(f'{parts}.digits', form)}, {literal(cut)}, {names}) END"
    )


def _section(sections: str, part: str) -> str:
    """Cut a section at 천, 백 and 십."""
    cut = "^(?:([0-9.]*)(천))?(?:([0-9.]*)(백))?(?:([0-9.]*)(십))?([0-9.]*)$"
    names = "['thousands', 'has_thousands', 'hundreds', 'has_hundreds', 'tens', 'has_tens', 'ones']"
    return f"CASE WHEN {sections} IS NOT NULL THEN regexp_extract({sections}.{part}, {literal(cut)}, {names}) END"


def _section_value(name: str, sections: str, part: str) -> str:
    """Add a section up; a unit without a number before it counts once."""
    cut = identifier(f"{name}__{part}")

    def counted(group: str, worth: int) -> str:
        given = f"CASE WHEN {cut}.{group} = '' THEN 1 ELSE try_cast({cut}.{group} AS {EXACT}) END"
        return f"CASE WHEN {cut}.has_{group} = '' THEN 0 ELSE {given} * {worth}::DECIMAL(4, 0) END"

    ones = f"CASE WHEN {cut}.ones = '' THEN 0 ELSE try_cast({cut}.ones AS {EXACT}) END"
    added = f"({counted('thousands', 1000)} + {counted('hundreds', 100)} + {counted('tens', 10)} + {ones})"
    if part == "rest":
        return f"{added}::{EXACT}"
    alone = f"{sections}.has_{part} <> '' AND {sections}.{part} = ''"
    return f"(CASE WHEN {alone} THEN 1 ELSE {added} END)::{EXACT}"


def _korean(name: str, sections: str, parts: str, form: AmountFormat) -> str:
    """Add up 조, 억, 만 and the rest; without any of them the header's unit holds ("7백" below "만원")."""
    jo, eok, man, rest = (_section_value(name, sections, part) for part in ("jo", "eok", "man", "rest"))
    cut = identifier(f"{name}__rest")
    spoken = f"({cut}.has_thousands || {cut}.has_hundreds || {cut}.has_tens) <> '' AND {cut}.ones = ''"
    said_won = f"contains({parts}.after, '원') OR contains({parts}.before, '₩')"
    small = f"{sections}.has_jo = '' AND {sections}.has_eok = '' AND {sections}.has_man = '' AND NOT ({said_won})"
    worth = (
        f"CASE WHEN {small} THEN {form.multiplier} WHEN {sections}.rest = '' OR {sections}.has_man <> '' OR {said_won}"
        f" OR ({sections}.has_jo = '' AND {sections}.has_eok = '') THEN 1"
        f" WHEN {spoken} AND {sections}.has_eok <> '' THEN 10000 WHEN {spoken} THEN 100000000 END"
    )
    total = (
        f"{jo} * 1000000000000::{FACTOR} + {eok} * 100000000::{FACTOR} + {man} * 10000::{FACTOR}"
        f" + {rest} * ({worth})::{FACTOR}"
    )
    return f"CASE WHEN {sections} IS NOT NULL THEN try({total}) END"


def _multiplier(parts: str, form: AmountFormat) -> str:
    """Write the factor of the suffix; the format's where the cell names neither a suffix nor 원."""
    cases = " ".join(f"WHEN '{suffix}' THEN {factor}" for suffix, factor in SUFFIXES.items())
    suffix = f"CASE regexp_extract({parts}.after, '^ ?({alternatives(SUFFIXES)})', 1) {cases}"
    header = str(form.multiplier)
    if form.multiplier != 1:
        header = f"CASE WHEN contains({parts}.after, '원') THEN 1 ELSE {header} END"
    return f"(CASE WHEN {parts}.after = '' THEN {form.multiplier} ELSE {suffix} ELSE {header} END END)::{FACTOR}"


def _negative(parts: str) -> str:
    return f"(regexp_matches({parts}.before, '[-(△▲]') OR contains({parts}.after, '-'))"


def _fits(parts: str, form: AmountFormat) -> str:
    """Write the condition that what stands around the digits is a sign, a currency, a suffix, in their places.

    There is one sign at most, a bracket that opens closes, and two currencies are the same.
    """
    currency = f"(?:{alternatives(SIGNS)})"
    before = rf" *(?:[-+△▲]? *{currency}?|{currency} *[-+△▲]?|\( *{currency}?|{currency} *\() *"
    after = rf" *(?:(?:{alternatives(SUFFIXES)})S?)? *(?:{currency}정?)? *[-)]? *"
    opened, closed = f"contains({parts}.before, '(')", f"contains({parts}.after, ')')"
    twice = f"contains({parts}.after, '-') AND regexp_matches({parts}.before, '[-+△▲(]')"
    suffix_on_units = (
        f"regexp_matches({parts}.digits, '[{UNITS}]') AND regexp_matches({parts}.after, '^ *{_SUFFIX_HEAD}')"
    )
    conditions = [
        f"CASE {parts}.before WHEN '' THEN true ELSE regexp_full_match({parts}.before, {literal(before)}) END",
        f"CASE {parts}.after WHEN '' THEN true ELSE regexp_full_match({parts}.after, {literal(after)}) END",
        f"{opened} = {closed}",
        f"NOT ({twice})",
        f"NOT ({suffix_on_units})",
        f"coalesce(({_before(parts)}) = ({_after(parts)}), true)",
    ]
    if form.multiplier != 1 and form.currency is not None:
        # The header multiplies amounts in its own currency; beside another one its unit means nothing.
        conditions.append(f"coalesce({_currency(parts)}, '{form.currency}') = '{form.currency}'")
    return " AND ".join(conditions)


def _code(sign: str) -> str:
    signs, codes = (", ".join(map(literal, words)) for words in (SIGNS, SIGNS.values()))
    return f"list_extract([{codes}], list_position([{signs}], {sign}))"


def _before(parts: str) -> str:
    bare = f"translate({parts}.before, '-+△▲( ', '')"
    return f"CASE {parts}.before WHEN '' THEN NULL WHEN '$' THEN 'USD' WHEN '₩' THEN 'KRW' ELSE {_code(bare)} END"


def _after(parts: str) -> str:
    bare = f"regexp_extract({parts}.after, '({alternatives(SIGNS)})정?[ )-]*$', 1)"
    return f"CASE {parts}.after WHEN '' THEN NULL WHEN '원' THEN 'KRW' ELSE {_code(bare)} END"


def _currency(parts: str) -> str:
    return f"coalesce({_before(parts)}, {_after(parts)})"
