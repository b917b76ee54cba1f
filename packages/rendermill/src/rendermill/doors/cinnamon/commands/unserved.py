"""Commands of Cinnamon that this farm does not serve: they say so, and are not taken for misspelt ones."""

from __future__ import annotations

from functools import partial

from rendermill.doors.cinnamon.codes import refusal
from rendermill.doors.cinnamon.context import Call
from rendermill.doors.cinnamon.registry import command

UNSERVED = (
    *("createlink", "updatelink", "getlink", "deletelink"),
    *("copyallversions", "copyfolder", "zipfolder", "deletemetaset", "setchangedstatus", "setsummary"),
    *("search", "searchsimple"),
    *("reindex", "clearindex", "listindexitems", "listindexgroups", "getindexgroup", "renderindexedosd"),
    *("renderindexedfolder", "createindextype", "deleteindextype"),
    *("checktranslation", "createtranslation", "listtransformers", "transformobject", "transformobjecttofile"),
    *("createworkflow", "dotransition", "findopentasks"),
    *("setemail", "sendpasswordmail", "test"),
)


def _refuse(name: str, _call: Call) -> str:
    raise refusal("error.command.not_served", f"{name} is not served", where="command")


for _name in UNSERVED:
    command(_name)(partial(_refuse, _name))
