"""What every command shares: options, output, and how errors end."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

import typer

from rendermill.farm.model.errors import EXIT_CODES, RendermillError, UnavailableError

if TYPE_CHECKING:
    from rich.console import Console

P = ParamSpec("P")
INTERRUPTED = 130
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class _Lazy:
    """A console that is made, and its library imported, when something is printed."""

    def __init__(self, *, stderr: bool) -> None:
        self._stderr = stderr

    @cached_property
    def console(self) -> Console:
        """The console itself."""
        from rich.console import Console

        return Console(stderr=self._stderr, highlight=False, soft_wrap=True, markup=False, emoji=False)

    def print(self, thing: object, *, label: str = "", style: str = "") -> None:
        """Print text as it is, or one of Rich's things; ``label`` goes before it, in ``style``."""
        from rich.text import Text

        shown = plain(thing) if isinstance(thing, str) else thing
        self.console.print(*([Text(label, style=style)] if label else []), shown)


def plain(text: str) -> str:
    """Without control characters: what comes from scenes and jobs must not steer the terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


out = _Lazy(stderr=False)
err = _Lazy(stderr=True)


def show_error(error: RendermillError) -> None:
    """Tell the user of an error, on stderr."""
    err.print(str(error), label="error:", style="bold red")


def warn(text: str) -> None:
    """Tell the user of something that is no error, on stderr."""
    err.print(text, label="warning:", style="yellow")


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
            return known(function, *args, **kwargs)
        except RendermillError as error:
            if kwargs.get("json_output"):
                print_json({"error": error.to_dict()})
            else:
                show_error(error)
            raise typer.Exit(EXIT_CODES.get(error.code, 1)) from None
        except KeyboardInterrupt:
            err.print("interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:  # the reader of our output went away
            sys.stderr.close()
            raise typer.Exit(0) from None

    return run


def known(function: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> Any:
    """Call it; what no module expected becomes an error of ours, so that no user reads a traceback."""
    try:
        return function(*args, **kwargs)
    except (RendermillError, typer.Exit, BrokenPipeError, KeyboardInterrupt):
        raise
    except OSError as error:
        raise UnavailableError(
            f"the system refused: {error.strerror or error}",
            where=str(error.filename) if error.filename else None,
            remedy="Mend its permissions or its disk.",
        ) from error
    except Exception as error:
        if os.environ.get("RENDERMILL_DEBUG"):
            raise
        remedy = "Please report it, with what RENDERMILL_DEBUG=1 before the command shows."
        raise RendermillError(f"something broke: {error!r}", remedy=remedy) from error
