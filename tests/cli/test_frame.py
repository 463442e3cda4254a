"""The frame of the command line: languages, help, faults, exit codes."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import NoReturn

import duckdb
import pytest
from rich.cells import cell_len
from rich.console import Console
from typer import TyperException

from bokgi.cli import faults, registry
from bokgi.cli.answering import show_table
from bokgi.cli.language import language
from bokgi.cli.layout import text_of
from bokgi.cli.program import build, run, shared_options_last
from bokgi.cli.registry import Answer
from bokgi.cli.session import Session
from bokgi.domain import errors
from bokgi.domain.errors import BokgiError, UsageError
from bokgi.domain.messages import Message
from tests.cli.reference import commands

HANGUL = re.compile(r"[가-힣]")


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ([], {}, "ko"),
        ([], {"LANG": "en_GB.UTF-8"}, "en"),
        ([], {"LANG": "de_DE.UTF-8"}, "ko"),
        ([], {"LC_ALL": "ko_KR.UTF-8", "LANG": "en_US.UTF-8"}, "ko"),
        ([], {"LANG": "en_US.UTF-8", "BOKGI_LANG": "ko"}, "ko"),
        (["review", "--lang", "en"], {"BOKGI_LANG": "ko"}, "en"),
        (["review", "--lang", "fr"], {"BOKGI_LANG": "en"}, "en"),
        (["review", "--", "--lang", "en"], {}, "ko"),
    ],
)
def test_the_language_is_the_option_then_the_variable_then_the_locale_then_korean(
    arguments: list[str], environment: dict[str, str], expected: str
) -> None:
    assert language(arguments, environment) == expected


def test_every_help_is_complete_in_korean(capsys: pytest.CaptureFixture[str]) -> None:
    for command in registry.commands():
        assert run([*command.name.split(), "--help", "--lang", "ko"]) == 0
        shown = capsys.readouterr().out
        texts = [line for line in shown.splitlines()[1:] if re.search(r"[A-Za-z]{4,} [a-z]{3,} [a-z]{2,}", line)]
        assert texts == [], f"{command.name} speaks English"
        assert HANGUL.search(shown)


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_every_help_says_everything_on_a_narrow_terminal(lang: str) -> None:
    for path, command in commands(build(lang), "bokgi"):
        narrow, wide = (text_of(command, path, lang, width=width, colour=False) for width in (60, 1000))
        assert max(map(cell_len, narrow.splitlines())) <= 60
        assert "".join(narrow.split()) == "".join(wide.split()), path


def test_a_table_breaks_no_figure_on_a_narrow_terminal(tmp_path: Path) -> None:
    columns = [("Number", "right"), ("File", "left"), *(("Read", "right"),) * 4]
    rows = [["1", "accounts.csv, sales_pipeline.csv", *["8,920"] * 4], ["2", "", *["1,200"] * 4]]
    for width in (30, 40, 60, 110):
        out = io.StringIO()
        session = Session(lang="en", format="text", home=tmp_path, out=Console(file=out, width=width))
        show_table(session, columns, rows)
        assert out.getvalue().count("8,920") == 4, width
        assert out.getvalue().count("1,200") == 4, width
        assert max(map(cell_len, out.getvalue().splitlines())) <= width


def test_every_command_has_home_format_and_language(capsys: pytest.CaptureFixture[str]) -> None:
    for command in registry.commands():
        assert run([*command.name.split(), "--help", "--lang", "en"]) == 0
        shown = capsys.readouterr().out
        assert all(option in shown for option in ("--home", "--format", "--lang", "--help"))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nonsense"], "command_unknown"),
        (["completion", "--nonsense"], "option_unknown"),
        (["completion"], "argument_missing"),
        (["completion", "bash", "zsh"], "argument_unknown"),
        (["completion", "bash", "--home"], "value_missing"),
        (["completion", "nosuch"], "shell_unknown"),
        (["completion", "bash", "--lang", "xx"], "choice_unknown"),
        (["--version=3"], "value_unexpected"),
    ],
)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_what_cannot_be_understood_is_said_in_the_users_language(
    arguments: list[str], code: str, lang: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOKGI_LANG", lang)
    if arguments[-1] != "--home":
        assert run(["--format", "json", *arguments]) == 2
        assert json.loads(capsys.readouterr().out)["error"]["code"] == code
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert bool(HANGUL.search(shown.err)) == (lang == "ko")
    assert "Traceback" not in shown.err


def test_with_json_an_error_is_one_document_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "nosuch", "--format", "json", "--lang", "en"]) == 2
    shown = capsys.readouterr()
    assert shown.err == ""
    found = json.loads(shown.out)["error"]
    assert (found["family"], found["code"]) == ("usage", "shell_unknown")
    assert found["hint"] == "It takes: bash, zsh, fish, powershell, pwsh"


def test_every_family_of_errors_has_its_own_exit_code_and_meaning() -> None:
    families = {
        found.family
        for found in vars(errors).values()
        if isinstance(found, type) and issubclass(found, BokgiError) and found is not BokgiError
    }
    assert families <= set(faults.EXIT_CODES) == set(faults.MEANINGS)
    assert len(set(faults.EXIT_CODES.values())) == len(faults.EXIT_CODES)
    assert 0 not in faults.EXIT_CODES.values()


def test_a_fault_of_ours_is_reported_to_a_file_and_never_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    session = Session(lang="en", format="text", home=tmp_path)
    assert faults.answered(ZeroDivisionError("secret"), session) == 70
    shown = capsys.readouterr()
    assert "secret" not in shown.out + shown.err
    (report,) = tmp_path.glob("bokgi-fault-*.txt")
    assert "ZeroDivisionError: secret" in report.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "fault",
    [
        PermissionError(errno.EACCES, "Permission denied"),
        duckdb.IOException('IO Error: Cannot open file "making": Permission denied'),
    ],
)
def test_where_nothing_may_be_written_is_said_of_the_home_at_least(fault: Exception) -> None:
    found = faults.of_the_machine(fault, Path("the home"))
    assert found is not None
    assert found.code == "not_permitted"
    assert found.message.text("ko") == "the home에 대한 권한이 없습니다."


@pytest.mark.parametrize(("words", "named"), [([], "the variable's"), (["--home", "the option's"], "the option's")])
def test_the_home_a_fault_is_said_of_is_the_one_that_is_meant(
    words: list[str], named: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> NoReturn:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setenv("BOKGI_HOME", "the variable's")
    monkeypatch.setattr("bokgi.cli.program.build", refused)
    assert run(["data", "imports", "--lang", "en", *words]) == faults.EXIT_CODES["setup"]
    assert f"There is no permission for {named}." in capsys.readouterr().err


def test_an_unknown_text_of_the_parser_is_passed_on() -> None:
    error = faults.understood(TyperException("something new"))
    assert str(error).startswith("something new")


def test_shared_options_may_stand_before_the_command() -> None:
    assert shared_options_last(["--lang", "en", "data", "imports"]) == ["data", "imports", "--lang", "en"]
    assert shared_options_last(["--home=h", "import", "--", "-x.csv"]) == ["import", "--home=h", "--", "-x.csv"]
    assert shared_options_last(["review"]) == ["review"]
    for shows_help in ([], ["data"], ["--help"], ["data", "--help"], ["review", "-h"]):
        assert shared_options_last([*shows_help, "--lang", "en"]) == shows_help
    assert shared_options_last(["review", "--lang"]) == ["review", "--lang"]
    assert shared_options_last(["--version", "--lang", "en"]) == ["--version"]


def test_today_can_be_set_and_is_otherwise_the_day_in_seoul(tmp_path: Path) -> None:
    fixed = Session(lang="en", format="text", home=tmp_path, environment={"BOKGI_TODAY": "2026-11-23"})
    assert fixed.today() == date(2026, 11, 23)
    free = Session(lang="en", format="text", home=tmp_path, environment={})
    assert free.today().year >= 2025
    wrong = Session(lang="en", format="text", home=tmp_path, environment={"BOKGI_TODAY": "tomorrow"})
    with pytest.raises(UsageError) as caught:
        wrong.today()
    assert caught.value.code == "date_unreadable"


def test_a_new_command_needs_one_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bokgi.cli.registry import _REGISTER, command  # noqa: PLC0415 - its insides are what is tested

    monkeypatch.setattr(_REGISTER, "commands", {})

    @command("data hello", "Say hello.", order=1)
    def hello(session: Session, *, loud: bool = False) -> Answer:
        words = f"hello from {session.home.name}"
        return Answer({"words": words.upper() if loud else words}, lambda shown: shown.write(words), exit_code=9)

    built = build("en")
    assert built.main(["data", "hello", "--home", str(tmp_path)], standalone_mode=False) == 9
    assert hello(Session(lang="en", format="text", home=tmp_path), loud=True).data == {
        "words": f"HELLO FROM {tmp_path.name.upper()}"
    }


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_program_starts_as_a_module_and_completes_its_options(lang: str) -> None:
    command = [sys.executable, "-m", "bokgi.cli"]
    environment = os.environ | {"BOKGI_LANG": lang, "PYTHONIOENCODING": "ascii"}
    helped = subprocess.run([*command, "--help"], capture_output=True, check=True, env=environment)
    assert bool(HANGUL.search(helped.stdout.decode("utf-8"))) == (lang == "ko")
    asked = environment | {
        "_BOKGI_COMPLETE": "complete_bash",
        "COMP_WORDS": "bokgi completion bash --lang ",
        "COMP_CWORD": "4",
    }
    script = "import sys; from bokgi.cli.program import run; sys.exit(run(sys.argv[1:]))"
    completed = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, env=asked)
    assert completed.stdout.decode().split() == ["ko", "en"]


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal to another process there")
def test_ctrl_c_ends_the_program_quietly_while_it_still_loads(tmp_path: Path) -> None:
    """A program that is still loading is one that has begun to read its first large library."""
    (tmp_path / "typer.py").write_text("import time\nprint('loading', flush=True)\ntime.sleep(60)\n", encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    # Whoever runs the tests in the background of a shell hands down a Ctrl-C that is ignored.
    begin = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    run = "runpy.run_module('bokgi.cli', run_name='__main__', alter_sys=True)"
    command = [sys.executable, "-c", f"{begin}; {run}", "--version"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"loading\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (faults.EXIT_CODES["interrupted"], b"")


def test_a_message_is_written_plainly_in_a_terminal(tmp_path: Path) -> None:
    session = Session(lang="ko", format="text", home=tmp_path)
    assert session.text(Message("{on}", {"on": date(2026, 11, 23)})) == "2026년 11월 23일"
    assert session.text(Message("{on}", {"on": date(2026, 11, 23)}), as_of=date(2026, 1, 1)) == "11월 23일"


_LEAVING = """
import sys, weakref
from bokgi.cli import program

class Held:
    def __del__(self):
        print("taken down", flush=True)

class Folder:
    pass

def run(arguments):
    global held, folder
    held, folder = Held(), Folder()
    weakref.finalize(folder, print, "folder deleted")
    if arguments:
        sys.exit(int(arguments[0]))
    return 7

program.run = run
program.main()
"""


@pytest.mark.parametrize(("words", "code"), [([], 7), (["0"], 0), (["1"], 1)])
def test_a_command_cleans_up_and_leaves_without_taking_the_interpreter_down(words: list[str], code: int) -> None:
    ended = subprocess.run([sys.executable, "-c", _LEAVING, *words], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout.splitlines(), ended.stderr) == (code, [b"folder deleted"], b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full there")
def test_an_answer_that_finds_no_room_is_a_fault() -> None:
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "bokgi.cli", "--version"]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, env=buffered)
    assert ended.returncode == faults.EXIT_CODES["setup"]
    assert ended.stderr.decode()
