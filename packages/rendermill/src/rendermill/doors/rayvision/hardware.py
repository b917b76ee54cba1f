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

    def config(self, platform: int) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "id": self.id,
            "type": 2 if self.gpus else 1,
            "model": "Default",
            "ram": f"{self.memory}GB",
            "gpuNum": f"{self.gpus}*GPU" if self.gpus else None,
            "platform": platform,
            "current": False,
            "status": 1,
            "notSupportCgId": [],
            "notSupportCode": [],
            "notSupportCgVersions": [],
            "notSupportPluginList": [],
            "cores": self.cores,
        }


def hardware(picture: Picture) -> list[Hardware]:
    """The kinds of workers there are, smallest first."""
    kinds = {_kind(worker) for worker in picture.workers.values()}
    return sorted(kinds, key=lambda kind: (kind.gpus, kind.memory, kind.cores))


def _kind(worker: Worker) -> Hardware:
    gpus = int(worker.amounts.get("amount.worker.gpu", 0))
    cores, memory = int(worker.cores), rounded_memory(worker.memory)
    number = gpus * 10_000_000 + cores * 10_000 + memory
    return Hardware(number, hardware_word(cores, worker.memory, gpus), cores, memory, gpus)


def hardware_words(picture: Picture, ids: Iterable[int], where: str) -> list[str]:
    """The attribute values of these configurations. Raises BadInputError for an id that is none."""
    known = {kind.id: kind.word for kind in hardware(picture)}
    wanted = list(ids)
    for number in wanted:
        if number not in known:
            raise invalid(where, f"there is no hardware {number}", "hardwareConfig/list tells what there is.")
    return [known[number] for number in wanted]
