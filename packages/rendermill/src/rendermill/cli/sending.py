"""Progress of what goes out before a job is made: hashing and sending its files."""

from __future__ import annotations

from rendermill.cli.app import err

_WORTH_SHOWING = 64 * 1024**2


class Sending:
    """A progress bar that appears once there is enough to wait for."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._stage = ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Hear of ``done`` of ``total`` bytes of a stage (``hashing``, ``sending``)."""
        if self._quiet or total < _WORTH_SHOWING:
            return
        if stage != self._stage:
            from rendermill.cli.follow import bars

            self._stage = stage
            self._bars = bars()
            self._bar = self._bars.add_task(stage, total=total, note="")
            self._bars.start()
        self._bars.update(self._bar, completed=done)
        if done >= total:
            self._bars.stop()
            err.print("")
