"""Records in Redis, which several machines may share. Needs the package ``redis``: the extra ``redis``."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rendermill.assets.client.record_text import key_text, mark_of, text_of
from rendermill.assets.client.records import Mark
from rendermill.farm.model.errors import UnavailableError

if TYPE_CHECKING:
    from redis.client import Pipeline

_PREFIX = "rendermill:record:"
_KEPT_SECONDS = 30 * 24 * 3600
_BATCH = 1000
_log = logging.getLogger(__name__)


class RedisRecords:
    """Records in a database of a Redis server (:class:`~rendermill.assets.client.records.Records`), for 30 days each.

    ``timeout_ms`` is how long the server may take to connect and to answer. Raises :class:`UnavailableError` if it does
    not answer at first; if it goes away later, that is logged once and nothing is known, or kept, any more.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 6379,
        password: str = "",
        database: int = 0,
        timeout_ms: int = 5000,
    ) -> None:
        try:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError as error:
            remedy = "Install Rendermill with its extra redis, or keep the records in SQLite."
            raise UnavailableError("the Python package redis is not installed", remedy=remedy) from error
        self._server = redis.Redis(
            host=host,
            port=port,
            db=database,
            password=password or None,
            socket_timeout=timeout_ms / 1000,
            socket_connect_timeout=timeout_ms / 1000,
            retry=Retry(NoBackoff(), 1),  # a connection that the server closed while it was idle
            decode_responses=True,
            protocol=2,  # servers before Redis 6 know no other
        )
        self._where = f"{host}:{port}"
        self._errors = (redis.RedisError, OSError, UnicodeDecodeError)
        self._usable = True
        try:
            self._server.ping()
        except self._errors as error:
            self._server.close()
            raise UnavailableError(
                f"the Redis server for the records of uploads does not answer as it should: {error}",
                where=self._where,
                remedy="Correct [REDIS] in db_config.ini, or upload without records: is_db=False.",
            ) from error

    def known(self, keys: Sequence[str]) -> dict[str, Mark]:
        """The marks of those keys that have one."""
        pieces = list(_pieces(keys))
        answers = self._do(pieces, lambda pipe, piece: pipe.mget([_name(key) for key in piece]))
        pairs = zip(itertools.chain(*pieces), itertools.chain(*answers), strict=False)
        return {key: mark for key, text in pairs if (mark := mark_of(text)) is not None}

    def keep(self, marks: Mapping[str, Mark]) -> None:
        """Remember marks in place of those that the keys had."""

        def put(pipe: Pipeline, piece: Sequence[str]) -> None:
            for key in piece:
                pipe.set(_name(key), text_of(marks[key]), ex=_KEPT_SECONDS)

        self._do(_pieces(marks), put)

    def forget(self, keys: Sequence[str]) -> None:
        """Forget what is known of the keys."""
        self._do(_pieces(keys), lambda pipe, piece: pipe.delete(*map(_name, piece)))

    def close(self) -> None:
        """Close the connections; from then on nothing is known, or kept."""
        self._usable = False
        self._server.close()

    def _do(self, pieces: Iterable[Sequence[str]], ask: Callable[[Pipeline, Sequence[str]], object]) -> list[Any]:
        """Ask for each piece in a round trip of its own, so that none of them takes long; all that was answered."""
        found: list[Any] = []
        try:
            for piece in pieces if self._usable else ():
                with self._server.pipeline(transaction=False) as pipe:
                    ask(pipe, piece)
                    found += pipe.execute()
        except self._errors as error:
            if self._usable:
                what = "the Redis server for the records of uploads is not used any more, files are read again"
                _log.warning("%s: %s: %s", what, self._where, error)
            self._usable = False
        return found


def _name(key: str) -> str:
    return _PREFIX + key_text(key)


def _pieces(keys: Iterable[str]) -> Iterator[Sequence[str]]:
    remaining = iter(keys)
    while piece := list(itertools.islice(remaining, _BATCH)):
        yield piece
