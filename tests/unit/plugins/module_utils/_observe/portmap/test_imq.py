# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of OpenMQ's port mapper: as brokers send it, as people paste it, and as nobody should believe it."""

from __future__ import annotations

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._observe.portmap.imq import parse_table
from ansible_collections.jsa.ports.plugins.module_utils._observe.portmap.model import GarbageError

REAL = """101 imqbroker 301
portmapper tcp PORTMAPPER 7676 [sessionid=1091423743631234048]
cluster_discovery tcp CLUSTER_DISCOVERY 0
jmxrmi rmi JMX 0 [url=service:jmx:rmi://192.168.0.120/stub/rO0ABX/+\\ gEAeA==]
admin tcp ADMIN 37659 [hostname=192.168.0.120]
jms tcp NORMAL 7677 [hostname=192.168.0.120]
ssljms tls NORMAL 7678 [hostname=192.168.0.120]
cluster tcp CLUSTER 37341 [hostname=repository,hostaddr=192.168.0.120]
.
"""

#: As the documents print it: wrapped, without the final dot, with telnet around it.
PASTED = """[root@domain ~]# telnet localhost 7676
Trying 127.0.0.1...
Connected to localhost.
Escape character is '^]'.
101 imqbroker 4.4 Update 1
portmapper tcp PORTMAPPER 7676
[imqvarhome=/opt/openmq/mq/var,imqhome=/opt/openmq/mq,sessionid=<session_id>]
cluster_discovery tcp CLUSTER_DISCOVERY 44913
jmxrmi rmi JMX 0
[url=service:jmx:rmi://domain.ibm.com/stub/<urlpath>]
admin tcp ADMIN 43691
jms tcp NORMAL 7677
cluster tcp CLUSTER 36615
"""

FLATTENED = " ".join(PASTED.splitlines()[4:])

#: As it comes out of a page that has made one line of all that was on the terminal.
ONE_LINE = " ".join(PASTED.splitlines())


def wrapped(text: str, width: int) -> str:
    """As a terminal of *width* columns breaks lines, wherever that is."""
    return "".join(
        line[start : start + width] + "\n" for line in text.splitlines() for start in range(0, max(1, len(line)), width)
    )


#: Where lines are broken within a port, nobody knows which one it was.
WRAPPED = [wrapped(PASTED, width) for width in (45, 55, 60, 70)]

PORTS_REAL = {"portmapper": 7676, "cluster_discovery": 0, "jmxrmi": 0, "admin": 37659, "jms": 7677, "ssljms": 7678,
              "cluster": 37341}  # fmt: skip
PORTS_PASTED = {"portmapper": 7676, "cluster_discovery": 44913, "jmxrmi": 0, "admin": 43691, "jms": 7677,
                "cluster": 36615}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "version", "session", "complete", "ports"),
    [
        (REAL, "301", "1091423743631234048", True, PORTS_REAL),
        (REAL.replace("\n", "\r\n"), "301", "1091423743631234048", True, PORTS_REAL),
        (REAL + "Connection closed by foreign host.\n", "301", "1091423743631234048", True, PORTS_REAL),
        (PASTED, "4.4 Update 1", "<session_id>", False, PORTS_PASTED),
        (FLATTENED, "4.4 Update 1", "<session_id>", False, PORTS_PASTED),
        (ONE_LINE, "4.4 Update 1", "<session_id>", False, PORTS_PASTED),
        (ONE_LINE + " . Connection closed by foreign host.", "4.4 Update 1", "<session_id>", True, PORTS_PASTED),
        *((text, "4.4 Update 1", "<session_id>", False, PORTS_PASTED) for text in WRAPPED),
        (REAL.replace(" CLUSTER_", "\nCLUSTER_"), "301", "1091423743631234048", True, PORTS_REAL),
        (REAL.replace("CLUSTER_", "CLUS\nTER_"), "301", "1091423743631234048", True, PORTS_REAL),
        (FLATTENED + " .", "4.4 Update 1", "<session_id>", True, PORTS_PASTED),
        ("101 imqbroker 4.3\n.\n", "4.3", None, True, {}),
        ("101 imqbroker\n", "", None, False, {}),
        ("101 b 1\nwhatever x NEWTYPE 65535\n.\n", "1", None, True, {"whatever": 65535}),
    ],
)
def test_what_is_understood(
    text: str, version: str, session: str | None, complete: bool, ports: dict[str, int]
) -> None:
    table = parse_table(text)
    assert (table.version, table.session, table.complete) == (version, session, complete)
    assert {entry.service: entry.port for entry in table.entries} == ports


@pytest.mark.parametrize(
    ("bracket", "properties"),
    [
        ("[]", {}),
        ("[a=1]", {"a": "1"}),
        ("[a=b=c==]", {"a": "b=c=="}),
        ("[a=1,2,b=3]", {"a": "1,2", "b": "3"}),
        ("[a= x /+\\ ,b=]", {"a": " x /+\\ ", "b": ""}),
        ("[a=[1] and the rest]", {"a": "[1"}),
    ],
)
def test_properties(bracket: str, properties: dict[str, str]) -> None:
    assert parse_table(f"101 b 1\nx tcp NORMAL 1 {bracket}\n.\n").entries[0].properties == properties


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("\n \n", "empty"),
        ("220 mail.example.org ESMTP\n", "not with a header|has version 220"),
        ("SSH-2.0-OpenSSH_9.2\n", "starts with 'SSH-2.0"),
        ("HTTP/1.1 400 Bad Request\n", "starts with 'HTTP/1.1"),
        ("banner\n101 b 1\n.\n", "starts with 'banner'"),
        (REAL.replace("101", "102", 1), "version 102"),
        ("101 b 1\nadmin tcp ADMIN\n.\n", "not a line of a port mapper"),
        ("101 b 1\nadmin tcp ADMIN 65536\n.\n", "is not a port"),
        ("101 b 1\nadmin tcp ADMIN -1\n.\n", "is not a port"),
        ("101 b 1\nadmin tcp ADMIN ¹²\n.\n", "is not a port"),
        ("101 b 1\nadmin tcp ADMIN 1 extra\n.\n", "not a line of a port mapper"),
        ("101 b 1\nx tcp NORMAL 1 [a=1\n.\n", "closing bracket is missing"),
        ("101 b 1\nx tcp NORMAL 1 [a]\n.\n", "not a property"),
        # Not two lines of which one is lost.
        ("101 b 1\nx tcp NORMAL 1 [a=1\ny tcp NORMAL 2 [b=2]\n.\n", "closing bracket is missing"),
        ("101 b 1\nx tcp NORMAL 12\n34\n.\n", "not a line of a port mapper"),
        ("101 b 1\n[a=1]\n.\n", "not a line of a port mapper"),
    ],
)
def test_what_is_refused(text: str, says: str) -> None:
    with pytest.raises(GarbageError, match=says):
        parse_table(text)


TOKENS = ["101", " ", "\n", ".", "\n.\n", "[", "]", "=", ",", "tcp", "CLUSTER", "7676", "admin", "\r", "Trying ", "x"]


@given(
    st.text()
    | st.lists(st.sampled_from(TOKENS)).map("".join)
    | st.lists(st.sampled_from(TOKENS)).map(lambda parts: "101 b 1\n" + "".join(parts))
)
def test_whatever_comes_only_its_own_error_leaves(text: str) -> None:
    try:
        table = parse_table(text)
    except GarbageError:
        return
    assert all(0 <= entry.port <= 65535 for entry in table.entries)
