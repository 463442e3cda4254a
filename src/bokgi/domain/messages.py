"""Messages: English templates with named values, marked where they are written, translated at the edge.

`N_` marks a text for the catalogue without translating it. A `Message` carries the template and its values; `text`
renders it in Korean or English. In a Korean template a name is followed by its particle through the format
specification: `{name:은/는}` gives "김서연은", "박지호는"; `{city:으로/로}` knows the exception after ㄹ.
In the English text the specification is left out. There a count is followed by its noun, and by the verb that goes with
it, in the form for one and in that for more: `{n} {n:deal has|deals have} no owner`.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, reduce
from pathlib import Path
from string import Formatter
from typing import Any, Final

LANGUAGES: Final = ("ko", "en")
_LOCALE: Final = Path(__file__).resolve().parent.parent / "locale"

# Digits and Latin letters as a Korean reads them aloud: does the reading end in a consonant, and is it ㄹ?
_READ_WITH_RIEUL: Final = "178lLrR"
_READ_WITH_FINAL: Final = "036mMnN"
_WORDS_WITH_FINAL: Final = (".zip", "ng")
_HANGUL_FIRST: Final = 0xAC00
_HANGUL_LAST: Final = 0xD7A3
_FINALS: Final = 28
_RIEUL: Final = 8


def N_(msgid: str) -> str:  # noqa: N802 - the conventional name that extraction looks for
    """Mark a text for the catalogue and return it unchanged."""
    return msgid


def particle(word: str, pair: str) -> str:
    """Choose the particle that follows `word` from `pair`, written with the form after a consonant first.

    Brackets and quotes at the end of the word are passed over. A word whose reading is unknown takes the second form;
    the ending of an archive is read as a word (집), that of a name like Snelling as one sound (링).

    >>> (
    ...     particle("김서연", "은/는"),
    ...     particle("박지호", "은/는"),
    ...     particle("서울", "으로/로"),
    ...     particle("3건(50%)", "을/를"),
    ...     particle("deals.zip", "은/는"),
    ...     particle("Anna Snelling", "은/는"),
    ... )
    ('은', '는', '로', '를', '은', '은')
    """
    after_consonant, after_vowel = pair.split("/")
    bare = word.rstrip(" )]}\"'”’」』》.,")
    last = bare[-1:]
    if last == "%":
        return after_vowel
    if bare.casefold().endswith(_WORDS_WITH_FINAL):
        return after_consonant
    if last and _HANGUL_FIRST <= ord(last) <= _HANGUL_LAST:
        final = (ord(last) - _HANGUL_FIRST) % _FINALS
        has_final, rieul = final != 0, final == _RIEUL
    else:
        rieul = last != "" and last in _READ_WITH_RIEUL
        has_final = rieul or (last != "" and last in _READ_WITH_FINAL)
    if after_consonant.startswith("으") and rieul:
        return after_vowel
    return after_consonant if has_final else after_vowel


def _counted(count: object, forms: str) -> str:
    """Choose from `forms`, for one and for more, by a count as it is shown."""
    one, more = forms.split("|")
    return one if str(count) == "1" else more


class _Korean(Formatter):
    def format_field(self, value: Any, format_spec: str) -> Any:  # noqa: ANN401 - the signature of the library
        if "/" in format_spec:
            return f"{value}{particle(str(value), format_spec)}"
        return _counted(value, format_spec) if "|" in format_spec else super().format_field(value, format_spec)


class _English(Formatter):
    def format_field(self, value: Any, format_spec: str) -> Any:  # noqa: ANN401 - the signature of the library
        if "|" in format_spec:
            return _counted(value, format_spec)
        return super().format_field(value, "" if "/" in format_spec else format_spec)


@cache
def _catalogue(lang: str) -> gettext.NullTranslations:
    """Load the compiled catalogue, or compile the text one in memory where set-up did not run."""
    folder = _LOCALE / lang / "LC_MESSAGES"
    compiled, source = folder / "bokgi.mo", folder / "bokgi.po"
    if compiled.exists() and (not source.exists() or compiled.stat().st_mtime >= source.stat().st_mtime):
        with compiled.open("rb") as file:
            return gettext.GNUTranslations(file)
    if not source.exists():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - only where no compiled catalogue exists
    from babel.messages.pofile import read_po  # noqa: PLC0415 - as above

    buffer = io.BytesIO()
    with source.open("rb") as file:
        write_mo(buffer, read_po(file, locale=lang))
    buffer.seek(0)
    return gettext.GNUTranslations(buffer)


def translate(msgid: str, lang: str) -> str:
    """Look a marked text up in the catalogue of `lang`; the text itself where the catalogue has none.

    >>> translate("no such text", "ko")
    'no such text'
    """
    return _catalogue(lang).gettext(msgid)


@dataclass(frozen=True)
class Message:
    """A text for a person: a marked template and its named values; `plural` is the template when `n` is not one.

    A value may be a message itself.

    >>> Message("{n} deal", {"n": 3}, plural="{n} deals").text("en")
    '3 deals'
    >>> Message("{n} {n:deal has|deals have} no owner.", {"n": 1}).text("en")
    '1 deal has no owner.'
    """

    msgid: str
    values: Mapping[str, object] = field(default_factory=dict)
    plural: str | None = field(default=None, kw_only=True)

    def text(self, lang: str, show: Callable[[object, str], str] | None = None) -> str:
        """Render in `lang`; `show(value, lang)` formats values that are not plain text (money, dates, rates)."""
        catalogue = _catalogue(lang)
        if self.plural is None:
            template = catalogue.gettext(self.msgid)
        else:
            n = self.values.get("n", 1)
            template = catalogue.ngettext(self.msgid, self.plural, n if isinstance(n, int) else 1)
        values = {name: _shown(value, lang, show) for name, value in self.values.items()}
        formatter = _Korean() if lang == "ko" else _English()
        return formatter.vformat(template, (), values)


def chained(parts: Iterable[Message | str], link: str) -> Message | str:
    """Write parts behind each other as one message; `link` is a marked text with `{first}` and `{then}`.

    >>> chained(["source", Message("product"), "grade"], N_("{first}, {then}")).text("en")
    'source, product, grade'
    """
    return reduce(lambda first, then: Message(link, {"first": first, "then": then}), parts)


def _shown(value: object, lang: str, show: Callable[[object, str], str] | None) -> object:
    if isinstance(value, Message):
        return value.text(lang, show)
    return value if show is None or isinstance(value, str) else show(value, lang)
