"""Who the user is, what they have chosen, what they have done."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from rendermill.doors.rayvision.context import Caller, input_owner, user_number
from rendermill.doors.rayvision.handlers.fields import Id, Paged, Seconds, Word, parse_time, write_time
from rendermill.doors.rayvision.registry import Body, Nothing, call
from rendermill.doors.rayvision.show import milliseconds, page_of
from rendermill.farm.model.storage import Area, storage_number
from rendermill.store.rayvision import notes

_LOGIN_SECONDS = 600.0


@call("render/setUp/queryUserProfile", "render/user/queryUserProfile")
async def query_user_profile(caller: Caller, body: Nothing) -> dict[str, Any]:
    """The user. What concerns money is zero: it is a farm of one's own."""
    account = caller.account
    await _note_login(caller)
    main = caller.services.accounts.user(account.main).id if account.main is not None else 0
    return {
        "userId": account.id,
        "userName": account.name,
        "platform": caller.platform,
        **dict.fromkeys(_TEXTS, ""),
        **dict.fromkeys(_NUMBERS, 0),
        "status": 1,
        "infoStatus": 1,
        "accountType": 0 if account.main is None else 1,
        "userType": 1,
        "mainUserId": main,
        "level": 50,
        "zone": 2,
        "shareMainCapital": int(account.shares_storage),
        "subDeleteTask": 1,
        "displaySubaccount": int(bool(caller.user.subs)),
        "houdiniFlag": 1,
        "c4dFlag": 1,
        "blenderFlag": 1,
        "keyshotFlag": 1,
        "enableNodeDetails": 1,
        "taskNodeLimitPermission": 1,
        "hideBalance": 1,
        "studentEndTime": None,
        "inviterId": None,
        "inviterName": None,
    }


_TEXTS = (
    *("phone", "email", "company", "companySite", "name", "job", "communicationNumber", "description", "country"),
    *("city", "address"),
)
_NUMBERS = (
    *("softType", "softStatus", "businessType", "pictureLever", "rmbbalance", "usdbalance", "rmbCumulative"),
    *("usdCumulative", "credit", "coupon", "cpuPrice", "gpuPrice", "gpuSingleDiscount", "extraRamRate"),
    *("subDeleteCapital", "useMainBalance", "hideJobCharge", "useLevelDirectory", "downloadDisable"),
    *("subaccountLimits", "commonCoupon", "qyCoupon", "commonCouponCount", "qyCouponCount", "exportFrameConsume"),
    *("availableCredit", "totalCredit"),
)


async def _note_login(caller: Caller) -> None:
    """Write a login down. Clients ask for the profile again and again; some minutes count as one login."""
    desk, now = caller.services.desk, caller.services.clock.now()
    owner = caller.account.name
    last = await desk.read(lambda c: notes.last_record(c, owner, "login"))
    if last is None or last.address != caller.address or now - last.time > _LOGIN_SECONDS:
        details = {"platform": caller.platform, "agent": caller.agent}
        await desk.write(lambda c: notes.add_record(c, owner, "login", now, caller.address, details))


@call("render/setUp/queryUserSetting", "render/user/queryUserSetting")
async def query_user_setting(caller: Caller, body: Nothing) -> dict[str, Any]:
    """What the user has chosen for all tasks."""
    seconds = int(caller.services.accounts.settings(caller.account.name).get("task_over_time", 0))
    return {
        "infoStatus": 1,
        "accountType": 0 if caller.account.main is None else 1,
        "shareMainCapital": int(caller.account.shares_storage),
        "subDeleteTask": 1,
        "useMainBalance": 0,
        "singleNodeRenderFrames": "1",
        "maxIgnoreMapFlag": "0",
        "autoCommit": "2",
        "separateAccountFlag": 0,
        "mifileSwitchFlag": 0,
        "assfileSwitchFlag": 0,
        "manuallyStartAnalysisFlag": 0,
        "downloadDisable": 0,
        "taskOverTime": seconds // 3600,
        "taskOverTimeSec": seconds,
        "ignoreMapFlag": 0,
        "isVrayLicense": 0,
        "justUploadConfigFlag": 0,
        "justUploadCgFlag": 0,
        "mandatoryAnalyseAllAgent": 0,
        "downloadLimit": 0,
    }


