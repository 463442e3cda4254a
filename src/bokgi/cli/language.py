"""Which language the command line speaks: `--lang`, then `BOKGI_LANG`, then the locale, then Korean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bokgi.domain.messages import LANGUAGES

DEFAULT: Final = "ko"
_LOCALE_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")


def option_given(arguments: Sequence[str], name: str) -> str | None:
    """Find the value of an option before the command line is parsed, as help and errors need it then.

    >>> option_given(["review", "--lang", "en"], "--lang"), option_given(["--format=json"], "--format")
    ('en', 'json')
    """
    for place, argument in enumerate(arguments):
        if argument == "--":
            return None
        if argument == name and place + 1 < len(arguments):
            return arguments[place + 1]
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
    return None


def language(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Choose the language; a value that is none of ours is passed over.

    >>> language([], {"LANG": "en_US.UTF-8"}), language([], {"LANG": "C.UTF-8"}), language(["--lang=en"], {})
    ('en', 'ko', 'en')
    """
    wanted = [option_given(arguments, "--lang"), environment.get("BOKGI_LANG")]
    locale = next((environment[name] for name in _LOCALE_VARIABLES if environment.get(name)), "")
    wanted.append(locale.partition("_")[0])
    return next((name for name in wanted if name in LANGUAGES), DEFAULT)
