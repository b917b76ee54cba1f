"""The signature of a call, from the client's side.

The six signed headers and the members of the JSON body are flattened to ``name=value`` (``a.b`` for objects, ``a0`` for
lists), sorted by code point and joined by ``&`` behind ``[POST]DOMAIN:PATH&``; HMAC-SHA256 under the access key, in
Base64. Source: the vendor's public documentation of its HTTP API (V4.1.2).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Any


def signature(access_key: str, domain: str, path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> str:
    """The signature of a call; ``headers`` are the signed ones. A member of the body counts before a header.

    ``body`` is what the JSON text that is sent reads as.
    """
    pairs = dict(_flat("", {**headers, **body}))
    text = "&".join(f"{name}={pairs[name]}" for name in sorted(pairs))
    message = f"[POST]{domain}:{path}&{text}".encode("utf-8", "surrogatepass")
    return base64.b64encode(hmac.digest(access_key.encode(), message, hashlib.sha256)).decode()


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}" if name else key, inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _flat(f"{name}{index}", inner)
    else:
        yield name, str(value)
