"""Running programs."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Sequence


class Cmd:
    """Runs programs and waits for them."""

    @staticmethod
    def run(cmd: str | Sequence[str], shell: bool = False, log_output: bool = True) -> tuple[int, bytes, bytes]:
        """Run a program; how it ended, what it wrote, and what it wrote as errors. Raises OSError.

        With ``shell`` the command is a line of the system's shell; such a line must not be made of others' words. With
        ``log_output`` what the program writes is logged.
        """
        done = subprocess.run(cmd, shell=shell, capture_output=True, check=False)
        if log_output:
            for line in (done.stdout + done.stderr).decode(errors="replace").splitlines():
                logging.getLogger("rayvision_utils").info("%s", line)
        return done.returncode, done.stdout, done.stderr
