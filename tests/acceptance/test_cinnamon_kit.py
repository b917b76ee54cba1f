"""The kit for plug-ins, ``rendermill.sdk.cinnamon``, at a farm."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rendermill.farm.model.errors import CinnamonError
from rendermill.sdk.cinnamon import Cinnamon
from rendermill.sdk.cinnamon import client as client_module
from support.cinnamon_farm import OTHER, OWNER, SEED, SERVICE, TYPES, Farm, cinnamon_farm, messages, state, task


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    base = tmp_path_factory.mktemp("kit")
    with cinnamon_farm(base / "farm", base / "home") as made:
        yield made


@pytest.fixture
def anna(farm: Farm) -> Iterator[Cinnamon]:
    with farm.connect() as client:
        yield client


def test_a_session_that_the_server_has_ended_is_begun_anew(farm: Farm, anna: Cinnamon, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"a picture")
    object_id = anna.create("a", 0)
    calls: tuple[Callable[[], None], ...] = (
        lambda: anna.lock(object_id),
        lambda: anna.set_content(object_id, tmp_path / "a.png", "png"),
        lambda: anna.get_content(object_id, tmp_path / "b.png"),
    )
    for call in calls:
        before = anna.ticket
        with Cinnamon.with_ticket(farm.url, before):
            """It disconnects at its end."""
        call()
        assert anna.ticket != before
    assert (tmp_path / "b.png").read_bytes() == b"a picture"


def test_a_ticket_alone_cannot_begin_a_session(farm: Farm, anna: Cinnamon) -> None:
    anna.connect()
    with Cinnamon.with_ticket(farm.url, anna.ticket) as other:
        other.disconnect()
        with pytest.raises(CinnamonError) as caught:
            other.get_object(1)
    assert caught.value.key == "error.session.expired"


def test_a_wrong_password_is_said(farm: Farm) -> None:
    with Cinnamon(farm.url, SEED, OWNER, "wrong") as client, pytest.raises(CinnamonError) as caught:
        client.connect()
    assert caught.value.key == "error.wrong.password"


def test_a_fork_is_another_session_of_the_same_user(anna: Cinnamon) -> None:
    object_id = anna.create("forked", 0)
    with anna.fork() as fork:
        assert fork.ticket != anna.ticket
        fork.lock(object_id)
    locker = anna.get_object(object_id).locked_by
    assert locker is not None
    assert locker.name == OWNER


def test_sudo_gives_the_rights_of_another(farm: Farm, anna: Cinnamon) -> None:
    owner = anna.get_object(anna.create("whose", 0)).owner
    with farm.connect(SERVICE) as service, service.sudo(owner.id) as as_anna:
        assert service.get_object(as_anna.create("hers", 0)).owner == owner
    with farm.connect(OTHER) as other, pytest.raises(CinnamonError) as caught:
        other.sudo(owner.id)
    assert caught.value.key == "error.sudo.forbidden"


def test_large_contents_come_back_as_they_went(anna: Cinnamon, tmp_path: Path) -> None:
    content = os.urandom(3_000_001)
    source = tmp_path / 'a "b" ü.blend'
    source.write_bytes(content)
    object_id = anna.create("large", 0, file=source, file_format="blend")
    found = anna.get_object(object_id)
    assert (found.content_size, found.file_name) == (len(content), "large.blend")
    anna.get_content(object_id, tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == content
    with anna.locked(object_id):
        anna.set_content(object_id, tmp_path / "got", "png")
    assert anna.get_object(object_id).file_name == "large.png"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([source.name, "got"])


def test_metadata_is_set_and_read(anna: Cinnamon) -> None:
    object_id = anna.create("meta", 0, metadata='<meta><metaset type="test"><a>ü&amp;</a></metaset></meta>')
    assert anna.get_meta(object_id).findtext("metaset[@type='test']/a") == "ü&"
    with anna.locked(object_id):
        anna.set_metaset(object_id, "log", "<metaset><b>2</b></metaset>")
        assert anna.get_metaset(object_id, "log").findtext("b") == "2"
        anna.set_meta(object_id, '<meta><metaset type="log"><b>3</b></metaset></meta>')
    assert [each.get("type") for each in anna.get_meta(object_id)] == ["log"]
    assert len(anna.get_metaset(object_id, "test")) == 0


def test_a_lock_that_was_held_before_is_held_afterwards(anna: Cinnamon) -> None:
    object_id = anna.create("locked", 0)
    with anna.locked(object_id):
        with anna.locked(object_id):
            pass
        assert anna.get_object(object_id).locked_by is not None
    assert anna.get_object(object_id).locked_by is None


def test_somebody_else_s_lock_is_not_taken(farm: Farm, anna: Cinnamon) -> None:
    object_id = anna.create("theirs", 0)
    with farm.connect(SERVICE) as service, service.locked(object_id):
        with pytest.raises(CinnamonError, match="already locked"), anna.locked(object_id):
            pass
        assert anna.get_object(object_id).locked_by is not None


def test_folders_are_found_and_made(anna: Cinnamon) -> None:
    owner = anna.get_object(anna.create("whose", 0)).owner
    made = anna.create_folder("shots", anna.get_folder_by_path("/").id, owner.id)
    assert anna.get_folder_by_path("/shots") == made
    deeper = anna.get_folder_by_path("/shots/a/b", make=True)
    assert anna.get_folder_by_path("/shots/a").id == deeper.parent_id
    with pytest.raises(CinnamonError, match=r"error\.path\.invalid"):
        anna.get_folder_by_path("/shots/none")


def test_a_search_gives_all_pages(anna: Cinnamon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_PAGE", 2)
    tasks = [task(anna, "searched") for _ in range(5)]
    query = f'<BooleanQuery><Clause occurs="must">{term("objectTypeName", TYPES[SEED])}</Clause>'
    query += f'<Clause occurs="must">{term("name", "searched")}</Clause></BooleanQuery>'
    assert [each.id for each in anna.search_objects(query)] == tasks
    assert list(anna.search_objects(term("name", "nothing"))) == []
    with pytest.raises(CinnamonError) as caught:
        list(anna.search_objects("<BooleanQuery>"))
    assert caught.value.key == "error.parsing.lucene.query"


def term(field: str, text: str) -> str:
    return f'<TermQuery fieldName="{field}">{text}</TermQuery>'


@pytest.mark.parametrize("is_rendermill", [None, False])
def test_messages_are_added_in_either_way(anna: Cinnamon, is_rendermill: bool | None) -> None:
    task_id = task(anna, "told")
    anna._is_rendermill = is_rendermill
    anna.append_message(task_id, "one & <only> \x07", "warning")
    anna.append_message(task_id, "two")
    assert messages(anna, task_id) == ["warning: one & <only> \N{REPLACEMENT CHARACTER}", "info: two"]
    assert anna.get_object(task_id).locked_by is None


def test_of_two_who_expect_the_same_state_one_changes_it(anna: Cinnamon) -> None:
    task_id = task(anna, "expected")
    lifecycle = anna.get_lifecycle(name="_RenderTaskLC")
    assert lifecycle.default is not None
    with anna.locked(task_id):
        anna.change_state(task_id, name="rendering", expected=lifecycle.default.id)
        with pytest.raises(CinnamonError) as caught:
            anna.change_state(task_id, name="rendering", expected=lifecycle.default.id)
        assert caught.value.key == "error.wrong.state"
        assert state(anna, task_id) == "rendering"
        anna.attach_lifecycle(task_id, lifecycle.id)
    assert state(anna, task_id) == "new"


def test_other_fields_and_relations_can_be_set(anna: Cinnamon) -> None:
    left, right = (anna.create(name, 0, object_type="image") for name in ("left", "right"))
    with anna.locked(left):
        anna.set_sysmeta(left, "objtype", "_rendition")
    assert anna.get_object(left).type_name == "_rendition"
    relation = anna.create_relation("render_output", left, right)
    assert anna.create_relation("render_output", left, right) == relation
    anna.delete(right)
    with pytest.raises(CinnamonError) as caught:
        anna.get_object(right)
    assert caught.value.key == "error.object.not.found"
