# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the expected listeners from the module's options. One error has all problems. Runs on Python 3.6."""

from typing import Any, Dict, Iterable, List, NamedTuple, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._ports import TRANSPORTS, PortRange, parse_ports, split_protocol

NETWORK = "network"
LOOPBACK = "loopback"
#: The plan does not say where the socket belongs, so both places are right.
ANY = "any"
BINDS = (NETWORK, LOOPBACK, ANY)

#: Spellings of booleans: a template can turn a value into text.
_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}


class ExpectationError(ValueError):
    """Invalid options."""


class Expected(NamedTuple):
    """A port or range that the plan expects a listener on."""

    id: str
    service: str
    protocol: str
    ports: PortRange
    bind: str
    #: Whether a missing listener is a fault.
    required: bool

    @property
    def is_single(self):  # type: () -> bool
        """Whether it is one port, not a range."""
        return self.ports[0] == self.ports[1]


class Known(NamedTuple):
    """Ports that the site ignores."""

    protocol: str
    ports: PortRange


def read_options(expected, ignore):
    # type: (Iterable[Dict[str, Any]], Iterable[str]) -> Tuple[List[Expected], List[Known]]
    """The expected listeners of one host, and the ignored ports. Raises ExpectationError with all problems."""
    problems = []  # type: List[str]
    answer = _read_expected(expected, problems), _read_known(ignore, problems)
    if problems:
        raise ExpectationError("; ".join(problems))
    return answer


def _read_expected(items, problems):  # type: (Iterable[Dict[str, Any]], List[str]) -> List[Expected]
    expected = []
    for number, item in enumerate(items):
        mine = []  # type: List[str]
        values = {
            "id": _text(item, "id", None, mine),
            "service": _text(item, "service", "", mine),
            "protocol": _choice(item, "protocol", TRANSPORTS, None, mine),
            "bind": _choice(item, "bind", BINDS, ANY, mine),
            "required": _BOOLEANS.get(str(item.get("required", True)).lower()),
        }
        if values["required"] is None:
            mine.append("required: %r is neither true nor false" % (item["required"],))
        try:
            values["ports"] = _ports(item)
        except ValueError as error:
            mine.append("ports: %s" % error)
        if mine:
            problems += ["expected[%d].%s" % (number, problem) for problem in mine]
        else:
            expected.append(Expected(**values))
    return expected


def _read_known(texts, problems):  # type: (Iterable[str], List[str]) -> List[Known]
    """Each of *texts* is ``port/protocol``, the port being one or a range."""
    known = []
    for number, text in enumerate(texts):
        try:
            ports, protocol = split_protocol(text)
            if protocol is None:
                raise ValueError("%r: the protocol is missing: write it as 8443/tcp or 60000-60010/udp" % (text,))
            known.append(Known(protocol, parse_ports(ports)))
        except ValueError as error:
            problems.append("ignore[%d]: %s" % (number, error))
    return known


def _text(item, key, default, problems):  # type: (Dict[str, Any], str, Any, List[str]) -> Any
    value = item.get(key, default)
    if not isinstance(value, str) or (default is None and not value):
        problems.append("%s: %s" % (key, "is missing" if value is None else "expected text, not %r" % (value,)))
    return value


def _choice(item, key, choices, default, problems):  # type: (Dict[str, Any], str, Any, Any, List[str]) -> Any
    value = item.get(key, default)
    if value not in choices:
        found = "is missing: expected one" if value is None else "%r is none" % (value,)
        problems.append("%s: %s of %s" % (key, found, ", ".join(choices)))
    return value


def _ports(item):  # type: (Dict[str, Any]) -> PortRange
    if item.get("ports") is None:
        raise ValueError("is missing: expected a port or a range such as 32000-33999")
    return parse_ports(item["ports"])
