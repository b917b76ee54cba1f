"""What an administrator sets up of Cinnamon repositories, one by one and by a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from rendermill.farm.model.errors import (
    AlreadyExistsError,
    BadInputError,
    NotFoundError,
    RendermillError,
    WrongStateError,
)
from rendermill.store.accounts import Accounts
from rendermill.store.cinnamon.admin import administration
from rendermill.store.cinnamon.catalogue import Catalogue, Catalogues, repository_named
from rendermill.store.cinnamon.metasets import add_metasets
from rendermill.store.cinnamon.people import person_named
from rendermill.store.cinnamon.records import Holder, Kind, Program
from rendermill.store.cinnamon.seed import PERMISSIONS
from rendermill.store.database import migrate, sqlite_engine

WHOLE = """
[repository.show]
profile = "classic"
categories = ["production", "night"]
session_seconds = 600
serves = ["blender", "thumbnail"]
metaset_types = ["notes", "render_input"]
object_types = ["shot"]

[repository.show.formats.psd]
extension = "psd"
contenttype = "image/vnd.adobe.photoshop"

[repository.show.groups.artists]
parent = "studio"
members = ["anna"]

[repository.show.groups.studio]

[repository.show.acls.review]
studio = ["_browse", "_browse_folder"]
_owner = ["_lock"]

[repository.show.programs.thumbnail]
command = ["/opt/thumbnail", "__id__", "a b"]
timeout = 60

[user.robot]
sudoer = true

[user.anna]
sudoable = true
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = sqlite_engine(tmp_path / "farm.db")
    migrate(made)
    accounts = Accounts(made, tmp_path / "secret.key")
    for name in ("anna", "bert", "robot"):
        accounts.create_user(name, "correct horse")
    yield made
    made.dispose()


def seen(engine: Engine, name: str) -> Catalogue:
    """A repository as a server sees it."""
    with engine.connect() as connection, connection.begin():
        found = repository_named(connection, name)
        assert found is not None
        known = Catalogues().of(connection, found.id)
        assert known is not None
        return known


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    path = tmp_path / "cinnamon.toml"
    path.write_text(WHOLE)
    return path


# --- one by one --------------------------------------------------------------------------------------------------


def test_every_farm_has_a_repository_whatever_is_made_first(engine: Engine) -> None:
    with administration(engine) as repositories:
        repositories.create("demo", profile="classic")
    with administration(engine) as repositories:
        assert [(each.name, each.profile) for each in repositories.all()] == [("demo", "classic"), ("farm", "seed")]


def test_the_farm_s_own_repository_can_be_made_otherwise_as_long_as_it_is_not_there(engine: Engine) -> None:
    with administration(engine) as repositories:
        assert repositories.create("farm", profile="classic").profile == "classic"
    with administration(engine) as repositories, pytest.raises(AlreadyExistsError):
        repositories.create("farm")


def test_a_repository_has_what_it_was_made_with(engine: Engine) -> None:
    with administration(engine) as repositories:
        made = repositories.create("demo", categories=["a", "b"], session_seconds=30)
    assert (made.categories, made.session_seconds, made.serves) == (("a", "b"), 30, None)


@pytest.mark.parametrize("name", ["", "a@b", "a/b", "-a", "ä", "a" * 28, "a b", "."])
def test_a_name_that_tickets_could_not_hold_is_refused(engine: Engine, name: str) -> None:
    with administration(engine) as repositories, pytest.raises(BadInputError):
        repositories.create(name)


def test_settings_change_one_at_a_time(engine: Engine) -> None:
    with administration(engine) as repositories:
        repositories.change("farm", categories=["a"])
        repositories.change("farm", session_seconds=5)
        changed = repositories.change("farm", serves=["blender"])
    assert (changed.categories, changed.session_seconds, changed.serves) == (("a",), 5, ("blender",))
    with administration(engine) as repositories:
        assert repositories.change("farm", serves=[]).serves == ()
        assert repositories.change("farm", serves="all").serves is None


def test_programs_come_and_go(engine: Engine) -> None:
    with administration(engine) as repositories:
        repositories.set_program("farm", "foo", ["/bin/foo", "__id__"], 5)
        repositories.set_program("farm", "bar", ["/bin/bar"])
        repositories.remove_program("farm", "bar")
    assert seen(engine, "farm").repository.programs == {"foo": Program(("/bin/foo", "__id__"), 5)}


def test_types_of_metasets_come_and_go(engine: Engine) -> None:
    with administration(engine) as repositories:
        repositories.add_metaset_type("farm", "notes")
        assert repositories.metaset_types("farm")[-1] == "notes"
        with pytest.raises(AlreadyExistsError):
            repositories.add_metaset_type("farm", "notes")
        repositories.remove_metaset_type("farm", "notes")
        assert "notes" not in repositories.metaset_types("farm")


