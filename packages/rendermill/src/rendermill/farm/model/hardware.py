"""How kinds of workers are named where workers say what they are and steps say on which they may run."""

from __future__ import annotations

#: The worker attribute that says what kind of machine it is.
HARDWARE = "attr.hardware"


def hardware_word(cores: int, memory: float, gpus: int) -> str:
    """A machine of so many cores, MiB and cards as an OpenJD attribute value: ``c16_m64_g1``."""
    return f"c{cores}_m{rounded_memory(memory)}_g{gpus}"


def rounded_memory(memory: float) -> int:
    """MiB as the GB that people say: a machine of 62.7 GiB has 64 GB."""
    gib = max(1.0, memory / 1024)
    near = 1
    while near * 1.15 < gib:
        near *= 2
    return near if near * 0.8 <= gib else round(gib)
