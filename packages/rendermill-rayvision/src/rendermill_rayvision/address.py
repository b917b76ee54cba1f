"""Where a farm is, as scripts name it: a domain with a protocol beside it, or a URL."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from rendermill.farm.model.errors import BadInputError
from rendermill.sdk.connect import DEFAULT_SERVER, is_loopback

_VENDOR = "renderbus"


@dataclass(frozen=True, slots=True)
class Address:
    """A farm's ``http`` or ``https``, and its domain: host, port and the path before ``/api``, as it is signed."""

    protocol: str
    domain: str

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        return f"{self.protocol}://{self.domain}"

    @property
    def is_chinese(self) -> bool:
        """Whether the vendor's domain says that its answers should be in Chinese."""
        return _VENDOR in self.domain


def address_of(domain: str | None, protocol: str | None = None) -> Address:
    """The farm that a script means by ``domain``; without one that of ``RENDERMILL_SERVER``, else this machine's.

    A URL has its own protocol, which ``protocol`` overrules. Where neither says it, it is http for this machine and
    https for any other. Raises BadInputError.
    """
    text = domain or os.environ.get("RENDERMILL_SERVER") or DEFAULT_SERVER
    scheme, parted, rest = text.strip().rpartition("://")
    rest = rest.rstrip("/")
    host = _host(rest)
    chosen = (protocol or scheme).lower() or ("http" if host and is_loopback(host) else "https")
    if host is None or chosen not in ("http", "https") or (parted and not scheme):
        remedy = "Give it as HOST:PORT, or as http://HOST:PORT."
        raise BadInputError(f"{text!r} is not where a farm is", where="domain", remedy=remedy)
    return Address(chosen, rest)


def _host(rest: str) -> str | None:
    try:
        parts = urlsplit(f"//{rest}")
        plain = not (parts.query or parts.fragment or "@" in parts.netloc or any(c.isspace() for c in rest))
        return parts.hostname if plain and (parts.port is None or parts.port > 0) else None
    except ValueError:
        return None
