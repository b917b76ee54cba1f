"""Who calls: signature, time, and that no call that changes something comes twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rendermill.doors.rayvision.signature import SIGNED_HEADERS, flat_text, is_signed
from rendermill.farm.model.errors import BadSignatureError, ClockSkewError, NotAuthenticatedError
from rendermill.farm.model.identity import Identity
from rendermill.farm.ports.accounts import Accounts
from rendermill.farm.ports.clock import Clock

WINDOW_SECONDS = 300.0
_DEFAULT_PORTS = (":80", ":443")
_UNFIT = "the signature does not fit: wrong access id or key, or a domain that is not one of this farm's"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call came to: the host that it named, what stood before ``/api``, and the path from there."""

    host: str
    prefix: str
    path: str


class Gate:
    """Recognises callers. ``public`` are names of this farm (``farm.example:8443/prefix``) beside the host called."""

    def __init__(self, accounts: Accounts, clock: Clock, public: Sequence[str] = ()) -> None:
        self._accounts, self._clock = accounts, clock
        self._public = [name.rstrip("/") for name in public]

    def recognise(self, headers: Mapping[str, str]) -> tuple[Identity, str]:
        """Whom a call says to be from, and the key that it must be signed with, before anything of its body is read.

        Raises NotAuthenticatedError, ClockSkewError, BadSignatureError.
        """
        if not headers.get("accessId"):
            raise NotAuthenticatedError("no access id was given", where="accessId")
        for name in (*SIGNED_HEADERS, "signature"):
            if not headers.get(name):
                raise BadSignatureError("the header is missing", where=name)
        self._check_time(headers["UTCTimestamp"])
        known = self._accounts.secret_of(headers["accessId"])
        if known is None:
            raise BadSignatureError(_UNFIT, where="signature")
        return known

    def check(self, headers: Mapping[str, str], key: str, place: Place, body: Mapping[str, Any]) -> None:
        """Pass if a call is signed with that key. Raises BadSignatureError."""
        if not is_signed(headers["signature"], key, self.domains(place), place.path, flat_text(headers, body)):
            remedy = f"The domain here is {place.host}{place.prefix}; others are told to the farm with --public."
            raise BadSignatureError(_UNFIT, where="signature", remedy=remedy)

    def _check_time(self, text: str) -> None:
        if not (text.isascii() and text.isdecimal() and len(text) < 16):
            raise ClockSkewError(f"{text[:40]!r} is no time in seconds", where="UTCTimestamp")
        apart = self._clock.now() - int(text)
        if abs(apart) > WINDOW_SECONDS:
            raise ClockSkewError(
                f"the clocks differ by {abs(apart):.0f} seconds",
                where="UTCTimestamp",
                remedy="Set the clock of the client's machine, or of the farm's.",
            )

    def domains(self, place: Place) -> list[str]:
        """Every writing of the domain that the client may have been given."""
        hosts = [place.host]
        for port in _DEFAULT_PORTS:
            if place.host.endswith(port):
                hosts.append(place.host.removesuffix(port))
        if ":" not in place.host.rpartition("]")[2]:
            hosts += [place.host + port for port in _DEFAULT_PORTS]
        names = [f"{host}{place.prefix}" for host in hosts] + self._public
        return [*dict.fromkeys(names), *dict.fromkeys(f"{name}/" for name in names)]
