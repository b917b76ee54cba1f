"""Every path of the Rayvision door: what it answers, and that what changes something changes it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, get_args

import pytest
import pytest_asyncio

from rendermill.doors.rayvision.registry import CALLS
from rendermill.farm.model.status import JobStatus
from rendermill.farm.model.storage import Area
from support.rayvision import HOUDINI, RayvisionCaller, RayvisionFarm, rayvision_farm, stand_in, task_json

pytestmark = pytest.mark.asyncio(loop_scope="module")


# --- the farm of these tests -------------------------------------------------------------------------------------


@dataclass
class World:
    """What a call has around it: a user with a task that has been rendered, and tasks of the call's own."""

    farm: RayvisionFarm
    caller: RayvisionCaller
    done: int
    number: int = 0
    task: int = 0
    """A task that waits: five frames, and the farm is to pause after the first."""
    reserved: int = 0
    """A number that has its task.json and is not submitted."""
    frames: list[int] = field(default_factory=list)
    rendered: int = 0
    """A frame of the task that is done."""

    @property
    def name(self) -> str:
        return f"name {self.number}"

    async def prepare(self, number: int) -> World:
        caller = self.caller
        task = await caller.submit(task_json(2000, pre_frames="100", stop_after_test="1"))
        reserved = await caller.create()
        await caller.send_file(reserved, task_json(2000))
        frames = [each["id"] for each in await caller.frames(task)]
        rendered = (await caller.frames(self.done))[0]["id"]
        return World(self.farm, caller, self.done, number, task, reserved, frames, rendered)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def base(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("paths")
    path = stand_in(folder / "bin", "echo rendering $frame")
    async with rayvision_farm(folder / "farm", path=path, software=HOUDINI) as farm:
        caller = farm.user("anna")
        done = await caller.submit(task_json(2004))
        assert (await farm.until(done)).status is JobStatus.SUCCEEDED
        yield World(farm, caller, done)


_numbers = itertools.count(1)


@pytest_asyncio.fixture(loop_scope="module")
async def world(base: World) -> World:
    return await base.prepare(next(_numbers))


# --- shapes of data ----------------------------------------------------------------------------------------------


def fits(value: object, shape: object, where: str = "data") -> None:
    """Fail, saying where, unless a value has a shape: a type, a list of a shape, or members that must be there."""
    if isinstance(shape, dict):
        assert isinstance(value, dict), f"{where} is {value!r}"
        for name, inner in shape.items():
            assert name in value, f"{where}.{name} is missing"
            fits(value[name], inner, f"{where}.{name}")
    elif isinstance(shape, list):
        assert isinstance(value, list), f"{where} is {value!r}"
        for position, each in enumerate(value):
            fits(each, shape[0], f"{where}.{position}")
    else:
        kinds = get_args(shape) if isinstance(shape, UnionType) else (shape or type(None),)
        assert type(value) in kinds, f"{where} is {value!r} and no {shape}"


def of(kind: object, names: str) -> dict[str, object]:
    return dict.fromkeys(names.split(), kind)


def page(item: object) -> dict[str, object]:
    return {**of(int, "pageCount pageNum total size"), "items": [item]}


MONEY = int | float
PROFILE = {
    **of(
        int, "userId platform softType softStatus status infoStatus accountType userType mainUserId level pictureLever"
    ),
    **of(int, "zone shareMainCapital subDeleteTask subDeleteCapital useMainBalance hideBalance hideJobCharge"),
    **of(int, "useLevelDirectory downloadDisable displaySubaccount subaccountLimits houdiniFlag c4dFlag blenderFlag"),
    **of(int, "keyshotFlag enableNodeDetails taskNodeLimitPermission"),
    **of(str, "userName phone email company companySite name job communicationNumber description country city address"),
    **of(MONEY, "rmbbalance usdbalance rmbCumulative usdCumulative credit coupon cpuPrice gpuPrice gpuSingleDiscount"),
    **of(MONEY, "extraRamRate commonCoupon qyCoupon exportFrameConsume availableCredit totalCredit"),
    **of(int | str | None, "studentEndTime inviterId inviterName"),
}
SETTING = {
    **of(int, "infoStatus accountType shareMainCapital subDeleteTask useMainBalance separateAccountFlag"),
    **of(int, "mifileSwitchFlag assfileSwitchFlag manuallyStartAnalysisFlag downloadDisable taskOverTime"),
    **of(int, "taskOverTimeSec ignoreMapFlag isVrayLicense justUploadConfigFlag justUploadCgFlag downloadLimit"),
    **of(int, "mandatoryAnalyseAllAgent"),
    **of(str, "singleNodeRenderFrames maxIgnoreMapFlag autoCommit"),
}
CODE = {
    **of(int, "id type languageFlag isRepair isDelete isOpen updateTime"),
    **of(str, "code desDescriptionCn desSolutionCn solutionPath lastModifyAdmin"),
}
TASK = {
    **of(int, "id taskStatus totalFrames abortFrames executingFrames doneFrames userId taskLevel taskUserLevel"),
    **of(int, "taskOverTime overTimeStop layerParentId cgId isOpen shareMainCapital taskRam isDelete isOverTime"),
    **of(int, "waitingCount"),
    **of(int | None, "preTaskStatus failedFrames submitDate startTime completedDate renderDuration taskLimit"),
    **of(int | None, "cloneParentId cloneOriginalId"),
    **of(MONEY | None, "renderConsume taskArrears userAccountConsume couponConsume qyCouponConsume"),
    **of(str, "taskAlias sceneName statusText framesRange projectName userName munuTaskId taskType taskTypeText bid"),
    **of(str, "channel remark"),
    **of(str | None, "preStatusText producer outputFileName layerName renderCamera locationOutput stopType"),
    "taskKeyValueVo": {"tiles": str, "allCamera": str | None, "renderableCamera": str | None},
    "labels": [{"labelId": int, "labelName": str}],
    "respRenderingTaskList": [dict],
}
FRAME = {
    **of(int, "id taskId userId platform frameStatus frameType feeType recommitFlag isCopy taskOverTime"),
    **of(int | None, "startTime endTime frameExecuteTime frameRam"),
    **of(MONEY, "framePrice feeAmount couponFee arrearsFee"),
    **of(str, "frameIndex frameBlock frameStatusText munuTaskId munuJobId"),
    "gopName": str | None,
}
PROJECTS = {"projectNameList": [{"projectId": int, "projectName": str}]}
ENVIRONMENT = {
    **of(int, "cgId osName isDefault"),
    **of(str, "editName cgName cgVersion"),
    "renderLayerType": int | None,
    "respUserPluginInfoVos": [{"pluginId": int, "pluginName": str, "pluginVersion": str}],
}
HARDWARE = {
    **of(int, "id type platform status"),
    **of(str, "model ram"),
    "gpuNum": str | None,
    "current": bool,
    "notSupportCgId": [int],
    "notSupportCode": [str],
    "notSupportCgVersions": [{"cgId": int, "cgVersionName": str}],
    "notSupportPluginList": [str],
}
STORAGES = [{"userId": int, "outputBid": str}]
LINE = {**of(str, "name server port"), **of(int, "isDefault lineId type")}
ENGINE = {
    **of(str, "engineName checkServer checkExcludType"),
    **of(int, "isDefault automaticCheck checkEnable"),
    **of(int | str, "checkPort"),
    "respTaskEngineLines": [LINE],
}
FILE = {
    **of(str, "fileName iconPath lastModify filePath"),
    **of(int | None, "fileSize"),
    **of(str | None, "fileType"),
    "directory": bool,
    "isArrears": int,
}
TASK_RECORD = {
    **of(str, "userName taskType buttonName taskIds channel createTime details requestIp requestURI requestParam"),
    **of(int, "operateSource userId"),
}
LOGIN_RECORD = {
    **of(int, "id userId loginType loginStatus loginTime"),
    **of(str, "userName userUa traceId loginStaDesc moduleType ip"),
}
GRAB = of(
    str,
    "frameIndex frameBlock frameStatus framePercent frameUsed frameEst feeAmount couponFee isMaxPrice startTime"
    " endTime renderInfo grabUrl",
)


# --- what is looked at before and after --------------------------------------------------------------------------

Body = dict[str, Any]
Look = Callable[[World], Awaitable[Any]]


def task_value(*names: str) -> Look:
    async def look(w: World) -> list[Any]:
        found = await w.caller.info(w.task)
        return [found[name] for name in names]

    return look


def job_value(name: str, *names: str) -> Look:
    """A value of the job as the store has it, and values of the task as the API shows it."""

    async def look(w: World) -> list[Any]:
        return [getattr(w.farm.job(w.task), name), *await task_value(*names)(w)]

    return look


async def frame_statuses(w: World) -> list[int]:
    return [each["frameStatus"] for each in await w.caller.frames(w.task)]


async def stopped_frames(w: World) -> list[bool]:
    return [status == 3 for status in await frame_statuses(w)]


async def over_time(w: World) -> list[int]:
    found = await w.caller.call("render/setUp/queryUserSetting")
    return [found["taskOverTimeSec"], w.farm.accounts.settings("anna").get("task_over_time", 0)]


async def count_of_tasks(w: World) -> int:
    return len(w.farm.rows()["rayvision_tasks"])


async def has_job(w: World) -> bool:
    return w.farm.row(w.reserved).job_id is not None


async def has_project(w: World) -> bool:
    found = await w.caller.call("render/project/getList")
    return w.name in [each["projectName"] for each in found["projectNameList"]]


async def environment(w: World) -> list[Any]:
    found = await w.caller.call("render/plugin/getUserPluginConfig")
    return [[each["cgVersion"], each["isDefault"]] for each in found if each["editName"] == w.name]


async def tips(w: World) -> bytes | None:
    found = w.caller.services.files.find("anna", Area.CONFIG, f"{w.reserved}/cfg/tips.json")
    return None if found is None else w.caller.services.blobs.checked(found.hash).read_bytes()


async def label_names(w: World) -> list[str]:
    return [each["labelName"] for each in (await w.caller.info(w.task))["labels"]]


async def stopped(w: World) -> None:
    await w.caller.call("rendering/task/renderingTask/stopTask", {"taskIds": [w.task]})


async def with_project(w: World) -> None:
    await w.caller.call("render/project/add", {"newName": w.name})


async def with_environment(w: World) -> None:
    await w.caller.call("render/plugin/addUserPluginConfig", environment_body(w))


async def with_label(w: World) -> None:
    await w.caller.call("render/handle/addTaskLabel", {"label": w.name, "taskIds": [w.task]})


# --- bodies ------------------------------------------------------------------------------------------------------


def plain(**members: Any) -> Callable[[World], Body]:
    return lambda _world: dict(members)


def nothing(_world: World) -> Body:
    return {}


def the_task(**members: Any) -> Callable[[World], Body]:
    return lambda w: {"taskIds": [w.task], **members}


def one_task(**members: Any) -> Callable[[World], Body]:
    return lambda w: {"taskId": w.task, **members}


def environment_body(w: World, version: str = "17.5") -> Body:
    return {
        **{"cgId": 2004, "cgName": "Houdini", "cgVersion": version, "editName": w.name, "renderSystem": 0},
        **{"pluginIds": [], "renderLayerType": 0, "projectPath": ""},
    }


def hardware_id(w: World) -> int:
    (worker,) = w.farm.farm.farm.dispatcher.picture.workers.values()
    return int(worker.cores) * 10_000 + 8


# --- the table ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Walk:
    """A path, the older ones that mean the same, and what must come of it."""

    path: str
    data: object
    body: Callable[[World], Body] = nothing
    old: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Members that have other names in bodies of the older paths: the name now → the older one."""
    before: Callable[[World], Awaitable[None]] | None = None
    look: Look | None = None
    """For what changes something: what is looked at."""
    then: Callable[[World, Any], Any] | None = None
    """What is seen afterwards; it is given what was seen before."""


def becomes(*values: Any) -> Callable[[World, Any], Any]:
    return lambda _world, _before: list(values)


OLD_IDS = {"taskIds": "taskParam"}
WALKS = [
    Walk(
        "render/common/queryPlatforms",
        [{**of(int, "platform type status isShow"), **of(str, "name taskPrefix")}],
        plain(zone=2),
    ),
    Walk("render/setUp/queryUserProfile", PROFILE, old=("render/user/queryUserProfile",)),
    Walk("render/setUp/queryUserSetting", SETTING, old=("render/user/queryUserSetting",)),
    Walk(
        "render/setUp/updateUserSetting",
        None,
        lambda w: {"taskOverTimeSec": 7200 + w.number},
        old=("render/user/updateUserSetting",),
        renamed={"taskOverTimeSec": "taskOverTime"},
        look=over_time,
        then=lambda w, _: [7200 + w.number, 7200 + w.number],
    ),
    Walk(
        "render/transfer/getBid",
        {
            **of(str, "config_bid input_bid output_bid"),
            **of(str | None, "parent_input_bid"),
            **of(list | None, "sub_user_output_bids"),
        },
        old=("render/task/getTransferBid",),
    ),
    Walk(
        "render/submit/createTask",
        {"taskIdList": [int], "aliasTaskIdList": [str], "userId": int},
        plain(count=3, taskUserLevel=60, labels=["night"], artist="Anna"),
        old=("render/task/createTask",),
        look=count_of_tasks,
        then=lambda _w, before: before + 3,
    ),
    Walk(
        "render/submit/task",
        None,
        lambda w: {"taskId": w.reserved, "producer": "Paula"},
        old=("render/task/submitTask",),
        look=has_job,
        then=lambda _w, _before: True,
    ),
    Walk(
        "render/submit/queryAnalyseErrorDetail",
        [CODE],
        plain(codes=["50001", "15013"], language=1),
        old=("render/common/queryErrorDetail",),
    ),
    Walk(
        "render/handle/getTaskList/v2",
        page(TASK),
        plain(pageNum=1, pageSize=100),
        old=("render/handle/getTaskList", "render/task/getTaskList"),
    ),
    Walk(
        "rendering/task/renderingTask/stopTask",
        None,
        the_task(),
        old=("render/handle/stopTask", "render/task/stopTask"),
        renamed=OLD_IDS,
        look=task_value("taskStatus", "abortFrames"),
        then=becomes(10, 5),
    ),
    Walk(
        "rendering/task/renderingTask/startTask",
        None,
        the_task(),
        old=("render/handle/startTask", "render/task/startTask"),
        renamed=OLD_IDS,
        before=stopped,
        look=task_value("taskStatus", "abortFrames"),
        then=becomes(5, 0),
    ),
    Walk(
        "render/handle/abandonTask",
        None,
        the_task(),
        old=("render/task/abortTask",),
        renamed=OLD_IDS,
        look=task_value("taskStatus", "abortFrames"),
        then=becomes(35, 5),
    ),
    Walk(
        "render/handle/deleteTask",
        None,
        the_task(),
        old=("render/task/deleteTask",),
        renamed=OLD_IDS,
        look=task_value("isDelete", "abortFrames"),
        then=becomes(0, 5),
    ),
    Walk(
        "render/handle/queryTaskFrames",
        page(FRAME),
        one_task(pageNum=1, pageSize=2),
        old=("render/task/queryTaskFrames",),
    ),
    Walk(
        "render/handle/queryAllFrameStats",
        of(
            int,
            "executingFramesTotal doneFramesTotal failedFramesTotal waitingFramesTotal abandonFramesTotal totalFrames",
        ),
        old=("render/task/queryAllFrameStats",),
    ),
    Walk(
        "render/handle/recommitTasks",
        None,
        the_task(status=[3]),
        old=("render/task/restartFailedFrames",),
        renamed=OLD_IDS,
        before=stopped,
        look=stopped_frames,
        then=becomes(False, False, False, False, False),
    ),
    Walk(
        "render/handle/recommitTaskFrames",
        None,
        lambda w: {"taskId": w.task, "selectAll": 0, "ids": [w.frames[0]], "status": []},
        old=("render/task/restartFrame",),
        renamed={"taskId": "taskIds"},
        before=stopped,
        look=frame_statuses,
        then=becomes(1, 3, 3, 3, 3),
    ),
    Walk(
        "render/handle/queryTaskInfo/v2",
        page(TASK),
        the_task(),
        old=("render/handle/queryTaskInfo", "render/task/queryTaskInfo"),
    ),
    Walk(
        "render/project/add",
        None,
        lambda w: {"newName": w.name, "status": 0},
        old=("render/common/addLabel",),
        look=has_project,
        then=lambda _w, _before: True,
    ),
    Walk(
        "render/project/delete",
        None,
        lambda w: {"delName": w.name},
        old=("render/common/deleteLabel",),
        before=with_project,
        look=has_project,
        then=lambda _w, _before: False,
    ),
    Walk("render/project/getList", PROJECTS, old=("render/common/getLabelList",), before=with_project),
    Walk("render/project/list", PROJECTS, plain(flag=2), before=with_project),
    Walk(
        "render/plugin/querySoftwareList",
        {
            **of(int, "isAutoCommit defaultCgId"),
            "renderInfoList": [
                {**of(int, "cgId isNeedProjectPath isNeedAnalyse isSupportLinux"), **of(str, "cgName cgType iconPath")}
            ],
        },
        old=("render/common/querySupportedSoftware",),
    ),
    Walk(
        "render/plugin/querySoftwareDetail",
        {
            "cgVersion": [{**of(int, "id cgId"), **of(str, "cgName cgVersion")}],
            "cgPlugin": [{"cvId": int, "pluginName": str, "pluginVersions": [dict]}],
        },
        plain(cgId=2004, osName="linux"),
        old=("render/common/querySupportedPlugin",),
    ),
    Walk(
        "render/plugin/addUserPluginConfig",
        {"editName": str},
        environment_body,
        old=("render/common/addRenderEnv",),
        look=environment,
        then=becomes(["17.5", 0]),
    ),
    Walk(
        "render/plugin/editUserPluginConfig",
        None,
        lambda w: environment_body(w, "18.0"),
        old=("render/common/updateRenderEnv",),
        before=with_environment,
        look=environment,
        then=becomes(["18.0", 0]),
    ),
    Walk(
        "render/plugin/deleteUserPluginConfig",
        None,
        lambda w: {"editName": w.name},
        old=("render/common/deleteRenderEnv",),
        before=with_environment,
        look=environment,
        then=becomes(),
    ),
    Walk(
        "render/plugin/setDefaultUserPluginConfig",
        None,
        lambda w: {"editName": w.name},
        old=("render/common/setDefaultRenderEnv",),
        before=with_environment,
        look=environment,
        then=becomes(["17.5", 1]),
    ),
    Walk(
        "render/plugin/getUserPluginConfig",
        [ENVIRONMENT],
        plain(cgIds=["2004"], osName=0),
        old=("render/common/getRenderEnv",),
        before=with_environment,
    ),
    Walk(
        "rendering/task/renderingTask/updateTaskUserLevel",
        None,
        one_task(taskUserLevel=61),
        look=job_value("priority", "taskUserLevel"),
        then=becomes(61, 61),
    ),
    Walk(
        "render/transfer/getRaySyncUserKey",
        {"raySyncUserKey": str, "userName": str, "platform": int},
        old=("render/user/getRaySyncUserKey",),
    ),
    Walk(
        "render/transfer/getServerInfo",
        {
            **of(str, "clientVersion protocolVersion"),
            "raysyncTransfer": of(str, "serverIp serverPort proxyIp proxyPort sslPort port"),
        },
        plain(zone=1),
        old=("render/task/getTransferServerMsg",),
    ),
    Walk(
        "render/handle/loadTaskProcessImg",
        {
            **of(int, "block isRenderPhoton height width"),
            **of(str, "currentTaskType sceneName startTime endTime"),
            "grabInfo": [[GRAB]],
        },
        one_task(frameType=5),
        old=("render/task/loadTaskProcessImg",),
    ),
    Walk(
        "render/handle/setTaskOverTimeStop",
        None,
        the_task(overTime=700),
        old=("render/task/setOverTimeStop",),
        look=job_value("job_timeout", "overTimeStop"),
        then=becomes(700.0, 700),
    ),
    Walk(
        "render/handle/loadingFrameThumbnail",
        [str],
        lambda w: {"id": w.rendered, "frameStatus": 4},
        old=("render/task/loadingFrameThumbnail",),
    ),
    Walk(
        "render/handle/fullSpeedRendering",
        str,
        the_task(),
        old=("render/task/fullSpeed",),
        look=job_value("hold"),
        then=becomes(False),
    ),
    Walk(
        "render/submit/taskJsonFile",
        None,
        lambda w: {"taskId": w.reserved, "fileName": "tips.json", "content": '{"50001": ["ä"]}'},
        old=("render/task/taskJsonFile",),
        look=tips,
        then=lambda _w, _before: '{"50001": ["ä"]}'.encode(),
    ),
    Walk(
        "render/transfer/getConfig",
        {
            **of(str, "inputBid outputBid configBid"),
            **of(str | None, "parentInputBid"),
            **of(list | None, "subUserOutputBids"),
            "resqEngines": [ENGINE],
        },
    ),
    Walk(
        "render/handle/addTaskLabel",
        None,
        lambda w: {"label": w.name, "taskIds": [w.task]},
        look=label_names,
        then=lambda w, _before: [w.name],
    ),
    Walk(
        "render/handle/deleteTaskLabel",
        None,
        lambda w: {"taskIds": [w.task], "labelNames": [w.name], "labelIds": []},
        before=with_label,
        look=label_names,
        then=becomes(),
    ),
    Walk("render/file/operate/getOutputUserDirFile", [FILE], lambda w: {"taskId": w.done, "treePath": "/"}),
    Walk(
        "render/handle/stopTaskFrames",
        None,
        lambda w: {"taskId": w.task, "selectAll": 0, "ids": w.frames[3:], "status": []},
        look=frame_statuses,
        then=becomes(1, 8, 8, 3, 3),
    ),
    Walk("render/hardwareConfig/list", [HARDWARE], lambda w: {"cloneTask": "false", "taskIds": [str(w.task)]}),
    Walk(
        "render/handle/showLog",
        {**of(int, "pageCount pageNum total size"), "items": [str]},
        lambda w: {"renderingType": "render", "pageNum": 1, "pageSize": 1, "id": w.rendered},
    ),
    Walk(
        "render/handle/updateTaskLimit",
        None,
        one_task(taskLimit=3),
        look=job_value("limit", "taskLimit"),
        then=becomes(3, 3),
    ),
    Walk(
        "render/handle/operate/sdk/taskRecord",
        page(TASK_RECORD),
        plain(pageNum=1, pageSize=10, startDate="", endDate="", platform=2),
    ),
    Walk(
        "render/handle/operate/sdk/loginRecord",
        page(LOGIN_RECORD),
        plain(pageNum=1, pageSize=10, startDate="", endDate=""),
    ),
    Walk("render/submit/getUserPackNodeInfo", [{"packNodeId": int, "packName": str}]),
    Walk(
        "render/handle/editTaskHardwareConfig",
        None,
        lambda w: {
            **{"taskIds": [w.task], "hardwareConfigIds": [hardware_id(w)], "model": "Default"},
            **{"ram": "8GB", "gpuNum": ""},
        },
        look=job_value("hardware"),
        then=lambda w, _before: [(f"c{hardware_id(w) // 10_000}_m8_g0",)],
    ),
]
CONSTANTS = 49
NEVER_EMPTY = {
    "render/submit/queryAnalyseErrorDetail",
    "render/common/queryPlatforms",
    "render/file/operate/getOutputUserDirFile",
    "render/handle/loadingFrameThumbnail",
    "render/hardwareConfig/list",
    "render/plugin/getUserPluginConfig",
}


@dataclass(frozen=True)
class Case:
    """A path with one of the bodies that it takes."""

    walk: Walk
    path: str
    renamed: bool = False

    def __str__(self) -> str:
        return f"{self.path}{' as before' if self.renamed else ''}"

    def body(self, world: World) -> Body:
        found = self.walk.body(world)
        names = self.walk.renamed if self.renamed else {}
        return {names.get(name, name): value for name, value in found.items()}


CASES = [
    *(Case(walk, walk.path) for walk in WALKS),
    *(Case(walk, path) for walk in WALKS for path in walk.old),
    *(Case(walk, path, renamed=True) for walk in WALKS if walk.renamed for path in walk.old),
]


async def test_every_path_that_is_answered_is_walked_and_no_other() -> None:
    assert len({walk.path for walk in WALKS}) == len(WALKS) == CONSTANTS
    assert {f"/api/{case.path}" for case in CASES} == set(CALLS)


async def test_a_path_is_marked_as_changing_just_when_the_walk_looks_for_a_change() -> None:
    assert {f"/api/{case.path}" for case in CASES if case.walk.look is not None} == {
        path for path, found in CALLS.items() if found.changes
    }


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_path_answers_data_of_its_shape_and_does_what_it_says(world: World, case: Case) -> None:
    walk = case.walk
    if walk.before is not None:
        await walk.before(world)
    seen = await walk.look(world) if walk.look is not None else None
    data = await world.caller.call(case.path, case.body(world))
    fits(data, walk.data)
    assert data or walk.path not in NEVER_EMPTY
    if walk.look is not None and walk.then is not None:
        after = await walk.look(world)
        assert after == walk.then(world, seen)
        assert after != seen


@pytest.mark.parametrize("case", [Case(walk, walk.path) for walk in WALKS if walk.look is not None], ids=str)
async def test_whoever_is_refused_changes_nothing(world: World, case: Case) -> None:
    """With a member that nobody knows."""
    if case.walk.before is not None:
        await case.walk.before(world)
    rows = world.farm.rows()
    refused = await world.caller.refused(case.path, {**case.body(world), "surprise": 1})
    assert refused.code == 600
    assert "surprise" in refused.message
    assert world.farm.rows() == rows


# --- what is no call ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
async def test_calls_are_made_by_post_only(base: World, method: str) -> None:
    path = "/api/render/project/getList"
    answer = await base.caller.raw(path, base.caller.signed(path, {}), b"{}", method)
    found = base.caller.read(answer)
    assert (found["code"], found["data"]) == (400, None)
    assert "POST" in found["message"]


@pytest.mark.parametrize(
    "path",
    [
        "render/project/getlist",
        "render/project/getList/",
        "render/project",
        "render/handle/getTaskList/v3",
        "render/",
        "render/project/getList%00",
        "rendering/task/renderingTask/abandonTask",
        "render/thumbnail/x.jpg",
    ],
)
async def test_a_path_that_is_none_answers_404(base: World, path: str) -> None:
    refused = await base.caller.refused(path)
    assert refused.code == 404


@pytest.mark.parametrize("slashes", ["//", "///"])
async def test_slashes_before_api_do_not_matter(base: World, slashes: str) -> None:
    headers = base.caller.signed("/api/render/project/getList", {})
    path = f"{slashes}api/render/project/getList"
    assert base.farm.door.serves(path)
    assert base.caller.read(await base.caller.raw(path, headers, b"{}"))["code"] == 200


async def test_the_door_serves_its_own_paths_only(base: World) -> None:
    for path in ("/api/render/x", "/api/rendering/x", "//api/render/x", "/mill/api/render/x"):
        assert base.farm.door.serves(path)
    for path in ("/", "/api/v1/jobs", "/api/renders/x", "/API/render/x", "/x/api/v1/render/y", "/api/render"):
        assert not base.farm.door.serves(path)


async def test_no_body_is_an_empty_object(base: World) -> None:
    path = "/api/render/project/getList"
    answer = await base.caller.raw(path, base.caller.signed(path, {}), b"")
    assert base.caller.read(answer)["code"] == 200


# --- what the login trio must be ---------------------------------------------------------------------------------


async def test_the_three_calls_of_a_login_answer_objects_that_go_together(base: World) -> None:
    merged: dict[str, Any] = {}
    for path in ("setUp/queryUserProfile", "setUp/queryUserSetting", "transfer/getBid"):
        merged |= await base.caller.call(f"render/{path}")
    account = base.farm.accounts.user("anna")
    assert merged["userId"] == account.id
    assert [merged[name] for name in ("config_bid", "input_bid", "output_bid")] == [
        f"{account.id}{digit}" for digit in (1, 2, 3)
    ]
    assert merged["mainUserId"] == 0


async def test_a_project_is_listed_at_once_and_a_second_of_its_name_is_503(world: World) -> None:
    await world.caller.call("render/project/add", {"newName": world.name, "status": 0})
    found = await world.caller.call("render/project/list", {"flag": 2})
    assert [each["projectName"] for each in found["projectNameList"]].count(world.name) == 1
    await world.caller.call("render/project/add", {"newName": world.name, "status": 0})  # a client's second try
    found = await world.caller.call("render/project/list", {"flag": 2})
    assert [each["projectName"] for each in found["projectNameList"]].count(world.name) == 1
    assert (await world.caller.refused("render/project/add", {"newName": world.name, "status": 1})).code == 503


async def test_what_was_asked_for_is_on_record(world: World) -> None:
    await stopped(world)
    found = await world.caller.call("render/handle/operate/sdk/taskRecord", {"pageNum": 1, "pageSize": 1})
    record = found["items"][0]
    assert record["taskIds"] == f"[{world.task}]"
    assert record["requestURI"] == "/api/rendering/task/renderingTask/stopTask"
    assert (record["userName"], record["operateSource"]) == ("anna", 1)


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("render/submit/createTask", {"taskUserLevel": 50}, "count"),
        ("render/setUp/updateUserSetting", {}, "taskOverTimeSec"),
        ("render/user/updateUserSetting", {}, "taskOverTime"),
        ("render/task/stopTask", {}, "taskParam"),
        ("rendering/task/renderingTask/stopTask", {}, "taskIds"),
        ("render/handle/recommitTaskFrames", {"selectAll": 0, "taskId": 1}, "ids"),
        ("render/handle/recommitTaskFrames", {}, "taskId"),
        ("render/handle/showLog", {"id": None}, "id"),
        ("render/submit/queryAnalyseErrorDetail", {"language": 0}, "code"),
    ],
)
async def test_a_member_that_is_missing_is_601_and_named(
    base: World, path: str, body: dict[str, Any], named: str
) -> None:
    refused = await base.caller.refused(path, body)
    assert (refused.code, refused.message.split(":")[0]) == (601, named)
