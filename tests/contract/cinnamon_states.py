"""Cases of lifecycles: how objects get into states, and which."""

from __future__ import annotations

import pytest

from contract.cinnamon_words import ALL_OF_OBJECTS, Stage, acl, lifecycle, locked, state_id
from rendermill.store.cinnamon.seed import Names
from support.cinnamon import CinnamonClient

_CONFIG = "<config />"
_UNKNOWN = 10**9


class Lifecycles:
    """Finding them, and setting them up."""

    async def test_a_lifecycle_is_found_by_id_and_by_name(self, stage: Stage) -> None:
        anna = await stage.connect()
        by_name = await anna.send("getlifecycle", name=stage.name(Names.LIFECYCLE))
        by_id = await anna.send("getlifecycle", id=by_name.findtext("lifecycle/id"), name="no such")
        assert by_id.findtext("lifecycle/sysName") == stage.name(Names.LIFECYCLE), "the id wins"
        assert await anna.refused("getlifecycle", name="no such") == "error.lifecycle.missing"
        assert await anna.refused("getlifecycle", name=stage.name(Names.LIFECYCLE).upper()) == "error.lifecycle.missing"
        assert await anna.refused("getlifecycle", id=_UNKNOWN) == "error.lifecycle.missing"
        assert await anna.refused("getlifecycle") == "error.param.lc.missing"
        assert await anna.refused("getlifecycle", id="x") == "error.get.lifecycle_id"
        assert await anna.refused("getlifecyclestate", id="x") == "error.param.lcs.id"
        assert await anna.refused("getlifecyclestate", id=_UNKNOWN) == "error.object.not.found"

    async def test_an_object_is_attached_in_the_default_state_or_in_a_given_one(self, stage: Stage) -> None:
        admin = await stage.connect(superuser=True)
        shown = await lifecycle(admin, ("a", "NopState", _CONFIG), ("b", "x.y.NopState", _CONFIG), default="b")
        number, made = shown.findtext("id"), await locked(admin, await admin.create())
        assert await admin.text("attachlifecycle", id=made, lifecycle_id=number) == "success.attach_lifecycle"
        assert await admin.state(made) == "b"
        given = state_id(shown, "a")
        await admin.send("attachlifecycle", id=made, lifecycle_id=number, lifecycle_state_id=given)
        assert await admin.state(made) == "a"
        without = (await lifecycle(admin, ("c", "NopState", _CONFIG))).findtext("id")
        refused = await admin.refused("attachlifecycle", id=made, lifecycle_id=without)
        assert refused == "error.undefined.lifecycle_state"
        for wrong in ("x", _UNKNOWN):
            assert await admin.refused("attachlifecycle", id=made, lifecycle_id=wrong) == "error.param.lifecycle_id"
        assert await admin.refused("attachlifecycle", id=_UNKNOWN, lifecycle_id=number) == "error.object.not.found"
        assert await admin.state(made) == "a"

    async def test_a_state_whose_class_refuses_is_not_entered(self, stage: Stage) -> None:
        admin = await stage.connect(superuser=True)
        shown = await lifecycle(admin, ("a", "NopState", _CONFIG), ("b", "FailState", _CONFIG), default="a")
        made = await self._in(admin, shown.findtext("id"))
        assert await admin.refused("changestate", id=made, state_name="b") == "error.enter.lifecycle"
        wrong = {"lifecycle_id": shown.findtext("id"), "lifecycle_state_id": state_id(shown, "b")}
        assert await admin.refused("attachlifecycle", id=made, **wrong) == "error.enter.lifecycle"
        assert await admin.state(made) == "a"

    async def _in(self, client: CinnamonClient, lifecycle_id: str | None) -> int:
        made = await locked(client, await client.create())
        await client.send("attachlifecycle", id=made, lifecycle_id=lifecycle_id)
        return made

    async def test_the_next_states_are_those_that_may_be_entered(self, stage: Stage) -> None:
        admin = await stage.connect(superuser=True)
        states = [("authoring", "AuthoringState"), ("review", "ReviewState"), ("published", "PublishedState")]
        shown = await lifecycle(admin, *((*each, _CONFIG) for each in states), default="authoring")
        made = await self._in(admin, shown.findtext("id"))
        for state, following in (("review", {"authoring", "published"}), ("published", set())):
            await admin.send("changestate", id=made, state_name=state)
            answer = await admin.send("getnextstates", id=made)
            assert answer.tag == "lifecycle-states"
            assert {each.text for each in answer.iterfind("lifecycleState/sysName")} == following
        assert await admin.refused("getnextstates", id=await admin.create()) == "error.no_lifecycle_set"


