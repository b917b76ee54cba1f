"""Every command of Cinnamon is served, or refused by its name."""

from __future__ import annotations

import pytest

from rendermill.doors.cinnamon.commands.unserved import UNSERVED
from rendermill.doors.cinnamon.registry import COMMANDS
from support.cinnamon import CinnamonClient, RefusedError

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMMANDS_OF_CINNAMON = """
connect disconnect forksession sudo startrendertask getobject getobjects getobjectsbyid getobjectswithcustommetadata
getmeta setmeta getmetaset setmetaset linkmetaset unlinkmetaset deletemetaset listmetasettypes getcontent setcontent
create version copy copytoexisting copyallversions copyfolder zipfolder delete deleteallversions lock unlock
getsysmeta setsysmeta attachlifecycle detachlifecycle changestate getnextstates getlifecycle getlifecyclestate
listlifecycles createlifecycle addlifecyclestate deletelifecycle searchobjects searchfolders searchobjectids search
searchsimple createfolder getfolder getfolderbypath getsubfolders updatefolder deletefolder getfoldermeta
getfoldersbyid getobjtypes getfoldertypes getformats getrelationtypes listlanguages listuilanguages listmessages
listpermissions getacls listaclentries getusersacls getuserspermissions listgroups getusers getuserbyname getuser
getpermission getaclentry listaclmembers getgroupsofuser createrelation getrelations deleterelation createlink
updatelink getlink deletelink getconfigentry setconfigentry setchangedstatus setsummary reindex renderindexedosd
renderindexedfolder listindexitems listindexgroups getindexgroup clearindex checktranslation createtranslation
listtransformers transformobject transformobjecttofile createworkflow dotransition findopentasks setpassword setemail
sendpasswordmail echo test createuser deleteuser creategroup deletegroup addusertogroup removeuserfromgroup createacl
deleteacl editacl addgrouptoacl removegroupfromacl addpermissiontoaclentry removepermissionfromaclentry
createobjecttype createfoldertype createformat createrelationtype createpermission createindextype deleteobjecttype
deletefoldertype deleteformat deleterelationtype deletepermission deleteindextype initializedatabase
"""
ALL = COMMANDS_OF_CINNAMON.split()
OF_SESSIONS = {"connect", "disconnect", "forksession", "sudo"}


async def test_every_command_of_cinnamon_is_served_or_refused_by_its_name(anna: CinnamonClient) -> None:
    assert len(ALL) == len(set(ALL))
    for name in ALL:
        if name in OF_SESSIONS:
            continue
        unserved = name in UNSERVED or name == "initializedatabase"
        assert unserved != (name in COMMANDS and name not in UNSERVED), name
        if unserved:
            with pytest.raises(RefusedError, match=f"{name} is not served") as refused:
                await anna.send(name)
            assert refused.value.code == "error.command.not_served"


async def test_what_is_called_unserved_is_a_command_of_cinnamon() -> None:
    assert set(UNSERVED) <= set(ALL)


async def test_an_unknown_name_is_told_from_a_command_that_is_not_served(anna: CinnamonClient) -> None:
    assert await anna.refused("createlnik") == "Unknown Command: 'createlnik'"
