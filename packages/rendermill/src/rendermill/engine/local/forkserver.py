"""The fork server: a process that has everything imported and forks session hosts in milliseconds.

Run as ``python -m rendermill.engine.local.forkserver FD PARENT``; ``FD`` is a SOCK_SEQPACKET socket. Each message is a
session's id with two descriptors: the host's control socket and the reaper's lifeline. It has one thread, because
it forks. End of file ends it, and with it every session.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
from importlib import import_module
from types import FrameType

from rendermill.engine.host.main import run_host
from rendermill.engine.host.patience import be_patient
from rendermill.engine.local.reaper import run_under_reaper
from rendermill.engine.processes import become_subreaper, die_with_parent, end_descendants

_MAX_MESSAGE = 4096


class _ForkServer:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._reapers: set[int] = set()

    def serve(self) -> None:
        signal.signal(signal.SIGCHLD, self._reap)
        self._control.send(b"ready")
        while True:
            message, fds, _, _ = socket.recv_fds(self._control, _MAX_MESSAGE, 2)
            if not message:
                return
            host, lifeline = fds
            self._fork(host, lifeline)

    def _fork(self, host: int, lifeline: int) -> None:
        me = os.getpid()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            self._control.close()
            run_under_reaper(lambda: run_host(socket.socket(fileno=host)), lifeline, me)
        self._reapers.add(pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        os.close(host)
        os.close(lifeline)

    def _reap(self, _signal: int, _frame: FrameType | None) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._reapers:
                self._reapers.remove(pid)
                if os.WIFSIGNALED(status):  # it could not clean up: what it left was adopted by us
                    end_descendants(spare=frozenset(self._reapers))


def _preload() -> None:
    """Import what every session needs, without a thread that would be lost in a fork."""
    before = dict(os.environ)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    import_module("numpy")
    import_module("OpenImageIO")
    os.environ.clear()  # what the libraries set is not for the tasks
    os.environ.update(before)
    if threading.active_count() > 1 or len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208
        raise RuntimeError("a library started a thread; sessions cannot be forked")


def main() -> None:
    """Serve until the other end closes."""
    become_subreaper()
    die_with_parent(int(sys.argv[2]), signal.SIGKILL)
    _preload()
    be_patient()
    gc.freeze()  # forks share what is loaded so far
    _ForkServer(socket.socket(fileno=int(sys.argv[1]))).serve()
    os._exit(0)  # what was imported for the forks needs no taking down


if __name__ == "__main__":
    main()
