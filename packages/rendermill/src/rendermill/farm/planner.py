"""The scheduler: a pure, deterministic function from the picture to decisions.

Priority, then first in first out; a warm session of the same step first; otherwise a worker with room for one
more (slots, cores, memory, OpenJD's host requirements). An idle session of a step that has nothing to do gives way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from rendermill.farm.blueprint import Requirements
from rendermill.farm.model.software import SOFTWARE, software_text
from rendermill.farm.picture import Picture, SessionState, SessionView, StepView
from rendermill.farm.ports.engine import Worker

CORES = "amount.worker.vcpu"
MEMORY = "amount.worker.memory"


@dataclass(frozen=True, slots=True)
class Assign:
    """Give an idle session its step's next task."""

    session: str
    step_id: int


@dataclass(frozen=True, slots=True)
class Open:
    """Open a session on a worker and give it the step's next task.

    ``cores`` and ``memory`` (MiB) are kept for it; it may use ``threads``, which is more where cores would idle.
    """

    worker: str
    step_id: int
    cores: float
    memory: float
    threads: int


@dataclass(frozen=True, slots=True)
class Close:
    """End an idle session to make room."""

    session: str


Decision = Assign | Open | Close
_Share = tuple[float, float]
"""Cores and memory (MiB) of a session on a worker."""


@dataclass(slots=True)
class _Room:
    """What is free on a worker while a plan is made."""

    slots: int
    cores: float
    memory: float

    def fits(self, cores: float, memory: float) -> bool:
        return self.slots > 0 and self.cores >= cores and self.memory >= memory

    def places(self, asked: _Share) -> int:
        """For how many tasks there is room."""
        if not self.fits(*asked):
            return 0
        room, found = replace(self), 0
        while room.fits(*asked):
            room.take(*asked)
            found += 1
        return found

    def take(self, cores: float, memory: float) -> None:
        self.slots -= 1
        self.cores -= cores
        self.memory -= memory

    def give(self, cores: float, memory: float) -> None:
        self.slots += 1
        self.cores += cores
        self.memory += memory


def plan(picture: Picture) -> list[Decision]:
    """What to do now, in order. The same picture gives the same plan."""
    return _Planning(picture).run()


