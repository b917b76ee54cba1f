"""The signature of a call: what is signed, and how.

The six signed headers and the members of the JSON body are flattened to ``name=value`` (``a.b`` for objects, ``a0`` for
lists), sorted by code point and joined by ``&`` behind ``[POST]DOMAIN:PATH&``; HMAC-SHA256 under the access key, in
Base64. Source: the vendor's public documentation of its HTTP API (V4.1.2).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

#: The headers that are signed, in this very writing.
SIGNED_HEADERS = ("UTCTimestamp", "accessId", "channel", "nonce", "platform", "version")


def flat_text(headers: Mapping[str, str], body: Mapping[str, Any]) -> str:
    """The signed text without domain and path; where both name something the body counts."""
    pairs = dict(_flat({**{name: headers[name] for name in SIGNED_HEADERS}, **body}, ""))
    return "&".join(f"{name}={pairs[name]}" for name in sorted(pairs))


def _flat(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _flat(inner, f"{name}{index}")
    else:
        yield name, str(value)


def sign(access_key: str, domain: str, path: str, text: str) -> str:
    """The signature: 44 characters."""
    message = f"[POST]{domain}:{path}&{text}".encode("utf-8", "surrogatepass")
    return base64.b64encode(hmac.digest(access_key.encode(), message, hashlib.sha256)).decode()


def is_signed(signature: str, access_key: str, domains: Iterable[str], path: str, text: str) -> bool:
    """Whether it was signed with this key for one of the domains. (Which one is no secret; the key is.)"""
    given = signature.encode("utf-8", "replace")
    return any(hmac.compare_digest(sign(access_key, domain, path, text).encode(), given) for domain in domains)
