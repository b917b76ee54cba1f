"""The steps of the Rayvision SDK's tutorial, from login to downloaded frames, on a farm of one's own.

    python examples/rayvision_tutorial.py SCENE OUTPUT [--wait]

The farm is ``RENDERMILL_SERVER``, else this machine's; the key ``RAYVISION_API_ACCESS_ID`` and ``RAYVISION_API_KEY``
(``rendermill key create --user NAME`` makes one). What the scene is its suffix tells; all that lies in its folder is
sent with it, so OUTPUT must be elsewhere. With ``--wait`` nothing is downloaded: it says why the task waits, which is
right for an application that the farm does not have.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rayvision_api.core import RayvisionAPI
from rayvision_api.task.check import RayvisionCheck
from rayvision_api.utils import append_to_task, append_to_upload, update_task_info
from rayvision_blender.analyze_blender import AnalyzeBlender
from rayvision_clarisse.analyse_clarisse import AnalyzeClarisse
from rayvision_houdini.analyze_houdini import AnalyzeHoudini
from rayvision_maya.analyze_maya import AnalyzeMaya
from rayvision_sync.download import RayvisionDownload
from rayvision_sync.upload import RayvisionUpload

ANALYSES = {
    ".blend": AnalyzeBlender,
    ".hip": AnalyzeHoudini,
    ".hiplc": AnalyzeHoudini,
    ".hipnc": AnalyzeHoudini,
    ".ma": AnalyzeMaya,
    ".mb": AnalyzeMaya,
    ".project": AnalyzeClarisse,
}


def main() -> int:
    """Run the tutorial; prints one JSON object: the task, its files, where the frames are or why it waits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scene", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--wait", action="store_true")
    given = parser.parse_args()
    if given.scene.suffix.lower() not in ANALYSES:
        parser.error(f"{given.scene} is no scene: give one of {', '.join(ANALYSES)}")
    if given.scene.resolve().parent in (given.output.resolve(), *given.output.resolve().parents):
        parser.error(f"{given.output} lies in the scene's folder, which is sent as a whole: let it be elsewhere")
    given.output.mkdir(parents=True, exist_ok=True)

    # I. Log in: an empty domain is RENDERMILL_SERVER.
    api = RayvisionAPI(domain="", platform="2")

    # II. Analyse the scene.
    analyze_info: dict[str, Any] = {
        "cg_file": str(given.scene),
        "workspace": str(given.output),
        "software_version": None,
        "project_name": "tutorial",
        "plugin_config": {},
    }
    analyze_obj = ANALYSES[given.scene.suffix.lower()](**analyze_info)
    analyze_obj.analyse()

    # III. Change what will be rendered, and what comes along.
    update_task_info({"pre_frames": "100", "job_stop_time": 3600}, analyze_obj.task_json)
    append_to_task({"shot": "sh010"}, analyze_obj.task_json)
    append_to_upload([str(given.scene.parent)], analyze_obj.upload_json)

    # IV. Check.
    check_obj = RayvisionCheck(api, analyze_obj)
    task_id = check_obj.execute(analyze_obj.task_json, analyze_obj.upload_json)

    # V. Upload: all at once, or the two halves by themselves.
    config_path = [analyze_obj.tips_json, analyze_obj.task_json, analyze_obj.asset_json, analyze_obj.upload_json]
    upload_obj = RayvisionUpload(api)
    upload_obj.upload(str(task_id), *config_path)
    upload_obj.upload_asset(analyze_obj.upload_json, is_db=False)
    upload_obj.upload_config(str(task_id), config_path)

    # VI. Submit.
    api.submit(int(task_id))

    # VII. Download, in the three ways.
    task = {"task": task_id, "workspace": analyze_obj.workspace}
    if given.wait:
        info = api.query.task_info([task_id])["items"][0]
        print(json.dumps({**task, "status": info["taskStatus"], "remark": info["remark"]}))
        return 0
    download = RayvisionDownload(api)
    ways = {name: str(given.output / name) for name in ("as_they_finish", "when_done", "by_task", "by_path")}
    download.auto_download([task_id], local_path=ways["as_they_finish"])
    download.auto_download_after_task_completed(
        [task_id], print_log=False, download_filename_format="false", local_path=ways["when_done"], sleep_time=1
    )
    download.download(task_id_list=[task_id], print_log=False, local_path=ways["by_task"])
    folder = api.query.task_info([task_id])["items"][0]["outputFileName"]
    download.download(server_path=folder, print_log=False, local_path=ways["by_path"], max_speed=102400)
    print(json.dumps({**task, "folder": folder, **ways}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
