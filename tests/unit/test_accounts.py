"""Users, passwords and access keys."""

from __future__ import annotations

import multiprocessing
import sqlite3
import stat
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, insert, select

from rendermill.farm.model.errors import BadInputError, NotAuthenticatedError, NotFoundError, UnavailableError
from rendermill.farm.model.identity import LOCAL_USER, Identity
from rendermill.store.accounts import Accounts
from rendermill.store.database import migrate, sqlite_engine
from rendermill.store.schema import files

PASSWORD = "correct horse"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return tmp_path / "secret.key"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = sqlite_engine(tmp_path / "farm.db")
    migrate(made)
    yield made
    made.dispose()


@pytest.fixture
def accounts(engine: Engine, secret: Path) -> Accounts:
    return Accounts(engine, secret)


def everything_stored(folder: Path) -> bytes:
    """All bytes of the database, its log included."""
    return b"".join(file.read_bytes() for file in sorted(folder.glob("farm.db*")))


# --- users -------------------------------------------------------------------------------------------------------


def test_a_user_is_recognised_by_name_and_password(accounts: Accounts) -> None:
    accounts.create_user("ann", PASSWORD)
    accounts.create_user("root", PASSWORD, superuser=True)
    assert accounts.check_password("ann", PASSWORD) == Identity("ann", superuser=False)
    assert accounts.check_password("root", PASSWORD) == Identity("root", superuser=True)


@pytest.mark.parametrize(
    ("name", "password"), [("ann", "wrong horse"), ("ann", ""), ("ann", PASSWORD + " "), ("ANN", PASSWORD), ("bob", "")]
)
def test_a_wrong_name_and_a_wrong_password_are_the_same_refusal(accounts: Accounts, name: str, password: str) -> None:
    accounts.create_user("ann", PASSWORD)
    with pytest.raises(NotAuthenticatedError, match="user name or password is wrong"):
        accounts.check_password(name, password)


def test_users_are_listed_by_name_with_what_they_may(accounts: Accounts) -> None:
    accounts.create_user("zoe", PASSWORD, sudoer=True)
    accounts.create_user("ann", PASSWORD, superuser=True, sudoable=True)
    found = [(user.name, user.superuser, user.sudoer, user.sudoable) for user in accounts.users()]
    assert found == [("ann", True, False, True), ("zoe", False, True, False)]


@pytest.mark.parametrize("name", ["a", "Ann.B-c_d@studio.example", "9lives", "a" * 64])
def test_names_may_be_letters_digits_and_a_few_signs(accounts: Accounts, name: str) -> None:
    assert accounts.create_user(name, PASSWORD).name == name


@pytest.mark.parametrize("name", ["", "a b", ".a", "-a", "a/b", "a:b", "ä", "a\n", "a\0", "local", "a" * 65])
def test_other_names_are_refused(accounts: Accounts, name: str) -> None:
    with pytest.raises(BadInputError, match="cannot be a user's name"):
        accounts.create_user(name, PASSWORD)
    assert accounts.users() == []


def test_a_taken_name_is_refused_and_its_password_stays(accounts: Accounts) -> None:
    accounts.create_user("ann", PASSWORD)
    with pytest.raises(BadInputError, match="already"):
        accounts.create_user("ann", "another password")
    assert accounts.check_password("ann", PASSWORD).name == "ann"


def test_a_short_password_is_refused(accounts: Accounts) -> None:
    with pytest.raises(BadInputError, match="8 characters"):
        accounts.create_user("ann", "1234567")
    accounts.create_user("ann", "12345678")
    with pytest.raises(BadInputError, match="8 characters"):
        accounts.set_password("ann", "1234567")
    assert accounts.check_password("ann", "12345678").name == "ann"


def test_a_changed_password_replaces_the_old_one(accounts: Accounts) -> None:
    accounts.create_user("ann", PASSWORD)
    accounts.set_password("ann", "another password")
    assert accounts.check_password("ann", "another password").name == "ann"
    with pytest.raises(NotAuthenticatedError):
        accounts.check_password("ann", PASSWORD)


def test_what_is_done_to_a_user_who_is_not_there_says_so(accounts: Accounts) -> None:
    for act in (accounts.remove_user, accounts.create_key, lambda name: accounts.set_password(name, PASSWORD)):
        with pytest.raises(NotFoundError, match="no user ghost"):
            act("ghost")


def test_passwords_are_nowhere_in_the_store_and_equal_ones_look_different(accounts: Accounts, tmp_path: Path) -> None:
    accounts.create_user("ann", PASSWORD)
    accounts.create_user("bob", PASSWORD)
    assert PASSWORD.encode() not in everything_stored(tmp_path)
    connection = sqlite3.connect(tmp_path / "farm.db")
    stored = [row[0] for row in connection.execute("SELECT password FROM users")]
    connection.close()
    assert len(set(stored)) == 2
    assert all(each.startswith("scrypt$") for each in stored)


# --- keys --------------------------------------------------------------------------------------------------------


