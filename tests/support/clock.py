"""A clock that stands still until it is turned."""


class FakeClock:
    """Time in seconds (:class:`rendermill.farm.ports.clock.Clock`)."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.time = now

    def now(self) -> float:
        return self.time

    def turn(self, seconds: float) -> None:
        self.time += seconds
