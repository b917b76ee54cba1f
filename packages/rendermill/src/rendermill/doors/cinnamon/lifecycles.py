"""What the classes of lifecycle states do when an object leaves or enters them.

``<nextStates><name>…</name></nextStates>`` in a state's config bounds what may come after it, whatever its class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rendermill.doors.cinnamon.codes import refusal
from rendermill.doors.cinnamon.names import aliases
from rendermill.farm.model.errors import BadInputError
from rendermill.safe_xml import parse_xml
from rendermill.store.cinnamon.catalogue import Catalogue
from rendermill.store.cinnamon.records import Kind, State

_Rule = Callable[[str | None], bool]


@dataclass(frozen=True, slots=True)
class Entered:
    """What an object becomes by entering a state."""

    state_id: int
    acl_id: int | None = None


def class_name(text: str) -> str:
    """The class of a state without the package that it had somewhere."""
    return text.strip().rpartition(".")[2]


def _anything(_from: str | None) -> bool:
    return True


def _nothing(_from: str | None) -> bool:
    return False


#: From which states (by name; None for an object without) a state of a class may be entered.
CLASSES: dict[str, _Rule] = {
    "NopState": _anything,
    "ChangeAclState": _anything,
    "FailState": _nothing,
    "AuthoringState": lambda name: name != "published",
    "ReviewState": lambda name: name == "authoring",
    "PublishedState": lambda name: name == "review",
}


def may_enter(source: State | None, target: State) -> bool:
    """Whether an object in one state (or none) may enter another."""
    rule = CLASSES.get(class_name(target.state_class), _nothing)
    return rule(source.name if source is not None else None) and _is_next(source, target)


def _is_next(source: State | None, target: State) -> bool:
    if source is None or "nextStates" not in source.config:
        return True
    wanted = [name.strip() for name in _texts(source, "nextStates", "name")]
    return not wanted or any(name in wanted for name in (target.name, *aliases(target.name)))


def enter(catalogue: Catalogue, source: State | None, target: State) -> Entered:
    """Let an object enter a state. Raises :class:`CinnamonError`; then it stays what it was."""
    if not may_enter(source, target):
        what = f"an object in {source.name if source else 'no state'!r} may not enter it"
        raise refusal("error.enter.lifecycle", what, where=f"state {target.name}")
    if class_name(target.state_class) != "ChangeAclState":
        return Entered(target.id)
    name = next(iter(_texts(target, "aclName")), "").strip()
    acl = catalogue.named(Kind.ACL, name)
    if acl is None:
        raise refusal("error.acl_not_found", f"the state names the ACL {name!r}", where=f"state {target.name}")
    return Entered(target.id, acl.id)


def _texts(state: State, *path: str) -> list[str]:
    """The texts of some elements of a state's config; none if it is no XML."""
    try:
        root = parse_xml(state.config)
    except BadInputError:
        return []
    return [element.text or "" for element in root.iterfind(f".//{'/'.join(path)}")]