def test_a_key_stands_for_its_user(accounts: Accounts) -> None:
    accounts.create_user("ann", PASSWORD, superuser=True)
    key = accounts.create_key("ann")
    assert accounts.check_key(key.access_id, key.access_key) == Identity("ann", superuser=True)


def test_a_wrong_key_is_refused(accounts: Accounts) -> None:
    accounts.create_user("ann", PASSWORD)
    key, other = accounts.create_key("ann"), accounts.create_key("ann")
    for access_id, access_key in (
        (key.access_id, other.access_key),
        (key.access_id, ""),
        (key.access_id, key.access_key.upper() + "x"),
        ("", key.access_key),
        ("unknown", key.access_key),
        (key.access_id, "é" * 16),
    ):
        with pytest.raises(NotAuthenticatedError, match="wrong or was removed"):
            accounts.check_key(access_id, access_key)


def test_keys_are_listed_with_their_users_and_without_their_secrets(accounts: Accounts) -> None:
    accounts.create_user("ann", PASSWORD)
    accounts.create_user("bob", PASSWORD)
    made = [accounts.create_key(name) for name in ("ann", "bob", "ann")]
    listed = accounts.list_keys()
    assert sorted((access_id, user) for access_id, user, _ in listed) == sorted(
        (key.access_id, user) for key, user in zip(made, ("ann", "bob", "ann"), strict=True)
    )
    assert [access_id for access_id, _, _ in accounts.list_keys("bob")] == [made[1].access_id]
    assert not any(key.access_key in str(listed) for key in made)


def test_a_removed_key_is_refused_and_others_stay(accounts: Accounts) -> None:
    accounts.create_user("ann", PASSWORD)
    gone, kept = accounts.create_key("ann"), accounts.create_key("ann")
    accounts.remove_key(gone.access_id)
    with pytest.raises(NotAuthenticatedError):
        accounts.check_key(gone.access_id, gone.access_key)
    assert accounts.check_key(kept.access_id, kept.access_key).name == "ann"
    with pytest.raises(NotFoundError):
        accounts.remove_key(gone.access_id)


def test_a_removed_user_s_keys_go_too(accounts: Accounts) -> None:
    accounts.create_user("ann", PASSWORD)
    key = accounts.create_key("ann")
    accounts.remove_user("ann")
    assert accounts.list_keys() == []
    with pytest.raises(NotAuthenticatedError):
        accounts.check_key(key.access_id, key.access_key)


# --- the secret --------------------------------------------------------------------------------------------------


def test_keys_are_encrypted_where_they_lie(accounts: Accounts, secret: Path, tmp_path: Path) -> None:
    accounts.create_user("ann", PASSWORD)
    key = accounts.create_key("ann")
    assert key.access_id.encode() in everything_stored(tmp_path)
    assert key.access_key.encode() not in everything_stored(tmp_path)
    connection = sqlite3.connect(tmp_path / "farm.db")
    (stored,) = connection.execute("SELECT secret FROM keys").fetchone()
    connection.close()
    assert Fernet(secret.read_bytes()).decrypt(stored) == key.access_key.encode()


@pytest.mark.usefixtures("accounts")
def test_the_secret_is_for_its_owner_alone(secret: Path) -> None:
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert [file.name for file in secret.parent.iterdir() if "secret" in file.name] == ["secret.key"]


def test_the_secret_is_made_once(accounts: Accounts, engine: Engine, secret: Path) -> None:
    accounts.create_user("ann", PASSWORD)
    key, before = accounts.create_key("ann"), secret.read_bytes()
    assert Accounts(engine, secret).check_key(key.access_id, key.access_key).name == "ann"
    assert secret.read_bytes() == before


def test_keys_of_another_secret_are_unavailable_and_not_wrong(accounts: Accounts, engine: Engine, secret: Path) -> None:
    accounts.create_user("ann", PASSWORD)
    key = accounts.create_key("ann")
    secret.unlink()
    with pytest.raises(UnavailableError, match="secret"):
        Accounts(engine, secret).check_key(key.access_id, key.access_key)


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 44, b"\xff" * 44])
def test_a_damaged_secret_is_named(engine: Engine, secret: Path, content: bytes) -> None:
    """An empty one is what a power cut leaves."""
    secret.write_bytes(content)
    with pytest.raises(UnavailableError, match="secret"):
        Accounts(engine, secret)
    assert secret.read_bytes() == content


