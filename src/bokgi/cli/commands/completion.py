"""bokgi completion: what a shell needs to complete our commands."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message

_SHELLS: Final = ("bash", "zsh", "fish", "powershell", "pwsh")


@command("completion", N_("Print the completion script for a shell."), order=95)
def completion(
    session: Session,
    shell: Annotated[str, typer.Argument(metavar=N_("SHELL"), help=N_("bash, zsh, fish, powershell or pwsh."))],
) -> Answer:
    """Write the script to be evaluated in the shell's start file."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]  # typer has no public door to it

    del session
    if shell not in _SHELLS:
        raise UsageError(
            "shell_unknown",
            Message(N_("There is no completion for “{shell}”."), {"shell": shell}),
            Message(N_("It takes: {allowed}"), {"allowed": ", ".join(_SHELLS)}),
        )
    script = get_completion_script(prog_name="bokgi", complete_var="_BOKGI_COMPLETE", shell=shell)
    return Answer({"shell": shell, "script": script}, lambda shown: shown.write(script))
