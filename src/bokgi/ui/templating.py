"""What every template of a page can use: the components of `templates/ui`, icons, drawings, joined particles."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bokgi.domain.messages import Message
from bokgi.ui import marks
from bokgi.ui.format import one_word, show
from bokgi.ui.icons import BRAND, icon
from bokgi.ui.theme import SCREEN

TEMPLATES: Final = Path(__file__).resolve().parent / "templates"
STATIC: Final = Path(__file__).resolve().parent / "static"
STYLES: Final = tuple(f"bokgi/{sheet}" for sheet in ("tokens.css", "components.css", *SCREEN))
"""Style sheets of a page in their order, below `STATIC`."""
_SCRIPTS: Final = "focus dialog menu table toast copy busy kept wrong theme chart upload"
SCRIPTS: Final = tuple(f"bokgi/{name}.js" for name in _SCRIPTS.split())
"""Scripts of a page, below `STATIC`; each is loaded with `defer`."""

_BEFORE_PARTICLE: Final = re.compile(r"([)%\]’”])(?=[가-힣])")
_DOT_WITHIN: Final = re.compile(r"(?<=[가-힣])·(?=[가-힣])")
_SENTENCES: Final = re.compile(r"(?<=[^\W\d][.?])\s+|(?<=[)%”][.?])\s+")
_ENCLOSED: Final = re.compile("[0-9A-Za-z가-힣]?[\u3200-\u321e][0-9A-Za-z가-힣]?")
_BEFORE_TILDE: Final = re.compile(r"(?<=[0-9가-힣%])~(?=[0-9])")


def joined(text: str) -> Markup:
    """Keep a particle beside the bracket or percent sign before it, and a tilde beside the low end of its range.

    A browser would break there, before the dot of 제안·견적, beside the ㈜ of a name, and within E-mail.

    >>> joined("66%를 넘습니다"), joined("3,013만~5,116만원"), joined("제안·견적")
    (Markup('66%&#8288;를 넘습니다'), Markup('3,013만&#8288;~5,116만원'), Markup('제안&#8288;·견적'))
    >>> joined("한빛소프트㈜가")
    Markup('한빛소프<span class="nw">트㈜가</span>')
    """
    text = _BEFORE_PARTICLE.sub("\\1&#8288;", one_word(str(escape(text))))
    # Names are copied from a page: beside their ㈜ stands no character that a search would have to know.
    text = _ENCLOSED.sub('<span class="nw">\\g<0></span>', text)
    text = _DOT_WITHIN.sub("&#8288;·", _BEFORE_TILDE.sub("&#8288;~", text))
    return Markup(text)  # noqa: S704 - escaped before


def headline(text: str) -> Markup:
    """Give a title of several sentences in two weights: the first one leads, what follows explains it.

    >>> headline("Sales fell. Most of it was lost.")
    Markup('Sales fell. <span class="more">Most of it was lost.</span>')
    """
    first, *rest = _SENTENCES.split(text, 1)
    return Markup('{} <span class="more">{}</span>').format(joined(first), joined(rest[0])) if rest else joined(first)


def equip(environment: Environment) -> Environment:
    """Give an environment what the components use, except what depends on the language (`_`)."""
    environment.globals |= {
        "icon": icon,
        "brand": BRAND,
        "hatch": marks.HATCH,
        "headline": headline,
        "joined": joined,
        "swatch": marks.swatch,
        "axis_words": marks.axis_words,
    }
    return environment


def environment(lang: str, *folders: Path, **more: Any) -> Environment:  # noqa: ANN401 - any global of a template
    """Make an environment of one language for templates outside a request: documents, mail.

    Texts are marked as on a page: `_('Weekly review')`, `_('{n} rows of {file}', n=3, file=name)`.
    """

    def said(msgid: str, /, **values: object) -> str:
        return Message(msgid, values).text(lang, show)

    def said_n(msgid: str, plural: str, /, **values: object) -> str:
        return Message(msgid, values, plural=plural).text(lang, show)

    loader = FileSystemLoader([*folders, TEMPLATES])
    found = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    equip(found).globals |= {"_": said, "_n": said_n, "lang": lang, **more}
    return found
