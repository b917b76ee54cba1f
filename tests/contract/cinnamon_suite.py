"""What a Cinnamon server must do for clients of render tasks, whoever serves and however it is reached.

A test module makes it run by a subclass with the fixture ``stage``: a repository on a server.
"""

from __future__ import annotations

from contract.cinnamon_objects import Contents, Locks, Metadata, Rights, Searches
from contract.cinnamon_sessions import Sessions
from contract.cinnamon_states import Lifecycles, Moves
from contract.cinnamon_tasks import Tasks, Workers


class CinnamonSuite(Sessions, Tasks, Workers, Rights, Locks, Contents, Metadata, Searches, Lifecycles, Moves):
    """All of it."""
