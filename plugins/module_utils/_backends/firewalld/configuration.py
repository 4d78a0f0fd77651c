# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The site's zones, policies and sets as one value, once as they run and once as the files have them.

Both have the form that firewalld answers in, so that one reader of them is enough. The files are read without
firewalld: they are there where it does not run, too. Runs on Python 3.6.
"""

import functools
import io
import os

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client, CommandError
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.parse import Element, parse_xml
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.rich import rich_text
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.site import SiteObject, running_policies
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import NAME_PREFIX

ZONE, POLICY = "zone ", "policy "

#: firewalld's own, which denies nobody.
_OWN_POLICY = "allow-host-ipv6"
_PORTS = {"port": "ports", "source-port": "source_ports"}
_NAMES = {"service": "services", "interface": "interfaces", "icmp-block": "icmp_blocks"}
_ENDS = {"ingress-zone": "ingress_zones", "egress-zone": "egress_zones"}


class SiteSet(NamedTuple):
    """A set of addresses, or of something else."""

    #: As firewalld calls it: ``hash:net``.
    type: str
    options: Dict[str, str]
    entries: Tuple[str, ...]


class Configuration(NamedTuple):
    """What of the site decides on packets to the host."""

    #: Zones that have packets, and policies for packets to the host.
    objects: List[SiteObject]
    default_zone: str
    #: Name of a set -> what it is; None where there is none. Read when it is asked for: sets of bans are large.
    set: Callable[[str], Optional[SiteSet]]
    #: Name of a service -> its (ports, protocol), of those that it includes as well.
    service: Callable[[str], List[Tuple[str, str]]]
    #: Names of the host's interfaces. Those that no zone names are the default zone's.
    interfaces: Tuple[str, ...]


_INTERFACES = "/sys/class/net"


def host_interfaces(folder=_INTERFACES):  # type: (str) -> Tuple[str, ...]
    """Without loopback, which firewalld accepts before any zone."""
    try:
        return tuple(sorted(name for name in os.listdir(folder) if name != "lo"))
    except OSError:
        return ()


# As it runs


def running(client):  # type: (Client) -> Configuration
    """Raises NotAsked or CommandError."""
    (default,) = client.call("", "getDefaultZone")
    (active,) = client.call("zone", "getActiveZones")
    zones = [
        SiteObject(ZONE + name, client.call("zone", "getZoneSettings2", "s", [name])[0])
        for name in sorted(set(active) | {default})
    ]
    policies = [one for one in running_policies(client) if one.name != POLICY + _OWN_POLICY and _is_to_host(one)]
    return Configuration(
        zones + policies,
        default,
        functools.lru_cache(None)(lambda name: _running_set(client, name)),
        lambda name: _running_service(client, name, 0),
        host_interfaces(),
    )


def _running_set(client, name):  # type: (Client, str) -> Optional[SiteSet]
    try:
        settings = client.call("ipset", "getIPSetSettings", "s", [name])[0]
    except CommandError:
        return None
    return SiteSet(settings[3], settings[4], tuple(settings[5]))


def _running_service(client, name, depth):  # type: (Client, str, int) -> List[Tuple[str, str]]
    try:
        settings = client.call("", "getServiceSettings2", "s", [name])[0]  # type: Dict[str, Any]
    except CommandError:
        # A zone may name a service that nobody defines any more.
        return []
    found = list(settings.get("ports", ()))
    for inner in settings.get("includes", ()) if depth < 5 else ():
        found += _running_service(client, inner, depth + 1)
    return found


def _is_to_host(one):  # type: (SiteObject) -> bool
    return "HOST" in one.settings.get("egress_zones", ())


# As the files have it


def permanent(etc, lib, bound=None):  # type: (str, str, Optional[Dict[str, List[str]]]) -> Configuration
    """What the files below *etc* and *lib* say. A file that cannot be read is left out: firewalld does the same.

    *bound* has the interfaces of each zone, where it is known: NetworkManager binds some that no file names.
    """
    default = _default_zone(etc)
    zones = {}  # type: Dict[str, Dict[str, Any]]
    for name, root in _objects(etc, lib, "zones"):
        # Files in a folder of their own make one zone together.
        settings = zones.setdefault(name.partition("/")[0], {})
        for key, value in _settings(root).items():
            settings[key] = settings[key] + value if isinstance(value, list) and key in settings else value
    for name, interfaces in (bound or {}).items():
        if name in zones:
            zones[name]["interfaces"] = list(interfaces)
    found = [
        SiteObject(ZONE + name, settings)
        for name, settings in sorted(zones.items())
        if settings["interfaces"] or settings["sources"] or name == default
    ]
    for name, root in _objects(etc, lib, "policies"):
        one = SiteObject(POLICY + name, _settings(root))
        if _is_to_host(one) and name != _OWN_POLICY and not name.startswith(NAME_PREFIX):
            found.append(one)
    return Configuration(
        found,
        default,
        functools.lru_cache(None)(lambda name: _set(etc, lib, name)),
        lambda name: _service(etc, lib, name, 0),
        host_interfaces(),
    )


def _default_zone(etc):  # type: (str) -> str
    for line in _text(os.path.join(etc, "firewalld.conf")).splitlines():
        name, equals, value = line.partition("=")
        if equals and name.strip() == "DefaultZone":
            return value.strip()
    return "public"


def _objects(etc, lib, kind):  # type: (str, str, str) -> List[Tuple[str, Element]]
    """Name and content: those of the site take the place of those that firewalld came with."""
    paths = {}  # type: Dict[str, str]
    for base in (lib, etc):
        folder = os.path.join(base, kind)
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            path = os.path.join(folder, name)
            inner = sorted(os.listdir(path)) if kind == "zones" and os.path.isdir(path) else ()
            for file in ["%s/%s" % (name, one) for one in inner] or [name]:
                if file.endswith(".xml"):
                    paths[file[: -len(".xml")]] = os.path.join(folder, file)
    found = []
    for name, path in sorted(paths.items()):
        root = _read(path)
        if root is not None:
            found.append((name, root))
    return found


def _object(etc, lib, kind, name):  # type: (str, str, str, str) -> Optional[Element]
    """One by its name."""
    for base in (etc, lib) if "/" not in name else ():
        root = _read(os.path.join(base, kind, name + ".xml"))
        if root is not None:
            return root
    return None


def _read(path):  # type: (str) -> Optional[Element]
    try:
        return parse_xml(_text(path))
    except (ValueError, LookupError):
        # LookupError: no element at all, or an encoding that Python does not know.
        return None


def _text(path):  # type: (str) -> str
    try:
        with io.open(path, encoding="utf-8", errors="surrogateescape") as stream:
            return stream.read()
    except (IOError, OSError):
        return ""


def _settings(root):  # type: (Element) -> Dict[str, Any]
    """In the form of firewalld's own answers."""
    lists = (
        ["protocols", "rich_rules", "sources"] + list(_PORTS.values()) + list(_NAMES.values()) + list(_ENDS.values())
    )
    found = {name: [] for name in lists}  # type: Dict[str, Any]
    found["target"] = root.attributes.get("target", "default")
    try:
        found["priority"] = int(root.attributes.get("priority", "-1"))
    except ValueError:
        found["priority"] = -1
    for child in root.children:
        attributes = child.attributes
        if child.tag in _PORTS:
            found[_PORTS[child.tag]].append((attributes.get("port", ""), attributes.get("protocol", "")))
        elif child.tag in _NAMES:
            found[_NAMES[child.tag]].append(attributes.get("name", ""))
        elif child.tag in _ENDS:
            found[_ENDS[child.tag]].append(attributes.get("name", ""))
        elif child.tag == "protocol":
            found["protocols"].append(attributes.get("value", ""))
        elif child.tag == "source":
            found["sources"].append(
                "ipset:" + attributes["ipset"]
                if "ipset" in attributes
                else attributes.get("address", attributes.get("mac", ""))
            )
        elif child.tag == "icmp-block-inversion":
            found["icmp_block_inversion"] = True
        elif child.tag == "rule":
            found["rich_rules"].append(rich_text(child))
    return found


def _set(etc, lib, name):  # type: (str, str, str) -> Optional[SiteSet]
    root = _object(etc, lib, "ipsets", name)
    if root is None:
        return None
    options = {
        child.attributes.get("name", ""): child.attributes.get("value", "")
        for child in root.children
        if child.tag == "option"
    }
    entries = tuple(child.text.strip() for child in root.children if child.tag == "entry")
    return SiteSet(root.attributes.get("type", ""), options, entries)


def _service(etc, lib, name, depth):  # type: (str, str, str, int) -> List[Tuple[str, str]]
    root = _object(etc, lib, "services", name)
    found = []  # type: List[Tuple[str, str]]
    for child in root.children if root is not None else ():
        if child.tag == "port":
            found.append((child.attributes.get("port", ""), child.attributes.get("protocol", "")))
        elif child.tag == "include" and depth < 5:
            found += _service(etc, lib, child.attributes.get("service", ""), depth + 1)
    return found
