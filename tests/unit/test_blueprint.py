"""From a template and its parameters to steps and tasks."""

from __future__ import annotations

from typing import Any

import pytest

from rendermill.farm.blueprint import MAX_TASKS, MAX_TEMPLATE_BYTES, Blueprint, instantiate, parse
from rendermill.farm.model.errors import BadInputError, TooLargeError
from support.templates import shell, step, template


def made(*steps: dict[str, Any], **parameters: Any) -> Blueprint:
    return instantiate(template(*steps), parameters)


def with_parameter(definition: dict[str, Any], script: str = "true") -> dict[str, Any]:
    return {**template(shell(script)), "parameterDefinitions": [{"name": "P", **definition}]}


# --- steps and tasks ---------------------------------------------------------------------------------------------


def test_a_step_without_a_parameter_space_is_one_task() -> None:
    blueprint = made(shell("true"))
    assert [(s.name, s.total, s.depends) for s in blueprint.steps] == [("run", 1, ())]
    assert blueprint.name == "test"
    assert blueprint.steps[0].parameters(0) == {}


def test_each_frame_is_a_task_with_a_label() -> None:
    frames = made(shell("true", frames="1-9:4,20")).step("run")
    assert frames.total == 4
    assert [frames.label(index) for index in range(4)] == ["Frame=1", "Frame=5", "Frame=9", "Frame=20"]


def test_two_parameters_make_every_pair() -> None:
    tiles = shell("true")
    tiles["parameterSpace"] = {
        "taskParameterDefinitions": [
            {"name": "Frame", "type": "INT", "range": "1-3"},
            {"name": "Tile", "type": "STRING", "range": ["left", "right"]},
        ]
    }
    step = made(tiles).step("run")
    assert step.total == 6
    assert len({step.label(index) for index in range(6)}) == 6


@pytest.mark.parametrize("target_runtime", [None, 60])
def test_frames_in_chunks_are_one_task_each_whatever_the_chunking_hopes_for(target_runtime: int | None) -> None:
    chunks: dict[str, Any] = {"defaultTaskCount": 4, "rangeConstraint": "CONTIGUOUS"}
    if target_runtime is not None:
        chunks["targetRuntimeSeconds"] = target_runtime
    chunked = step("run", "/bin/echo", "{{Task.Param.Frame}}")
    definition = {"name": "Frame", "type": "CHUNK[INT]", "range": "1-10", "chunks": chunks}
    chunked["parameterSpace"] = {"taskParameterDefinitions": [definition]}
    found = instantiate({**template(chunked), "extensions": ["TASK_CHUNKING"]}, {}).step("run")
    assert [found.label(index) for index in range(found.total)] == ["Frame=1-4", "Frame=5-7", "Frame=8-10"]


def test_dependencies_are_named() -> None:
    blueprint = made(shell("true", "a"), shell("true", "b"), shell("true", "c", depends=("a", "b")))
    assert blueprint.step("c").depends == ("a", "b")


def test_a_step_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        made(shell("true")).step("nope")


def test_the_same_template_gives_the_same_tasks_again() -> None:
    again = [made(shell("true", frames="1-36:7,40-44,99")).step("run") for _ in range(2)]
    labels = [[each.label(index) for index in range(each.total)] for each in again]
    assert labels[0] == labels[1]


# --- requirements ------------------------------------------------------------------------------------------------


def test_requirements_are_amounts_and_attributes() -> None:
    asked = {
        "amounts": [{"name": "amount.worker.vcpu", "min": 4}, {"name": "amount.worker.memory", "min": 2048}],
        "attributes": [{"name": "attr.worker.os.family", "anyOf": ["linux", "macos"]}],
    }
    found = made(shell("true", requirements=asked)).step("run").requirements
    assert (found.cores, found.memory) == (4.0, 2048.0)
    assert found.attributes == {"attr.worker.os.family": (("linux", "macos"), ())}


def test_a_step_without_requirements_asks_for_nothing() -> None:
    found = made(shell("true")).step("run").requirements
    assert (found.cores, found.memory, found.attributes) == (None, 0.0, {})


# --- parameters --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/a/b c/d", "/a/../b//c", "C:\\shots\\one", "relative/folder"])
def test_paths_stay_as_the_submitter_wrote_them(path: str) -> None:
    blueprint = instantiate(template(shell("true"), output="/elsewhere"), {"Out": path})
    assert blueprint.parameters["Out"].value == path


