"""What every command shares: options, output, and how errors end."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

import typer

from rendermill.farm.model.errors import EXIT_CODES, RendermillError

if TYPE_CHECKING:
    from rich.console import Console

P = ParamSpec("P")
INTERRUPTED = 130


class _Lazy:
    """A console that is made, and its library imported, when something is printed."""

    def __init__(self, *, stderr: bool) -> None:
        self._stderr = stderr

    @cached_property
    def console(self) -> Console:
        """The console itself."""
        from rich.console import Console

        return Console(stderr=self._stderr, highlight=False, soft_wrap=True)

    def print(self, *things: object, markup: bool = True) -> None:
        """Print, with Rich's markup."""
        self.console.print(*things, markup=markup)


out = _Lazy(stderr=False)
err = _Lazy(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Server = Annotated[
    str | None, typer.Option("--server", envvar="RENDERMILL_SERVER", help="The server's URL.", metavar="URL")
]


def print_json(data: object) -> None:
    """Print one JSON document on stdout."""
    sys.stdout.write(json.dumps(data, indent=2) + "\n")
    sys.stdout.flush()


def command(function: Callable[P, Any]) -> Callable[P, Any]:
    """Make errors of a command one clear message and the exit status of :data:`EXIT_CODES`.

    With ``--json`` the error is an object on stdout: ``{"error": {…}}``.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> Any:
        try:
            return function(*args, **kwargs)
        except RendermillError as error:
            if kwargs.get("json_output"):
                print_json({"error": error.to_dict()})
            else:
                err.print(f"[bold red]error:[/] {_escaped(str(error))}")
            raise typer.Exit(EXIT_CODES.get(error.code, 1)) from None
        except KeyboardInterrupt:
            err.print("interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:  # the reader of our output went away
            sys.stderr.close()
            raise typer.Exit(0) from None

    return run


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
