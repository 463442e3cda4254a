"""Amounts of money: the ways they are written, and the SQL that reads them exactly, without floating point.

Read are plain numbers, thousands marks, a currency before or after, `(500)`, `-500`, `△500`, `500-`, suffixes K, M,
B, and Korean units: `1,200만`, `1억 2천만원`, `3억5000만`. A unit written in the cell counts instead of the header's.
After 조 or 억 a rest in 천, 백, 십 without 원 is spoken, and means the next lower unit: `1억 2천` is 1억 2천만; a bare
number there could be either, and is malformed: `3억5000`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import duckdb

from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message
from bokgi.intake.sql import identifier, literal
from bokgi.intake.values.currencies import CODES, SIGNS, SUFFIXES
from bokgi.intake.values.reading import Reading, query
from bokgi.intake.values.text import is_unread

AMOUNT: Final = "DECIMAL(18, 2)"
_EXACT: Final = "DECIMAL(24, 10)"
_FACTOR: Final = "DECIMAL(13, 0)"
_WIDE: Final = "０１２３４５６７８９．，（）＋－−–—﹣￦＄％’　\u00a0\u202f\u2009\t"
_NARROW: Final = "0123456789.,()+-----₩$%'     "
_TEXT: Final = re.compile(
    r"1(?P<thousands>[,.])234(?P<mark>[.,])56(?: × (?P<multiplier>\d+))?(?: (?P<currency>[A-Z]{3}))?"
)
_UNITS: Final = "조억만천백십"
_ONE_UNIT: Final = {"만": 10**4, "백만": 10**6, "천만": 10**7, "억": 10**8, "조": 10**12}
_BELOW_EOK: Final = {"천만": 10**7, "백만": 10**6, "만": 10**4}
"""Units that may stand behind a number, alone or after 억, where an amount is read at a glance; longer words first."""
_SUFFIX_HEAD: Final = f"(?:{'|'.join(SUFFIXES)})"
_LARGEST: Final = 10**16 - 1


@dataclass(frozen=True)
class AmountFormat:
    """Which mark separates decimals, and what the header says of the numbers: a factor and a currency.

    >>> AmountFormat.of("1.234,56 × 10000 KRW")
    AmountFormat(decimal_mark=',', multiplier=10000, currency='KRW')
    >>> AmountFormat().text
    '1,234.56'
    """

    decimal_mark: str = "."
    multiplier: int = 1
    currency: str | None = None

    @classmethod
    def of(cls, text: str) -> AmountFormat:
        """Read a format as it stands in a mapping."""
        match = _TEXT.fullmatch(text)
        if match is None or match["thousands"] == match["mark"]:
            raise ValueError(text)
        return cls(match["mark"], int(match["multiplier"] or 1), match["currency"])

    @property
    def text(self) -> str:
        """Write the format for a mapping."""
        shown = "1,234.56" if self.decimal_mark == "." else "1.234,56"
        factor = "" if self.multiplier == 1 else f" × {self.multiplier}"
        return shown + factor + ("" if self.currency is None else f" {self.currency}")


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
    default = _default(form)
    easy = f"CASE WHEN left({sql}, 1) BETWEEN 'A' AND 'Z' THEN left({sql}, 3) ELSE {default} END"
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


def typed_amount(text: str) -> Decimal | None:
    """Read an amount that somebody typed, in any of the ways a file may write it; null for what is none.

    >>> typed_amount("3억 5천만"), typed_amount("2,500,000원"), typed_amount("a lot")
    (Decimal('350000000.00'), Decimal('2500000.00'), None)
    """
    reading = amount("t", AmountFormat(), name="typed")
    with duckdb.connect() as connection:
        found = connection.execute(query("(SELECT $text::VARCHAR AS t)", {"typed": reading}), {"text": text}).fetchone()
    value: Decimal | None = None if found is None else found[0]
    return value


def read_amount(text: str) -> Decimal:
    """Read an amount that somebody typed; `UsageError` (`amount_unreadable`) for what is none.

    >>> [str(read_amount(text)) for text in ("2억 6,000만원", "2.6억", "₩ 8,400만", "1500000.50")]
    ['260000000.00', '260000000.00', '84000000.00', '1500000.50']
    """
    found = typed_amount(text)
    if found is None:
        raise UsageError(
            "amount_unreadable",
            Message(N_("“{text}” is no amount."), {"text": text}),
            Message(N_("Write 260,000,000 or 2.6억 or 2억 6,000만.")),
        )
    return found


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
            f"{name}__number": _number(parts, form, _EXACT),
            f"{name}__sections": _sections(parts, form),
        },
        {f"{name}__{part}": _section(sections, part) for part in ("jo", "eok", "man", "rest")},
    )
    korean = _korean(name, sections, parts)
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
            "currency": f"coalesce({_currency(parts)}, {_default(form)})",
            "malformed": f"(CASE WHEN {parts} IS NULL THEN false ELSE {is_unread(sql, value)} END)",
        },
    )


def _default(form: AmountFormat) -> str:
    return "NULL" if form.currency is None else literal(form.currency)


def _whole(sql: str) -> str:
    """Read whole numbers as they stand."""
    return f"CASE WHEN regexp_full_match({sql}, '-?[0-9]{{1,18}}') THEN try_cast({sql} AS BIGINT) END"


def _plain(sql: str, whole: str, form: AmountFormat) -> str:
    """Read what is a number as it stands; this is most cells of most files."""
    bare = f"NOT contains({sql}, ',')"
    if form.decimal_mark == ",":
        bare += f" AND NOT contains({sql}, '.')"
    easy = f"regexp_full_match({sql}, {literal(_easy(form))})"
    grouped = _without_marks(sql, form, also="$₩원+")
    if form.multiplier == 1:
        at_once = f"CASE WHEN {bare} THEN try_cast({sql} AS {AMOUNT}) END"
        by_commas = f"CASE WHEN {_by_commas(sql, form)} THEN try_cast(replace({sql}, ',', '') AS {AMOUNT}) END"
        decorated = f"CASE WHEN {easy} THEN try_cast({grouped} AS {AMOUNT}) END"
        coded = (
            f"CASE WHEN {_coded(sql, form)} THEN try_cast({_without_marks(f'substr({sql}, 4)', form)} AS {AMOUNT}) END"
        )
        return f"coalesce({at_once}, {by_commas}, {decorated}, {coded})"
    most = _LARGEST // form.multiplier
    times = f"WHEN {whole} BETWEEN -{most} AND {most} THEN ({whole} * {form.multiplier})::{AMOUNT}"
    factor = f"{form.multiplier}::{_FACTOR}"
    return (
        f"CASE {times} WHEN {bare} THEN try_cast(try_cast({sql} AS {_EXACT}) * {factor} AS {AMOUNT})"
        f" WHEN {easy} THEN try_cast(try_cast({grouped} AS {_EXACT}) * {factor} AS {AMOUNT}) END"
    )


def _easy(form: AmountFormat) -> str:
    """Write the pattern of the commonest decorated amounts; a unit in the header leaves no room for a currency."""
    number = f"-?{_number_pattern(form)}"
    return number if form.multiplier != 1 else rf"[$₩]?{number}|{number}원"


def _by_commas(sql: str, form: AmountFormat) -> str:
    """Write the condition for a number whose only marks are commas between thousands; they are gone at least cost."""
    if form.decimal_mark == ",":
        return "false"
    return rf"regexp_full_match({sql}, '-?[0-9]{{1,3}}(?:,[0-9]{{3}})+(?:\.[0-9]*)?')"


def _coded(sql: str, form: AmountFormat) -> str:
    """Write the condition for a number behind the code of a currency, as reports of CRMs write it: KRW 1,200."""
    return f"regexp_full_match({sql}, {literal(f'(?:{_alternatives(CODES)}) ?-?{_number_pattern(form)}')})"


def _unit(sql: str, form: AmountFormat) -> str:
    """Find the one Korean unit behind a number, the commonest of amounts with units; an empty text where it is not."""
    if form.multiplier != 1 and form.currency not in {None, "KRW"}:
        return "''"
    number = f"₩?-?{_number_pattern(form)}"
    return f"regexp_extract({sql}, {literal(f'^{number} ?({_alternatives(_ONE_UNIT)})원?$')}, 1)"


def _counted(sql: str, unit: str, form: AmountFormat) -> str:
    """Multiply a number by the one unit behind it."""
    factors = " ".join(f"WHEN {literal(word)} THEN {factor}" for word, factor in _ONE_UNIT.items())
    number = f"try_cast({_without_marks(sql, form, also='₩원' + _UNITS)} AS {_EXACT})"
    product = f"try_cast({number} * (CASE {unit} {factors} END)::{_FACTOR} AS {AMOUNT})"
    return f"CASE WHEN {unit} <> '' THEN {product} END"


def _pair(sql: str, form: AmountFormat) -> str:
    """Cut an amount of 억 and 만, as most are spoken, at 억: `1억 2천만원`."""
    if form.multiplier != 1 and form.currency not in {None, "KRW"}:
        return "NULL::STRUCT(eok VARCHAR, man VARCHAR)"
    number = _number_pattern(form)
    cut = f"^₩?-?({number}) ?억 ?({number} ?(?:{_alternatives(_BELOW_EOK)}))원?$"
    return f"regexp_extract({sql}, {literal(cut)}, ['eok', 'man'])"


def _paired(sql: str, pair: str, form: AmountFormat) -> str:
    """Add up 억 and 만."""
    eok, man = (
        f"try_cast({_without_marks(f'{pair}.{part}', form, also=_UNITS)} AS {_EXACT})" for part in ("eok", "man")
    )
    factors = " ".join(f"WHEN ends_with({pair}.man, '{word}') THEN {factor}" for word, factor in _BELOW_EOK.items())
    worth = f"{eok} * {_ONE_UNIT['억']}::{_FACTOR} + {man} * (CASE {factors} END)::{_FACTOR}"
    signed = f"try({worth}) * CASE WHEN contains({sql}, '-') THEN -1 ELSE 1 END"
    return f"CASE WHEN {pair}.man <> '' THEN try_cast({signed} AS {AMOUNT}) END"


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


def _parts(sql: str) -> str:
    """Cut a text into what stands before the digits, the digits with Korean units, and what stands after.

    The pattern is kept simple, for it is ten times faster than one that names signs and currencies.
    """
    common = f"regexp_full_match({sql}, '[ -~₩원{_UNITS}]*')"
    text = (
        f"CASE WHEN {common} THEN upper({sql}) ELSE upper(translate({sql}, {literal(_WIDE)}, {literal(_NARROW)})) END"
    )
    cut = f"^([^0-9.{_UNITS}]*)([0-9.{_UNITS}](?:[0-9., {_UNITS}\\x27]*[0-9.{_UNITS}])?)([^0-9.{_UNITS}]*)$"
    return f"regexp_extract({text}, {literal(cut)}, ['before', 'digits', 'after'])"


def _number_pattern(form: AmountFormat) -> str:
    mark, thousands = (r"\.", ",") if form.decimal_mark == "." else (",", r"\.")
    grouped = rf"[0-9]{{1,3}}(?:[{thousands} '][0-9]{{3}})+|[0-9]{{1,2}}(?:{thousands}[0-9]{{2}})+{thousands}[0-9]{{3}}"
    return rf"(?:(?:{grouped}|[0-9]+)(?:{mark}[0-9]*)?|{mark}[0-9]+)"


def _without_marks(text: str, form: AmountFormat, *, also: str = "") -> str:
    if form.decimal_mark == ".":
        return f"translate({text}, '{also}, ''', '')"
    return f"replace(translate({text}, '{also}. ''', ''), ',', '.')"


def _number(parts: str, form: AmountFormat, decimal: str) -> str:
    """Read the digits where they are one number."""
    fits = f"regexp_full_match({parts}.digits, {literal(_number_pattern(form))})"
    return f"CASE WHEN {fits} THEN try_cast({_without_marks(f'{parts}.digits', form)} AS {decimal}) END"


def _sections(parts: str, form: AmountFormat) -> str:
    """Cut digits with Korean units at 조, 억 and 만, where they are well formed."""
    number = _number_pattern(form)
    section = f"(?:{number}? ?천 ?)?(?:{number}? ?백 ?)?(?:{number}? ?십 ?)?{number}? ?"
    fits = f"(?:{section}조 ?)?(?:{section}억 ?)?(?:{section}만 ?)?{section}"
    cut = "^(?:([^조억만]*)(조))?(?:([^조억만]*)(억))?(?:([^조억만]*)(만))?([^조억만]*)$"
    names = "['jo', 'has_jo', 'eok', 'has_eok', 'man', 'has_man', 'rest']"
    return (
        f"CASE WHEN regexp_matches({parts}.digits, '[{_UNITS}]') AND {parts} IS NOT NULL"
        f" AND regexp_full_match({parts}.digits, {literal(fits)})"
        f" THEN regexp_extract({_without_marks(f'{parts}.digits', form)}, {literal(cut)}, {names}) END"
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
        given = f"CASE WHEN {cut}.{group} = '' THEN 1 ELSE try_cast({cut}.{group} AS {_EXACT}) END"
        return f"CASE WHEN {cut}.has_{group} = '' THEN 0 ELSE {given} * {worth}::DECIMAL(4, 0) END"

    ones = f"CASE WHEN {cut}.ones = '' THEN 0 ELSE try_cast({cut}.ones AS {_EXACT}) END"
    added = f"({counted('thousands', 1000)} + {counted('hundreds', 100)} + {counted('tens', 10)} + {ones})"
    if part == "rest":
        return f"{added}::{_EXACT}"
    alone = f"{sections}.has_{part} <> '' AND {sections}.{part} = ''"
    return f"(CASE WHEN {alone} THEN 1 ELSE {added} END)::{_EXACT}"


def _korean(name: str, sections: str, parts: str) -> str:
    """Add up 조, 억, 만 and the rest."""
    jo, eok, man, rest = (_section_value(name, sections, part) for part in ("jo", "eok", "man", "rest"))
    cut = identifier(f"{name}__rest")
    spoken = f"({cut}.has_thousands || {cut}.has_hundreds || {cut}.has_tens) <> '' AND {cut}.ones = ''"
    said_won = f"contains({parts}.after, '원') OR contains({parts}.before, '₩')"
    worth = (
        f"CASE WHEN {sections}.rest = '' OR {sections}.has_man <> '' OR {said_won}"
        f" OR ({sections}.has_jo = '' AND {sections}.has_eok = '') THEN 1"
        f" WHEN {spoken} AND {sections}.has_eok <> '' THEN 10000 WHEN {spoken} THEN 100000000 END"
    )
    total = (
        f"{jo} * 1000000000000::{_FACTOR} + {eok} * 100000000::{_FACTOR} + {man} * 10000::{_FACTOR}"
        f" + {rest} * ({worth})::{_FACTOR}"
    )
    return f"CASE WHEN {sections} IS NOT NULL THEN try({total}) END"


def _multiplier(parts: str, form: AmountFormat) -> str:
    """Write the factor of the suffix; the format's where the cell names neither a suffix nor 원."""
    cases = " ".join(f"WHEN '{suffix}' THEN {factor}" for suffix, factor in SUFFIXES.items())
    suffix = f"CASE regexp_extract({parts}.after, '^ ?({_alternatives(SUFFIXES)})', 1) {cases}"
    header = str(form.multiplier)
    if form.multiplier != 1:
        header = f"CASE WHEN contains({parts}.after, '원') THEN 1 ELSE {header} END"
    return f"(CASE WHEN {parts}.after = '' THEN {form.multiplier} ELSE {suffix} ELSE {header} END END)::{_FACTOR}"


