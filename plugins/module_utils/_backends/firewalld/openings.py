# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the site's own zones and policies open a port that should be closed. Runs on Python 3.6.

Our policy decides before them, so none of it lets a packet in while that runs; without it, or behind an earlier policy,
it would. Only read, never changed.
"""

import re

from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client, CommandError
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import comes_before
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.site import (
    SiteObject,
    running_policies,
    running_zones,
)
from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, format_ports, parse_ports
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import PRIORITY
from ansible_collections.jsa.ports.plugins.module_utils._rules.rows import Refused

_ALL = (1, 65535)
_RICH_PORT = re.compile(r'(?<!-)\bport port="([^"]+)" protocol="([^"]+)"')
_RICH_SERVICE = re.compile(r'\bservice name="([^"]+)"')
_RICH_ACCEPT = re.compile(r"\baccept\b")
#: A rule about one of these opens no port.
_RICH_OTHER = re.compile(r"\b(?:protocol value|icmp-type|icmp-block|masquerade|forward-port|source-port)\b")


class _Opening(NamedTuple):
    #: As firewalld's user would write it: ``service postgresql``.
    setting: str
    protocol: str
    ports: PortRange


def site_openings(client, internal):  # type: (Client, Sequence[Refused]) -> List[Dict[str, Any]]
    """What the site opens of the *internal* ports. Raises NotAsked or CommandError."""
    services = {}  # type: Dict[str, List[Tuple[str, str]]]
    (default,) = client.call("", "getDefaultZone")
    (active,) = client.call("zone", "getActiveZones")
    used = {"zone " + name for name in active} | {"zone " + default}
    found = []
    for one in running_zones(client) + running_policies(client):
        is_zone = one.name.startswith("zone ")
        if (is_zone and one.name not in used) or (not is_zone and "HOST" not in one.settings.get("egress_zones", ())):
            continue
        first = not is_zone and comes_before(one.settings.get("priority", 0), PRIORITY)
        for opening in _openings(client, one, services):
            for row in internal:
                low, high = max(row.ports[0], opening.ports[0]), min(row.ports[1], opening.ports[1])
                if row.protocol == opening.protocol and low <= high:
                    found.append(
                        {
                            "object": one.name,
                            "setting": opening.setting,
                            "protocol": row.protocol,
                            "ports": format_ports((low, high)),
                            "why": list(row.why),
                            "effective": first,
                        }
                    )
    return found


def _openings(client, one, services):
    # type: (Client, SiteObject, Dict[str, List[Tuple[str, str]]]) -> Iterator[_Opening]
    if one.settings.get("target") == "ACCEPT":
        for protocol in ("tcp", "udp"):
            yield _Opening("target ACCEPT", protocol, _ALL)
    for port, protocol in one.settings.get("ports", ()):
        yield from _opening("port %s/%s" % (port, protocol), port, protocol)
    for name in one.settings.get("services", ()):
        for port, protocol in _ports_of(client, name, services):
            yield from _opening("service " + name, port, protocol)
    for text in one.settings.get("rules_str", one.settings.get("rich_rules", ())):
        yield from _rich(client, text, services)


def _rich(client, text, services):  # type: (Client, str, Dict[str, List[Tuple[str, str]]]) -> Iterator[_Opening]
    if not _RICH_ACCEPT.search(text) or _RICH_OTHER.search(text):
        return
    port, service = _RICH_PORT.search(text), _RICH_SERVICE.search(text)
    pairs = [port.groups()] if port else _ports_of(client, service.group(1), services) if service else None
    if pairs is None:
        for protocol in ("tcp", "udp"):
            yield _Opening(text, protocol, _ALL)
        return
    for one, protocol in pairs:
        yield from _opening(text, one, protocol)


def _opening(setting, ports, protocol):  # type: (str, str, str) -> List[_Opening]
    try:
        return [_Opening(setting, protocol, parse_ports(ports))] if protocol in ("tcp", "udp") else []
    except ValueError:
        # "any port" of a service: its protocols say it.
        return []


def _ports_of(client, name, services, depth=0):
    # type: (Client, str, Dict[str, List[Tuple[str, str]]], int) -> List[Tuple[str, str]]
    """Ports of a service and of those that it includes."""
    if name not in services:
        settings = _service(client, name)
        services[name] = list(settings.get("ports", ()))
        if depth < 5:
            for inner in settings.get("includes", ()):
                services[name] += _ports_of(client, inner, services, depth + 1)
    return services[name]


def _service(client, name):  # type: (Client, str) -> Dict[str, Any]
    try:
        settings = client.call("", "getServiceSettings2", "s", [name])[0]  # type: Optional[Dict[str, Any]]
    except CommandError:
        # A zone may name a service that nobody defines any more.
        settings = None
    return settings or {}
