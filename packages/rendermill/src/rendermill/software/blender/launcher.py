"""What sessions call: ``rendermill-blender enter|exit`` around a step, and a plain ``blender``.

``enter`` starts a Blender that outlives the action and is reached through two named pipes in a folder whose path the
session's environment then holds (``RENDERMILL_BLENDER``); ``rendermill-blender-frame`` (:data:`FRAME_COMMAND`) is the
relay that sends it a frame or a chunk of frames, in plain sh, because that costs a few milliseconds where a Python
would cost fifty.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":  # started without site packages: the standard library and this package are enough
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from rendermill.farm.model.errors import BadInputError, RendermillError
from rendermill.software.blender.installations import SESSIONS_MARK, Installation, exactly, parse_version, preferred

#: Variables of the session that a Blender may be started without.
_OWN_VARIABLES = frozenset(
    {"PATH", "PWD", "OLDPWD", "SHLVL", "_", "OPENJD_SESSION_WORKING_DIR", "RENDERMILL_SESSION", "RENDERMILL_CORES"}
)

# Starts Blender and keeps "in" and "rc" open for as long as it lives; once told to, it speaks into "out". When it dies
# this makes "dead", lets a reader of "out" go, and says in "rc" how it ended: whoever sent a frame hears of it.
_KEEPER = """
exec 4<>in 5<>rc
(exec "$@" <&4 >log 2>&1)
code=$?
: >dead
echo "DIED $code" >&5
: >out
"""

FRAME_COMMAND = """#!/bin/sh
# Sends a frame, or a range of frames, to the session's Blender and passes on what it says, but for the chatter of scene
# preparation.
cd "$RENDERMILL_BLENDER" || exit 1
exec 4<>in 5<>rc
if [ -e dead ]; then
    echo "openjd_fail: Blender had ended before this frame"
    exit 1
