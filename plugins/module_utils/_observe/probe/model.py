# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the probes from the module's options. Runs on Python 3.6."""

from typing import Any, Dict, Iterable, List, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.handshake import check_host, check_token
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import (
    ICMP,
    PROTOCOLS,
    TCP,
    Identity,
    Probe,
    parse_peer,
)
from ansible_collections.jsa.ports.plugins.module_utils._ports import parse_port


class ProbeError(ValueError):
    """Invalid options."""


#: Keys of a result, which a probe must not have.
_OURS = frozenset(("result", "by", "rate_limited", "elapsed_ms", "error"))
#: Further keys of the result of a probe with ``expect``.
_OURS_EXPECTING = frozenset(Identity._fields)
_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}
#: The maximum number of problems in the error. The others are counted.
_SHOWN = 20


def read_probes(items, sources=(), earlier=()):
    # type: (Iterable[Dict[str, Any]], Iterable[str], Iterable[str]) -> List[Probe]
    """The probes of the module's options. Raises ProbeError with all problems, *earlier* ones first."""
    problems = list(earlier)
    by_family = _read_sources(sources, problems)
    parsed = {}  # type: Dict[str, Tuple[int, Tuple[Any, ...]]]
    probes = []
    for number, item in enumerate(items):
        ours = _OURS | _OURS_EXPECTING if "expect" in item else _OURS
        mine = ["%s is a key of the results, not of a probe" % key for key in sorted(ours.intersection(item))]
        protocol = item.get("protocol", TCP)
        if protocol not in PROTOCOLS:
            mine.append("protocol: %r is none of %s" % (protocol, ", ".join(PROTOCOLS)))
        port = _read_port(item.get("port"), protocol, mine)
        recheck = _BOOLEANS.get(str(item.get("recheck", True)).lower())
        if recheck is None:
            mine.append("recheck: %r is neither true nor false" % (item["recheck"],))
        expect = _read_expect(item, protocol, mine)
        text = item.get("address")
        try:
            if text not in parsed:
                parsed[text] = parse_peer(text)
        except (TypeError, ValueError) as error:
            mine.append("address: %s" % error)
        if mine:
            problems += ["probes[%d]: %s" % (number, problem) for problem in mine]
            continue
        family, sockaddr = parsed[text]
        probes.append(
            Probe(
                number,
                item,
                family,
                (sockaddr[0], port) + sockaddr[2:],
                port,
                protocol,
                bool(recheck),
                by_family.get(family),
                expect,
            )
        )
    if problems:
        more = len(problems) - _SHOWN
        raise ProbeError("; ".join(problems[:_SHOWN]) + ("; and %d more" % more if more > 0 else ""))
    return probes


def _read_port(port, protocol, problems):  # type: (Any, Any, List[str]) -> int
    if protocol == ICMP:
        if port not in (None, "", 0):
            problems.append("port: ICMP has no ports")
        return 0
    if port is None:
        problems.append("port: is missing")
        return 0
    try:
        return parse_port(port)
    except ValueError as error:
        problems.append("port: %s" % error)
        return 0


def _read_expect(item, protocol, problems):  # type: (Dict[str, Any], Any, List[str]) -> Optional[str]
    if item.get("expect") is None:
        return None
    try:
        token, _space, host = str(item["expect"]).partition(" ")
        if protocol == ICMP:
            raise ValueError("the answer to an ICMP echo cannot identify a listener")
        return "%s %s" % (check_token(token), check_host(host))
    except ValueError as error:
        problems.append("expect: %s" % error)
        return None


def _read_sources(texts, problems):  # type: (Iterable[str], List[str]) -> Dict[int, str]
    by_family = {}  # type: Dict[int, str]
    for text in texts:
        try:
            family = parse_peer(text)[0]
        except ValueError as error:
            problems.append("source: %s" % error)
            continue
        if family in by_family:
            problems.append("source: %s and %s are of the same address family" % (by_family[family], text))
        by_family[family] = text
    return by_family
