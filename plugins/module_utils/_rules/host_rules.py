# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of one host, as a plan has them, as one value. Runs on Python 3.6.

The controller reads plans with types that need a later Python; this is the managed host's own reader of the same form.
"""

from typing import Any, Dict, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._families import Network
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import TARGETS
from ansible_collections.jsa.ports.plugins.module_utils._rules.rows import Accepted, Reader, Refused

_REQUIRED = ("inbound", "refused")
#: What a firewall has to know of a host's plan.
_READ = _REQUIRED + ("addresses", "internal", "outbound", "unlisted", "management_addresses")
#: What else a host's plan has: for checks, reports and people.
_LEFT_ALONE = ("roles", "dynamic", "virtual_addresses", "ha_peer", "processor", "encrypted", "listeners")
#: Any other key is an error: a rule under a name that nobody reads would be lost without a word.
KEYS = frozenset(_READ + _LEFT_ALONE)


class HostRules(NamedTuple):
    """What a host accepts, refuses, and may contact."""

    inbound: Tuple[Accepted, ...]
    refused: Tuple[Refused, ...]
    #: Ports that nobody outside of the deployment contacts.
    internal: Tuple[Refused, ...]
    #: None where the host may contact anyone.
    outbound: Optional[Tuple[Accepted, ...]]
    #: What becomes of packets that no row names: zone, reject or drop.
    unlisted: str
    #: Who always reaches the host's SSH port, beside whoever a run comes from.
    management_addresses: Tuple[Network, ...]
    #: The host's own, as the plan has them. Empty where it does not say.
    addresses: Tuple[str, ...] = ()


def read_host_rules(value, place="rules"):  # type: (Any, str) -> HostRules
    """*value* in the form of a plan's host. Raises FirewallError with the path of everything that is wrong.

    ``inbound`` and ``refused`` have to be there. Paths begin with *place*, such as ``rules.inbound[0].ports``.
    """
    reader = Reader()
    rules = None
    if not isinstance(value, dict):
        reader.problems.append("%s: expected a mapping with %s, got %r" % (place, " and ".join(_REQUIRED), value))
    else:
        rules = _read(reader, value, place)
    if reader.problems:
        raise FirewallError("The rules cannot be used; nothing was changed: " + "; ".join(reader.problems))
    return rules  # type: ignore


def _read(reader, value, place):  # type: (Reader, Any, str) -> HostRules
    for name in _REQUIRED:
        if name not in value:
            reader.problems.append("%s.%s: is missing" % (place, name))
    for name in sorted(set(map(str, value)) - KEYS):
        reader.problems.append("%s.%s: is not known" % (place, name))
    unlisted = value.get("unlisted", "zone")
    if not isinstance(unlisted, str) or unlisted not in TARGETS:
        reader.problems.append("%s.unlisted: %r is not one of %s" % (place, unlisted, ", ".join(sorted(TARGETS))))
    outbound = value.get("outbound")
    return HostRules(
        inbound=reader.accepted(value.get("inbound", ()), place + ".inbound"),
        refused=reader.refused(value.get("refused", ()), place + ".refused"),
        internal=reader.refused(value.get("internal", ()), place + ".internal"),
        outbound=None
        if outbound is None
        else reader.accepted(outbound, place + ".outbound", "destinations", "destination_classes"),
        unlisted=unlisted,
        management_addresses=reader.networks(value.get("management_addresses", ()), place + ".management_addresses"),
        addresses=_addresses(reader, value, place + ".addresses"),
    )


def _addresses(reader, value, place):  # type: (Reader, Dict[str, Any], str) -> Tuple[str, ...]
    return tuple(str(network.network_address) for network in reader.networks(value.get("addresses", ()), place))
