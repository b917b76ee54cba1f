"""The RenderServer: looks for tasks in each of its repositories, and starts programs for as many as it has threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from rendermill.farm.model.errors import CinnamonError, RendermillError
from rendermill.sdk.cinnamon import RENDER_INPUT, Object, TaskStates, read_input
from rendermill.sdk.renderserver.config import Config, Program, Repository
from rendermill.sdk.renderserver.journal import Begun, Journal
from rendermill.sdk.renderserver.programs import Programs
from rendermill.sdk.renderserver.worker import Site, Tell, connect, settle, take, work

_LONGEST_PAUSE = 300.0
_log = logging.getLogger(__name__)


class RenderServer:
    """Works until it is stopped, or once on all that waits."""

    def __init__(self, config: Config, journal: Journal, tell: Tell) -> None:
        self._programs = Programs()
        self._stopping = threading.Event()
        slots = threading.BoundedSemaphore(config.threads)
        self._pollers = [
            Poller(each, config, Shared(journal, self._programs, slots, self._stopping, tell, self._wake))
            for each in config.repositories
        ]

    def serve(self, *, once: bool = False) -> None:
        """Work until :meth:`stop`, or, with ``once``, until nothing waits any more.

        No signal may interrupt the calling thread: what it waits for would be left behind. Raises
        :class:`RendermillError` if it works only once and could not.
        """
        threads = [threading.Thread(target=each.run, args=(once,), daemon=True) for each in self._pollers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for poller in self._pollers:
            poller.finish()
        for poller in self._pollers:
            if poller.trouble is not None:
                raise poller.trouble

    def stop(self) -> None:
        """End all programs, which takes them some seconds at most; their tasks wait again."""
        self._stopping.set()
        self._programs.stop()
        self._wake()

    def _wake(self) -> None:
        for each in self._pollers:
            each.awake.set()


@dataclass(frozen=True, slots=True)
class Shared:
    """What the repositories of a RenderServer share."""

    journal: Journal
    programs: Programs
    slots: threading.BoundedSemaphore
    stopping: threading.Event
    tell: Tell
    wake: Callable[[], None]


class Poller:
    """Looks for tasks in one repository. Only the thread that runs it uses its session."""

    def __init__(self, repository: Repository, config: Config, shared: Shared) -> None:
        self.repository = repository
        self.awake = threading.Event()
        self.trouble: Exception | None = None
        """Why it could not go on, where it works only once."""
        self._config, self._shared = config, shared
        self._known = config.programs_for(repository)
        self._client = connect(repository)
        self._site: Site | None = None
        self._is_exact = False
        self._names: dict[int, tuple[str, str]] = {}
        """Task → when it was modified, the name that it then had."""
        self._refused: dict[int, str] = {}
        """Task → why it could not be taken, which is told once."""
        self._working: dict[int, threading.Thread] = {}

    # --- the loop ----------------------------------------------------------------------------------------------

    def run(self, once: bool) -> None:
        """Look for tasks until the RenderServer is stopped, or nothing waits any more."""
        failures = 0
        while not self._shared.stopping.is_set():
            self.awake.clear()
            was_idle = not self._working  # who ends during a look may have left something for the next one to settle
            try:
                more = self.look()
                failures = 0
            except Exception as error:  # noqa: BLE001 - whatever it is, other tasks wait
                if once:
                    self.trouble = error
                    break
                failures += 1
                self._tell_trouble(error, self._pause(failures))
                more = False
            if once and not more and was_idle:
                break
            self.awake.wait(self._pause(failures))
        self._client.close()

    def finish(self) -> None:
        """Wait for the tasks that are worked on."""
        for thread in list(self._working.values()):
            thread.join()

    def _pause(self, failures: int) -> float:
        sleep = self._config.sleep
        return min(sleep * 2.0 ** min(failures, 16), max(sleep, _LONGEST_PAUSE))

    def _tell_trouble(self, error: Exception, pause: float) -> None:
        is_ours = isinstance(error, RendermillError)
        what = error.what if isinstance(error, RendermillError) else repr(error)
        _log.warning("%s: %s (again in %g s)", self.repository, what, pause, exc_info=None if is_ours else error)
        place = {"repository": self.repository.name, "url": self.repository.url}
        self._shared.tell("trouble", **place, message=what, again_in=pause)

    # --- one look ----------------------------------------------------------------------------------------------

    def look(self) -> bool:
        """Settle what was left, then take and start as many tasks as there is room for; whether more may wait.

        Raises :class:`RendermillError` if the server does not answer, or not as it should.
        """
        site = self._site or self._arrive()
        self._settle_left(site)
        any_started, seen = False, set()
        for task in self._client.search_objects(self._config.query_for(site.states.new)):
            if self._shared.stopping.is_set():
                return False
            seen.add(task.id)
            program = self._program_for(site, task)
            if program is None:
                continue
            if not self._shared.slots.acquire(blocking=False):
                return True
            if self._started(site, program, task):
                any_started = True
            else:
                self._shared.slots.release()
        self._names = {task_id: name for task_id, name in self._names.items() if task_id in seen}
        self._refused = {task_id: why for task_id, why in self._refused.items() if task_id in seen}
        return any_started

    def _arrive(self) -> Site:
        """Find out what the repository is like."""
        states = TaskStates.of(self._client.get_lifecycle(name=self.repository.lifecycle))
        self._is_exact = self._client.is_rendermill()
        shared = self._shared
        self._site = Site(self.repository, states, shared.journal, shared.programs, shared.tell)
        _log.info("%s: works on %s", self.repository, ", ".join(self._known) or "nothing that is configured")
        return self._site

    def _settle_left(self, site: Site) -> None:
        """Settle tasks that nobody works on any more: of a RenderServer that died, or when the server was away."""
        working = set(self._working)  # before the journal is read: who has left here has written all it will
        for begun in self._shared.journal.of(self.repository.url, self.repository.name):
            if begun.task_id not in working:
                try:
                    settle(site, self._client, begun)
                except CinnamonError as error:
                    self._tell_once(begun.task_id, error)

    def _program_for(self, site: Site, task: Object) -> Program | None:
        """The program for a task, if there is one and the task is free."""
        is_ours = task.locked_by is None or task.locked_by.name == self.repository.username
        if task.state_id != site.states.new or task.id in self._working or not is_ours:
            return None
        modified, name = self._names.get(task.id, ("", ""))
        if modified != task.modified:
            try:
                name = read_input(self._client.get_metaset(task.id, RENDER_INPUT)).get("renderTaskName", "")
            except CinnamonError as error:
                self._tell_once(task.id, error)
                return None
            self._names[task.id] = task.modified, name
        return self._known.get(name)

    def _started(self, site: Site, program: Program, task: Object) -> bool:
        try:
            begun = take(site, self._client, task.id, is_exact=self._is_exact)
        except CinnamonError as error:
            self._tell_once(task.id, error)
            return False
        if begun is None:
            return False
        site.told("begun", task.id, name=program.name)
        _log.info("task %d of %s: begun, %s", task.id, self.repository.name, program.name)
        thread = threading.Thread(target=self._work, args=(site, program, begun), daemon=True)
        self._working[task.id] = thread
        thread.start()
        return True

    def _work(self, site: Site, program: Program, begun: Begun) -> None:
        try:
            work(site, program, begun)
        except RendermillError as error:
            _log.warning("task %d of %s is settled later: %s", begun.task_id, self.repository.name, error.what)
        except Exception:  # noqa: BLE001 - whatever it is, other tasks wait
            _log.exception("task %d of %s is settled later", begun.task_id, self.repository.name)
        finally:
            del self._working[begun.task_id]
            self._shared.slots.release()
            self._shared.wake()

    def _tell_once(self, task_id: int, error: CinnamonError) -> None:
        if self._refused.get(task_id) != error.key:
            self._refused[task_id] = error.key
            _log.info("task %d of %s is left alone: %s", task_id, self.repository.name, error)
