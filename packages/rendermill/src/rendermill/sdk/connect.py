"""Finding the server and the identity to use."""

from __future__ import annotations

import base64
import ipaddress
import os
from urllib.parse import urlsplit

from rendermill.farm.model.errors import BadInputError
from rendermill.runtime import local_token
from rendermill.sdk.client import Client

DEFAULT_SERVER = "http://127.0.0.1:8642"


def connect(server: str | None = None, access_id: str | None = None, access_key: str | None = None) -> Client:
    """A client of ``server`` (else ``RENDERMILL_SERVER``, else this machine's).

    The key comes from the arguments or ``RENDERMILL_ACCESS_ID`` and ``RENDERMILL_ACCESS_KEY``; without one, the token
    of a server that this user started on this machine is used. Raises :class:`BadInputError` for a URL that is none.
    """
    url = _url(server or os.environ.get("RENDERMILL_SERVER") or DEFAULT_SERVER)
    access_id = access_id or os.environ.get("RENDERMILL_ACCESS_ID")
    access_key = access_key or os.environ.get("RENDERMILL_ACCESS_KEY")
    if access_id and access_key:
        pair = base64.b64encode(f"{access_id}:{access_key}".encode()).decode()
        return Client(url, lambda: f"Basic {pair}")
    return local_client(url)


def local_client(url: str) -> Client:
    """A client of a server that this user started on this machine, whatever keys are set."""

    def authorize() -> str | None:
        token = local_token(url)
        return f"Bearer {token}" if token else None

    return Client(url, authorize)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself, so that what is said to it crosses no network."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _url(text: str) -> str:
    text = text if "://" in text else f"http://{text}"
    if (host := _host(text)) is None:
        raise BadInputError(f"{text!r} is not a server's URL", where="server", remedy="Give it as http://HOST:PORT.")
    if host == "localhost":
        text = text.replace("localhost", "127.0.0.1", 1)  # a server listens there, and localhost may mean ::1
    return text.rstrip("/")


def _host(url: str) -> str | None:
    """The host that a URL names, None if it is no URL of a server."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and (parts.port or 1) > 0
    except ValueError:
        return None
    return parts.hostname if valid else None