class Moves:
    """Changing states."""

    async def test_a_state_is_changed_by_name_or_by_id(self, stage: Stage) -> None:
        anna = await stage.connect()
        task = await locked(anna, await anna.task())
        shown = (await anna.send("getlifecycle", name=stage.name(Names.LIFECYCLE)))[0]
        name, number = stage.name(Names.RENDERING), state_id(shown, stage.name(Names.FINISHED))
        assert await anna.text("changestate", id=task, state_name=name) == "success.change_lifecycle"
        assert await anna.state(task) == name
        assert await anna.text("changestate", id=task, lifecycle_state_id=number) == "success.change_lifecycle"
        assert await anna.state(task) == stage.name(Names.FINISHED)

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"state_name": "no such"}, "error.param.state_name"),
            ({"lifecycle_state_id": "x"}, "error.param.lifecycle_state_id"),
            ({"lifecycle_state_id": str(_UNKNOWN)}, "error.param.lifecycle_state_id"),
            ({}, "error.param.lifecycle_state_id"),
            ({"id": str(_UNKNOWN), "state_name": "failed"}, "error.object.not.found"),
            ({"id": "x", "state_name": "failed"}, "error.param.id"),
        ],
    )
    async def test_a_change_that_cannot_be_is_refused_and_changes_nothing(
        self, stage: Stage, fields: dict[str, str], code: str
    ) -> None:
        anna = await stage.connect()
        task = await locked(anna, await anna.task())
        assert await anna.refused("changestate", **{"id": task, **fields}) == code
        assert await anna.state(task) == stage.name(Names.NEW)

    async def test_whoever_may_not_write_an_objects_fields_does_not_move_it(self, stage: Stage) -> None:
        admin, anna = await stage.connect(superuser=True), await stage.connect()
        task = await admin.task(acl_id=await acl(admin, {"_everyone": ("_browse", "_lock")}))
        await locked(anna, task)
        refused = await anna.refused("changestate", id=task, state_name=stage.name(Names.FAILED))
        assert refused == "error.missing.permission._write_object_sysmeta"

    async def test_what_is_detached_is_in_no_state(self, stage: Stage) -> None:
        anna = await stage.connect()
        task = await locked(anna, await anna.task())
        assert await anna.text("detachlifecycle", id=task) == "success.detach_lifecycle"
        assert await anna.text("getobject", "object/lifeCycleState", id=task) == ""
        assert await anna.refused("detachlifecycle", id=task) == "error.no_lifecycle_set"
        assert await anna.refused("changestate", id=task, state_name="new") == "error.param.state_name"

    async def test_a_state_may_give_an_object_another_acl_which_counts_from_then_on(self, stage: Stage) -> None:
        admin, anna = await stage.connect(superuser=True), await stage.connect()
        open_acl, closed_name = await acl(admin, {"_everyone": ALL_OF_OBJECTS}), f"closed{admin.user_id}"
        closed = await acl(admin, {"_everyone": ("_browse",)}, closed_name)
        config = f"<config><aclName>{closed_name}</aclName></config>"
        shown = await lifecycle(admin, ("a", "NopState", _CONFIG), ("b", "ChangeAclState", config), default="a")
        made = await locked(anna, await admin.create(acl_id=open_acl))
        await anna.send("attachlifecycle", id=made, lifecycle_id=shown.findtext("id"))
        await anna.send("changestate", id=made, state_name="b")
        assert await anna.text("getobject", "object/aclId", id=made) == str(closed)
        refused = await anna.refused("changestate", id=made, state_name="a")
        assert refused == "error.missing.permission._write_object_sysmeta"

    async def test_a_copy_and_a_version_of_a_finished_task_begin_anew(self, stage: Stage) -> None:
        anna = await stage.connect()
        task = await locked(anna, await anna.task())
        await anna.send("changestate", id=task, state_name=stage.name(Names.FINISHED))
        await anna.send("unlock", id=task)
        root = await anna.text("getfolder", "folder/id", id=0)
        copied = await anna.text("copy", sourceid=task, targetfolderid=root)
        versioned = await anna.text("version", preid=task)
        assert [await anna.state(int(each)) for each in (copied, versioned)] == [stage.name(Names.NEW)] * 2
        assert await anna.text("getobject", "object/name", id=copied) == "Copy_RenderTask"
        assert await anna.text("getobject", "object/version", id=versioned) == "2"
        assert await anna.state(task) == stage.name(Names.FINISHED)
