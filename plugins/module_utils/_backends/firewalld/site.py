# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is the site's own in firewalld: zones, policies, sets, direct rules, as they run and as they are kept.

Only read, never changed. firewalld is asked for both, because it alone knows how it would write what the files say.
Runs on Python 3.6.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client, CommandError
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.network_manager import bound_zones
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import NAME_PREFIX

_CONFIG = "/config"
_INTERFACE = "interface "

#: What firewalld calls a list of settings -> what people call one of it.
_WORDS = {
    "egress_zones": "egress zone",
    "forward_ports": "forwarded port",
    "icmp_blocks": "ICMP block",
    "ingress_zones": "ingress zone",
    "interfaces": "interface",
    "ports": "port",
    "protocols": "protocol",
    "rich_rules": "rich",
    "rules_str": "rich",
    "services": "service",
    "source_ports": "source port",
    "sources": "source",
}
_TEXTS = ("short", "description", "version")


class SiteObject(NamedTuple):
    """A zone or a policy."""

    #: ``zone public``
    name: str
    #: As firewalld gives them: ``ports`` is a list of (port, protocol), ``target`` a word, and so on.
    settings: Dict[str, Any]


def running_zones(client):  # type: (Client) -> List[SiteObject]
    """Raises NotAsked or CommandError, as all functions here that ask."""
    (names,) = client.call("zone", "getZones")
    return [SiteObject("zone " + name, client.call("zone", "getZoneSettings2", "s", [name])[0]) for name in names]


def running_policies(client):  # type: (Client) -> List[SiteObject]
    """Those of the site."""
    (names,) = client.call("policy", "getPolicies")
    return [
        SiteObject("policy " + name, client.call("policy", "getPolicySettings", "s", [name])[0])
        for name in names
        if not name.startswith(NAME_PREFIX)
    ]


def lost_by_reload(client, objects=None):  # type: (Client, Optional[List[SiteObject]]) -> List[str]
    """What a reload would change in that of the site's own that runs, in words. *objects*: its zones and policies."""
    found = []  # type: List[str]
    keeps = client.keeps_entries()
    kept = {
        "zone": ("getZoneByName", "config.zone", "getSettings2"),
        "policy": ("getPolicyByName", "config.policy", "getSettings"),
    }
    for one in running_zones(client) + running_policies(client) if objects is None else objects:
        kind, _space, name = one.name.partition(" ")
        find, interface, get = kept[kind]
        try:
            (path,) = client.call("config", find, "s", [name], _CONFIG)
        except CommandError:
            found.append("%s is no longer in the files" % one.name)
            continue
        (permanent,) = client.call(interface, get, path=path)
        running, permanent_words = _words(one.settings), _words(permanent)
        if kind == "zone":
            permanent_words = _bound_again(client, name, running, permanent_words)
            if keeps:
                running = {word for word in running if not word.startswith(_INTERFACE) or word in permanent_words}
        found += _differences(one.name, running, permanent_words)
    found += _lost_entries(client, keeps)
    direct, kept_direct = _direct(_running_direct(client)), _direct(_kept_direct(client))
    found += _differences("direct", direct & kept_direct if keeps else direct, kept_direct)
    return found + client.lost_iptables()


def _bound_again(client, zone, running, permanent):  # type: (Client, str, Set[str], Set[str]) -> Set[str]
    """*permanent* with the interfaces that the zone has when NetworkManager has put its own where it wants them."""
    doubtful = {word[len(_INTERFACE) :] for word in running ^ permanent if word.startswith(_INTERFACE)}
    if not doubtful:
        return permanent
    (default,) = client.call("", "getDefaultZone")
    bound = bound_zones(client, doubtful)
    gone = {_INTERFACE + name for name, its in bound.items() if (its or default) != zone}
    return (permanent - gone) | {_INTERFACE + name for name, its in bound.items() if (its or default) == zone}


def _differences(name, running, kept):  # type: (str, Set[str], Set[str]) -> List[str]
    return ["%s: %s, changed at run time only" % (name, word) for word in sorted(running - kept)] + [
        "%s: %s, in the files only" % (name, word) for word in sorted(kept - running)
    ]


def _words(settings):  # type: (Dict[str, Any]) -> Set[str]
    """Each setting of a zone or policy as one phrase."""
    found = set()
    for key, value in settings.items():
        if key in _TEXTS:
            continue
        if isinstance(value, list):
            for item in value:
                text = "/".join(part for part in item if part) if isinstance(item, tuple) else str(item)
                found.add("%s %s" % (_WORDS.get(key, key), text))
        elif isinstance(value, bool):
            if value:
                found.add(key.replace("_", " "))
        else:
            found.add("%s %s" % (key, value))
    return found


def _lost_entries(client, keeps):  # type: (Client, bool) -> List[str]
    found = []
    (names,) = client.call("ipset", "getIPSets")
    for name in names:
        if name.startswith(NAME_PREFIX):
            continue
        running = client.call("ipset", "getIPSetSettings", "s", [name])[0]
        if running[4].get("timeout", "0") != "0":
            # The kernel alone knows them: firewalld neither tells nor keeps them.
            found.append("set %s: entries that time out, if it has any" % name)
            continue
        try:
            (path,) = client.call("config", "getIPSetByName", "s", [name], _CONFIG)
        except CommandError:
            found += [] if keeps else ["set %s is not in the files any more" % name]
            continue
        kept = client.call("config.ipset", "getSettings", path=path)[0]
        now, later = {"entry " + one for one in running[5]}, {"entry " + one for one in kept[5]}
        found += _differences("set " + name, now & later if keeps else now, later)
    return found


def _running_direct(client):  # type: (Client) -> Tuple[Any, Any, Any]
    return tuple(client.call("direct", member)[0] for member in ("getAllChains", "getAllRules", "getAllPassthroughs"))  # type: ignore[return-value]


def _kept_direct(client):  # type: (Client) -> Tuple[Any, Any, Any]
    (settings,) = client.call("config.direct", "getSettings", path=_CONFIG)
    return settings  # type: ignore[no-any-return]


def _direct(settings):  # type: (Tuple[Any, Any, Any]) -> Set[str]
    chains, rules, passthroughs = settings
    found = {"chain %s %s %s" % chain for chain in chains}
    found.update(
        "rule %s %s %s %d %s" % (family, table, chain, priority, " ".join(words))
        for family, table, chain, priority, words in rules
    )
    found.update("passthrough %s %s" % (family, " ".join(words)) for family, words in passthroughs)
    return found
