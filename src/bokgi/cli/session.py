"""One run of the command line: home, language, consoles, the day. The only place that reads the clock."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from rich.console import Console

from bokgi.domain.errors import NotFoundError
from bokgi.domain.messages import N_, Message, translate
from bokgi.domain.period import read_date
from bokgi.ui.format import plain, show, shower

if TYPE_CHECKING:
    from bokgi.facts.lake import Lake

TIME_ZONE: Final = "Asia/Seoul"
_PLAIN_WIDTH: Final = 110

Progress = Callable[[str, float | None], None]
"""Called with what is being done (in the user's language) and the share that is done, null when it is not known."""


class _Console(Console):
    """A console whose reader may go (`| head`): that is no fault, and it is told where the command line is run."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console(*, stderr: bool = False) -> Console:
    """Open a console: colours and its own width on a terminal, neither in a pipe or file."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PLAIN_WIDTH
    return _Console(stderr=stderr, width=width, highlight=False, soft_wrap=False, emoji=False, markup=False)


@dataclass(frozen=True)
class Session:
    """What a command is given besides its own options.

    `known_on`: the day whose knowledge answers, so that what was imported later is left out; null: all is known.
    """

    lang: str
    format: str
    home: Path
    known_on: date | None = None
    out: Console = field(default_factory=console)
    err: Console = field(default_factory=lambda: console(stderr=True))
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def today(self, time_zone: str = TIME_ZONE) -> date:
        """Give today's date in the organisation's zone (`BOKGI_TODAY` overrides it), at most the day `known_on`."""
        given = self.environment.get("BOKGI_TODAY")
        today = read_date(given) if given else datetime.now(ZoneInfo(time_zone)).date()
        return today if self.known_on is None else min(today, self.known_on)

    def lake(self, *, create: bool = False) -> Lake:
        """Open the facts of this home."""
        from bokgi.facts.lake import Lake

        return Lake.open(self.home, create=create)

    def version(self) -> int | None:
        """Give the lake version whose facts answer: the newest of the day `known_on`; null for the newest of all.

        Raises `NotFoundError` (`nothing_known_yet`) where nothing had been imported by the end of that day.
        """
        if self.known_on is None:
            return None
        lake, zone = self.lake(), ZoneInfo(TIME_ZONE)
        version = lake.version_at(datetime.combine(self.known_on, time.max, zone))
        if version == 0:
            first = min((found.at for found in lake.imports()), default=None)
            raise NotFoundError(
                "nothing_known_yet",
                Message(N_("Nothing had been imported by {day}."), {"day": self.known_on}),
                None
                if first is None
                else Message(N_("The first import was on {day}."), {"day": first.astimezone(zone).date()}),
            )
        return version

    def text(self, message: Message, as_of: date | None = None) -> str:
        """Write a message in the user's language, for a terminal or a file."""
        return plain(message.text(self.lang, show if as_of is None else shower(as_of)))

    def word(self, msgid: str) -> str:
        """Translate a marked text."""
        return translate(msgid, self.lang)

    def say(self, msgid: str, /, **values: object) -> None:
        """Print a marked text."""
        self.out.print(self.text(Message(msgid, values)))

    def write(self, text: str) -> None:
        """Print text as it is, without wrapping."""
        self.out.file.write(text if text.endswith("\n") else text + "\n")

    def write_bytes(self, made: bytes) -> None:
        """Print a document as it is; a PDF goes into a file, not onto a terminal."""
        target = getattr(self.out.file, "buffer", None)
        if target is None:
            self.out.file.write(made.decode("utf-8", errors="replace"))
        else:
            self.out.file.flush()
            target.write(made)

    def write_json(self, data: Mapping[str, Any]) -> None:
        """Print one JSON document."""
        self.write(json.dumps(data, ensure_ascii=False, indent=2, default=str))

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Show what is being done as a bar on stderr, where somebody watches."""
        if not self.err.is_terminal:
            yield lambda _text, _share: None
            return
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Bar(*columns, console=self.err, transient=True) as bar:
            task = bar.add_task("", total=None)
            yield lambda text, share: bar.update(
                task, description=text, total=None if share is None else 1.0, completed=share or 0.0
            )
