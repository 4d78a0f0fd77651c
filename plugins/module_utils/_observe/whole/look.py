# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that a check asks of a host, in one go. Changes nothing. Runs on Python 3.6.

What not every host needs is imported where it is used: a module is compiled anew each time that it runs on a host.
"""

from typing import Any, Callable, Dict, Iterable, List, Sequence, Set, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.routing import own_addresses
from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.flow import Flow
from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.engine import Engine
from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.result import send
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.compare import NETWORK
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.observe import compared, read_listeners
from ansible_collections.jsa.ports.plugins.module_utils._observe.whole.request import Planned, Request


def look(request, params, warn):  # type: (Request, Dict[str, Any], Callable[[str], None]) -> Dict[str, Any]
    """The parts of the answer: ``sockets``, ``firewall``, ``probes``, and ``paths``.

    Each is the result of the module that observes only this. A part that fails has only ``msg``, the reason. Raises
    TableError if the sockets cannot be read.
    """
    answer = {}  # type: Dict[str, Any]
    foreseen = list(request.foreseen)
    if request.expected is not None:
        answer["sockets"] = compared(read_listeners(), request.expected, ())
        served = _served(answer["sockets"]["results"])
        foreseen = [flow for flow in foreseen if not flow.port or (flow.protocol, flow.port) in served]
    if request.rules is not None:
        answer["firewall"] = _or_reason(lambda: _firewall(params, warn))
    engine = Engine(
        params["timeout"], params["rate"], params["retries"], params["recheck_seconds"], settle=params["settle"] or None
    )
    answer["probes"] = send(engine, [one.probe for one in request.probes])
    flows = _all([*_odd(request.probes, answer["probes"]["results"]), *foreseen, *request.flows])
    answer["paths"] = _or_reason(lambda: _paths(flows))
    return answer


def _served(results):  # type: (Iterable[Dict[str, Any]]) -> Set[Tuple[str, int]]
    """Protocol and port of each socket on the network."""
    return {
        (one["protocol"], int(one["ports"])) for one in results if one["bind"] == NETWORK and "-" not in one["ports"]
    }


def _odd(probes, results):  # type: (Sequence[Planned], Sequence[Dict[str, Any]]) -> List[Flow]
    """This host's ends of the flows that went otherwise than expected."""
    return [
        planned.flow
        for planned, result in zip(probes, results)
        if planned.flow is not None and planned.is_odd(result["result"])
    ]


def _all(flows):  # type: (Iterable[Flow]) -> List[Flow]
    """Each of *flows* once, in their order."""
    seen = set()  # type: Set[Tuple[Any, ...]]
    found = []
    for flow in flows:
        if flow[1:] not in seen:
            seen.add(flow[1:])
            found.append(flow)
    return found


def _or_reason(question):  # type: (Callable[[], Dict[str, Any]]) -> Dict[str, Any]
    """The answer to *question*, or why there is none: one part must not cost the others."""
    try:
        return question()
    except FirewallError as error:
        return {"msg": str(error)}
    except Exception as error:
        return {"msg": "%s: %s" % (type(error).__name__, error)}


def _firewall(params, warn):  # type: (Dict[str, Any], Callable[[str], None]) -> Dict[str, Any]
    from ansible_collections.jsa.ports.plugins.module_utils._backends.compare import look as compare_rules
    from ansible_collections.jsa.ports.plugins.module_utils._backends.detect import AUTO, Options, select_backend
    from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import find_ssh_connection
    from ansible_collections.jsa.ports.plugins.module_utils._rules.host_rules import read_host_rules

    rules = read_host_rules(params["rules"])
    backend = select_backend(AUTO, Options(respect_denials=params["respect_denials"]))
    connection, kept = find_ssh_connection(), params["keep_controllers"]
    result = compare_rules(backend, rules, connection, None, kept, warn, params["refuse"])
    # What would be changed, and how, is long, and nobody reads it here.
    return {key: value for key, value in result.items() if key not in ("actions", "diff")}


def _paths(flows):  # type: (List[Flow]) -> Dict[str, Any]
    if not flows:
        return {"addresses": own_addresses(), "flows": [], "obstacle": None}
    from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.look import Look

    return Look().result(flows)