class UserSetting(Body):
    """How long a task may run where it does not say so itself; 0 for as long as it takes."""

    taskOverTimeSec: Seconds


@call(
    "render/setUp/updateUserSetting",
    "render/user/updateUserSetting",
    changes="update user setting",
    renamed={"taskOverTime": "taskOverTimeSec"},
)
async def update_user_setting(caller: Caller, body: UserSetting) -> None:
    """Change it."""
    changes = {"task_over_time": body.taskOverTimeSec}
    await asyncio.to_thread(caller.services.accounts.change_settings, caller.account.name, changes)


def storages(caller: Caller) -> dict[str, Any]:
    """The numbers of the user's storages, of the one that their main account shares, and of their sub-accounts'."""
    account, accounts = caller.account, caller.services.accounts
    owner = input_owner(account)
    shared = accounts.user(owner).id if owner != account.name else None
    subs = accounts.subs(account.name)
    return {
        "config": storage_number(account.id, Area.CONFIG),
        "input": storage_number(account.id, Area.INPUT),
        "output": storage_number(account.id, Area.OUTPUT),
        "parent": None if shared is None else storage_number(shared, Area.INPUT),
        "subs": [{"userId": each.id, "outputBid": storage_number(each.id, Area.OUTPUT)} for each in subs] or None,
    }


@call("render/transfer/getBid", "render/task/getTransferBid")
async def get_bid(caller: Caller, body: Nothing) -> dict[str, Any]:
    """The user's storages, by the numbers that the transfer takes."""
    found = storages(caller)
    return {
        "config_bid": found["config"],
        "input_bid": found["input"],
        "output_bid": found["output"],
        "parent_input_bid": found["parent"],
        "sub_user_output_bids": found["subs"],
    }


# --- records -----------------------------------------------------------------------------------------------------


class RecordPage(Paged):
    """Which records; the dates are days or times in UTC."""

    startDate: Word = ""
    endDate: Word = ""


class TaskRecordPage(RecordPage):
    """The same; the platform does not matter, this farm is one."""

    platform: Id | None = None


async def _records(caller: Caller, body: RecordPage, kind: str) -> tuple[int, list[notes.Record]]:
    since = parse_time(body.startDate, "startDate")
    until = parse_time(body.endDate, "endDate", end_of_day=True)
    owners = {caller.account.name, *caller.user.subs}
    return await caller.services.desk.read(
        lambda c: notes.list_records(c, owners, kind, since=since, until=until, offset=body.offset, limit=body.pageSize)
    )


@call("render/handle/operate/sdk/taskRecord")
async def task_record(caller: Caller, body: TaskRecordPage) -> dict[str, Any]:
    """What the user and their sub-accounts have asked for, newest first."""
    total, found = await _records(caller, body, "task")
    items = [
        {
            "userName": each.owner,
            "taskType": "Render",
            "buttonName": each.details.get("button", ""),
            "taskIds": json.dumps(each.details.get("tasks", [])),
            "channel": each.details.get("channel", "4"),
            "createTime": write_time(each.time),
            "details": each.details.get("button", ""),
            "operateSource": 1 if each.owner == caller.account.name and caller.account.main is None else 2,
            "userId": user_number(caller.services.accounts, each.owner),
            "requestIp": each.address,
            "requestURI": each.details.get("path", ""),
            "requestParam": each.details.get("body", ""),
        }
        for each in found
    ]
    return page_of(items, total, body.pageNum, body.pageSize)


@call("render/handle/operate/sdk/loginRecord")
async def login_record(caller: Caller, body: RecordPage) -> dict[str, Any]:
    """When and from where the user and their sub-accounts have logged in, newest first."""
    total, found = await _records(caller, body, "login")
    items = [
        {
            "id": each.id,
            "userId": user_number(caller.services.accounts, each.owner),
            "userName": each.owner,
            "userUa": each.details.get("agent", ""),
            "traceId": str(each.id),
            "loginType": 4,
            "loginStatus": 1,
            "loginStaDesc": "success",
            "moduleType": "SDK",
            "ip": each.address,
            "loginTime": milliseconds(each.time),
        }
        for each in found
    ]
    return page_of(items, total, body.pageNum, body.pageSize)
