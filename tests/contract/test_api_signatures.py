"""The client's signature and the door's: the same for any call."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rendermill.doors.rayvision.signature import SIGNED_HEADERS, flat_text, is_signed
from rendermill_rayvision.signing import signature
from support.campaign import fixed

KEY = "SK-demo-secret-0001"
HEADERS = {
    "accessId": "AKID-demo-0001",
    "channel": "4",
    "platform": "2",
    "UTCTimestamp": "1700000000",
    "nonce": "123456",
    "version": "2.0.0",
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("domain", "path", "body", "expected"),
    [
        (
            "127.0.0.1:18099",
            "/api/render/setUp/queryUserProfile",
            {},
            "yW5C+g4LK2eiNIQXnisKjbecYeca4HuSg7MV8Ih+3nE=",
        ),
        (
            "127.0.0.1:18099",
            "/api/render/submit/createTask",
            {"count": 1, "taskUserLevel": 50, "labels": ["x", "y"]},
            "LKmDUa62J4nJx5Ih7Lnj6C+SAepUJ1Df+7AnVxJkYYg=",
        ),
        (
            "farm.example:8443",
            "/api/x",
            {
                "b": True,
                "n": None,
                "f": 1.5,
                "e": [],
                "d": {},
                "z": "中 a&b=c",
                "l": [{"k": [1, 2]}, {"k": []}],
                "ids": list(range(11)),
                "platform": 7,
            },
            "UO/CWWwUVKLuVm9XFlT7ljHtXuxxgkOetpSIpH4+XFA=",
        ),
    ],
)
def test_signatures_are_those_of_the_published_clients(
    domain: str, path: str, body: dict[str, Any], expected: str
) -> None:
    assert signature(KEY, domain, path, HEADERS, body) == expected


@given(st.dictionaries(st.text(max_size=6) | st.sampled_from(SIGNED_HEADERS), VALUES, max_size=6))
@fixed(100)
def test_the_door_takes_the_client_s_signature_of_any_body(body: dict[str, Any]) -> None:
    received = json.loads(json.dumps(body))
    made = signature(KEY, "farm.example/x", "/api/y", HEADERS, received)
    assert is_signed(made, KEY, ["other.example", "farm.example/x"], "/api/y", flat_text(HEADERS, received))
    assert not is_signed(made, KEY, ["farm.example/x"], "/api/z", flat_text(HEADERS, received))
