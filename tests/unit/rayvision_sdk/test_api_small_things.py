"""Tips that a script writes itself, running programs, errors, and who logs in."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import pytest

from rayvision_api.connect import Connect
from rayvision_api.constants import DCC_ID_MAPPINGS, cg_id
from rayvision_api.core import RayvisionAPI
from rayvision_api.exception import RayvisionAPIError, RayvisionError, RayvisonTaskIdError
from rayvision_api.operators import QueryOperator
from rayvision_api.operators.base import numbers
from rayvision_api.task.check import RayvisionCheck
from rayvision_api.url import assemble_api_url
from rayvision_utils.cmd import Cmd
from rayvision_utils.exception import exception as same
from rayvision_utils.exception import tips_code
from rayvision_utils.exception.tips import TipsInfo
from rendermill.farm.model.errors import BadInputError, NotFoundError
from support.rayvision_calls import recording


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RAYVISION_API_ACCESS_ID", "RAYVISION_API_KEY", "RENDERMILL_ACCESS_ID", "RENDERMILL_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_tips_are_added_set_and_written(tmp_path: Path) -> None:
    tips = TipsInfo(tmp_path)
    tips.add(tips_code.CGFILE_NOTEXISTS, "a", "b")
    tips.add(tips_code.CGFILE_NOTEXISTS, "c")
    tips.set_tips("50001", "木")
    tips.save_tips()
    expected = {"15024": ["a", "b", "c"], "50001": ["木"]}
    assert json.loads((tmp_path / "tips.json").read_text(encoding="utf-8")) == tips.tips_list == expected
    with pytest.raises(SystemExit) as ended:
        tips.save_and_exit(tmp_path, 3)
    assert ended.value.code == 3
    with pytest.raises(TypeError, match="a folder for tips"):
        TipsInfo().save_tips()


def test_a_program_s_end_and_words_are_given(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "rayvision_utils")
    script = "import sys; print('hi'); print('no', file=sys.stderr); sys.exit(3)"
    assert Cmd.run([sys.executable, "-c", script]) == (3, b"hi\n", b"no\n")
    assert caplog.messages == ["hi", "no"]
    assert Cmd().run("echo $((1 + 1))", shell=True, log_output=False) == (0, b"2\n", b"")
    assert len(caplog.messages) == 2


def test_errors_have_their_codes_and_are_the_same_everywhere() -> None:
    assert (same.RayvisionError, same.RayvisionAPIError) == (RayvisionError, RayvisionAPIError)
    assert issubclass(RayvisionAPIError, RayvisionError)
    error = RayvisionAPIError(404, "there is no task 7", "http://farm/api/x")
    assert (error.error_code, error.error, error.request) == (404, "there is no task 7", "http://farm/api/x")
    for made in (RayvisonTaskIdError(7, "no number"), same.RayvisonTaskIdError("no number")):
        assert (made.error_code, made.error) == (2000, "no number")


@pytest.mark.parametrize(("name", "number"), [("houdini", 2004), ("Houdini", 2004), ("3ds Max", 2001)])
def test_an_application_is_known_however_it_is_written(name: str, number: int) -> None:
    assert cg_id(name) == number == int(DCC_ID_MAPPINGS[name.lower()])


def test_an_application_that_there_is_not_is_told_with_those_there_are() -> None:
    with pytest.raises(BadInputError, match="'nosuch' is no application"):
        cg_id("nosuch")


def test_numbers_are_taken_one_or_several_as_text_or_not() -> None:
    assert (numbers(7), numbers("7"), numbers([7, "8"]), numbers(())) == ([7], [7], [7, 8], [])
    with pytest.raises(ValueError, match="invalid literal"):
        numbers(["x"])


def test_an_address_of_a_call() -> None:
    assert assemble_api_url("farm.example", "/api/x") == "https://farm.example/api/x"


# --- logging in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "missing"), [({}, "access_id"), ({"access_id": "A"}, "access_key"), ({"access_key": "K"}, "access_id")]
)
def test_who_has_no_id_or_no_key_is_told_where_they_go(given: dict[str, str], missing: str) -> None:
    with pytest.raises(TypeError, match=rf"{missing} is required.*RAYVISION_API"):
        RayvisionAPI(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("variables", "known"),
    [
        ({"RAYVISION_API_ACCESS_ID": "A", "RAYVISION_API_KEY": "K"}, "A"),
        ({"RENDERMILL_ACCESS_ID": "B", "RENDERMILL_ACCESS_KEY": "K"}, "B"),
        ({"RENDERMILL_ACCESS_ID": "B", "RAYVISION_API_ACCESS_ID": "A\n", "RAYVISION_API_KEY": "K"}, "A"),
    ],
)
def test_id_and_key_may_come_from_the_environment(
    variables: dict[str, str], known: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with recording() as recorder:
        monkeypatch.setenv("RENDERMILL_SERVER", f"http://{recorder.domain}")
        api = RayvisionAPI(platform=2, local_os="windows")
        assert recorder.headers[0]["accessId"] == known
        assert (recorder.headers[0]["platform"], api.platform) == ("2", "2")
        assert (api.user_info["local_os"], api.user_info["domain"]) == ("windows", recorder.domain)
        api.connect.close()


def test_the_platform_is_4_and_the_root_logger_is_left_alone() -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    with recording() as recorder:
        api = RayvisionAPI("A", "K", recorder.domain)
        assert recorder.headers[0]["platform"] == "4"
        api.connect.close()
    assert (root.level, list(root.handlers)) == before
    assert api.logger.name == "rayvision_api"


def test_a_log_has_no_secrets(tmp_path: Path) -> None:
    with recording() as recorder:
        api = RayvisionAPI("A", "very-secret", recorder.domain, log_folder=tmp_path, log_name="x.log")
        api.connect.close()
        signatures = [each["signature"] for each in recorder.headers]
    text = (tmp_path / "rayvision_api/x.log").read_text()
    for handler in list(api.logger.handlers):
        handler.close()
        api.logger.removeHandler(handler)
    assert "queryUserProfile: 200" in text
    assert not [secret for secret in ("very-secret", *signatures) if secret in text]


def test_the_native_client_is_the_same_user_s_and_made_once() -> None:
    with recording() as recorder:
        api = RayvisionAPI("A", "K", recorder.domain)
        assert api.rendermill is api.rendermill
        assert api.rendermill.server == f"http://{recorder.domain}"
        api.connect.close()


def test_the_number_of_the_next_task_stays_until_it_is_submitted() -> None:
    with recording() as recorder:
        api = RayvisionAPI("A", "K", recorder.domain)
        recorder.take()
        assert api.task.task_id == api.get_task_id() == 501
        assert len(recorder.take()) == 1
        api.submit(501)
        assert api.task.task_id == 501
        assert [path.rpartition("/")[2] for path, _ in recorder.take()] == ["task", "createTask"]
        api.connect.close()


@pytest.mark.parametrize("number", ["501", 5.0, True, None])
def test_what_is_no_task_s_number_is_not_submitted(number: object) -> None:
    with recording() as recorder:
        api = RayvisionAPI("A", "K", recorder.domain)
        recorder.take()
        with pytest.raises(RayvisonTaskIdError, match="int"):
            api.submit(number)  # type: ignore[arg-type]
        assert recorder.take() == []
        api.connect.close()


def test_frames_that_are_not_there_are_named_and_none_is_asked_for() -> None:
    with recording() as recorder:
        query = QueryOperator(Connect("A", "K", None, recorder.domain, "2"))
        with pytest.raises(NotFoundError, match="there is no frame '99'"):
            query.get_custome_frames(501, ["1", "99"])
        with pytest.raises(BadInputError, match="no frames are given"):
            query.restart_frame(501, 0)
        with pytest.raises(BadInputError, match="no code is given"):
            query.error_detail()
        assert {path.rpartition("/")[2] for path, _ in recorder.take()} == {"queryTaskFrames"}
        query.get_custome_frames(501, "2")
        assert recorder.take()[-1][1] == {"taskId": 501, "ids": [12], "selectAll": 0}


def test_a_workspace_that_is_not_there_is_told(tmp_path: Path) -> None:
    with recording() as recorder:
        api = RayvisionAPI("A", "K", recorder.domain)
        with pytest.raises(RayvisionError, match="is not found") as refused:
            RayvisionCheck(api, workspace=tmp_path / "no")
        assert refused.value.error_code == 1000004
        api.connect.close()