def test_what_a_killed_process_left_beside_the_secret_is_in_nobody_s_way(
    engine: Engine, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Process numbers come again."""
    monkeypatch.setattr("os.getpid", lambda: 4711)
    secret.with_name("secret.key.4711").write_bytes(b"half")
    Accounts(engine, secret)
    assert len(secret.read_bytes()) == len(Fernet.generate_key())


def _make_a_key(folder: Path, name: str, together: Barrier) -> None:
    engine = sqlite_engine(folder / "farm.db")
    together.wait(60)
    accounts = Accounts(engine, folder / "secret.key")
    key = accounts.create_key(name)
    (folder / f"{name}.txt").write_text(f"{key.access_id} {key.access_key}")
    engine.dispose()


def test_processes_that_make_the_secret_at_once_agree_on_it(engine: Engine, tmp_path: Path) -> None:
    names = ["ann", "bob"]
    maker = Accounts(engine, tmp_path / "other.key")
    for name in names:
        maker.create_user(name, PASSWORD)
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(len(names))
    children = [context.Process(target=_make_a_key, args=(tmp_path, name, together)) for name in names]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0] * len(names)
    accounts = Accounts(engine, tmp_path / "secret.key")
    for name in names:
        access_id, access_key = (tmp_path / f"{name}.txt").read_text().split()
        assert accounts.check_key(access_id, access_key).name == name


# --- main accounts and sub-accounts ------------------------------------------------------------------------------


def test_a_main_account_acts_for_its_sub_accounts_and_not_the_other_way(accounts: Accounts) -> None:
    accounts.create_user("ana", PASSWORD)
    accounts.create_user("ben", PASSWORD, main="ana")
    accounts.create_user("eve", PASSWORD)
    ana, ben = accounts.check_password("ana", PASSWORD), accounts.check_password("ben", PASSWORD)
    assert ana.subs == {"ben"}
    assert [ana.acts_for(name) for name in ("ana", "ben", "eve")] == [True, True, False]
    assert [ben.acts_for(name) for name in ("ana", "ben", "eve")] == [False, True, False]
    assert [user.name for user in accounts.subs("ana")] == ["ben"]


def test_a_sub_account_has_no_sub_accounts(accounts: Accounts) -> None:
    accounts.create_user("ana", PASSWORD)
    accounts.create_user("ben", PASSWORD, main="ana")
    with pytest.raises(BadInputError, match="ben is a sub-account itself"):
        accounts.create_user("cid", PASSWORD, main="ben")
    with pytest.raises(NotFoundError):
        accounts.create_user("cid", PASSWORD, main="nobody")
    with pytest.raises(BadInputError, match="only a sub-account"):
        accounts.create_user("cid", PASSWORD, shares_storage=True)
    assert [user.name for user in accounts.users()] == ["ana", "ben"]


def test_users_are_found_by_numbers_that_nobody_had_before(accounts: Accounts) -> None:
    ana = accounts.create_user("ana", PASSWORD, quota=5)
    assert accounts.user_of_id(ana.id) == accounts.user("ana") == ana
    accounts.remove_user("ana")
    again = accounts.create_user("ana", PASSWORD)
    assert again.id != ana.id
    with pytest.raises(NotFoundError):
        accounts.user_of_id(ana.id)


def test_whoever_started_the_farm_is_an_account_too(accounts: Accounts) -> None:
    assert accounts.user(LOCAL_USER).superuser
    assert accounts.user_of_id(0).name == LOCAL_USER


def test_a_quota_can_be_changed_and_taken_away(accounts: Accounts) -> None:
    accounts.create_user("ana", PASSWORD)
    for quota in (10**12, 0, None):
        accounts.set_quota("ana", quota)
        assert accounts.user("ana").quota == quota
    with pytest.raises(NotFoundError):
        accounts.set_quota("nobody", 1)
    with pytest.raises(BadInputError):
        accounts.create_user("ben", PASSWORD, quota=-1)


def test_settings_add_up(accounts: Accounts) -> None:
    accounts.create_user("ana", PASSWORD)
    accounts.change_settings("ana", {"a": 1})
    accounts.change_settings("ana", {"b": [2]})
    assert accounts.settings("ana") == {"a": 1, "b": [2]}
    with pytest.raises(NotFoundError):
        accounts.settings("nobody")


def test_doors_that_check_signatures_get_the_key_of_an_id(accounts: Accounts) -> None:
    accounts.create_user("ana", PASSWORD)
    made = accounts.create_key("ana")
    assert accounts.secret_of(made.access_id) == (Identity("ana", superuser=False), made.access_key)
    assert accounts.secret_of("nobody") is None
    accounts.remove_key(made.access_id)
    assert accounts.secret_of(made.access_id) is None


def test_who_gets_the_name_of_a_removed_user_gets_neither_files_nor_sub_accounts(
    accounts: Accounts, engine: Engine
) -> None:
    accounts.create_user("ana", PASSWORD)
    accounts.create_user("ben", PASSWORD, main="ana", shares_storage=True)
    with engine.begin() as connection:
        row = {"owner": "ana", "area": "input", "path": "a", "hash": "ab" * 32, "size": 1, "modified": 1.0}
        connection.execute(insert(files).values(row))
    accounts.remove_user("ana")
    accounts.create_user("ana", PASSWORD)
    assert accounts.subs("ana") == []
    assert (accounts.user("ben").main, accounts.user("ben").shares_storage) == (None, False)
    with engine.connect() as connection:
        assert connection.execute(select(files)).all() == []
