"""Users of the farm, as Cinnamon clients see and change them."""

from __future__ import annotations

from typing import Any

import pytest

from rendermill.store.cinnamon.catalogue import repository_named
from rendermill.store.cinnamon.people import person_named
from support.cinnamon import PASSWORD, CinnamonClient, Studio

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_users_are_found_by_id_and_by_name(anna: CinnamonClient) -> None:
    assert await anna.text("getuser", "user/name", id=anna.user_id) == "anna"
    assert await anna.text("getuserbyname", "user/id", name="anna") == str(anna.user_id)
    for missing in (await anna.send("getuser", id=10**9), await anna.send("getuserbyname", name="nobody")):
        assert missing.tag == "users"
        assert [len(user) for user in missing] == [0]


async def test_a_superuser_of_the_farm_makes_a_user_who_is_in_the_repository_at_once(
    farm: Studio, root: CinnamonClient
) -> None:
    fields: dict[str, Any] = {"name": "newcomer", "pwd": PASSWORD, "fullname": "N. E. W.", "sudoable": "true"}
    number = await root.text("createuser", **fields)
    own = {each.findtext("name") for each in await root.send("getgroupsofuser", id=number)}
    assert own == {"_users", f"_{number}_newcomer"}
    shown = await root.send("getuser", id=number)
    assert (shown.findtext("user/sudoable"), shown.findtext("user/sudoer")) == ("true", "false")
    assert (await farm.connect("newcomer")).user_id == int(number)
    assert await root.refused("createuser", **fields) == "error.param.name"
    assert await root.refused("createuser", name="short", pwd="1234567") == "error.password.too.short"
    assert await root.text("getuserbyname", "user", name="short") == ""


async def test_a_removed_user_s_session_ends_and_what_they_made_stays(farm: Studio, root: CinnamonClient) -> None:
    leaver = await farm.connect("leaver")
    thing = await leaver.create("kept")
    assert await root.text("deleteuser", user_id=leaver.user_id) == "success.delete.user"
    assert await leaver.refused("getobject", id=thing) == "error.session.invalid"
    assert (await root.send("getobject", id=thing)).findtext("object/owner/id") == str(leaver.user_id)
    assert await root.refused("deleteuser", userId=leaver.user_id) == "error.param.user_id"


async def test_nobody_removes_themselves(root: CinnamonClient) -> None:
    assert await root.refused("deleteuser", user_id=root.user_id) == "error.param.user_id"


async def test_a_superuser_of_the_repository_leaves_the_farm_s_users_alone(
    boss: CinnamonClient, anna: CinnamonClient
) -> None:
    for client in (boss, anna):
        assert await client.refused("createuser", name="mine", pwd=PASSWORD) == "error.must_be_admin"
        assert await client.refused("deleteuser", user_id=anna.user_id) == "error.must_be_admin"
    assert await anna.text("getuserbyname", "user", name="mine") == ""
    assert await anna.text("getuser", "user/name", id=anna.user_id) == "anna"


async def test_a_password_is_changed_by_its_owner(farm: Studio) -> None:
    dora = await farm.connect("dora")
    assert await dora.refused("setpassword", password="1234567") == "error.password.too.short"
    assert await dora.text("setpassword", password="another long one") == "success.set.password"
    login = {"repository": "farm", "user": "dora", "machine": "m"}
    assert await farm.client().refused("connect", **login, pwd=PASSWORD) == "error.wrong.password"
    assert await farm.client().text("connect", "ticket", **login, pwd="another long one")


async def lent(farm: Studio, name: str) -> CinnamonClient:
    """The program that works on a render task of a user's."""
    repository, user = await farm.read(lambda c: (repository_named(c, "farm"), person_named(c, name)))
    assert repository is not None
    assert user is not None
    return farm.client(await farm.sessions.lend(repository, user, 1, lifetime=60))


async def test_who_acts_for_a_user_does_not_take_their_account(farm: Studio) -> None:
    deputy, emma = await farm.connect("deputy", sudoer=True), await farm.connect("emma", superuser=True, sudoable=True)
    as_emma = farm.client(await deputy.text("sudo", user_id=emma.user_id))
    forked = farm.client(await as_emma.text("forksession", "ticket"))
    program = await lent(farm, "emma")
    for client in (as_emma, forked, program):
        assert await client.refused("setpassword", password="stolen from emma") == "error.access.denied"
        assert await client.refused("createuser", name="mole", pwd=PASSWORD) == "error.access.denied"
        assert await client.refused("deleteuser", user_id=deputy.user_id) == "error.access.denied"
    assert (await farm.connect("emma")).user_id == emma.user_id, "the password is what it was"


async def test_an_echo_is_what_was_sent(anna: CinnamonClient) -> None:
    answer = await anna.send("echo", xml='<?xml version="1.0" encoding="latin-1"?><a b="ü">x<c/>y</a>', id=7)
    assert (answer.tag, answer.get("b"), answer[0].tail) == ("a", "ü", "y")
