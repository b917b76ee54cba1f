"""Kinds of workers, as the API's hardware configurations: what the farm's workers really are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rendermill.doors.rayvision.codes import invalid
from rendermill.farm.model.hardware import hardware_word, rounded_memory
from rendermill.farm.picture import Picture
from rendermill.farm.ports.engine import Worker

PLATFORMS = (2, 3, 6, 9, 20, 21, 35, 62)
"""The platforms that clients name. This farm is one, by whichever number."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """A kind of worker: cores, memory in GB (powers of two), cards."""

    id: int
    word: str
    cores: int
    memory: int
    gpus: int

    def is_called(self, model: str, ram: str, gpus: str) -> bool:
        """Whether a client may mean it by these words; empty ones do not matter."""
        return (
            model in ("", "Default") and ram in ("", f"{self.memory}GB", str(self.memory)) and gpus in ("", self._gpus)
        )

    @property
    def _gpus(self) -> str:
        return f"{self.gpus}*GPU" if self.gpus else ""

    def config(self, platform: int) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "id": self.id,
            "type": 2 if self.gpus else 1,
            "model": "Default",
            "ram": f"{self.memory}GB",
            "gpuNum": self._gpus or None,
            "platform": platform,
            "current": False,
            "status": 1,
            "notSupportCgId": [],
            "notSupportCode": [],
            "notSupportCgVersions": [],
            "notSupportPluginList": [],
            "cores": self.cores,
        }


STANDARD_MEMORY = 64
"""GB: what clients ask for who want nothing in particular."""
ANY = Hardware(1, "", 0, STANDARD_MEMORY, 0)
"""Whatever worker is free: by this name every client finds hardware on every farm."""


def hardware(picture: Picture) -> list[Hardware]:
    """The kinds of workers there are, smallest first, after :data:`ANY`."""
    kinds = {_kind(worker) for worker in list(picture.workers.values())}
    return [ANY, *sorted(kinds, key=lambda kind: (kind.gpus, kind.memory, kind.cores))]


def _kind(worker: Worker) -> Hardware:
    gpus = int(worker.amounts.get("amount.worker.gpu", 0))
    cores, memory = int(worker.cores), rounded_memory(worker.memory)
    number = gpus * 10_000_000 + cores * 10_000 + memory
    return Hardware(number, hardware_word(cores, worker.memory, gpus), cores, memory, gpus)


def chosen_hardware(picture: Picture, ids: Iterable[int], where: str) -> list[Hardware]:
    """These configurations. Raises BadInputError for an id that is none."""
    known = {kind.id: kind for kind in hardware(picture)}
    wanted = list(ids)
    for number in wanted:
        if number not in known:
            raise invalid(where, f"there is no hardware {number}", "hardwareConfig/list tells what there is.")
    return [known[number] for number in wanted]


def words(kinds: Iterable[Hardware]) -> list[str]:
    """The attribute values of which a worker must have one; none where any will do."""
    chosen = list(kinds)
    return [] if ANY in chosen else [kind.word for kind in chosen]
