"""Who asks: an access key (HTTP Basic, or the two joined by a colon as a bearer) or this machine's token."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Annotated

from fastapi import Depends, Request

from rendermill.farm.model.errors import NotAuthenticatedError
from rendermill.farm.model.identity import LOCAL_USER, Identity
from rendermill.farm.ports.accounts import Accounts

_REMEDY = "Set RENDERMILL_ACCESS_ID and RENDERMILL_ACCESS_KEY; `rendermill key create --user NAME` makes them."


class Gate:
    """Recognises users. ``token`` is the secret of this machine's token file."""

    def __init__(self, accounts: Accounts, token: str) -> None:
        self._accounts, self._token = accounts, token

    def identify(self, header: str | None) -> Identity:
        """The user of an Authorization header. Raises :class:`NotAuthenticatedError`."""
        scheme, _, value = (header or "").partition(" ")
        if scheme.lower() == "basic":
            return self._key(_decoded(value))
        if scheme.lower() == "bearer":
            if hmac.compare_digest(value.encode(), self._token.encode()):
                return Identity(LOCAL_USER, superuser=True)
            return self._key(value)
        raise NotAuthenticatedError("no identity was given", remedy=_REMEDY)

    def _key(self, pair: str) -> Identity:
        access_id, _, access_key = pair.partition(":")
        return self._accounts.check_key(access_id, access_key)


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise NotAuthenticatedError("the Authorization header is damaged") from error


def _identify(request: Request) -> Identity:
    gate: Gate = request.app.state.gate
    return gate.identify(request.headers.get("authorization"))


#: The user who asks, for routes to depend on.
User = Annotated[Identity, Depends(_identify)]
