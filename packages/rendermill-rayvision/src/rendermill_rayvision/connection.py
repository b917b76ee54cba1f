"""Signed calls of a farm's API."""

from __future__ import annotations

import json
import logging
import random
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from rendermill.farm.model.errors import UnreachableError
from rendermill_rayvision.address import Address
from rendermill_rayvision.errors import RayvisionAPIError
from rendermill_rayvision.signing import signature

OK = 200
ATTEMPTS = 5
_CONNECT_SECONDS = 10.0
_CONNECTIONS = 16


def _wait() -> None:
    time.sleep(random.uniform(1.0, 2.0))  # noqa: S311 - so that clients do not all come back at once


class Connection:
    """Calls of one user to one farm. May be used by several threads.

    ``timeout`` is in seconds; ``wait`` is called between two attempts.
    """

    def __init__(
        self,
        address: Address,
        access_id: str,
        access_key: str,
        platform: str,
        *,
        headers: Mapping[str, str] | None = None,
        logger: logging.Logger | None = None,
        timeout: float | None = 60.0,
        wait: Callable[[], None] = _wait,
    ) -> None:
        self.address = address
        self.platform = platform
        self._access_id, self._access_key = access_id, access_key
        self._more = dict(headers or {})
        self.logger = logger or logging.getLogger(__name__)
        self._wait = wait
        connecting = _CONNECT_SECONDS if timeout is None else min(timeout, _CONNECT_SECONDS)
        # Each attempt is signed anew, so urllib3 makes none of its own.
        waiting = urllib3.Timeout(connect=connecting, read=timeout)
        self._http = urllib3.PoolManager(maxsize=_CONNECTIONS, timeout=waiting, retries=False)

    def close(self) -> None:
        """Close the connection."""
        self._http.clear()

    def call(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call ``path``; the data of the answer.

        Where none comes, or something before the farm says that it is away, the farm is asked again, :data:`ATTEMPTS`
        times in all. Raises RayvisionAPIError at once if the farm refuses; UnreachableError.
        """
        content = json.dumps(dict(body or {}), allow_nan=False)
        answer = self._patiently(path, content)
        code = answer["code"]
        self.logger.debug("%s: %s", path, code)
        if code != OK:
            raise RayvisionAPIError(code, str(answer.get("message") or ""), self.address.url + path)
        return answer.get("data")

    def _patiently(self, path: str, content: str) -> dict[str, Any]:
        attempt = 1
        while True:
            try:
                return self._once(path, content)
            except HTTPError as error:
                reason = str(error).rpartition(": ")[2]
                self.logger.warning("%s, attempt %d of %d: %s", path, attempt, ATTEMPTS, reason)
                if attempt == ATTEMPTS:
                    raise self._unreachable(f"no farm answers there ({reason})") from error
            attempt += 1
            self._wait()

    def _once(self, path: str, content: str) -> dict[str, Any]:
        """The answer. Raises HTTPError if it is worth while to ask again, UnreachableError if it is not."""
        response = self._http.request(
            "POST",
            self.address.url + path,
            body=content.encode(),
            headers=self._headers(path, content),
            redirect=False,
        )
        try:
            answer = json.loads(response.data)
        except ValueError:
            answer = None
        if isinstance(answer, dict) and type(answer.get("code")) is int:
            return answer
        if response.status >= 500:
            raise HTTPError(f"HTTP {response.status}")
        target = response.headers.get("Location")
        more = f" and says to go to {target}" if target else ""
        raise self._unreachable(f"what answers there is no farm: it says {response.status}{more}")

    def _headers(self, path: str, content: str) -> dict[str, str]:
        signed = {
            "accessId": self._access_id,
            "channel": "4",
            "platform": self.platform,
            "UTCTimestamp": str(int(time.time())),
            "nonce": str(secrets.randbelow(900_000) + 100_000),
            "version": "2.0.0",
        }
        return {
            **self._more,
            **signed,
            "signature": signature(self._access_key, self.address.domain, path, signed, json.loads(content)),
            "Content-Type": "application/json",
            "languageFlag": "0" if self.address.is_chinese else "1",
        }

    def _unreachable(self, what: str) -> UnreachableError:
        remedy = "Give RayvisionAPI the domain of a farm that runs, and protocol='http' or 'https' as it speaks it."
        return UnreachableError(what, where=self.address.url, remedy=remedy)
