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
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import ColumnElement, Engine, Row, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from rendermill.farm.model.errors import BadInputError, NotAuthenticatedError, NotFoundError, UnavailableError
from rendermill.farm.model.identity import LOCAL_ACCOUNT, LOCAL_USER, Account, Identity
from rendermill.store.schema import files, keys, users

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_SCRYPT = {"n": 2**14, "r": 8, "p": 1}
_MIN_PASSWORD = 8
# Made once: every request asks these.
_USERS = select(*(users.c[field.name] for field in fields(Account)))
_USER = _USERS.where(users.c.name == bindparam("name"))
_SUBS = select(users.c.name).where(users.c.main == bindparam("main"))
_KEY = (
    select(keys.c.secret, users.c.name, users.c.superuser)
    .join_from(keys, users)
    .where(keys.c.access_id == bindparam("access_id"))
)


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
        main: str | None = None,
        shares_storage: bool = False,
        quota: int | None = None,
    ) -> Account:
        """Add a user; with ``main`` as that user's sub-account.

        Raises :class:`BadInputError` for a bad or taken name, a short password, or a main account that is itself a
        sub-account, :class:`NotFoundError` if that does not exist.
        """
        if not _NAME.fullmatch(name) or name == LOCAL_USER:
            remedy = "Up to 64 letters, digits and . _ @ -, starting with a letter or digit; `local` is reserved."
            raise BadInputError(f"{name!r} cannot be a user's name", where="NAME", remedy=remedy)
        if len(password) < _MIN_PASSWORD:
            raise BadInputError(f"a password has at least {_MIN_PASSWORD} characters", where="password")
        if quota is not None and quota < 0:
            raise BadInputError("a quota is a number of bytes", where="quota")
        if main is not None and self.user(main).main is not None:
            raise BadInputError(f"{main} is a sub-account itself", where="main")
        if shares_storage and main is None:
            raise BadInputError("only a sub-account can share its main account's storage", where="main")
        user = Account(name, superuser, sudoer, sudoable, time.time(), _new_number(), main, shares_storage, quota)
        try:
            self._write(insert(users).values({**asdict(user), "password": _hash(password), "settings": {}}))
        except IntegrityError as error:
            raise BadInputError(f"there is a user {name} already", where="NAME") from error
        return user

    def user(self, name: str) -> Account:
        """The user of that name. Raises :class:`NotFoundError`."""
        if name == LOCAL_USER:
            return LOCAL_ACCOUNT
        with self._engine.connect() as connection:
            row = connection.execute(_USER, {"name": name}).one_or_none()
        if row is None:
            raise _no_user(name)
        return account_record(row)

    def user_of_id(self, number: int) -> Account:
        """The user of that number. Raises :class:`NotFoundError`."""
        if number == LOCAL_ACCOUNT.id:
            return LOCAL_ACCOUNT
        found = self._users(users.c.id == number)
        if not found:
            raise _no_user(str(number))
        return found[0]

    def subs(self, main: str) -> list[Account]:
        """The sub-accounts of a main account, by name."""
        return self._users(users.c.main == main)

    def settings(self, name: str) -> dict[str, Any]:
        """What a user has chosen for all their work. Raises :class:`NotFoundError`."""
        with self._engine.connect() as connection:
            row = connection.execute(select(users.c.settings).where(users.c.name == name)).one_or_none()
        if row is None:
            raise _no_user(name)
        return dict(row.settings)

    def change_settings(self, name: str, changes: Mapping[str, Any]) -> None:
        """Add to a user's settings. Raises :class:`NotFoundError`."""
        settings = {**self.settings(name), **changes}
        self._write(update(users).where(users.c.name == name).values(settings=settings))

    def _users(self, condition: ColumnElement[bool] | None = None) -> list[Account]:
        statement = _USERS.order_by(users.c.name)
        if condition is not None:
            statement = statement.where(condition)
        with self._engine.connect() as connection:
            return [account_record(row) for row in connection.execute(statement)]

    def users(self) -> list[Account]:
        """Every user, by name."""
        return self._users()

    def remove_user(self, name: str) -> None:
        """Remove a user with all keys and files; their jobs stay, and their sub-accounts become accounts of their own.

        Raises :class:`NotFoundError`.
        """
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            if not connection.execute(delete(users).where(users.c.name == name)).rowcount:
                raise _no_user(name)
            own = update(users).where(users.c.main == name).values(main=None, shares_storage=False)
            connection.execute(own)
            connection.execute(delete(files).where(files.c.owner == name))

    def set_quota(self, name: str, quota: int | None) -> None:
        """Change how many bytes a user's storage may hold. Raises :class:`NotFoundError`."""
        if not self._write(update(users).where(users.c.name == name).values(quota=quota)):
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
        return self._identity(row.name, bool(row.superuser))

    def _identity(self, name: str, superuser: bool) -> Identity:
        with self._engine.connect() as connection:
            subs = connection.scalars(_SUBS, {"main": name}).all()
        return Identity(name, superuser, frozenset(subs))

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
        found = self.secret_of(access_id)
        secret = found[1] if found is not None else secrets.token_hex(16)
        if not hmac.compare_digest(secret.encode(), access_key.encode()) or found is None:
            raise NotAuthenticatedError("the access key is wrong or was removed")
        return found[0]

    def secret_of(self, access_id: str) -> tuple[Identity, str] | None:
        """The user of an access id and the access key, for doors that check signatures; None if there is none."""
        with self._engine.connect() as connection:
            row = connection.execute(_KEY, {"access_id": access_id}).one_or_none()
        if row is None:
            return None
        return self._identity(row.name, bool(row.superuser)), self._decrypt(row.secret)

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


def account_record(row: Row[Any]) -> Account:
    """The account of a row that has its columns."""
    values = row._asdict()
    flags = {name: bool(values[name]) for name in ("superuser", "sudoer", "sudoable", "shares_storage")}
    return Account(**{**values, **flags})


def _new_number() -> int:
    """Chosen at random, so that the number of a user who was removed does not come again."""
    return 10_000_000 + secrets.randbelow(90_000_000)


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
