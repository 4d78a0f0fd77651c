# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which interfaces NetworkManager puts into a zone again after a reload of firewalld. Runs on Python 3.6.

It does that for those with a connection of its own: into the connection's zone, or into the default zone where it names
none, wherever somebody has moved them with firewall-cmd. Others, of VPNs, containers and virtual machines, it shows at
most, and what somebody did with them at run time is lost.
"""

from typing import Any, Dict, Iterable, Optional

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client, CommandError, NotAsked

_NAME = "org.freedesktop.NetworkManager"
_PATH = "/org/freedesktop/NetworkManager"
_CONNECTION = _NAME + ".Settings.Connection"
#: Of connections that it has made up for what somebody else has configured, or that end with the device.
_GENERATED_OR_VOLATILE = 0x2 | 0x4
#: In place of the path of an object: none.
_NONE = "/"


def bound_zones(client, interfaces):  # type: (Client, Iterable[str]) -> Dict[str, str]
    """Interface -> the zone that its connection names, for those of *interfaces* that it binds. Empty: the default."""
    found = {}
    for interface in sorted(interfaces):
        try:
            zone = _zone_of(client, interface)
        except (NotAsked, CommandError):
            # It is not there, or does not know the interface.
            continue
        if zone is not None:
            found[interface] = zone
    return found


def _zone_of(client, interface):  # type: (Client, str) -> Optional[str]
    (device,) = client.call(_NAME, "GetDeviceByIpIface", "s", [interface], _PATH, destination=_NAME)
    active = _get(client, device, "Device", "ActiveConnection")
    if active == _NONE:
        return None
    connection = _get(client, active, "Connection.Active", "Connection")
    if _get(client, connection, "Settings.Connection", "Flags") & _GENERATED_OR_VOLATILE:
        return None
    (settings,) = client.call(_CONNECTION, "GetSettings", path=connection, destination=_NAME)
    return str(settings.get("connection", {}).get("zone", ""))


def _get(client, path, interface, name):  # type: (Client, str, str, str) -> Any
    properties = "org.freedesktop.DBus.Properties"
    (value,) = client.call(properties, "Get", "ss", ["%s.%s" % (_NAME, interface), name], path, destination=_NAME)
    return value
