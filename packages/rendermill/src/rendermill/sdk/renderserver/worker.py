"""One task of a RenderServer: taken, worked on, settled.

A task is taken when its state has gone from new to rendering under its lock. What was taken is in the journal until the
server knows how it ended, so that a RenderServer which dies can put right afterwards what it left.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from rendermill.farm.model.errors import CinnamonError, RendermillError, StoppedError
from rendermill.renderers.program import filled_in
from rendermill.sdk.cinnamon import RENDER_OUTPUT, Cinnamon, Object, TaskStates, User
from rendermill.sdk.renderserver.config import Program, Repository
from rendermill.sdk.renderserver.journal import Begun, Journal
from rendermill.sdk.renderserver.programs import Programs, end_marked

_GONE = ("error.object.not.found", "error.object.not_found")
_log = logging.getLogger(__name__)


class Tell(Protocol):
    """Who wants to hear what happens."""

    def __call__(self, event: str, **details: object) -> None:
        """Something happened."""


@dataclass(frozen=True, slots=True)
class Site:
    """A repository, and what all who work for it share."""

    repository: Repository
    states: TaskStates
    journal: Journal
    programs: Programs
    tell: Tell

    def connect(self) -> Cinnamon:
        """A session of one's own."""
        return connect(self.repository)

    def told(self, event: str, task_id: int, **details: object) -> None:
        """Tell what happened to a task."""
        self.tell(event, repository=self.repository.name, url=self.repository.url, task=task_id, **details)


def connect(repository: Repository) -> Cinnamon:
    """A session of the RenderServer's user."""
    return Cinnamon(repository.url, repository.name, repository.username, repository.password)


# --- taking ------------------------------------------------------------------------------------------------------


def take(site: Site, client: Cinnamon, task_id: int, *, is_exact: bool) -> Begun | None:
    """Take a task; None if somebody else was faster, or does not let go of it.

    ``is_exact``: the server looks at the state that is expected, and lets one of many through whoever holds the lock.
    Elsewhere the lock keeps RenderServers of different users apart. Raises :class:`CinnamonError` where it may not.
    """
    if client.get_object(task_id).state_id != site.states.new:
        return None  # another of the same user may hold its lock, which this would not wait for and then give back
    client.lock(task_id)
    begun = None
    try:
        if client.get_object(task_id).state_id == site.states.new:
            begun = site.journal.begin(site.repository.url, site.repository.name, task_id)
            client.change_state(task_id, state_id=site.states.rendering, expected=site.states.new)
            begun = site.journal.take(begun)
    except CinnamonError:
        if begun is not None:
            site.journal.settle(begun)
        with contextlib.suppress(CinnamonError):
            client.unlock(task_id)
        raise
    try:
        client.unlock(task_id)
    except CinnamonError:
        # Another of the same user had the lock as well, and gave it back first: the task may be theirs.
        if begun is not None and not is_exact:
            site.journal.settle(begun)
            return None
    return begun


# --- working -----------------------------------------------------------------------------------------------------


def work(site: Site, program: Program, begun: Begun) -> None:
    """Run a task's program, and see to it that the server knows how it ended. Raises :class:`RendermillError`."""
    with site.connect() as client:
        try:
            begun = site.journal.end(begun, _run(site, client, program, begun))
        except StoppedError:
            _log.info("task %d waits again: the RenderServer was stopped", begun.task_id)
        except CinnamonError as error:  # it does not let us act as the owner
            begun = site.journal.end(begun, str(error))
        settle(site, client, begun)


def _run(site: Site, client: Cinnamon, program: Program, begun: Begun) -> str:
    """Run the program with the rights of the task's owner; why it failed."""
    task = client.get_object(begun.task_id)
    with _as_owner(site, client, task.owner) as owner:
        url = owner.url.replace("/", "//") if program.doubles_slashes else owner.url
        told = {"id": str(task.id), "repository": site.repository.name, "ticket": owner.ticket, "host": url}
        told["user"] = site.repository.username
        return site.programs.run(
            filled_in(program.command, told),
            {f"CINNAMON_{name.upper()}": value for name, value in told.items()},
            begun.mark,
            label=f"task {task.id} of {site.repository.name}",
            timeout=program.timeout,
            beat=lambda: _keep_alive(owner, task),
        )


@contextlib.contextmanager
def _as_owner(site: Site, client: Cinnamon, owner: User) -> Iterator[Cinnamon]:
    """A session of a task's owner, which may be the RenderServer's user."""
    if owner.name == site.repository.username:
        with client.fork() as own:
            yield own
        return
    with client.sudo(owner.id) as other:
        yield other


def _keep_alive(session: Cinnamon, task: Object) -> None:
    """Use the program's ticket, so that it lasts while the program is busy."""
    with contextlib.suppress(RendermillError):
        session.get_object(task.id)


# --- settling ----------------------------------------------------------------------------------------------------


def settle(site: Site, client: Cinnamon, begun: Begun) -> None:
    """Give a task that was begun the state that it should have, unless its program has seen to that.

    One whose program did not come to its end waits again. Raises :class:`RendermillError`; the journal keeps the task
    then.
    """
    end_marked(begun.mark)
    try:
        result = _settled(site, client, begun)
    except CinnamonError as error:
        if error.key not in _GONE:
            raise
        result = "gone"
    site.journal.settle(begun)
    details = {"message": begun.failure} if begun.failure else {}
    site.told(result, begun.task_id, **details)
    _log.info("task %d of %s: %s%s", begun.task_id, site.repository.name, result, f": {begun.failure}" * bool(details))


def _settled(site: Site, client: Cinnamon, begun: Begun) -> str:
    task = client.get_object(begun.task_id)
    if task.locked_by is not None and task.locked_by.name == site.repository.username:
        client.unlock(task.id)  # nobody else is to be kept out by what died
    elif not begun.taken:
        return _seen_to(site, task)  # had it become ours, its lock would be here: another has taken it since
    elif task.state_id == site.states.rendering and task.locked_by == task.owner:
        with _as_owner(site, client, task.owner) as owner:  # its program has left the lock
            owner.unlock(task.id)
    if task.state_id != site.states.rendering:
        return _seen_to(site, task)
    with client.locked(task.id):
        task = client.get_object(task.id)
        return _moved_on(site, client, begun) if task.state_id == site.states.rendering else _seen_to(site, task)


def _moved_on(site: Site, client: Cinnamon, begun: Begun) -> str:
    """Give a task that is still rendering, and locked, its next state."""
    states = site.states
    if not begun.ended:
        client.attach_lifecycle(begun.task_id, states.lifecycle, states.new)
        return "reset"
    if begun.failure:
        try:
            if begun.failure not in _messages(client, begun.task_id):
                client.append_message(begun.task_id, begun.failure, "error")
        except CinnamonError as error:
            _log.warning("task %d: its message is lost: %s", begun.task_id, error)
    ending = states.failed if begun.failure else states.finished
    client.change_state(begun.task_id, state_id=ending, expected=states.rendering)
    return "failed" if begun.failure else "finished"


def _messages(client: Cinnamon, task_id: int) -> set[str]:
    """What the messages of a task say: a try before this one may have told it."""
    found = client.get_metaset(task_id, RENDER_OUTPUT).iterfind("messages/message")
    return {each.text or "" for each in found}


def _seen_to(site: Site, task: Object) -> str:
    """What became of a task whose program, or somebody else, has set the state."""
    names = {site.states.new: "new", site.states.finished: "finished", site.states.failed: "failed"}
    return names.get(task.state_id or 0, "changed")
