"""``rendermill cinnamon``: repositories set up from the command line, also under a running server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from lxml import etree

from support.command import Result, Server, run, serving

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("administration")
    (base / "farm").mkdir()
    (base / "farm/cinnamon.toml").write_text("[repository.declared]\nmetaset_types = ['notes']\n")
    with serving(base / "farm", base / "home", "--no-spare") as made:
        created = made.run("user", "create", "anna", "--password-stdin", "--data", made.data, stdin=PASSWORD)
        assert created.code == 0, created
        yield made


def cinnamon(server: Server, *words: object) -> Result:
    """Run a command on the server's data."""
    own = list(words)
    dashes = own.index("--") if "--" in own else len(own)
    return server.run("cinnamon", *own[:dashes], "--data", server.data, *own[dashes:])


def send(server: Server, command: str, **fields: Any) -> etree._Element:
    """Send a command to the running server."""
    body = {"command": command, **fields}
    answer = urllib3.request("POST", f"{server.url}/cinnamon/cinnamon", fields=body)
    return etree.fromstring(answer.data)


def connected(server: Server, repository: str) -> str:
    """A ticket of Anna's."""
    login = {"repository": repository, "user": "anna", "pwd": PASSWORD, "machine": "test"}
    ticket = send(server, "connect", **login).findtext("ticket")
    assert ticket
    return ticket


def test_what_a_file_in_the_data_folder_declares_is_there_when_the_server_is_ready(server: Server) -> None:
    ticket = connected(server, "declared")
    assert send(server, "listmetasettypes", ticket=ticket).find("metasetType[name='notes']") is not None


def test_a_running_server_sees_at_once_what_is_set_up(server: Server) -> None:
    made = cinnamon(server, "repository", "create", "demo", "--category", "day", "--session-seconds", "60", "--json")
    assert made.code == 0, made
    assert {key: made.json[key] for key in ("name", "profile", "categories", "session_seconds", "serves")} == {
        "name": "demo",
        "profile": "seed",
        "categories": ["day"],
        "session_seconds": 60.0,
        "serves": None,
    }
    ticket = connected(server, "demo")
    for words in (("create", "notes"), ("remove", "notes")):
        assert cinnamon(server, "metaset-type", *words, "--repository", "demo").code == 0
        there = send(server, "listmetasettypes", ticket=ticket).find("metasetType[name='notes']") is not None
        assert there == (words[0] == "create")
    listed = urllib3.request("GET", f"{server.url}/cinnamon/cinnamon")
    assert etree.fromstring(listed.data).findtext("repository[name='demo']/categories/category") == "day"


def test_rights_of_sudo_are_seen_by_the_running_server(server: Server) -> None:
    ticket = connected(server, "farm")
    told = cinnamon(server, "sudo", "anna", "--sudoer", "--sudoable", "--json")
    assert told.json == {"name": "anna", "sudoer": True, "sudoable": True}
    shown = send(server, "getuserbyname", ticket=ticket, name="anna")
    assert shown.findtext("user/sudoer") == "true"
    number = shown.findtext("user/id")
    assert send(server, "sudo", ticket=ticket, user_id=number).tag == "sudoTicket"
    assert cinnamon(server, "sudo", "anna", "--no-sudoable").out == "anna: sudoer\n"
    refused = send(server, "sudo", ticket=ticket, user_id=number)
    assert refused.findtext("code") == "error.sudo.misuse"


def test_programs_are_given_with_their_arguments(server: Server) -> None:
    command = ["/bin/echo", "__id__", "--flag", "a b"]
    assert cinnamon(server, "program", "set", "foo", "--timeout", "5", "--", *command).code == 0
    listed = cinnamon(server, "program", "list", "--json")
    assert listed.json == {"foo": {"command": command, "timeout": 5.0}}
    assert cinnamon(server, "program", "list").out == "foo: /bin/echo __id__ --flag a b (at most 5 s)\n"
    assert cinnamon(server, "program", "remove", "foo").code == 0
    assert cinnamon(server, "program", "list", "--json").json == {}


def test_what_the_farm_works_on_is_a_setting(server: Server) -> None:
    set_to = [("--serves", "blender, encode"), ("--serves-none",), ("--serves-all",)]
    told = [cinnamon(server, "repository", "set", "farm", *words, "--json").json["serves"] for words in set_to]
    assert told == [["blender", "encode"], [], None]
    assert cinnamon(server, "repository", "set", "farm", "--serves-all", "--serves-none").code == 2
    assert "farm (seed; sessions of 3600 s; render tasks: all)" in cinnamon(server, "repository", "list").out


def test_a_file_is_applied_as_a_whole_or_not_at_all(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "more.toml"
    path.write_text("[repository.more]\nobject_types = ['shot']\n\n[repository.farm.groups.a]\nmembers = ['nobody']\n")
    refused = cinnamon(server, "apply", path, "--json")
    assert refused.code == 7, refused
    assert refused.json["error"]["code"] == "not_found"
    names = [each["name"] for each in cinnamon(server, "repository", "list", "--json").json]
    assert "more" not in names
    path.write_text("[repository.more]\nobject_types = ['shot']\n")
    assert [each["name"] for each in cinnamon(server, "apply", path, "--json").json] == ["more"]
    assert send(server, "getobjtypes", ticket=connected(server, "more")).find("objectType[name='shot']") is not None


def test_a_server_with_a_wrong_file_does_not_start_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "farm").mkdir()
    (tmp_path / "farm/cinnamon.toml").write_text("[repository.farm]\ncolour = 'red'\n")
    done = run(tmp_path, "serve", "--data", tmp_path / "farm", "--port", "0", "--no-spare")
    assert done.code == 2, done
    assert "repository.farm.colour: there is no such key" in done.err
    assert "Traceback" not in done.err


def test_a_table_of_the_settings_file_reaches_the_commands_two_levels_down(tmp_path: Path) -> None:
    (tmp_path / "rendermill.toml").write_text(
        f'[cinnamon]\ndata = "{tmp_path}/one"\n[cinnamon.program]\ndata = "{tmp_path}/two"\n'
    )
    for words, folder in ((("repository", "list"), "one"), (("program", "list"), "two")):
        assert run(tmp_path, "cinnamon", *words, cwd=tmp_path).code == 0
        assert (tmp_path / folder / "farm.db").exists()
