# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host is asked for in one look. Runs on Python 3.6."""

from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence

from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.flow import INITIATOR, Flow, read_flows
from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.model import read_probes
from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.result import check_numbers
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.expected import Expected, read_options
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import ICMP, OPEN, TCP, Probe

#: Each numeric option, and whether it accepts zero.
NUMBERS = {"timeout": False, "rate": True, "retries": True, "recheck_seconds": True, "settle": True}

#: Keys of a probe that say what it should meet. They are not returned.
_OPEN, _OWN = "open", "own"
_TRUTH = {"true": True, "yes": True, "false": False, "no": False}


class Planned(NamedTuple):
    """A probe, and what it should meet."""

    probe: Probe
    #: Whether the port should be open; None where both are as they should be.
    is_open: Optional[bool]
    #: This host's end of the flow; None where nobody said from which address.
    flow: Optional[Flow]

    def is_odd(self, result):  # type: (str) -> bool
        """Whether *result*, one of a probe, is not what it should be."""
        return self.is_open is not None and (result == OPEN) != self.is_open


class Request(NamedTuple):
    #: None: the sockets are not read.
    expected: Optional[Sequence[Expected]]
    #: None: the firewall is not compared. As the option has them: they are read with the firewall.
    rules: Optional[Dict[str, Any]]
    probes: Sequence[Planned]
    flows: Sequence[Flow]
    #: Flows that this host listens for, which may go otherwise than expected without its notice.
    foreseen: Sequence[Flow]


def read_request(params):  # type: (Dict[str, Any]) -> Request
    """Of the module's options. Raises ExpectationError, ProbeError and FlowError."""
    expected = None if params["expected"] is None else read_options(params["expected"], ())[0]
    return Request(
        expected,
        params["rules"],
        _read_planned(params["probes"], check_numbers(params, NUMBERS)),
        read_flows(params["flows"]),
        read_flows(params["foreseen"], "foreseen"),
    )


def _read_planned(items, problems):  # type: (Sequence[Dict[str, Any]], List[str]) -> List[Planned]
    for number, item in enumerate(items):
        if item.get(_OPEN) is not None and str(item[_OPEN]).lower() not in _TRUTH:
            problems.append("probes[%d]: open: %r is neither true nor false" % (number, item[_OPEN]))
    sent = [{key: value for key, value in item.items() if key not in (_OPEN, _OWN)} for item in items]
    probes = read_probes(sent, (), problems)
    flows = iter(read_flows(_ends(items), "probes"))
    return [
        Planned(
            probe,
            None if item.get(_OPEN) is None else _TRUTH[str(item[_OPEN]).lower()],
            None if item.get(_OWN) is None else next(flows),
        )
        for probe, item in zip(probes, items)
    ]


def _ends(items):  # type: (Iterable[Dict[str, Any]]) -> List[Dict[str, Any]]
    """This host's ends of the probes that say from which address it sends."""
    ends = []
    for item in items:
        if item.get(_OWN) is None:
            continue
        protocol = item.get("protocol", TCP)
        end = {"role": INITIATOR, "own": item[_OWN], "peer": item.get("address"), "protocol": protocol}
        if protocol != ICMP:
            end["port"] = item.get("port")
        ends.append(end)
    return ends