def test_a_type_of_metasets_that_is_needed_stays(engine: Engine) -> None:
    with administration(engine) as repositories, pytest.raises(WrongStateError):
        repositories.remove_metaset_type("farm", "render_input")
    notes = seen(engine, "farm").id_of(Kind.METASET_TYPE, "log")
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        add_metasets(connection, Holder.OBJECT, 1, {notes: "<a/>"})
    with administration(engine) as repositories, pytest.raises(WrongStateError):
        repositories.remove_metaset_type("farm", "log")


def test_rights_of_sudo_are_given_one_at_a_time(engine: Engine) -> None:
    with administration(engine) as repositories:
        repositories.set_rights("anna", sudoer=True)
        repositories.set_rights("anna", sudoable=True)
        repositories.set_rights("anna", sudoer=False)
        told = repositories.set_rights("anna")
    assert (told.sudoer, told.sudoable) == (False, True)
    with engine.connect() as connection:
        assert person_named(connection, "anna") == told


MISTAKES: dict[str, tuple[Any, type[RendermillError]]] = {
    "no such repository": (lambda r: r.find("nowhere"), NotFoundError),
    "no such repository to change": (lambda r: r.change("nowhere"), NotFoundError),
    "no such profile": (lambda r: r.create("x", profile="modern"), BadInputError),
    "no time at all": (lambda r: r.change("farm", session_seconds=0), BadInputError),
    "no end of time": (lambda r: r.change("farm", session_seconds=float("inf")), BadInputError),
    "a category without a name": (lambda r: r.change("farm", categories=[""]), BadInputError),
    "a task with a line break": (lambda r: r.change("farm", serves=["a\nb"]), BadInputError),
    "no command": (lambda r: r.set_program("farm", "foo", []), BadInputError),
    "an empty program": (lambda r: r.set_program("farm", "foo", [""]), BadInputError),
    "a program with a NUL": (lambda r: r.set_program("farm", "foo", ["a\0"]), BadInputError),
    "a program without a name": (lambda r: r.set_program("farm", " ", ["a"]), BadInputError),
    "a timeout of nothing": (lambda r: r.set_program("farm", "foo", ["a"], 0), BadInputError),
    "no such program": (lambda r: r.remove_program("farm", "foo"), NotFoundError),
    "no such metaset type": (lambda r: r.remove_metaset_type("farm", "foo"), NotFoundError),
    "no such user": (lambda r: r.set_rights("nobody", sudoer=True), NotFoundError),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_and_undoes_what_came_before(engine: Engine, mistake: str) -> None:
    make, error = MISTAKES[mistake]
    with administration(engine) as repositories:
        repositories.all()
    before = seen(engine, "farm").repository.revision
    with pytest.raises(error), administration(engine) as repositories:
        repositories.add_metaset_type("farm", "came before")
        make(repositories)
    assert seen(engine, "farm").repository.revision == before


# --- by a file ---------------------------------------------------------------------------------------------------


def test_everything_becomes_as_the_file_says(engine: Engine, whole: Path) -> None:
    with administration(engine) as repositories:
        assert [each.name for each in repositories.apply(whole)] == ["show"]
    known = seen(engine, "show")
    made = known.repository
    assert (made.profile, made.categories, made.session_seconds) == ("classic", ("production", "night"), 600)
    assert made.serves == ("blender", "thumbnail")
    assert made.programs == {"thumbnail": Program(("/opt/thumbnail", "__id__", "a b"), 60)}
    assert known.named(Kind.METASET_TYPE, "notes")
    assert known.named(Kind.OBJECT_TYPE, "shot")
    psd = known.named(Kind.FORMAT, "psd")
    assert psd is not None
    assert psd.details == {"extension": "psd", "contenttype": "image/vnd.adobe.photoshop"}
    studio, artists = (known.id_of(Kind.GROUP, name) for name in ("studio", "artists"))
    granted = {entry.group_id: entry.permissions for entry in known.entries_of(known.id_of(Kind.ACL, "review"))}
    assert granted == {studio: {"_browse", "_browse_folder"}, known.id_of(Kind.GROUP, "_owner"): {"_lock"}}
    with engine.connect() as connection:
        anna, robot = (person_named(connection, name) for name in ("anna", "robot"))
    assert anna is not None
    assert robot is not None
    assert (anna.sudoer, anna.sudoable, robot.sudoer, robot.sudoable) == (False, True, True, False)
    assert known.groups_of(anna.id) == {artists, studio}


def test_applying_a_file_again_changes_nothing(engine: Engine, whole: Path) -> None:
    revisions = []
    for _ in range(2):
        with administration(engine) as repositories:
            repositories.apply(whole)
        revisions.append(seen(engine, "show").repository.revision)
    assert revisions[0] == revisions[1]


def test_what_a_file_does_not_name_stays_as_it_is(engine: Engine, whole: Path, tmp_path: Path) -> None:
    with administration(engine) as repositories:
        repositories.apply(whole)
    other = tmp_path / "other.toml"
    other.write_text(
        """
        [repository.show]
        serves = "all"
        [repository.show.groups.artists]
        members = ["bert"]
        [repository.show.acls.review]
        studio = []
        [repository.show.formats.psd]
        extension = "psb"
        contenttype = "image/x-psb"
        """
    )
    with administration(engine) as repositories:
        repositories.apply(other)
    known = seen(engine, "show")
    assert known.repository.serves is None
    assert known.repository.categories == ("production", "night")
    assert list(known.repository.programs) == ["thumbnail"]
    with engine.connect() as connection:
        bert = person_named(connection, "bert")
    assert bert is not None
    artists = known.id_of(Kind.GROUP, "artists")
    assert known.members[artists] == {bert.id}, "members are those and no others"
    assert known.terms[artists].details["parent"] == known.id_of(Kind.GROUP, "studio")
    granted = {known.terms[each.group_id].name: each.permissions for each in known.entries.values()}
    assert granted["studio"] == frozenset()
    assert granted["_owner"] <= frozenset(PERMISSIONS)
    psd = known.named(Kind.FORMAT, "psd")
    assert psd is not None
    assert psd.details["extension"] == "psb"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[repository.farm]\ncolour = 'red'", "repository.farm.colour"),
        ("[repositories.farm]", "repositories"),
        ("[user.anna]\nsuperuser = true", "user.anna.superuser"),
        ("[repository.farm]\nprofile = 'modern'", "repository.farm.profile"),
        ("[repository.farm]\nsession_seconds = 0", "repository.farm.session_seconds"),
        ("[repository.farm]\nsession_seconds = inf", "repository.farm.session_seconds"),
        ("[repository.farm]\nserves = 'blender'", "repository.farm.serves"),
        ("[repository.farm]\nmetaset_types = ['']", "repository.farm.metaset_types.0"),
        ("[repository.farm.formats.x]\nextension = '../a'\ncontenttype = 'a/b'", "repository.farm.formats.x.extension"),
        ("[repository.farm.formats.x]\nextension = 'a'\ncontenttype = 'a'", "repository.farm.formats.x.contenttype"),
        ("[repository.farm.programs.foo]\ncommand = []", "repository.farm.programs.foo.command"),
        ("[repository.farm.programs.foo]\ncommand = 'foo __id__'", "repository.farm.programs.foo.command"),
        ("[repository.farm.programs.foo]\ntimeout = 5", "repository.farm.programs.foo.command"),
        ("[repository.farm.acls.a]\n_users = ['fly']", "repository.farm.acls.a._users"),
        ("[repository.farm.acls.a]\nnobody = ['_browse']", "repository.farm.acls.a.nobody"),
        ("[repository.farm.groups.a]\nmembers = ['nobody']", "repository.farm.groups.a"),
        ("[repository.farm.groups.a]\nparent = 'nothing'", "repository.farm.groups.a"),
        ("[repository.farm.groups.a]\nparent = '_owner'", "repository.farm.groups.a"),
        ("[repository.farm.groups._everyone]\nmembers = ['anna']", "repository.farm.groups._everyone"),
        ("[repository.'a b']", "NAME"),
        ("[repository.farm]\nprofile = 'classic'", "repository.farm.profile"),
        ("[user.nobody]\nsudoer = true", "nobody"),
        ("[repository", "cinnamon.toml"),
    ],
)
def test_a_wrong_file_names_the_key_and_changes_nothing(engine: Engine, tmp_path: Path, text: str, where: str) -> None:
    with administration(engine) as repositories:
        repositories.all()
    before = seen(engine, "farm").repository.revision
    path = tmp_path / "cinnamon.toml"
    before_it = "" if "user.anna" in text else "[user.anna]\nsudoer = true\n"
    path.write_text(before_it + text)
    with pytest.raises(RendermillError) as told, administration(engine) as repositories:
        repositories.apply(path)
    assert where in str(told.value)
    assert seen(engine, "farm").repository.revision == before
    with engine.connect() as connection:
        anna = person_named(connection, "anna")
    assert anna is not None
    assert not anna.sudoer, "not even what came before the mistake"


def test_a_file_that_is_not_there_or_no_text_is_named(engine: Engine, tmp_path: Path) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    for path in (tmp_path / "missing.toml", binary):
        with administration(engine) as repositories, pytest.raises(BadInputError, match=r"cannot be read") as told:
            repositories.apply(path)
        assert told.value.where == str(path)
