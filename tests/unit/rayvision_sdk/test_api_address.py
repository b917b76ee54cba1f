"""Where a farm is, by the words of a script."""

from __future__ import annotations

import pytest

from rendermill.farm.model.errors import BadInputError
from rendermill_rayvision.address import address_of


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RENDERMILL_SERVER", raising=False)


@pytest.mark.parametrize(
    ("domain", "protocol", "url"),
    [
        ("127.0.0.1:8642", None, "http://127.0.0.1:8642"),
        ("127.9.9.9", None, "http://127.9.9.9"),
        ("localhost:8642", None, "http://localhost:8642"),
        ("[::1]:8642", None, "http://[::1]:8642"),
        ("127.0.0.1:8642", "https", "https://127.0.0.1:8642"),
        ("farm.example", None, "https://farm.example"),
        ("farm.example:8443/farm", None, "https://farm.example:8443/farm"),
        ("farm.example/", None, "https://farm.example"),
        ("10.0.0.7:8642", None, "https://10.0.0.7:8642"),
        ("10.0.0.7:8642", "http", "http://10.0.0.7:8642"),
        ("localhost.example", None, "https://localhost.example"),
        ("http://10.0.0.7:8642", None, "http://10.0.0.7:8642"),
        ("HTTP://10.0.0.7:8642", None, "http://10.0.0.7:8642"),
        ("http://farm.example/farm/", None, "http://farm.example/farm"),
        ("http://farm.example", "https", "https://farm.example"),
        ("https://127.0.0.1", None, "https://127.0.0.1"),
        ("https://127.0.0.1", "HTTP", "http://127.0.0.1"),
        (" farm.example\n", None, "https://farm.example"),
        ("", None, "http://127.0.0.1:8642"),
        (None, None, "http://127.0.0.1:8642"),
        (None, "https", "https://127.0.0.1:8642"),
    ],
)
def test_the_url_has_its_protocol_and_the_domain_its_prefix(domain: str | None, protocol: str, url: str) -> None:
    found = address_of(domain, protocol)
    assert found.url == url
    assert found.url == f"{found.protocol}://{found.domain}"


@pytest.mark.parametrize("domain", ["", None])
def test_without_a_domain_the_farm_is_the_environment_s(domain: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RENDERMILL_SERVER", "https://farm.example:8443/x")
    assert address_of(domain).url == "https://farm.example:8443/x"
    assert address_of("other.example").url == "https://other.example"


@pytest.mark.parametrize(
    "domain",
    [
        "ftp://farm.example",
        "http://",
        "://farm.example",
        "farm.example:port",
        "farm.example:0",
        "farm.example:99999",
        "user:word@farm.example",
        "farm.example?x=1",
        "farm.example#x",
        "farm example",
        "/farm",
        "[::1",
    ],
)
def test_what_is_no_address_is_refused_with_how_to_write_one(domain: str) -> None:
    with pytest.raises(BadInputError, match="is not where a farm is") as refused:
        address_of(domain)
    assert (refused.value.where, "HOST:PORT" in str(refused.value.remedy)) == ("domain", True)


def test_a_protocol_that_is_none_is_refused() -> None:
    with pytest.raises(BadInputError):
        address_of("farm.example", "gopher")


@pytest.mark.parametrize(("domain", "chinese"), [("task.renderbus.example", True), ("farm.example", False)])
def test_the_vendor_s_domain_says_the_language(domain: str, chinese: bool) -> None:
    assert address_of(domain).is_chinese is chinese
