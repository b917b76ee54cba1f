"""Cases of sessions: who is let in, how, and until when."""

from __future__ import annotations

from typing import Any

import pytest

from contract.cinnamon_words import Stage, fresh
from support.cinnamon import PASSWORD

_GONE = "error.session.not_found"


class Sessions:
    """Tickets, and what they open."""

    async def test_a_right_password_opens_a_session(self, stage: Stage) -> None:
        anna = await stage.connect()
        uuid, _, repository = anna.ticket.partition("@")
        assert (len(uuid), repository) == (36, stage.repository)
        assert len(anna.ticket) < 65
        assert await anna.send("listlifecycles") is not None

    @pytest.mark.parametrize(
        ("spoilt", "code"),
        [
            ({"pwd": "wrong"}, "error.wrong.password"),
            ({"user": "nobody-at-all"}, "error.user_not_found"),
            ({"repository": "elsewhere"}, "error.unknown.repository"),
            ({"user": ""}, "Request parameter user is not set."),
            ({"pwd": None}, "Request parameter pwd is not set."),
        ],
    )
    async def test_whoever_is_not_known_gets_the_error_that_says_why(
        self, stage: Stage, spoilt: dict[str, Any], code: str
    ) -> None:
        name = fresh("user")
        await stage.connect(name)
        fields = {"repository": stage.repository, "user": name, "pwd": PASSWORD, "machine": "test", **spoilt}
        answer = await stage.place.client().raw("connect", **fields)
        assert answer.status == 200
        assert answer.body.startswith(
            b'<?xml version="1.0" encoding="UTF-8"?>\n<error>'
            + f"<message>{code}</message><code>{code}</code><parameters>".encode()
        )
        assert answer.body.endswith(b"</parameters></error>")

    async def test_a_user_who_was_removed_is_refused(self, stage: Stage) -> None:
        admin = await stage.connect(superuser=True)
        name = fresh("user")
        anna = await stage.connect(name)
        await admin.send("deleteuser", user_id=anna.user_id)
        assert await anna.refused("getobject", id=1) in ("error.session.invalid", _GONE)
        given = {"repository": stage.repository, "user": name, "pwd": PASSWORD}
        assert await stage.place.client().refused("connect", **given) == "error.user_not_found"

    async def test_disconnecting_ends_a_session_and_may_be_done_twice(self, stage: Stage) -> None:
        anna = await stage.connect()
        assert await anna.text("disconnect") == "success.disconnect"
        assert await anna.refused("listlifecycles") == _GONE
        assert await anna.text("disconnect") == "success.disconnect"
        bogus = stage.place.client(f"{'0' * 36}@{stage.repository}")
        assert await bogus.text("disconnect") == "success.disconnect"
        assert await stage.place.client().refused("disconnect") == "ticket.unknown"

    @pytest.mark.parametrize(
        "ticket", ["", "x", "0" * 36, "0" * 36 + "@", "0" * 36 + "@elsewhere", "{}@{}", "x" * 300 + "@farm"]
    )
    async def test_a_ticket_that_nobody_was_given_is_not_found(self, stage: Stage, ticket: str) -> None:
        client = stage.place.client(ticket.format("0" * 36, stage.repository))
        answer = await client.raw("getcontent", id=1)
        assert b"<code>error.session.not_found</code>" in answer.body[:1024], "what clients look for, word for word"
        assert answer.body.endswith(b"</error>")

    async def test_a_ticket_opens_its_own_repository_alone(self, stage: Stage) -> None:
        anna = await stage.connect()
        uuid = anna.ticket.partition("@")[0]
        for other in ("farm", "classic"):
            if other != stage.repository:
                assert await stage.place.client(f"{uuid}@{other}").refused("listlifecycles") == _GONE

    async def test_a_forked_ticket_is_another_and_sees_the_same(self, stage: Stage) -> None:
        anna = await stage.connect()
        forked = stage.place.client(await anna.text("forksession", "ticket"))
        assert forked.ticket != anna.ticket
        made = await anna.create("by the first")
        assert await forked.text("getobject", "object/name", id=made) == "by the first"
        await anna.send("disconnect")
        assert await forked.text("getobject", "object/name", id=made) == "by the first"
        assert await anna.refused("forksession") == _GONE

    async def test_a_sudoer_acts_as_a_user_who_lets_them(self, stage: Stage) -> None:
        server, anna = await stage.connect(sudoer=True), await stage.connect(sudoable=True)
        other = await stage.connect()
        acting = stage.place.client(await server.text("sudo", user_id=anna.user_id))
        made = await acting.create("hers")
        assert await anna.text("getsysmeta", id=made, parameter="owner_id") == str(anna.user_id)
        assert await server.refused("sudo") == "error.missing.param.user_id"
        assert await server.refused("sudo", user_id="x") == "error.param.id"
        assert await server.refused("sudo", user_id=10**9) == "error.user.not_found"
        assert await server.refused("sudo", user_id=other.user_id) == "error.sudo.misuse"
        assert await other.refused("sudo", user_id=anna.user_id) == "error.sudo.forbidden"
        assert await acting.refused("sudo", user_id=anna.user_id) == "error.sudo.forbidden", "there is no way back"