fi
echo "frame $1" >&4
grep --line-buffered -vE '^Fra:.*\\| (Synchronizing|Updating|Initializing|Waiting|Loading|Copying)' out
read -r line <&5
case $line in
"RC 0") exit 0 ;;
"DIED "*)
    code=${line#DIED } frame=$1
    if [ -s frame ]; then read -r frame <frame; fi
    if [ "$code" -gt 128 ]; then how="signal $((code - 128))"; else how="exit code $code"; fi
    if [ "$code" -eq 139 ]; then how="signal 11, a segmentation fault"; fi
    echo "openjd_fail: Blender died in frame $frame ($how)" ;;
esac
exit 1
"""


def commands(python: str) -> dict[str, str]:
    """The commands that sessions get on their PATH: name → script."""
    # Without site packages and user settings (-I -S): it starts in a third of the time.
    launcher = f"exec {shlex.quote(python)} -I -S {shlex.quote(__file__)}"
    return {
        "rendermill-blender": f'#!/bin/sh\n{launcher} "$@"\n',
        "rendermill-blender-frame": FRAME_COMMAND,
        "blender": f'#!/bin/sh\n{SESSIONS_MARK}\n{launcher} blender -- "$@"\n',
    }


def _installation(version: str | None) -> Installation:
    if not version:
        return preferred()
    wanted = parse_version(version)
    if wanted is None:
        raise BadInputError(f"{version!r} is not a Blender version", remedy="Give it as 4.5.")
    return exactly(wanted)


def _enter(version: str, settings: list[str]) -> int:
    """Start Blender (or take the spare), have it load the scene, and tell the session where it is reached."""
    installation = _installation(version)
    folder = _spare(installation)
    if folder is None:
        folder = Path(os.environ["OPENJD_SESSION_WORKING_DIR"], f"blender-{os.getpid()}")
        _start(installation, folder)
    (folder / "settings.json").write_text(json.dumps(_settings(settings)))
    with os.fdopen(os.open(folder / "in", os.O_RDWR), "w") as pipe:
        pipe.write("load\n")
        pipe.flush()
        print(f"openjd_env: RENDERMILL_BLENDER={folder}", flush=True)
        return _listen(folder)  # with the pipe still open: what is in it would be lost if Blender is not there yet


def _start(installation: Installation, folder: Path) -> None:
    """Start a Blender that waits in ``folder`` to be told what to load."""
    folder.mkdir(0o700)
    for name in ("in", "out", "rc"):
        os.mkfifo(folder / name, 0o600)
    (folder / "started-with").write_text(_fingerprint(installation))
    keeper = subprocess.Popen(
        ["/bin/sh", "-c", _KEEPER, "keeper", *installation.command("daemon", str(folder / "settings.json"))],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    signal.signal(signal.SIGTERM, lambda *_: _stop(keeper.pid))


def _start_spare() -> int:
    """Start the preferred Blender for a session that may come."""
    _start(preferred(), Path(os.environ["RENDERMILL_SPARE"]))
    return 0


def _spare(installation: Installation) -> Path | None:
    """The folder of the spare Blender, if this session has one of that version."""
    folder = Path(os.environ.get("RENDERMILL_SPARE", ""))
    started_with = folder / "started-with"
    if not started_with.is_file() or (folder / "dead").exists() or (folder / "settings.json").exists():
        return None
    return folder if started_with.read_text() == _fingerprint(installation) else None


def _fingerprint(installation: Installation) -> str:
    """What a Blender was started with: its version, and the environment that a job may have changed since."""
    environment = {name: value for name, value in os.environ.items() if name not in _OWN_VARIABLES}
    return json.dumps([installation.name, environment], sort_keys=True)


def _settings(given: list[str]) -> dict[str, object]:
    """``name=value`` words with the session's path rules, most specific first, and empty wishes left out."""
    pairs_given = (word.partition("=") for word in given)
    wanted: dict[str, object] = {name: value for name, _, value in pairs_given if value not in ("", "0")}
    rules_file = Path(str(wanted.pop("rules_file", "")))
    if rules_file.is_file():
        loaded = json.loads(rules_file.read_text()).get("path_mapping_rules", [])
        pairs = [(rule["source_path"], rule["destination_path"]) for rule in loaded]
        wanted["rules"] = sorted(pairs, key=lambda pair: -len(pair[0]))
    found_file = Path(str(wanted.pop("found_file", "")))
    if found_file.is_file():
        wanted["found"] = json.loads(found_file.read_text())
    wanted["cores"] = os.environ.get("RENDERMILL_CORES", "")
    wanted["auto_run"] = str(wanted.get("auto_run", "")).lower() in ("true", "1", "yes")
    return wanted


def _listen(folder: Path) -> int:
    """Pass on what Blender says until the scene is loaded."""
    # "rc" is opened first: a Blender that gives up is soon gone, and what is in a pipe goes with the last who has it.
    with os.fdopen(os.open(folder / "rc", os.O_RDWR), "r") as rc, (folder / "out").open(errors="replace") as out:
        for line in out:
            print(line, end="", flush=True)
        word, _, code = rc.readline().partition(" ")
    if word == "DIED":
        print((folder / "log").read_text(errors="replace")[-2000:])
        print(f"openjd_fail: Blender died while it loaded the scene (code {code.strip()})", flush=True)
        return 1
    return int(code)


def _stop(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    sys.exit(1)


def _exit() -> int:
    """Let Blender quit; what does not is ended with the session."""
    folder = os.environ.get("RENDERMILL_BLENDER")
    if folder and not (Path(folder) / "dead").exists():
        pipe = os.open(Path(folder) / "in", os.O_RDWR | os.O_NONBLOCK)
        os.write(pipe, b"quit\n")
    return 0


def _blender(arguments: list[str]) -> int:
    """Be the ``blender`` command."""
    installation = _installation(os.environ.get("RENDERMILL_BLENDER_VERSION"))
    if installation.is_module:
        command = installation.command("commandline", *arguments)
    else:
        command = [str(installation.program), *arguments]
    os.execv(command[0], command)


def main(words: list[str]) -> int:
    """Do one of the commands; errors become one line and exit code 1."""
    try:
        match words:
            case ["enter", version, *settings]:
                return _enter(version, settings)
            case ["spare"]:
                return _start_spare()
            case ["exit"]:
                return _exit()
            case ["blender", "--", *arguments]:
                return _blender(arguments)
            case _:
                raise BadInputError("it is enter VERSION NAME=VALUE…, spare, exit, or blender -- ARGUMENTS…")
    except RendermillError as error:
        print(f"openjd_fail: {' '.join(str(error).split())}", flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
