"""Bad input gets a clear error, the documented exit code, and nothing half done."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from support import scenes
from support.command import Result, Server, run, serving
from support.disks import small_disk


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bad")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with serving(folder / "farm", folder / "home", "--slots", "1") as started:
        yield started


@pytest.fixture(scope="module")
def scene(folder: Path, bpy_python: Path) -> Path:
    return scenes.build(bpy_python, folder / "good")


@pytest.fixture
def refused(server: Server) -> Iterator[Result]:
    """Whatever the test submits must leave no job."""
    before = server.run("jobs", "--json").json
    yield Result(0, "", "")
    assert server.run("jobs", "--json").json == before


def assert_refused(result: Result, code: int, *words: object) -> None:
    assert result.code == code, result
    assert "Traceback" not in result.err + result.out
    for word in words:
        assert str(word) in result.err, result


@pytest.mark.usefixtures("refused")
class TestScenes:
    def test_one_that_is_not_there(self, server: Server, tmp_path: Path) -> None:
        assert_refused(server.run("submit", tmp_path / "no.blend"), 2, "no.blend", "no such file")

    def test_one_that_is_no_scene(self, server: Server, tmp_path: Path) -> None:
        path = tmp_path / "text.blend"
        path.write_text("hello")
        assert_refused(server.run("submit", path), 4, "not a Blender scene")

    def test_one_that_is_cut_off(self, server: Server, scene: Path, tmp_path: Path) -> None:
        path = tmp_path / "cut.blend"
        path.write_bytes(scene.read_bytes()[:20_000])
        assert_refused(server.run("submit", path), 4, "the file ends before what it holds does", "damaged")

    def test_one_of_a_newer_blender(self, server: Server, tmp_path: Path) -> None:
        path = tmp_path / "newer.blend"
        path.write_bytes(b"BLENDER17-01v0901" + bytes(100))
        result = server.run("submit", path)
        assert_refused(
            result, 9, "needs Blender 9.1 or newer", "installed: ", "rendermill software install blender 9.1"
        )

    def test_one_without_a_camera(self, server: Server, bpy_python: Path, tmp_path: Path) -> None:
        path = scenes.build(bpy_python, tmp_path, scenes.NO_CAMERA)
        assert_refused(server.run("submit", path), 2, "no active camera", "Add a camera")


@pytest.mark.usefixtures("refused")
@pytest.mark.parametrize("frames", ["10-1", "a-b", "1-10x0", "1-", "1..5", "1-99999999999", "1-5x-1", "½", "1;2"])
def test_frame_ranges_that_are_none(server: Server, scene: Path, frames: str) -> None:
    assert_refused(server.run("submit", scene, f"--frames={frames}"), 2, "frames")


@pytest.mark.usefixtures("refused")
@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--camera", "Nope", "It has: Camera"),
        ("--engine", "FOO", "CYCLES"),
        ("--device", "TOASTER", "CUDA"),
        ("--format", "GIF", "OPEN_EXR"),
        ("--format", "FFMPEG", "--movie"),
        ("--layer", "Nope", "It has: ViewLayer"),
        ("--scene", "Nope", "It has: Scene"),
        ("--movie", "film.avi", "NAME.mp4"),
        ("--movie", "../film.mp4", "NAME.mp4"),
    ],
)
def test_wishes_that_the_scene_cannot_fulfil(server: Server, scene: Path, option: str, value: str, says: str) -> None:
    assert_refused(server.run("submit", scene, "--frames", "1", option, value), 2, value, says)


@pytest.mark.usefixtures("refused")
class TestTemplates:
    def submit(self, server: Server, folder: Path, text: str) -> Result:
        path = folder / "template.json"
        path.write_text(text)
        return server.run("submit", path)

    def test_one_that_is_not_json(self, server: Server, tmp_path: Path) -> None:
        assert_refused(self.submit(server, tmp_path, "{"), 2, "template.json", "not json")

    def test_one_that_openjd_rejects_shows_path_and_reason(self, server: Server, tmp_path: Path) -> None:
        step = {"name": "a", "script": {"actions": {"onRun": {"command": "x", "args": []}}}}
        text = json.dumps({"specificationVersion": "jobtemplate-2023-09", "name": "x", "steps": [step]})
        result = self.submit(server, tmp_path, text)
        assert_refused(result, 2, "steps[0] -> script -> actions -> onRun -> args", "at least 1 item")

    def test_one_of_another_version(self, server: Server, tmp_path: Path) -> None:
        text = json.dumps({"specificationVersion": "jobtemplate-2099-01", "name": "x", "steps": []})
        assert_refused(self.submit(server, tmp_path, text), 2, "jobtemplate-2099-01")

    def test_a_parameter_that_it_does_not_have(self, server: Server, tmp_path: Path) -> None:
        step = {"name": "a", "script": {"actions": {"onRun": {"command": "x"}}}}
        path = tmp_path / "template.json"
        path.write_text(json.dumps({"specificationVersion": "jobtemplate-2023-09", "name": "x", "steps": [step]}))
        assert_refused(server.run("submit", path, "--param", "Nope=1"), 2, "Nope")
        assert_refused(server.run("submit", path, "--param", "Nope"), 2, "NAME=VALUE")
        options = ["--frames", "1-3", "--auto-run", "--blender", "4.5"]
        assert_refused(server.run("submit", path, *options), 2, "--auto-run, --blender, --frames", "--param")


@pytest.mark.usefixtures("refused")
def test_options_that_mean_nothing_for_what_is_sent(server: Server, scene: Path) -> None:
    assert_refused(server.run("submit", scene, "--param", "Frames=1"), 2, "--param: it means nothing for a scene")
    assert_refused(server.run("submit", "--samples", "3", "--param", "A=1", "--", "/bin/true"), 2, "--param, --samples")


def test_an_output_folder_that_cannot_be_written(server: Server, scene: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = server.run("submit", scene, "--frames", "1", "--output", tmp_path / "file" / "out")
    assert_refused(result, 5, "output folder cannot be written")
    result = run(server.home, "render", scene, "--frames", "1", "--output", tmp_path / "file" / "out")
    assert_refused(result, 5, "output folder cannot be written")


def test_jobs_that_do_not_exist(server: Server) -> None:
    for words in (["job"], ["logs"], ["pause"], ["resume"], ["cancel"], ["retry"], ["download"]):
        assert_refused(server.run(*words, 4711), 7, "no job 4711")


def test_jobs_in_the_wrong_state(server: Server) -> None:
    job_id = server.submit("--paused", "--", "/bin/true")
    assert_refused(server.run("pause", job_id), 8, "it is paused", f"job {job_id}")
    assert server.run("resume", job_id).code == 0
    assert server.run("download", job_id, "--follow", "--output", server.home / "none").code == 0
    assert_refused(server.run("resume", job_id), 8, "it is succeeded and cannot be resumed")
    assert_refused(server.run("pause", job_id), 8, "succeeded")
    assert_refused(server.run("cancel", job_id), 8, "succeeded")
    assert_refused(server.run("retry", job_id), 8, "no failed or cancelled task")


def test_the_log_of_a_job_that_has_not_started(server: Server) -> None:
    job_id = server.submit("--paused", "--", "/bin/true")
    assert_refused(server.run("logs", job_id), 7, "none of its tasks has started")
    assert server.run("cancel", job_id).code == 0
    assert_refused(server.run("logs", job_id), 7, "none of its tasks has started")


def test_no_server_and_no_identity(server: Server, tmp_path: Path) -> None:
    nowhere = run(tmp_path, "jobs", "--server", "http://127.0.0.1:9")
    assert_refused(nowhere, 5, "no server answers", "rendermill serve")
    stranger = run(tmp_path / "other-home", "jobs", "--server", server.url)
    assert_refused(stranger, 6, "no identity", "RENDERMILL_ACCESS_ID")
    wrong = {"RENDERMILL_ACCESS_ID": "a" * 32, "RENDERMILL_ACCESS_KEY": "b" * 32}
    assert_refused(run(tmp_path, "jobs", "--server", server.url, environment=wrong), 6, "access key is wrong")
    assert_refused(run(tmp_path, "jobs", "--server", "ftp://x"), 2, "not a server's URL")


def test_with_json_an_error_is_an_object(server: Server) -> None:
    result = server.run("job", 4711, "--json")
    assert result.code == 7
    assert result.json["error"]["code"] == "not_found"


def test_users_see_and_change_their_own_jobs_only(server: Server, tmp_path: Path) -> None:
    keys = {}
    for name in ("ann", "bob"):
        made = run(
            server.home, "user", "create", name, "--password-stdin", "--data", server.data, stdin="long enough\n"
        )
        assert made.code == 0, made
        keys[name] = run(server.home, "key", "create", "--user", name, "--data", server.data, "--json").json

    def as_user(name: str, *words: object) -> Result:
        key = keys[name]
        identity = {"RENDERMILL_ACCESS_ID": key["access_id"], "RENDERMILL_ACCESS_KEY": key["access_key"]}
        return run(tmp_path, *words, environment={**identity, "RENDERMILL_SERVER": server.url})

    job_id = as_user("ann", "submit", "--json", "--paused", "--", "/bin/true").json["id"]
    assert as_user("ann", "job", job_id, "--json").json["owner"] == "ann"
    assert_refused(as_user("bob", "job", job_id), 6, "belongs to somebody else")
    assert_refused(as_user("bob", "cancel", job_id), 6, "belongs to somebody else")
    assert as_user("bob", "jobs", "--json").json == []
    assert as_user("ann", "cancel", job_id).code == 0


class TestDoctor:
    def findings(self, result: Result) -> dict[str, dict[str, str]]:
        return {each["check"]: each for each in result.json["findings"]}

    def test_it_finds_nothing_wrong_beside_a_running_server(self, server: Server) -> None:
        result = server.run("doctor", "--json", "--data", server.data)
        assert result.code == 0, result
        assert self.findings(result)["server"]["state"] == "ok"

    def test_it_finds_that_there_is_no_blender(self, tmp_path: Path) -> None:
        nothing = {"RENDERMILL_SOFTWARE": str(tmp_path / "none"), "PATH": "/nonexistent"}
        result = run(tmp_path, "doctor", "--json", "--port", "1", environment=nothing)
        found = self.findings(result)["blender"]
        assert result.code == 1
        assert (found["state"], found["remedy"]) == ("problem", "rendermill software install blender 4.5")

    def test_it_finds_a_port_that_is_taken(self, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            taken.close()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", port))
            result = run(tmp_path, "doctor", "--json", "--port", port)
        assert result.code == 1
        assert self.findings(result)["port"]["state"] == "problem"

    def test_it_finds_no_write_access(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        result = run(tmp_path, "doctor", "--json", "--data", tmp_path / "file")
        assert result.code == 1
        assert self.findings(result)["data"]["state"] == "problem"

    def test_it_finds_clocks_that_differ(self, tmp_path: Path) -> None:
        with answering({"status": "ok", "version": "0.0.0", "time": time.time() + 3600}) as url:
            result = run(tmp_path, "doctor", "--json", "--server", url)
        found = self.findings(result)["clock"]
        assert result.code == 1
        assert found["state"] == "problem"
        assert re.fullmatch(r"the server's clock is \+3[56]\d\d s from this machine's", found["what"])
        assert "NTP" in found["remedy"]

    def test_it_finds_too_little_disk(self, tmp_path: Path) -> None:
        with small_disk(tmp_path / "disk") as disk:
            result = run(tmp_path, "doctor", "--json", "--data", disk / "farm")
        found = self.findings(result)["disk"]
        assert result.code == 1
        assert found["state"] == "problem"
        assert "0.0 GiB free" in found["what"]
        assert "--data" in found["remedy"]


@contextmanager
def answering(health: dict[str, object]) -> Iterator[str]:
    """A server that knows nothing but how it is; its URL."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(health).encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
