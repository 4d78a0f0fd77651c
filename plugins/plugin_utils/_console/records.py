# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the console tells of its deployment: the members of its resources that are used, and no others.

Everything but the members without a default can be missing or null, depending on the release.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Annotated, Any, TypeVar

from ansible_collections.jsa.ports.plugins.plugin_utils._console.transport import ConsoleError
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import Choice
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.reader import read

T = TypeVar("T")

RECORDS_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class About:
    """The product's version, in three ways to write it."""

    release_name: str | None = None
    external_version: str | None = None
    build_version: str | None = None


@dataclass(frozen=True, kw_only=True)
class Appliance:
    """What kind of machine a host is."""

    id: str | None = None
    type: str | None = None


@dataclass(frozen=True, kw_only=True)
class HostRecord:
    """A host of the deployment. For an HA pair, its name and address are those of the cluster."""

    id: int
    hostname: str
    private_ip: str
    status: str
    public_ip: str | None = None
    appliance: Appliance | None = None
    version: str | None = None
    components: tuple[str | None, ...] | None = None
    primary_server_id: int | None = None
    secondary_server_id: int | None = None
    encryption_enabled: bool | None = None
    remote_tunnel_initiation_enabled: bool | None = None


@dataclass(frozen=True, kw_only=True)
class ServerRecord:
    """A machine: one for each host, and two for an HA pair."""

    server_id: int
    hostname: str
    private_ip: str
    managed_host_id: int | None = None
    status: str | None = None


@dataclass(frozen=True, kw_only=True)
class TunnelRecord:
    """An SSH tunnel of an encrypted host."""

    remote_host_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Learned:
    """Who sends data to the deployment, and the site's own networks."""

    #: Addresses or names.
    log_sources: tuple[str, ...]
    flow_sources: tuple[str, ...]
    #: CIDRs of the network hierarchy.
    networks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Records:
    """All that was read, in the form in which it is cached."""

    version: Annotated[int, Choice((RECORDS_VERSION,))] = RECORDS_VERSION
    about: About
    hosts: tuple[HostRecord, ...]
    servers: tuple[ServerRecord, ...]
    #: By the id of the host.
    tunnels: Mapping[str, tuple[TunnelRecord, ...]] = field(default_factory=dict)
    #: None if it was not asked for.
    learned: Learned | None = None
    #: What the reader should know, one sentence each.
    remarks: tuple[str, ...] = ()


def field_names(kind: type) -> str:
    """The parameter ``fields`` of the API that selects the members of *kind*."""
    return ",".join(one.name for one in fields(kind))


def read_record(kind: type[T], item: Any, path: str) -> T:
    """One record of the answer to *path*. Raises ConsoleError if it is not as documented."""
    problems: list[str] = []
    found = read(kind, _picked(kind, item), path, problems)
    if found is None:
        raise ConsoleError(
            f"the console's answer is not as documented: {problems[0]}; set api_version to another version, and report "
            "the answer to this collection without its addresses"
        )
    return found


def _picked(kind: Any, item: Any) -> Any:
    """The members of *item* that *kind* has, without those that are null or have a default."""
    if not isinstance(item, Mapping):
        return item
    picked = {}
    for one in fields(kind):
        value = item.get(one.name)
        if value is not None or (one.default is MISSING and one.name in item):
            picked[one.name] = _picked(Appliance, value) if one.name == "appliance" else value
    return picked


def read_records(
    kind: type[T], items: Iterable[Any], path: str, required: Iterable[str], remarks: list[str]
) -> tuple[T, ...]:
    """The records of a list. Those without a *required* member are left out, with a remark. Raises ConsoleError."""
    found = []
    required = tuple(required)
    for number, item in enumerate(items):
        missing = (
            required
            if item is None
            else [name for name in required if isinstance(item, Mapping) and item.get(name) in (None, "")]
        )
        if missing:
            what = (
                f"item {number + 1}"
                if not isinstance(item, Mapping)
                else f"item {number + 1} (id {item.get('id', item.get('server_id'))})"
            )
            remarks.append(
                f"{path}: {what} has no {' and no '.join(missing)}, so it is not in the inventory: look for the host "
                "on the console, and add it to the inventory by hand"
            )
            continue
        found.append(read_record(kind, item, f"{path}[{number}]"))
    return tuple(found)
