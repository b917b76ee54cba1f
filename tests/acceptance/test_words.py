"""What commands print and take: names of all kinds, several jobs, logs of several attempts, settings of projects."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import scenes
from support.command import RENDERMILL, Server, run, serving
from support.templates import shell, template


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("words")
    with serving(folder / "farm", folder / "home", "--slots", "1") as started:
        yield started


NAME = "cut [/x] [wip] :smile: \x1b[2J"


def test_a_name_is_shown_as_it_is_and_steers_nothing(server: Server) -> None:
    job_id = server.submit("--paused", "--name", NAME, "--", "/bin/true")
    for words in (["jobs"], ["job", job_id]):
        shown = server.run(*words)
        assert shown.code == 0, shown
        assert "cut [/x] [wip] :smile: �[2J" in shown.out
        assert "\x1b" not in shown.out


def test_every_job_is_asked_for_though_one_refuses(server: Server) -> None:
    done, waiting = server.submit("--paused", "--", "/bin/true"), server.submit("--paused", "--", "/bin/true")
    assert server.run("cancel", done).code == 0
    result = server.run("cancel", done, waiting)
    assert result.code == 8, result
    assert server.job(waiting)["status"] == "canceled"
    assert f"job {waiting}: canceled" in result.out
    assert f"job {done}" in result.err
    both = server.run("retry", done, 4711, "--json")
    assert [each.get("id", each.get("error", {}).get("code")) for each in both.json] == [done, "not_found"]


def test_a_followed_log_goes_on_with_the_next_attempt(server: Server, tmp_path: Path) -> None:
    once = f"[ -e {tmp_path}/flag ] && echo SECOND || {{ touch {tmp_path}/flag; seq 60; exit 1; }}"
    (tmp_path / "template.json").write_text(json.dumps(template(shell(once))))
    job_id = server.submit(tmp_path / "template.json", "--paused")
    environment = {"HOME": str(server.home), "RENDERMILL_SERVER": server.url, "PATH": "/usr/bin:/bin"}
    words = [str(RENDERMILL), "logs", str(job_id), "--follow"]
    with subprocess.Popen(
        words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as follower:
        assert follower.stderr is not None
        assert "paused" in follower.stderr.readline(), "it waits for the job to start"
        assert server.run("resume", job_id).code == 0
        out, _ = follower.communicate(timeout=60)
    assert follower.returncode == 0
    assert "SECOND" in out.splitlines()
    one = server.run("logs", job_id, "--attempt", 1, "--json")
    assert [json.loads(line)["attempt"] for line in one.out.splitlines()] == [1]
    assert "\n60\n" in json.loads(one.out)["text"]


def test_a_project_s_settings_cannot_say_whom_to_trust(server: Server, bpy_python: Path, tmp_path: Path) -> None:
    scene = scenes.build(bpy_python, tmp_path)
    (tmp_path / "rendermill.toml").write_text('server = "http://127.0.0.1:9"\n[submit]\nauto_run = true\nsamples = 3\n')
    environment = {"RENDERMILL_SERVER": server.url}
    result = run(
        server.home, "submit", scene, "--frames", "1", "--paused", "--json", cwd=tmp_path, environment=environment
    )
    assert result.code == 0, result
    assert "auto_run of ./rendermill.toml is not used" in result.err
    assert "server of ./rendermill.toml is not used" in result.err
    program = run(server.home, "submit", "--paused", "--", "/bin/true", cwd=tmp_path, environment=environment)
    assert program.code == 0, "what the file says of scenes is no matter for programs"
    alone = run(server.home, "jobs", cwd=tmp_path)
    assert "127.0.0.1:9" not in alone.err.partition("error")[2]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("asset_references.json", '{"assetReferences": "foo"}', "assetReferences"),
        ("asset_references.json", '{"assetReferences": {"inputs": {"filenames": 5}}}', "filenames"),
        ("parameter_values.json", '{"parameterValues": [{"name": 5, "value": 1}]}', "5"),
    ],
)
def test_bundles_that_are_none(server: Server, tmp_path: Path, name: str, content: str, says: str) -> None:
    (tmp_path / "template.json").write_text(json.dumps(template(shell("true"))))
    (tmp_path / name).write_text(content)
    result = server.run("submit", tmp_path)
    assert result.code == 2, result
    assert says in result.err
    assert "Traceback" not in result.err


def test_steps_that_wait_for_each_other(server: Server, tmp_path: Path) -> None:
    steps = shell("true", "a", depends=("b",)), shell("true", "b", depends=("a",))
    (tmp_path / "template.json").write_text(json.dumps(template(*steps)))
    result = server.run("submit", tmp_path / "template.json")
    assert result.code == 2, result
    assert "circle" in result.err


@pytest.mark.parametrize("path", ["~nosuchuser/x.blend", "x" * 5000 + ".blend", "a\nb.blend"])
def test_paths_that_cannot_be(server: Server, path: str, tmp_path: Path) -> None:
    result = server.run("submit", path, "--output", tmp_path / "new")
    assert result.code == 2, result
    assert "Traceback" not in result.err
    assert not (tmp_path / "new").exists(), "nothing is half done"


def test_numbers_that_no_job_has(server: Server) -> None:
    for words in (["job", 10**20], ["logs", 10**20], ["cancel", 10**20]):
        result = server.run(*words)
        assert result.code == 7, result
        assert "Traceback" not in result.err
