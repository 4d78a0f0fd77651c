# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evaluates this host's rules and routes for the flows that it initiates or listens for. Runs on Python 3.6."""

import ipaddress
import os

from typing import Any, Dict, Iterable, List, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._host.nftables import ruleset_objects
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError, Programs
from ansible_collections.jsa.ports.plugins.module_utils._host.routing import find_route, own_addresses
from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.conditions import Packet
from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.flow import LISTENER, Flow
from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.nft import (
    ACCEPT,
    ODD,
    UNKNOWN,
    Decision,
    Place,
    Ruleset,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.inet_diag import Backlog, read_backlogs
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import (
    TableError,
    read_ephemeral_ports,
    read_sockets,
)

_INWARD = ("ingress", "prerouting", "input")
_OUTWARD = ("output", "postrouting", "egress")
_SYN_RECEIVED = (3, 12)
#: The range from which another host's kernel may choose its source port.
_CLIENT_PORTS = range(1024, 65536)
_SYN = frozenset(("syn",))
_SYN_ACK = frozenset(("syn", "ack"))
_LEGACY_TABLES = ("net/ip_tables_names", "net/ip6_tables_names")
_IGNORES_ECHO = {4: "sys/net/ipv4/icmp_echo_ignore_all", 6: "sys/net/ipv6/icmp/echo_ignore_all"}


class Look(object):
    """Reads the rules and routes of this host once, and only what the flows need."""

    def __init__(self, programs=None, proc="/proc"):  # type: (Optional[Programs], str) -> None
        self._programs = programs or Programs()
        self._proc = proc
        self._ruleset = None  # type: Optional[Ruleset]
        self._texts = {}  # type: Dict[Tuple[str, str, str], Dict[str, str]]
        self._half_open = set()  # type: set
        self._backlogs = {}  # type: Dict[int, List[Backlog]]
        #: Why some rules are unknown.
        self.obstacle = None  # type: Optional[str]

    def result(self, flows):  # type: (List[Flow]) -> Dict[str, Any]
        """The module's result: the decision of rules and routes for each flow, and the host's addresses."""
        if flows:
            self._read()
        return {"addresses": own_addresses(), "flows": [self._flow(flow) for flow in flows], "obstacle": self.obstacle}

    def _read(self):  # type: () -> None
        try:
            self._ruleset = Ruleset(ruleset_objects(self._programs))
        except CommandError as error:
            self.obstacle = str(error)
        except ODD as error:
            self.obstacle = "the answer of nft cannot be read: %s" % error
        for name in _LEGACY_TABLES:
            if self._text(name).strip():
                self.obstacle = "rules of legacy iptables are loaded, which nft does not show"
        try:
            rows = read_sockets(self._proc)
        except TableError:
            rows = []
        self._half_open = {
            (row.port, ipaddress.ip_address(row.peer_address))
            for row in rows
            if row.protocol == "tcp" and row.state in _SYN_RECEIVED
        }
        self._backlogs = read_backlogs()

    def _text(self, name):  # type: (str) -> str
        try:
            with open(os.path.join(self._proc, name)) as stream:
                return stream.read()
        except (IOError, OSError):
            return ""

    def _flow(self, flow):  # type: (Flow) -> Dict[str, Any]
        found = dict(flow.given)
        route = find_route(flow.peer)
        question, answer = self._packets(flow, route)
        inward = flow.role == LISTENER
        found.update(
            question=self._decide(question, _INWARD if inward else _OUTWARD),
            answer=self._decide(answer, _OUTWARD if inward else _INWARD),
            route=route is not None,
            half_open=None,
            backlog=None,
            ignored=False,
        )
        if inward and flow.protocol == "tcp":
            found["half_open"] = (flow.port, flow.peer) in self._half_open
            full = [one for one in self._backlogs.get(flow.port, ()) if one.waiting > one.limit]
            found["backlog"] = full[0]._asdict() if full else None
        if inward and flow.protocol == "icmp":
            found["ignored"] = self._text(_IGNORES_ECHO[flow.own.version]).strip() == "1"
        return found

    def _packets(self, flow, interface):  # type: (Flow, Optional[str]) -> Tuple[Packet, Packet]
        protocol = "icmpv6" if flow.protocol == "icmp" and flow.own.version == 6 else flow.protocol
        port = flow.port or None
        tcp = flow.protocol == "tcp"
        nothing = frozenset()  # type: Any
        inward = flow.role == LISTENER
        client = None  # type: Any
        if port:
            first, last = (0, -1) if inward else read_ephemeral_ports(self._proc)
            client = range(first, last + 1) or _CLIENT_PORTS
        initiator, listener = (flow.peer, flow.own) if inward else (flow.own, flow.peer)
        question = Packet(
            protocol,
            initiator,
            listener,
            client,
            port,
            "new",
            _SYN if tcp else nothing,
            interface if inward else None,
            None if inward else interface,
        )
        answer = Packet(
            protocol,
            listener,
            initiator,
            port,
            client,
            "established",
            _SYN_ACK if tcp else nothing,
            None if inward else interface,
            interface if inward else None,
        )
        return question, answer

    def _decide(self, packet, hooks):  # type: (Packet, Iterable[str]) -> Dict[str, Any]
        if self._ruleset is None:
            return {"decision": UNKNOWN, "rule": None}
        found = self._ruleset.decide(packet, hooks)
        if found.decision == ACCEPT and self.obstacle:
            return {"decision": UNKNOWN, "rule": None}
        return {"decision": found.decision, "rule": self._rule(found)}

    def _rule(self, found):  # type: (Decision) -> Optional[str]
        """The rule as nft prints it."""
        place = found.place
        if place is None:
            return None
        key = place[:3]
        if key not in self._texts:
            self._texts[key] = self._rules_of(place)
        text = self._texts[key].get(str(place.handle), "" if place.handle else "policy")
        return "table %s %s, chain %s%s" % (place.family, place.table, place.chain, ": " + text if text else "")

    def _rules_of(self, place):  # type: (Place) -> Dict[str, str]
        try:
            lines = self._programs.run("nft", "-a", "list", "chain", place.family, place.table, place.chain)
        except CommandError:
            return {}
        found = {}
        for line in lines.split("\n"):
            text, mark, handle = line.strip().rpartition(" # handle ")
            if mark and not text.endswith("{"):
                found[handle] = text
        return found
