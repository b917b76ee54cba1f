"""Names of render tasks' things, as a repository's profile has them; either profile's spelling is understood."""

from __future__ import annotations

from collections.abc import Mapping

from rendermill.store.cinnamon.catalogue import Catalogue
from rendermill.store.cinnamon.records import Kind, Lifecycle, State, Term
from rendermill.store.cinnamon.seed import Names


def own_name(catalogue: Catalogue, names: Mapping[str, str]) -> str:
    """What the repository calls one of the things of :class:`Names`."""
    return names[catalogue.repository.profile]


def aliases(name: str) -> list[str]:
    """The other spellings of a name."""
    return [other for names in Names.ALL if name in names.values() for other in names.values() if other != name]


def find_term(catalogue: Catalogue, kind: Kind, name: str) -> Term | None:
    """The term of a name, in either spelling; its own goes first."""
    found = (catalogue.named(kind, spelling) for spelling in (name, *aliases(name)))
    return next((term for term in found if term is not None), None)


def find_lifecycle(catalogue: Catalogue, name: str) -> Lifecycle | None:
    """The lifecycle of a name, in either spelling."""
    found = (catalogue.lifecycle_named(spelling) for spelling in (name, *aliases(name)))
    return next((each for each in found if each is not None), None)


def find_state(lifecycle: Lifecycle, name: str) -> State | None:
    """The state of a name in a lifecycle, in either spelling."""
    found = (lifecycle.named(spelling) for spelling in (name, *aliases(name)))
    return next((state for state in found if state is not None), None)


def render_lifecycle(catalogue: Catalogue) -> Lifecycle | None:
    """The lifecycle of render tasks."""
    return find_lifecycle(catalogue, own_name(catalogue, Names.LIFECYCLE))


def render_type(catalogue: Catalogue) -> Term | None:
    """The object type of render tasks."""
    return find_term(catalogue, Kind.OBJECT_TYPE, own_name(catalogue, Names.OBJECT_TYPE))


def find_format(catalogue: Catalogue, name: str) -> Term | None:
    """The format of a name, with or without the prefix ``format.`` that Cinnamon 3 gives them."""
    found = (catalogue.named(Kind.FORMAT, each) for each in (name, name.removeprefix("format."), f"format.{name}"))
    return next((term for term in found if term is not None), None)