def _negative(parts: str) -> str:
    return f"(regexp_matches({parts}.before, '[-(△▲]') OR contains({parts}.after, '-'))"


def _fits(parts: str, form: AmountFormat) -> str:
    """Write the condition that what stands around the digits is a sign, a currency, a suffix, in their places.

    There is one sign at most, a bracket that opens closes, and two currencies are the same.
    """
    currency = f"(?:{_alternatives(SIGNS)})"
    before = rf" *(?:[-+△▲]? *{currency}?|{currency} *[-+△▲]?|\( *{currency}?|{currency} *\() *"
    after = rf" *(?:(?:{_alternatives(SUFFIXES)})S?)? *(?:{currency}정?)? *[-)]? *"
    opened, closed = f"contains({parts}.before, '(')", f"contains({parts}.after, ')')"
    twice = f"contains({parts}.after, '-') AND regexp_matches({parts}.before, '[-+△▲(]')"
    suffix_on_units = (
        f"regexp_matches({parts}.digits, '[{_UNITS}]') AND regexp_matches({parts}.after, '^ *{_SUFFIX_HEAD}')"
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
    bare = f"regexp_extract({parts}.after, '({_alternatives(SIGNS)})정?[ )-]*$', 1)"
    return f"CASE {parts}.after WHEN '' THEN NULL WHEN '원' THEN 'KRW' ELSE {_code(bare)} END"


def _currency(parts: str) -> str:
    return f"coalesce({_before(parts)}, {_after(parts)})"


def number_text(text: str, form: AmountFormat) -> tuple[str, str]:
    """Write the condition that a text is a number with its marks in place, and the text without them.

    >>> import duckdb
    >>> fits, digits = number_text("'-1.234,5'", AmountFormat(","))
    >>> duckdb.sql(f"SELECT {fits}, {digits}").fetchall()
    [(True, '-1234.5')]
    """
    fits = f"regexp_full_match({text}, {literal(f'[-+]?{_number_pattern(form)}')})"
    return fits, _without_marks(text, form, also="+")
