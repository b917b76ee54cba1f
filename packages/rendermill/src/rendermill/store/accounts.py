"""Users and their access keys: one set for all doors.

Passwords are kept as scrypt hashes. Access keys are kept encrypted (Fernet) and not hashed, because doors that check
HMAC signatures need the key itself; the encryption key is a file beside the store, mode 0600.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from rendermill.farm.model.errors import BadInputError, NotAuthenticatedError, NotFoundError, UnavailableError
from rendermill.farm.model.identity import LOCAL_USER, Identity
from rendermill.store.schema import keys, users

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_SCRYPT = {"n": 2**14, "r": 8, "p": 1}
_MIN_PASSWORD = 8


@dataclass(frozen=True, slots=True)
class User:
    """A user as an administrator sees them."""

    name: str
    superuser: bool
    sudoer: bool
    sudoable: bool
    created: float


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A new access key: the only time that its secret is seen."""

    access_id: str
    access_key: str


class Accounts:
    """The users and keys of one farm, over the store's database."""

    def __init__(self, engine: Engine, secret_file: Path) -> None:
        self._engine = engine
        try:
            self._cipher = Fernet(_secret(secret_file))
        except ValueError as error:
            raise UnavailableError(
                "the secret file is damaged",
                where=str(secret_file),
                remedy="Restore it from a backup of the data folder.",
            ) from error

    # --- users -------------------------------------------------------------------------------------------------

    def create_user(
        self,
        name: str,
        password: str,
        *,
        superuser: bool = False,
        sudoer: bool = False,
        sudoable: bool = False,
    ) -> User:
        """Add a user. Raises :class:`BadInputError` for a bad or taken name or a short password."""
        if not _NAME.fullmatch(name) or name == LOCAL_USER:
            remedy = "Up to 64 letters, digits and . _ @ -, starting with a letter or digit; `local` is reserved."
            raise BadInputError(f"{name!r} cannot be a user's name", where="NAME", remedy=remedy)
        if len(password) < _MIN_PASSWORD:
            raise BadInputError(f"a password has at least {_MIN_PASSWORD} characters", where="password")
        user = User(name, superuser, sudoer, sudoable, time.time())
        row = {
            "name": name,
            "password": _hash(password),
            "superuser": int(superuser),
            "sudoer": int(sudoer),
            "sudoable": int(sudoable),
            "created": user.created,
        }
        try:
            self._write(insert(users).values(row))
        except IntegrityError as error:
            raise BadInputError(f"there is a user {name} already", where="NAME") from error
        return user

    def users(self) -> list[User]:
        """Every user, by name."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(users).order_by(users.c.name)).all()
        return [User(row.name, bool(row.superuser), bool(row.sudoer), bool(row.sudoable), row.created) for row in rows]

    def remove_user(self, name: str) -> None:
        """Remove a user with all keys; their jobs stay. Raises :class:`NotFoundError`."""
        if not self._write(delete(users).where(users.c.name == name)):
            raise _no_user(name)

    def set_password(self, name: str, password: str) -> None:
        """Change a password. Raises :class:`NotFoundError`, :class:`BadInputError`."""
        if len(password) < _MIN_PASSWORD:
            raise BadInputError(f"a password has at least {_MIN_PASSWORD} characters", where="password")
        if not self._write(update(users).where(users.c.name == name).values(password=_hash(password))):
            raise _no_user(name)

    def check_password(self, name: str, password: str) -> Identity:
        """The user of that name and password. Raises :class:`NotAuthenticatedError`."""
        with self._engine.connect() as connection:
            row = connection.execute(select(users).where(users.c.name == name)).one_or_none()
        nobody = _nobody()  # the same work whether or not the user exists
        stored = row.password if row is not None else nobody
        if not _verify(password, stored) or row is None:
            raise NotAuthenticatedError("user name or password is wrong")
        return Identity(row.name, bool(row.superuser))

    # --- keys --------------------------------------------------------------------------------------------------

    def create_key(self, user: str) -> AccessKey:
        """Make an access key for a user. Raises :class:`NotFoundError`."""
        made = AccessKey(secrets.token_hex(16), secrets.token_hex(16))
        row = {
            "access_id": made.access_id,
            "user": user,
            "secret": self._cipher.encrypt(made.access_key.encode()),
            "created": time.time(),
        }
        try:
            self._write(insert(keys).values(row))
        except IntegrityError as error:
            raise _no_user(user) from error
        return made

    def list_keys(self, user: str | None = None) -> list[tuple[str, str, float]]:
        """Access ids with their users and times of creation."""
        statement = select(keys.c.access_id, keys.c.user, keys.c.created).order_by(keys.c.created)
        if user is not None:
            statement = statement.where(keys.c.user == user)
        with self._engine.connect() as connection:
            return [(row.access_id, row.user, row.created) for row in connection.execute(statement)]

    def remove_key(self, access_id: str) -> None:
        """Revoke a key. Raises :class:`NotFoundError`."""
        if not self._write(delete(keys).where(keys.c.access_id == access_id)):
            raise NotFoundError("there is no such key", where=access_id)

    def check_key(self, access_id: str, access_key: str) -> Identity:
        """The user of an access key. Raises :class:`NotAuthenticatedError`."""
        statement = select(keys.c.secret, users.c.name, users.c.superuser).join_from(keys, users)
        with self._engine.connect() as connection:
            row = connection.execute(statement.where(keys.c.access_id == access_id)).one_or_none()
        secret = self._decrypt(row.secret) if row is not None else secrets.token_hex(16)
        if not hmac.compare_digest(secret.encode(), access_key.encode()) or row is None:
            raise NotAuthenticatedError("the access key is wrong or was removed")
        return Identity(row.name, bool(row.superuser))

    def _decrypt(self, secret: bytes) -> str:
        try:
            return self._cipher.decrypt(secret).decode()
        except InvalidToken as error:
            raise UnavailableError(
                "the access keys cannot be read: the secret file is not the one they were made with",
                remedy="Restore secret.key from the backup of the data folder, or make new keys.",
            ) from error

    def _write(self, statement: object) -> int:
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            return connection.execute(statement).rowcount  # type: ignore[call-overload, no-any-return]


def _no_user(name: str) -> NotFoundError:
    return NotFoundError(f"there is no user {name}", remedy="rendermill user create NAME --password-stdin")


def _secret(path: Path) -> bytes:
    """The encryption key in ``path``, made on first use, never half written."""
    if not path.exists():
        temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key())
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass  # another process was first; its key counts
        finally:
            temporary.unlink()
    return path.read_bytes()


def _hash(password: str) -> str:
    salt = secrets.token_bytes(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, **_SCRYPT)
    return f"scrypt${salt.hex()}${digest.hex()}"


@cache
def _nobody() -> str:
    return _hash("")


def _verify(password: str, stored: str) -> bool:
    _, salt, digest = stored.split("$")
    found = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), **_SCRYPT)
    return hmac.compare_digest(found, bytes.fromhex(digest))
