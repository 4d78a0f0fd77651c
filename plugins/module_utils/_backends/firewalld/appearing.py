# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of the site's own a reload would make active that does not run. Runs on Python 3.6.

``lost_by_reload`` starts from what runs. A policy, zone or set that somebody has made permanent and not loaded, and a
service whose ports were changed in the files, are not in that picture: our reload would be what lets packets in.
"""

import os
import re

from typing import Any, Dict, Iterable, List, Sequence, Set, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client, CommandError, NotAsked
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.conf_changes import conf_changes
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.parse import parse_xml
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.site import (
    SiteObject,
    lost_by_reload,
    running_policies,
    running_zones,
)
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import NAME_PREFIX

_CONFIG = "/config"
#: Kind -> folder; what tells the running names and the kept ones; what finds a kept one; what tells its settings.
_KINDS = {
    "policy": ("policies", ("policy", "getPolicies"), "getPolicyNames", "getPolicyByName", "getSettings"),
    "zone": ("zones", ("zone", "getZones"), "getZoneNames", "getZoneByName", "getSettings2"),
    "set": ("ipsets", ("ipset", "getIPSets"), "getIPSetNames", "getIPSetByName", "getSettings"),
}
_INTERFACES = {"policy": "config.policy", "zone": "config.zone", "set": "config.ipset"}
#: Settings that say who is concerned and what becomes of it, in the order in which people ask.
_TOLD = (
    ("target", "target %s"),
    ("priority", "priority %s"),
    ("ingress_zones", "from %s"),
    ("egress_zones", "to %s"),
    ("sources", "source %s"),
    ("interfaces", "interface %s"),
    ("services", "service %s"),
    ("ports", "port %s"),
    ("rich_rules", "rule %s"),
    ("rules_str", "rule %s"),
)
#: Elements of a file -> the setting, and the attributes that make its value.
_ELEMENTS = {
    "ingress-zone": ("ingress_zones", ("name",)),
    "egress-zone": ("egress_zones", ("name",)),
    "source": ("sources", ("address", "ipset", "mac")),
    "interface": ("interfaces", ("name",)),
    "service": ("services", ("name",)),
    "port": ("ports", ("port", "protocol")),
}
_RICH_SERVICE = re.compile(r'\bservice name="([^"]+)"')
_PORTS = (("ports", "port %s"), ("protocols", "protocol %s"), ("includes", "service %s"))


def reload_changes(client, etc):  # type: (Client, str) -> List[str]
    """What of the site's own a reload changes, in words: what vanishes and what appears. Raises as ``appearing``."""
    objects = running_zones(client) + running_policies(client)
    return lost_by_reload(client, objects) + appearing(client, etc, objects) + conf_changes(client, etc)


def appearing(client, etc, running_objects):  # type: (Client, str, Sequence[SiteObject]) -> List[str]
    """One sentence for each object. *etc*: firewalld's folder; *running_objects*: zones and policies.

    Raises NotAsked or CommandError.
    """
    found = []  # type: List[str]
    used = _services_of(running_objects)
    for kind in ("policy", "zone", "set"):
        folder, running_of, names_of, _find, _get = _KINDS[kind]
        (running,) = client.call(*running_of)
        (kept,) = client.call("config", names_of, path=_CONFIG)
        # firewalld learns of a file that somebody has put there, but not at once.
        names = (set(kept) | names_in(os.path.join(etc, folder))) - set(running)
        for name in sorted(names):
            if not name.startswith(NAME_PREFIX):
                settings = _kept_settings(client, kind, name) or _settings_of_file(
                    os.path.join(etc, folder, name + ".xml")
                )
                used.update(one[0] if isinstance(one, tuple) else one for one in settings.get("services", ()))
                found.append(sentence(kind, name, settings))
    return found + _changed_services(client, used)


def sentence(kind, name, settings):  # type: (str, str, Dict[str, Any]) -> str
    """What appears, for people. *settings* as firewalld gives them; empty where it does not."""
    told = told_of(settings, _TOLD)
    more = " (%s)" % ", ".join(told) if told else ""
    return "%s %s: in the files only, a reload makes it active%s" % (kind, name, more)


def told_of(settings, words):  # type: (Dict[str, Any], Iterable[Tuple[str, str]]) -> List[str]
    """Each of these settings as a phrase, lists item by item."""
    found = []
    for key, phrase in words:
        value = settings.get(key)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, tuple):
                item = "/".join(str(part) for part in item if part)
            if item not in (None, "", 0):
                found.append(phrase % item)
    return found


def names_in(folder):  # type: (str) -> Set[str]
    """Names of the objects whose files are in *folder*; a folder of its own is a zone in several files."""
    try:
        entries = os.listdir(folder)
    except OSError:
        return set()
    files = {entry[: -len(".xml")] for entry in entries if entry.endswith(".xml")}
    return files | {entry for entry in entries if os.path.isdir(os.path.join(folder, entry))}


def _kept_settings(client, kind, name):  # type: (Client, str, str) -> Dict[str, Any]
    _folder, _running, _names, find, get = _KINDS[kind]
    try:
        (path,) = client.call("config", find, "s", [name], _CONFIG)
        (settings,) = client.call(_INTERFACES[kind], get, path=path)
    except CommandError:
        return {}
    return settings if isinstance(settings, dict) else {}


def _settings_of_file(path):  # type: (str) -> Dict[str, Any]
    """The same of a file that firewalld has not noticed yet: for some seconds after it was put there."""
    try:
        with open(path, "rb") as stream:
            root = parse_xml(stream.read().decode("utf-8", "surrogateescape"))
    except (OSError, ValueError, IndexError):
        return {}
    settings = {key: root.attributes[key] for key in ("target", "priority") if key in root.attributes}  # type: Dict[str, Any]
    for child in root.children:
        if child.tag in _ELEMENTS:
            key, attributes = _ELEMENTS[child.tag]
            settings.setdefault(key, []).append(tuple(child.attributes.get(name, "") for name in attributes))
    return settings


def _services_of(objects):  # type: (Sequence[SiteObject]) -> Set[str]
    used = set()  # type: Set[str]
    for one in objects:
        used.update(one.settings.get("services", ()))
        for rule in one.settings.get("rules_str", one.settings.get("rich_rules", ())):
            used.update(_RICH_SERVICE.findall(rule))
    return used


def _changed_services(client, used):  # type: (Client, Set[str]) -> List[str]
    """Services that what runs, or what appears, names, and whose ports are others in the files."""
    found = []
    for name in sorted(used):
        running, kept = _service_ports(client, name)
        found += ["service %s: %s, in the files only" % (name, word) for word in sorted(kept - running)]
        found += ["service %s: %s, changed at run time only" % (name, word) for word in sorted(running - kept)]
    return found


def _service_ports(client, name):  # type: (Client, str) -> Tuple[Set[str], Set[str]]
    """As it runs, and as it is kept; the same twice where one of them cannot be told."""
    try:
        (running,) = client.call("", "getServiceSettings2", "s", [name])
        (path,) = client.call("config", "getServiceByName", "s", [name], _CONFIG)
        (kept,) = client.call("config.service", "getSettings2", path=path)
    except (CommandError, NotAsked):
        return set(), set()
    return set(told_of(running, _PORTS)), set(told_of(kept, _PORTS))
