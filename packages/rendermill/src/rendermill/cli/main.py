"""The ``rendermill`` command."""

from __future__ import annotations

import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from rendermill.farm.model.errors import EXIT_CODES, BadInputError, RendermillError

_SUMMARIES = {
    "render": "Render a scene on this machine, no server needed.",
    "serve": "Run a farm on this machine.",
    "submit": "Send a scene, an OpenJD template, a job bundle or a command to a farm.",
    "jobs": "List jobs.",
    "job": "Show a job.",
    "logs": "Show the log of a task.",
    "pause": "Let nothing new of a job start.",
    "resume": "Let a paused job go on.",
    "cancel": "Cancel a job and end its processes.",
    "retry": "Run a job's failed and cancelled tasks again.",
    "download": "Fetch the files that a job made.",
    "analyze": "Read a scene without its application.",
    "software": "Install, list and remove applications.",
    "user": "Manage a farm's users.",
    "key": "Manage a farm's access keys.",
    "cinnamon": "Set up a farm's Cinnamon repositories.",
    "cinnamon-renderserver": "Work on the render tasks of Cinnamon servers.",
    "doctor": "Look for what could go wrong, and say the remedy.",
}
_TRUST = ("server", "host", "auto_run", "public", "share", "config")
_MODULES = dict.fromkeys(("pause", "resume", "cancel", "retry"), "actions")


def _settings() -> dict[str, Any]:
    """Defaults from ``rendermill.toml`` here or in ``~/.config/rendermill``: one table a command.

    Keys are option names with underscores; top-level keys count for every command. The one of the current folder may
    have come with a downloaded project, so it does not say whom to trust (:data:`_TRUST`).
    """
    here = Path("rendermill.toml")
    for path in (here, Path.home() / ".config/rendermill/rendermill.toml"):
        if path.is_file():
            try:
                loaded = tomllib.loads(path.read_text())
            except (OSError, ValueError) as error:
                raise BadInputError(str(error), where=str(path)) from error
            return _by_command(_distrusted(loaded) if path is here else loaded)
    return {}


def _by_command(loaded: dict[str, Any]) -> dict[str, Any]:
    tables = {key: value for key, value in loaded.items() if isinstance(value, dict)}
    shared = {key: value for key, value in loaded.items() if not isinstance(value, dict)}
    return {name: {**shared, **tables.get(name, {})} for name in _SUMMARIES}


def _distrusted(settings: dict[str, Any]) -> dict[str, Any]:
    """Without what :data:`_TRUST` names, which is told."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if name in _TRUST:
            told = f"{name} of ./rendermill.toml is not used: set it in ~/.config/rendermill or on the command line"
            print(f"warning: {told}", file=sys.stderr)
        else:
            found[name] = _distrusted(value) if isinstance(value, dict) else value
    return found


def _spread(settings: dict[str, Any], group: typer.Typer) -> None:
    """Give a group's settings to each command below it, where Click looks for them."""
    shared = {key: value for key, value in settings.items() if not isinstance(value, dict)}
    for each in group.registered_commands:
        name = each.name or (each.callback.__name__ if each.callback else "")
        settings[name] = {**shared, **_table(settings, name)}
    for below in group.registered_groups:
        name = below.name or ""
        settings[name] = {**shared, **_table(settings, name)}
        if below.typer_instance is not None:
            _spread(settings[name], below.typer_instance)


def _table(settings: dict[str, Any], name: str) -> dict[str, Any]:
    found = settings.get(name)
    return found if isinstance(found, dict) else {}


def _version(value: bool) -> None:
    if value:
        from rendermill import __version__

        print(f"rendermill {__version__}")
        raise typer.Exit


def _callback(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version.")
    ] = False,
) -> None:
    """Rendermill: a render farm that people own."""


def _build(called: str | None, defaults: dict[str, Any]) -> typer.Typer:
    """The commands; only the one that is called is imported, so that each starts as fast as it can."""
    root = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "RENDERMILL"},
    )
    root.callback()(_callback)
    for name, summary in _SUMMARIES.items():
        if name != called:
            root.command(name, help=summary)(lambda: None)
            continue
        function = name.replace("-", "_")
        module = import_module(f"rendermill.cli.{_MODULES.get(name, function)}")
        if hasattr(module, "app"):
            root.add_typer(module.app, name=name, help=summary)
            _spread(defaults.setdefault(name, {}), module.app)
        else:
            root.command(name)(getattr(module, function))
    return root


def main() -> None:
    """Run the command line and exit with its status."""
    called = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    try:
        defaults = _settings()
    except RendermillError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(EXIT_CODES[error.code])
    _build(called, defaults)(default_map=defaults)


if __name__ == "__main__":
    main()
