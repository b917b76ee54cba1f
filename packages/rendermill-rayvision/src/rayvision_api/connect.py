"""Calls of the API by the paths of :class:`rayvision_api.url.ApiUrl`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from rayvision_api.url import ApiUrl
from rendermill_rayvision.address import address_of
from rendermill_rayvision.connection import Connection


class Connect(Connection):
    """A user's calls to a farm; ``headers`` are sent beside those that the API wants. A ``session`` is not needed."""

    def __init__(
        self,
        access_id: str,
        access_key: str,
        protocol: str | None,
        domain: str | None,
        platform: str,
        headers: Mapping[str, str] | None = None,
        session: object = None,  # noqa: ARG002 - the connections are its own
        logger: logging.Logger | None = None,
        timeout: float | None = 60.0,
    ) -> None:
        address = address_of(domain, protocol)
        super().__init__(address, access_id, access_key, platform, headers=headers, logger=logger, timeout=timeout)

    @property
    def domain(self) -> str:
        """The farm's host, port and prefix."""
        return self.address.domain

    def post(
        self,
        api_url: ApiUrl | str,
        data: Mapping[str, Any] | None = None,
        validator: bool = True,  # noqa: ARG002 - the farm looks at everything
    ) -> Any:
        """Call a path; the data of the answer. Raises RayvisionAPIError, UnreachableError."""
        return self.call(str(api_url), data)
