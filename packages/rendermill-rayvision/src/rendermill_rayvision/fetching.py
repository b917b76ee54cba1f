"""Fetching what tasks have rendered into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rendermill.sdk.client import Client
from rendermill.sdk.depots import storage_source
from rendermill.sdk.transfer import Download, Options, Summary, Wanted
from rendermill.sdk.transfer_log import TransferLog
from rendermill_rayvision.errors import DownloadFailed
from rendermill_rayvision.progress import Listeners, bars
from rendermill_rayvision.sync_arguments import some
from rendermill_rayvision.tasks import Task


@dataclass(frozen=True, slots=True)
class Place:
    """Files and folders of a storage, and the folder for them: with ``keep`` below their whole paths, else directly."""

    storage: str
    names: tuple[str, ...]
    folder: Path
    keep: bool


def places(task: Task, folder: Path, *, keep: bool) -> list[Place]:
    """Where the outputs of a task go.

    Without ``keep`` the task's own folder is left out; the parts of a task with several keep theirs, or pictures of one
    would take the place of another's.
    """
    alone = len(task.outputs) == 1
    found = []
    for output in task.outputs:
        part = output.name.strip("/").partition("/")[2]
        target = folder if keep or alone else folder / part
        found.append(Place(output.storage, (output.name,), target, keep))
    return found


class Fetcher:
    """Fetches places as often as it is asked; what it has fetched once is not looked at again.

    Where files of several go to the same place, the first that comes has it; the others have failed.
    """

    def __init__(self, client: Client, max_speed: int | None, log_folder: Path, *, show: bool) -> None:
        self._client, self._show = client, show
        self._log = TransferLog(log_folder, "download")
        self._heard = Listeners(self._log)
        self._options = Options(max_speed=max_speed, listener=self._heard)
        self._downloads: dict[Place, Download] = {}
        self._taken: dict[str, Wanted] = {}
        self._there: set[Place] = set()

    def fetch(self, wanted: Sequence[Place]) -> bool:
        """Fetch what is there; whether anything is.

        Raises DownloadFailed with the files that could not be written, once all others are here; and what
        :func:`rendermill.sdk.transfer.download` does.
        """
        failed: list[str] = []
        for place in wanted:
            summary = self._one(place)
            if summary.files:
                self._there.add(place)
            failed += [f"{each.path}: {each.why}" for each in summary.failed]
        if failed:
            raise DownloadFailed(f"{len(failed)} files could not be downloaded, the others are here:\n{some(failed)}")
        return not self._there.isdisjoint(wanted)

    def _one(self, place: Place) -> Summary:
        download = self._downloads.pop(place, None)  # one that failed is not used again
        if download is None:
            source = storage_source(self._client, place.storage)
            download = Download(source, place.folder, self._options, keep=place.keep, taken=self._taken)
        with bars("fetching", wanted=self._show) as shown:
            self._heard.listeners = (self._log, shown)
            summary = download.fetch(place.names)
        self._downloads[place] = download
        return summary
