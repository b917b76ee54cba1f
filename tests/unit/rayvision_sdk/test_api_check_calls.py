"""How a check is called, and which hardware it chooses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rayvision_api.exception import (
    HardwareConfigIdError,
    NotSupportCGSoftwareError,
    NotSupportHardwareCodeError,
    NotSupportPluginError,
)
from rayvision_api.task.hardware import choose
from rayvision_api.task.shapes import Order, order_of

HARDWARE = {"model": "Default", "ram": "64GB", "gpuNum": None}
TASK = {"task_info": {"cg_id": "2004"}}
PLAIN = Order("t.json", "", "", None, is_cover=True, only_id=True)
FULL = Order("t.json", "u.json", "a.json", None, is_cover=False, only_id=False)
HARD = Order("t.json", "u.json", "", HARDWARE, is_cover=True, only_id=True)


@pytest.mark.parametrize(
    ("args", "kwargs", "expected"),
    [
        (("t.json",), {}, PLAIN),
        ((), {"task_json": "t.json"}, PLAIN),
        ((None, "t.json"), {}, PLAIN),
        (("t.json", "u.json", "a.json", False, False), {}, FULL),
        ((None, "t.json", "u.json", "a.json", False, False), {}, FULL),
        (("t.json",), {"upload_json": "u.json", "asset_json": "a.json", "is_cover": False, "only_id": False}, FULL),
        ((HARDWARE, "t.json", "u.json"), {}, HARD),
        ((HARDWARE,), {"task_json": "t.json", "upload_json": "u.json"}, HARD),
        ((), {"hardware_config": HARDWARE, "task_json": "t.json", "upload_json": "u.json"}, HARD),
        (("t.json", "u.json"), {"hardware_config": HARDWARE}, HARD),
        ((TASK,), {}, Order(TASK, "", "", None, is_cover=True, only_id=True)),
        (({"software_config": {}}, "u.json"), {}, Order({"software_config": {}}, "u.json", "", None, True, True)),
        ((HARDWARE, TASK), {}, Order(TASK, "", "", HARDWARE, is_cover=True, only_id=True)),
        (({}, TASK), {}, Order(TASK, "", "", {}, is_cover=True, only_id=True)),
        ((Path("t.json"), Path("u.json")), {}, Order(Path("t.json"), Path("u.json"), "", None, True, True)),
    ],
)
def test_both_ways_to_call_a_check_are_told_apart(args: Any, kwargs: Any, expected: Order) -> None:
    assert order_of(args, kwargs) == expected


@pytest.mark.parametrize(
    ("args", "kwargs", "said"),
    [
        ((), {}, "task_json is missing"),
        ((HARDWARE,), {}, "task_json is missing"),
        (("",), {}, "task_json is missing"),
        (("t.json", "u.json", "a.json", True, True, True), {}, "6 arguments"),
        (("t.json",), {"task_json": "t.json"}, "task_json is given twice"),
        (("t.json",), {"speed": 1}, "speed is not known"),
        ((HARDWARE, 7), {}, "task_json must be a path or a dict, not int"),
        (("t.json", None), {}, "upload_json must be a path or a dict, not NoneType"),
        ((7, "t.json"), {}, "hardware_config must be a dict, not int"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(args: Any, kwargs: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        order_of(args, kwargs)


# --- hardware ----------------------------------------------------------------------------------------------------


def config(number: int, **known: Any) -> dict[str, Any]:
    """A kind of machine, of which nothing is excluded."""
    return {
        "id": number,
        "model": "Default",
        "ram": "64GB",
        "gpuNum": None,
        "platform": 2,
        "status": 1,
        "notSupportCgId": [],
        "notSupportCode": [],
        "notSupportCgVersions": None,
        "notSupportPluginList": None,
        **known,
    }


def task(**plugins: str) -> dict[str, Any]:
    software = {"cg_name": "Houdini", "cg_version": "17.5", "plugins": plugins}
    return {"task_info": {"cg_id": "2004"}, "software_config": software}


FARM = [
    config(1),
    config(2, model="28C", ram="128GB"),
    config(3, model="2080Ti", gpuNum="2*GPU"),
    config(4, status=0),
    config(5, platform=3, model="3080"),
]


@pytest.mark.parametrize(
    ("wanted", "ids", "ram", "cards"),
    [
        ({}, ["1", "2", "3"], "64", "2"),
        ({"model": "Default"}, ["1", "2", "3"], "64", "2"),
        ({"model": "Default", "ram": "64GB", "gpuNum": None}, ["1"], "64", "2"),
        ({"model": "Default", "ram": "128gb"}, ["2"], "128", "2"),
        ({"model": "28C", "ram": 128}, ["2"], "128", "2"),
        ({"model": ["28C", "2080Ti"]}, ["2", "3"], "128", "2"),
        ({"model": ["28C", "Default"], "gpuNum": "2*GPU"}, ["3"], "64", "2"),
        ({"gpuNum": ""}, ["1", "2"], "64", "2"),
    ],
)
def test_hardware_is_found_by_what_is_wanted(wanted: Any, ids: list[str], ram: str, cards: str) -> None:
    found = choose(wanted, FARM, task(), [], "2")
    assert found == {"hardwareConfigIds": ids, "ram": ram, "graphics_cards_num": cards}


def test_the_number_of_cards_is_the_hardware_s() -> None:
    assert choose({}, [config(9, gpuNum="1*GPU")], task(), [], "2")["graphics_cards_num"] == "1"


@pytest.mark.parametrize("wanted", [{"model": "3080"}, {"ram": "3GB"}, {"gpuNum": "8*GPU"}])
def test_hardware_that_the_farm_has_not_is_refused_with_what_it_has(wanted: dict[str, Any]) -> None:
    with pytest.raises(HardwareConfigIdError, match=r"it has: .*model 28C, ram 128GB"):
        choose(wanted, FARM, task(), [], "2")


@pytest.mark.parametrize(
    ("excluded", "error"),
    [
        ({"notSupportCgId": [2004]}, NotSupportCGSoftwareError),
        ({"notSupportCgVersions": [{"cgId": 2004, "cgVersionName": "17.5"}]}, NotSupportCGSoftwareError),
        ({"notSupportPluginList": ["^htoa [45]"]}, NotSupportPluginError),
        ({"notSupportCode": ["50012", "50001"]}, NotSupportHardwareCodeError),
    ],
)
def test_hardware_that_cannot_render_the_scene_is_passed_over(excluded: dict[str, Any], error: type[Exception]) -> None:
    scene, codes = task(htoa="4.2"), ["50001"]
    assert choose({}, [config(1, **excluded), config(2)], scene, codes, "2")["hardwareConfigIds"] == ["2"]
    with pytest.raises(error, match=r"Houdini 17\.5"):
        choose({}, [config(1, **excluded)], scene, codes, "2")


@pytest.mark.parametrize(
    "excluded",
    [
        {"notSupportCgId": [2000]},
        {"notSupportCgVersions": [{"cgId": 2004, "cgVersionName": "16.0"}]},
        {"notSupportPluginList": ["^htoa 5"]},
        {"notSupportCode": ["50002"]},
    ],
)
def test_what_others_cannot_is_no_matter(excluded: dict[str, Any]) -> None:
    found = choose({}, [config(1, **excluded)], task(htoa="4.2"), ["50001"], "2")
    assert found["hardwareConfigIds"] == ["1"]