def test_the_parameters_that_a_job_writes_to_are_known() -> None:
    definitions = [
        {"name": "Scene", "type": "PATH", "objectType": "FILE", "dataFlow": "IN", "default": "/s"},
        {"name": "Frames", "type": "PATH", "objectType": "DIRECTORY", "dataFlow": "OUT", "default": "/o"},
        {"name": "Cache", "type": "PATH", "objectType": "DIRECTORY", "dataFlow": "INOUT", "default": "/c"},
        {"name": "Movie", "type": "PATH", "objectType": "FILE", "dataFlow": "OUT", "default": "/o/m.mp4"},
        {"name": "Note", "type": "STRING", "default": "x"},
    ]
    blueprint = instantiate({**template(shell("true")), "parameterDefinitions": definitions}, {})
    assert blueprint.output_parameters == ("Frames", "Cache", "Movie")
    assert blueprint.output_files == {"Movie"}


@pytest.mark.parametrize(
    ("definition", "value"),
    [
        ({"type": "INT", "minValue": 1}, 0),
        ({"type": "INT"}, "many"),
        ({"type": "INT"}, 1.5),
        ({"type": "STRING", "allowedValues": ["a", "b"]}, "c"),
        ({"type": "STRING", "maxLength": 3}, "long"),
        ({"type": "PATH", "default": "/x"}, 5),
        ({"type": "PATH", "default": "/x"}, None),
        ({"type": "PATH", "default": "/x"}, ["/y"]),
        ({"type": "STRING", "default": "x"}, None),
        ({"type": "STRING", "default": "x"}, {"a": 1}),
    ],
)
def test_a_value_that_does_not_fit_its_parameter_is_refused(definition: dict[str, Any], value: object) -> None:
    with pytest.raises(BadInputError) as caught:
        instantiate(with_parameter(definition), {"P": value})
    assert caught.value.where == "parameters"


def test_a_parameter_without_value_and_default_is_asked_for() -> None:
    with pytest.raises(BadInputError, match="P"):
        instantiate(with_parameter({"type": "INT"}), {})


def test_a_parameter_that_the_template_does_not_know_is_refused_by_name() -> None:
    with pytest.raises(BadInputError, match="Nonsense"):
        made(shell("true"), Nonsense=1)


# --- templates that are refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [None, [], "text", 5])
def test_a_template_is_an_object(wrong: object) -> None:
    with pytest.raises(BadInputError, match="object"):
        parse(wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "specificationVersion"),
        ({"specificationVersion": "jobtemplate-1999-01", "name": "x", "steps": []}, "jobtemplate-1999-01"),
        (template(), "steps"),
        (template(shell("true", "a"), shell("true", "a")), "Duplicate"),
        (template(shell("true", depends=("ghost",))), "ghost"),
        (template(shell("true", depends=("run",))), "itself"),
        (template(shell("echo {{Param.Ghost}}")), "Param.Ghost"),
        (template(shell("true", frames="10-1")), "range"),
        ({**template(shell("true")), "extensions": ["MIND_READING"]}, "MIND_READING"),
        ({**template(shell("true")), "surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_template_is_refused_naming_what_is_wrong(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInputError, match=said) as caught:
        parse(wrong)
    assert caught.value.where == "template"


def test_steps_that_wait_for_each_other_in_a_circle_are_refused() -> None:
    circle = template(shell("true", "a", depends=("c",)), shell("true", "b", depends=("a",)))
    circle["steps"].append(shell("true", "c", depends=("b",)))
    with pytest.raises(BadInputError) as caught:
        parse(circle)
    assert caught.value.where == "template"


def test_a_template_nested_too_deep_is_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"a": deep}
    with pytest.raises(BadInputError):
        parse(deep)


def test_a_template_over_its_limit_is_too_large() -> None:
    with pytest.raises(TooLargeError):
        parse({**template(shell("true")), "description": "x" * MAX_TEMPLATE_BYTES})


def test_a_million_tasks_are_taken() -> None:
    assert made(shell("true", frames=f"1-{MAX_TASKS}")).step("run").total == MAX_TASKS


@pytest.mark.parametrize("frames", [(f"0-{MAX_TASKS}",), ("1-600000", "1-600000")])
def test_more_than_a_million_tasks_are_too_many(frames: tuple[str, ...]) -> None:
    steps = [shell("true", f"s{number}", frames=each) for number, each in enumerate(frames)]
    with pytest.raises(TooLargeError, match="1000000 tasks"):
        made(*steps)


def test_expressions_are_understood() -> None:
    written = {**with_parameter({"type": "INT", "default": 4}, "echo {{Param.P + 1}}"), "extensions": ["EXPR"]}
    assert instantiate(written, {}).step("run").total == 1
