# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The protocol of the API, against the stand-in over real TLS: each fault is one line with the remedy."""

from __future__ import annotations

import time

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.console_transport import UrlTransport, client_of
from ansible_collections.jsa.ports.plugins.plugin_utils._console.access import Access
from ansible_collections.jsa.ports.plugins.plugin_utils._console.client import Client
from ansible_collections.jsa.ports.plugins.plugin_utils._console.transport import ConsoleError
from ansible_collections.jsa.ports.tests.console.faults import Fault
from ansible_collections.jsa.ports.tests.console.server import Request, StandIn

HOSTS = "/config/deployment/hosts"
#: Seconds, for a console that answers. A busy machine may need some.
TIMEOUT = 30.0
#: Seconds, for one that does not: less than its delays.
SHORT = 2.0


def client(
    standin: StandIn,
    *,
    token: str | None = None,
    version: str | None = None,
    pages: int = 500,
    timeout: float = TIMEOUT,
) -> Client:
    access = Access.of(standin.url, standin.token if token is None else token, version, pages)
    return Client(access, UrlTransport(timeout, True, str(standin.ca_path)))


def error_of(asked: Client, standin: StandIn) -> str:
    with pytest.raises(ConsoleError) as caught:
        asked.items(HOSTS)
    told = str(caught.value)
    assert "\n" not in told
    assert standin.token not in told
    return told


def test_pages(standin: StandIn) -> None:
    found = client(standin, pages=3).items(HOSTS, "id,appliance(id)")
    assert [item["id"] for item in found] == [100, 101, 102, 103, 104, 105, 106, 107]
    assert found[0] == {"id": 100, "appliance": {"id": "3199"}}
    assert [one.headers.get("Range") for one in standin.requests] == [None, "items=0-2", "items=3-5", "items=6-8"]


def test_a_filter_is_applied_by_the_console(standin: StandIn) -> None:
    found = client(standin).items(
        HOSTS, "hostname", 'status = "Deleted" or (id >= 107 and not encryption_enabled = true)'
    )
    assert found == [{"hostname": "old1"}, {"hostname": "strange1"}]


@pytest.mark.parametrize("pages", [1, 2, 3])
def test_a_list_without_pages(standin: StandIn, pages: int) -> None:
    """Also one that has as many items as a page: it is asked for the next page, and answers with the same list."""
    assert len(client(standin, pages=pages).items("/config/network_hierarchy/networks")) == 2


def test_an_empty_list(standin: StandIn) -> None:
    standin.deployment.hosts = []
    assert client(standin).items(HOSTS) == []


def test_a_list_that_shrinks_is_read_again(standin: StandIn) -> None:
    def shrink(request: Request) -> None:
        if request.headers.get("Range") == "items=3-5" and len(standin.deployment.hosts) == 8:
            del standin.deployment.hosts[0]

    standin.before = shrink
    found = client(standin, pages=3).items(HOSTS)
    assert [item["id"] for item in found] == [101, 102, 103, 104, 105, 106, 107]


def test_a_list_that_moves_without_shrinking_is_read_again(standin: StandIn) -> None:
    def move(request: Request) -> None:
        hosts = standin.deployment.hosts
        if request.headers.get("Range") == "items=3-5" and hosts[0]["id"] == 100:
            hosts.insert(0, hosts.pop())

    standin.before = move
    found = client(standin, pages=3).items(HOSTS)
    assert sorted(item["id"] for item in found) == list(range(100, 108))


def test_a_list_that_never_rests(standin: StandIn) -> None:
    def shrink(request: Request) -> None:
        if request.headers.get("Range") == "items=1-1":
            del standin.deployment.hosts[0]

    standin.before = shrink
    assert "changed each time" in error_of(client(standin, pages=1), standin)


@pytest.mark.parametrize(
    ("versions", "taken"),
    [
        ([("25.0", False, False), ("26.0", False, False)], "26.0"),
        ([("25.0", False, False), ("26.0", True, False)], "25.0"),
        ([("16.0", False, True), ("17.0", True, False)], "17.0"),
        # Newer ones than the collection knows are left alone, as long as there is another.
        ([("26.0", False, False), ("31.0", False, False)], "26.0"),
        ([("30.0", False, False), ("31.0", False, False)], "30.0"),
    ],
)
def test_the_version_is_negotiated(standin: StandIn, versions: list[tuple[str, bool, bool]], taken: str) -> None:
    standin.versions = tuple(
        {"id": int(float(version)), "version": version, "deprecated": deprecated, "removed": removed}
        for version, deprecated, removed in versions
    )
    asked = client(standin)
    assert asked.version == taken
    assert len(asked.items(HOSTS)) == 8
    assert {one.headers.get("Version") for one in standin.requests} == {None, taken}
    assert bool(asked.remarks) == (taken in ("17.0", "30.0"))


def test_no_version_that_can_be_used(standin: StandIn) -> None:
    standin.versions = ({"id": 10, "version": "10.0", "deprecated": False, "removed": False},)
    assert "up to 10.0, but 12.0 (JSA 7.3.3) is required" in error_of(client(standin), standin)


def test_a_deprecated_version_is_told_once(standin: StandIn) -> None:
    asked = client(standin, version="21.0", pages=2)
    asked.items(HOSTS)
    assert len(asked.remarks) == 1
    assert "21.0 of the API is deprecated" in asked.remarks[0]


def test_a_removed_version(standin: StandIn) -> None:
    assert "remove api_version to negotiate it" in error_of(client(standin, version="17.0"), standin)


