"""Somebody who hears how a transfer goes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rendermill.assets.client.telling import Listener


class Heard(Listener):
    """What was told."""

    def __init__(self) -> None:
        self.files = self.size = self.read = self.bytes = 0
        self.ended: Counter[str] = Counter()

    def total(self, files: int, size: int) -> None:
        self.files, self.size = files, size

    def hashed(self, size: int) -> None:
        assert self.files, "how much there is was told first"
        self.read += size

    def moved(self, size: int) -> None:
        self.bytes += size

    def done(self, path: Path, name: str, size: int, *, moved: bool) -> None:
        self.ended[name] += 1

    def failed(self, path: Path, name: str, why: str) -> None:
        self.ended[name] += 1
