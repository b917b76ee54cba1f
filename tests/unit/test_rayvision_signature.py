"""What is signed, who is let in."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rendermill.doors.rayvision.codes import Code, code_of
from rendermill.doors.rayvision.gate import WINDOW_SECONDS, Gate, Place
from rendermill.doors.rayvision.signature import flat_text, is_signed, sign
from rendermill.farm.model.errors import RendermillError
from rendermill.farm.model.identity import Identity
from rendermill.farm.ports.accounts import Accounts
from support.campaign import fixed
from support.clock import FakeClock

KEY = "SK-demo-secret-0001"
HEADERS = {
    "accessId": "AKID-demo-0001",
    "channel": "4",
    "platform": "2",
    "UTCTimestamp": "1700000000",
    "nonce": "123456",
    "version": "2.0.0",
}
BODY: dict[str, Any] = {
    "b": True,
    "n": None,
    "f": 1.5,
    "e": [],
    "d": {},
    "z": "中 a&b=c",
    "l": [{"k": [1, 2]}, {"k": []}],
    "ids": list(range(11)),
    "platform": 7,
}
PROFILE = "/api/render/setUp/queryUserProfile"


# --- the published clients' own signatures -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "path", "body", "signature"),
    [
        ("127.0.0.1:18099", PROFILE, {}, "yW5C+g4LK2eiNIQXnisKjbecYeca4HuSg7MV8Ih+3nE="),
        (
            "127.0.0.1:18099",
            "/api/render/submit/createTask",
            {"count": 1, "taskUserLevel": 50, "labels": ["x", "y"]},
            "LKmDUa62J4nJx5Ih7Lnj6C+SAepUJ1Df+7AnVxJkYYg=",
        ),
        ("farm.example:8443", "/api/x", BODY, "UO/CWWwUVKLuVm9XFlT7ljHtXuxxgkOetpSIpH4+XFA="),
    ],
)
def test_signatures_are_those_of_the_published_clients(
    domain: str, path: str, body: dict[str, Any], signature: str
) -> None:
    assert sign(KEY, domain, path, flat_text(HEADERS, body)) == signature


def test_the_signed_text_is_flat_sorted_and_the_body_counts() -> None:
    text = flat_text(HEADERS, BODY)
    assert text == (
        "UTCTimestamp=1700000000&accessId=AKID-demo-0001&b=True&channel=4&f=1.5&ids0=0&ids1=1&ids10=10&ids2=2&ids3=3"
        "&ids4=4&ids5=5&ids6=6&ids7=7&ids8=8&ids9=9&l0.k0=1&l0.k1=2&n=None&nonce=123456&platform=7&version=2.0.0"
        "&z=中 a&b=c"
    )


@given(
    st.dictionaries(st.text(max_size=5), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
)
@fixed(40)
def test_any_body_is_signed_the_same_before_and_after_its_way_as_json(body: dict[str, Any]) -> None:
    assert flat_text(HEADERS, json.loads(json.dumps(body))) == flat_text(HEADERS, body)


@pytest.mark.parametrize("signature", ["", "x", "é" * 44, "=" * 44, "\ud800"])
def test_what_is_no_signature_is_none(signature: str) -> None:
    assert not is_signed(signature, KEY, ["a", "b"], PROFILE, "x=1")


# --- the gate ----------------------------------------------------------------------------------------------------


class OneUser:
    """Accounts with one key."""

    def secret_of(self, access_id: str) -> tuple[Identity, str] | None:
        return (Identity("ann", superuser=False), KEY) if access_id == HEADERS["accessId"] else None


def gate(now: float = 1_700_000_000.0, *public: str) -> Gate:
    return Gate(cast(Accounts, OneUser()), FakeClock(now), public)


def signed(domain: str, **changes: str) -> dict[str, str]:
    headers = {**HEADERS, **changes}
    return {**headers, "signature": sign(KEY, domain, PROFILE, flat_text(headers, {}))}


def identify(of: Gate, headers: dict[str, str], place: Place, body: dict[str, Any]) -> Identity:
    user, key = of.recognise(headers)
    of.check(headers, key, place, body)
    return user


def refusal(headers: dict[str, str], place: Place, of: Gate | None = None) -> Code:
    with pytest.raises(RendermillError) as caught:
        identify(of or gate(), headers, place, {})
    return code_of(caught.value)


@pytest.mark.parametrize(
    ("typed", "host", "prefix"),
    [
        ("127.0.0.1:8642", "127.0.0.1:8642", ""),
        ("127.0.0.1:8642/", "127.0.0.1:8642", ""),
        ("farm.example", "farm.example", ""),
        ("farm.example:443", "farm.example", ""),
        ("farm.example:80", "farm.example", ""),
        ("farm.example", "farm.example:443", ""),
        ("farm.example/farm", "farm.example", "/farm"),
        ("farm.example:443/farm/", "farm.example", "/farm"),
        ("[::1]:8642", "[::1]:8642", ""),
        ("[::1]:80", "[::1]", ""),
        ("render.studio:9000/x", "10.0.0.7:8642", ""),
        ("render.studio:9000/x/", "10.0.0.7:8642", ""),
    ],
)
def test_every_writing_of_the_domain_is_taken(typed: str, host: str, prefix: str) -> None:
    of = gate(1_700_000_000.0, "render.studio:9000/x")
    assert identify(of, signed(typed), Place(host, prefix, PROFILE), {}).name == "ann"


@pytest.mark.parametrize("typed", ["other.example", "farm.example:8443", "farm.example/other", "", "farm.example//"])
def test_another_domain_is_not(typed: str) -> None:
    assert refusal(signed(typed), Place("farm.example", "", PROFILE)) is Code.BAD_SIGNATURE


@pytest.mark.parametrize("apart", [-WINDOW_SECONDS, WINDOW_SECONDS])
def test_clocks_may_differ_by_five_minutes(apart: float) -> None:
    assert identify(gate(1_700_000_000 + apart), signed("a"), Place("a", "", PROFILE), {}).name == "ann"


@pytest.mark.parametrize("apart", [-WINDOW_SECONDS - 1, WINDOW_SECONDS + 1])
def test_but_not_by_more(apart: float) -> None:
    assert refusal(signed("a"), Place("a", "", PROFILE), gate(1_700_000_000 + apart)) is Code.EXPIRED


@pytest.mark.parametrize("time", ["", "now", "1e9", "-1", "17000000000000000000", "\uff11700000000"])
def test_a_time_that_is_none_is_refused(time: str) -> None:
    expected = Code.EXPIRED if time else Code.BAD_SIGNATURE
    assert refusal(signed("a", UTCTimestamp=time), Place("a", "", PROFILE)) is expected


@pytest.mark.parametrize("name", ["channel", "platform", "nonce", "version", "signature"])
def test_a_header_that_is_missing_is_refused(name: str) -> None:
    assert refusal({**signed("a"), name: ""}, Place("a", "", PROFILE)) is Code.BAD_SIGNATURE


def test_without_an_access_id_nobody_is_logged_in() -> None:
    assert refusal({**signed("a"), "accessId": ""}, Place("a", "", PROFILE)) is Code.LOGIN_NEEDED


def test_an_unknown_access_id_is_refused_as_a_wrong_key_is() -> None:
    assert refusal(signed("a", accessId="AKID-demo-0002"), Place("a", "", PROFILE)) is Code.BAD_SIGNATURE


def test_a_signature_is_good_for_one_path_and_one_body() -> None:
    assert refusal(signed("a"), Place("a", "", "/api/render/handle/deleteTask")) is Code.BAD_SIGNATURE
    with pytest.raises(RendermillError):
        identify(gate(), signed("a"), Place("a", "", PROFILE), {"taskIds": [1]})