def test_a_wrong_token(standin: StandIn) -> None:
    told = error_of(client(standin, token="wrong"), standin)
    assert "rejected the token (HTTP 401" in told
    assert "wrong or expired" in told


def test_the_token_in_a_message_is_hidden(standin: StandIn) -> None:
    standin.faults = {HOSTS: Fault(status=500, message=f"not {standin.token}")}
    assert "not ********" in error_of(client(standin), standin)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault(redirect="https://127.0.0.1:9/"), "redirects GET /config/deployment/hosts to https://127.0.0.1:9/"),
        (Fault(text="<html>Log in</html>"), "something other than JSON: check that url"),
        (Fault(text="[1, 2"), "something other than JSON"),
        (Fault(text='{"hosts": []}'), "not as documented (expected a list)"),
        (Fault(status=404, code=1002), "does not have GET /config/deployment/hosts"),
        (Fault(status=403, code=26), "has no right to GET /config/deployment/hosts"),
        (Fault(status=500, code=1, message="a\x1b[31mb"), "code 1, a\\x1b[31mb): try again"),
        (
            Fault(status=409, code=7, message="busy"),
            "did not accept GET /config/deployment/hosts (HTTP 409, code 7, busy",
        ),
        (Fault(status=418), "HTTP 418"),
        (Fault(closes=True), "no connection with https://127.0.0.1"),
    ],
)
def test_a_fault_of_the_console(standin: StandIn, fault: Fault, told: str) -> None:
    standin.faults = {HOSTS: fault}
    assert told in error_of(client(standin), standin)


@pytest.mark.parametrize("fault", [Fault(delay=SHORT * 2), Fault(trickle=SHORT / 4)])
def test_a_console_that_is_slow(standin: StandIn, fault: Fault) -> None:
    asked = client(standin, timeout=SHORT)
    # The version is negotiated before.
    asked.items("/config/network_hierarchy/networks")
    standin.faults = {HOSTS: fault}
    started = time.monotonic()
    assert "did not answer GET /api/config/deployment/hosts within 2 seconds" in error_of(asked, standin)
    assert time.monotonic() - started < SHORT * 3


def test_a_redirect_does_not_get_the_token(standin: StandIn) -> None:
    with StandIn(standin.deployment, standin.certificates) as other:
        standin.faults = {HOSTS: Fault(redirect=f"{other.url}/api{HOSTS}")}
        error_of(client(standin), standin)
        assert other.requests == []


def test_a_certificate_of_an_unknown_authority(standin: StandIn) -> None:
    asked = Client(client(standin).access, UrlTransport(TIMEOUT))
    told = error_of(asked, standin)
    assert "certificate" in told
    assert "set ca_path" in told
    assert standin.requests == []


def test_a_certificate_for_another_name(standin: StandIn) -> None:
    access = replace(client(standin).access, url=standin.url.replace("127.0.0.1", "127.0.0.2"))
    told = error_of(Client(access, UrlTransport(TIMEOUT, True, str(standin.ca_path))), standin)
    # The stand-in listens on 127.0.0.1 only.
    assert "no connection" in told
    access = replace(access, url=standin.url.replace("127.0.0.1", "0.0.0.0"))
    told = error_of(Client(access, UrlTransport(TIMEOUT, True, str(standin.ca_path))), standin)
    assert "use the name in url that the certificate is for" in told


def test_without_verification(standin: StandIn) -> None:
    assert len(Client(client(standin).access, UrlTransport(TIMEOUT, False)).items(HOSTS)) == 8


def test_a_file_of_authorities_that_is_not_there(standin: StandIn) -> None:
    asked = Client(client(standin).access, UrlTransport(TIMEOUT, True, "/nowhere/ca.pem"))
    assert "ca_path: /nowhere/ca.pem does not exist" in error_of(asked, standin)


def test_rights(standin: StandIn) -> None:
    standin.denied = {HOSTS}
    wanted = [("GET", HOSTS), ("GET", "/system/servers")]
    assert client(standin).rights(wanted) == [f"GET {HOSTS}"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"url": None}, "url is not set"),
        ({"url": "http://console.example.com"}, "https://"),
        ({"url": "https://user:secret@console.example.com"}, "https://"),
        ({"url": "https://console.example.com/console"}, "https://"),
        ({"url": "https://console.example.com:0x"}, "https://"),
        ({"token": None}, "JSA_TOKEN"),
        ({"token": "two words"}, "copy it again"),
        ({"version": "new"}, "api_version is not valid"),
        ({"page_size": 0}, "page_size is 0"),
    ],
)
def test_options_that_are_not_valid(options: dict[str, Any], told: str) -> None:
    given = {"url": "https://console.example.com", "token": "t", "version": None, "page_size": 1, **options}
    with pytest.raises(ConsoleError) as caught:
        Access.of(**given)
    assert told in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_timeout_that_is_not_valid(standin: StandIn) -> None:
    with pytest.raises(ConsoleError, match="timeout is 0"):
        client_of(client(standin).access, timeout=0, validate_certs=True, ca_path=None)


@pytest.mark.parametrize("url", ["https://c.example/", "https://c.example/api", "https://c.example/api/"])
def test_the_address_of_the_console(url: str) -> None:
    assert Access.of(url, "t", None, 1).url == "https://c.example"


def test_the_token_is_not_shown() -> None:
    assert "hide-me" not in repr(Access.of("https://c.example", "hide-me", None, 1))
