"""Sending files to a farm: what it has already is not sent, what broke off goes on where it was.

Files go through in pages. While one page's contents are on their way the next one is being hashed, so memory does not
grow with the number of files.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from rendermill.assets.client.contents import Sender
from rendermill.assets.client.depot import Depot, Item, Offered
from rendermill.assets.client.pace import Pace
from rendermill.assets.client.patience import Patience
from rendermill.assets.client.reading import Hashed, Reader, regular
from rendermill.assets.client.telling import Options, Summary, Teller

_PAGE_FILES = 2000
_PAGE_BYTES = 256 * 1024 * 1024
_ROUNDS = 3


class Uploader:
    """Sends files to a depot. ``prefix`` goes before their names in the keys of records; ``stop`` ends it from outside.

    ``unfit`` says what is wrong with a name that the server would refuse, empty if nothing is.
    """

    def __init__(
        self,
        depot: Depot,
        options: Options,
        *,
        prefix: str = "",
        unfit: Callable[[str], str] = lambda _: "",
        stop: threading.Event | None = None,
    ) -> None:
        self._depot, self._options, self._unfit = depot, options, unfit
        self.teller = Teller(options.listener)
        self.patience = Patience(stop)
        self.reader = Reader(options.records, prefix, self._hashed, self.patience.wait)
        self._pace = Pace(options.max_speed, wait=self.patience.wait)

    def send(self, items: Sequence[Item]) -> Summary:
        """Send files; those that cannot be read, or keep changing, are in ``failed``, the others are sent.

        Raises UnreachableError after about a minute without an answer, StoppedError, and what the server refuses
        (OverQuotaError, NotAllowedError, BadInputError …). What was sent until then is kept there.
        """
        files = self._measured(items)
        pool = ThreadPoolExecutor(self._options.streams, thread_name_prefix="upload")
        ahead = ThreadPoolExecutor(1, thread_name_prefix="hashing")
        try:
            sender = Sender(self._depot, pool, self._pace, self.teller, self.patience)
            before: _Page | None = None
            for hashed in _one_ahead(ahead, self._hashed_pages(files)):
                page = _Page(self, sender, hashed, before.asked if before is not None else set())
                if before is not None:
                    before.finish()
                before = page
            if before is not None:
                before.finish()
        finally:
            self.patience.end()
            ahead.shutdown(cancel_futures=True)
            pool.shutdown(cancel_futures=True)
        return self.teller.summary()

    def offer(self, files: Sequence[Hashed]) -> set[str]:
        """Tell the server of files; the hashes of the contents that it lacks."""
        offered = [Offered(file.item.name, file.digest, file.size) for file in files]
        return self.patience.call(lambda: self._depot.offer(offered)) if offered else set()

    def hash(self, files: Sequence[Hashed]) -> list[Hashed]:
        """Hash files; returns those that could be read, and tells of the others."""
        sound = []
        for file, wrong in self.reader.hash_all(files):
            self.patience.check()
            if wrong:
                self.teller.failed(file.item.local, file.item.name, wrong)
            else:
                sound.append(file)
        return sound

    def _hashed(self, size: int) -> None:
        self.patience.check()  # a large file is read for long
        self.teller.hashed(size)

    def _measured(self, items: Sequence[Item]) -> list[Hashed]:
        files, wrongs = [], []
        for item in items:
            try:
                wrong = self._unfit(item.name)
                size = regular(item.local).st_size
            except (OSError, ValueError) as error:  # ValueError: a null character in the path
                size, wrong = 0, getattr(error, "strerror", None) or str(error)
            (wrongs.append((item, wrong)) if wrong else files.append(Hashed(item, size)))
        self.teller.total(len(items), sum(file.size for file in files))
        for item, wrong in wrongs:
            self.teller.failed(item.local, item.name, wrong)
        return files

    def _hashed_pages(self, files: Sequence[Hashed]) -> Iterator[list[Hashed]]:
        page: list[Hashed] = []
        size = 0
        for file in files:
            page.append(file)
            size += file.size
            if len(page) == _PAGE_FILES or size >= _PAGE_BYTES:
                yield self.hash(page)
                page, size = [], 0
        if page:
            yield self.hash(page)


class _Page:
    """Files that go together. ``going`` are the hashes of contents that the page before has on their way."""

    def __init__(self, uploader: Uploader, sender: Sender, files: list[Hashed], going: set[str]) -> None:
        self._uploader, self._sender, self._files = uploader, sender, files
        self._moved: set[int] = set()
        self.asked = uploader.offer(files)
        self._sending = sender.start(self._first_of(self.asked - going))

    def finish(self) -> None:
        """Wait for the contents; name the files, once more those that changed meanwhile."""
        tries = 0
        while self.asked and tries < _ROUNDS:
            tries += 1
            self._again(self._sending.wait())
            self.asked = self._uploader.offer(self._files)
            if tries < _ROUNDS:
                self._sending = self._sender.start(self._first_of(self.asked))
        for file in self._files:
            item = file.item
            if file.digest in self.asked:
                self._uploader.teller.failed(item.local, item.name, "it changes while it is sent")
            else:
                self._uploader.teller.done(item.local, item.name, file.size, moved=id(file) in self._moved)

    def _first_of(self, digests: set[str]) -> list[Hashed]:
        """One file for each content that must go."""
        first: dict[str, Hashed] = {}
        for file in self._files:
            if file.digest in digests:
                first.setdefault(file.digest, file)
        self._moved |= {id(file) for file in first.values()}
        return list(first.values())

    def _again(self, changed: set[str]) -> None:
        """Hash files anew whose content was another than it should be."""
        stale = [file for file in self._files if file.digest in changed]
        if stale:
            self._uploader.reader.forget([file.item for file in stale])
            sound = {id(file) for file in self._uploader.hash(stale)}
            self._files = [file for file in self._files if file.digest not in changed or id(file) in sound]


def _one_ahead(pool: ThreadPoolExecutor, pages: Iterator[list[Hashed]]) -> Iterator[list[Hashed]]:
    """The pages, of which the next is being made while one is used."""
    upcoming = pool.submit(next, pages, None)
    while (page := upcoming.result()) is not None:
        upcoming = pool.submit(next, pages, None)
        yield page