class _Planning:
    def __init__(self, picture: Picture) -> None:
        self.decisions: list[Decision] = []
        self.workers = {name: each for name, each in picture.workers.items() if name not in picture.resting}
        self.steps = sorted((s for s in picture.steps.values() if s.ready), key=lambda step: step.order)
        self.demand = sum(len(step.ready) for step in self.steps) + len(picture.sessions)
        self.rooms = {name: _room(picture, worker) for name, worker in self.workers.items()}
        self.future = {name: replace(room) for name, room in self.rooms.items()}
        for session in picture.sessions.values():
            if session.state is SessionState.CLOSING and session.worker in self.future:
                self.future[session.worker].give(session.cores, session.memory)
        self.idle: dict[int, list[SessionView]] = {}
        self.kept: set[str] = set()
        """Workers on which nothing more is closed."""
        self.busy: Counter[int] = Counter()
        self.open: Counter[int] = Counter()
        for session in picture.sessions.values():
            self.open[session.job_id] += 1
            if session.state is SessionState.IDLE:
                self.idle.setdefault(session.step_id, []).append(session)
            else:
                self.busy[session.job_id] += 1

    def run(self) -> list[Decision]:
        for step in self.steps:
            if not any(self.idle.values()) and not any(room.slots > 0 for room in self.rooms.values()):
                break
            left = len(step.ready)
            while left and (self._warm(step) or self._cold(step)):
                left -= 1
            if left and step.limit is not None:
                left = min(left, step.limit - self.open[step.job_id])
                if left <= 0:
                    self._give_way(step)
            if left > 0:
                self._make_room(step, left)
        return self.decisions

    def _warm(self, step: StepView) -> bool:
        sessions = self.idle.get(step.step_id)
        if not sessions or _reached(step, self.busy):
            return False
        self.busy[step.job_id] += 1
        self.decisions.append(Assign(sessions.pop(0).id, step.step_id))
        return True

    def _cold(self, step: StepView) -> bool:
        if _reached(step, self.open):
            return False
        for name, worker in self.workers.items():
            cores, memory = share(worker, step.requirements)
            if unfit(worker, step.requirements) is None and self.rooms[name].fits(cores, memory):
                self.rooms[name].take(cores, memory)
                self.future[name].take(cores, memory)
                self.open[step.job_id] += 1
                self.busy[step.job_id] += 1
                self.decisions.append(Open(name, step.step_id, cores, memory, self._threads(worker, step, cores)))
                return True
        return False

    def _threads(self, worker: Worker, step: StepView, cores: float) -> int:
        """With fewer tasks to run than slots, each may use its part of all cores; it shares them if more come."""
        if step.requirements.cores is not None:
            return max(1, int(cores))
        return max(1, int(cores), int(worker.cores // min(worker.slots, self.demand)))

    def _make_room(self, step: StepView, wanted: int) -> None:
        """Close idle sessions where that will let this step open, in a later plan, once they are gone.

        None is closed for what will fit where others are closing already. What it will need is kept for it: a step
        further back must not take it in between.
        """
        asks = {
            name: share(worker, step.requirements)
            for name, worker in self.workers.items()
            if unfit(worker, step.requirements) is None
        }
        places = {name: self.future[name].places(asked) for name, asked in asks.items()}
        lacking = wanted - sum(places.values())
        if lacking > 0:
            for session in self._in_the_way(asks, places, lacking):
                self.idle[session.step_id].remove(session)
                self.decisions.append(Close(session.id))
                self.future[session.worker].give(session.cores, session.memory)
                places[session.worker] = self.future[session.worker].places(asks[session.worker])
        self._keep(asks, places, wanted)
        if wanted > sum(places.values()):
            self._hold(asks)

    def _in_the_way(self, asks: Mapping[str, _Share], places: Mapping[str, int], lacking: int) -> list[SessionView]:
        """Idle sessions without which there is room for so many tasks more, or for as many as there can be."""
        idle: dict[str, list[SessionView]] = {}
        for session in chain.from_iterable(self.idle.values()):
            if session.worker not in self.kept:
                idle.setdefault(session.worker, []).append(session)
        found: list[SessionView] = []
        rooms: dict[str, _Room] = {}
        for name, asked in asks.items():
            if lacking <= 0:
                break
            closing: list[SessionView] = []
            rooms[name], gained = replace(self.future[name]), 0
            for session in idle.get(name, ()):
                rooms[name].give(session.cores, session.memory)
                closing.append(session)
                gained = rooms[name].places(asked) - places[name]
                if gained >= lacking:
                    break
            if gained:
                found += closing
                lacking -= gained
        return _needed(found, rooms, asks, spare=-lacking)

    def _keep(self, asks: Mapping[str, _Share], places: Mapping[str, int], wanted: int) -> None:
        """Keep places for a step on the first workers that have some, as the later plan will take them."""
        before: list[str] = []
        for name, asked in asks.items():
            tasks = min(wanted, places[name])
            for room in (self.future[name], self.rooms[name]):
                for _ in range(tasks):
                    room.take(*asked)
            if tasks:
                wanted -= tasks
                self.kept.update(before)  # the later plan would take what others make there, and leave this
                before.clear()
            before.append(name)

    def _give_way(self, step: StepView) -> None:
        """Close an idle session of the step's own job, which has as many as it may, if its step has nothing to do."""
        at_work = {each.step_id for each in self.steps}
        for step_id, sessions in self.idle.items():
            if sessions and sessions[0].job_id == step.job_id and step_id not in at_work:
                self.decisions.append(Close(sessions.pop(0).id))
                return

    def _hold(self, workers: Collection[str]) -> None:
        """Start nothing further back on workers: a wide task would never find room among narrow ones."""
        for name in workers:
            self.rooms[name].slots = 0
        for step_id, sessions in self.idle.items():
            self.idle[step_id] = [session for session in sessions if session.worker not in workers]


def _needed(
    closing: Sequence[SessionView], rooms: dict[str, _Room], asks: Mapping[str, _Share], *, spare: int
) -> list[SessionView]:
    """Those of the sessions that cannot stay: a later one may make room for several tasks, ``spare`` of them too many.

    ``rooms`` are the workers' without any of them.
    """
    needed: list[SessionView] = []
    for session in closing:
        room, asked = rooms[session.worker], asks[session.worker]
        smaller = replace(room)
        smaller.take(session.cores, session.memory)
        lost = room.places(asked) - smaller.places(asked)
        if lost > max(spare, 0):
            needed.append(session)
        else:
            rooms[session.worker], spare = smaller, spare - lost
    return needed


def _reached(step: StepView, sessions: Counter[int]) -> bool:
    """Whether a step's job has as many sessions as it may."""
    return step.limit is not None and sessions[step.job_id] >= step.limit


def _room(picture: Picture, worker: Worker) -> _Room:
    room = _Room(worker.slots, worker.cores, worker.memory)
    for session in picture.on_worker(worker.name):
        room.take(session.cores, session.memory)
    return room


def share(worker: Worker, asked: Requirements) -> tuple[float, float]:
    """Cores and memory (MiB) a session gets on a worker: what it asks for, else one slot's share of the cores."""
    cores = asked.cores if asked.cores is not None else max(1.0, worker.cores // worker.slots)
    return cores, asked.memory


def unfit(worker: Worker, asked: Requirements) -> str | None:
    """Why a worker could never run a step, empty of everything else; None if it could."""
    has = {**worker.amounts, CORES: worker.cores, MEMORY: worker.memory}
    for name, least in asked.amounts.items():
        if has.get(name, 0.0) < least:
            return f"{least:g} {_short(name)} wanted, {has.get(name, 0.0):g} there"
    for name, (any_of, all_of) in asked.attributes.items():
        values = worker.attributes.get(name, frozenset())
        if any_of and not values & set(any_of):
            return f"{_short(name)} {' or '.join(any_of)} wanted, {_listed(values)} there"
        if not set(all_of) <= values:
            return f"{_short(name)} {' and '.join(all_of)} wanted, {_listed(values)} there"
    return None


def missing_software(workers: Sequence[Worker], asked: Requirements) -> str:
    """The first software wanted that no worker has, as people name it; empty if each is somewhere."""
    any_of, all_of = asked.attributes.get(SOFTWARE, ((), ()))
    there = {value for worker in workers for value in worker.attributes.get(SOFTWARE, ())}
    for word in (*(any_of if not there & set(any_of) else ()), *all_of):
        if word not in there:
            return software_text(word)
    return ""


def _short(name: str) -> str:
    return {CORES: "cores", MEMORY: "MiB of memory"}.get(name, name.removeprefix("amount.").removeprefix("attr."))


def _listed(values: frozenset[str]) -> str:
    return ", ".join(sorted(values)) or "nothing"
