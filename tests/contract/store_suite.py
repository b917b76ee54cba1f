"""What every store must do (:class:`rendermill.farm.ports.store.Store`), whatever database it stands on.

A test module makes it run by a subclass that gives two fixtures: ``store``, an empty store, and ``reopened``, which
closes it and opens the same data again.
"""

from __future__ import annotations

from contract.store_attempts import Attempts, Events
from contract.store_jobs import Jobs, Moves
from contract.store_service import Service, Storage
from contract.store_units import Units


class StoreSuite(Jobs, Moves, Attempts, Events, Units, Service, Storage):
    """All of it."""
