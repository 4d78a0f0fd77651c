# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the inventory plugin jsa.ports.console does: options, cache, filters, and Ansible's own inventory."""

from __future__ import annotations

import hashlib
import re

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import missing_required_lib
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.jsa.ports.plugins.module_utils._printable import printable
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.console_transport import client_of
from ansible_collections.jsa.ports.plugins.plugin_utils._console.access import Access
from ansible_collections.jsa.ports.plugins.plugin_utils._console.inventory import (
    Inventory,
    InventoryHost,
    Settings,
    make_inventory,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._console.reading import read_console
from ansible_collections.jsa.ports.plugins.plugin_utils._console.records import Records
from ansible_collections.jsa.ports.plugins.plugin_utils._console.roles import RoleTable
from ansible_collections.jsa.ports.plugins.plugin_utils._console.transport import ConsoleError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.addresses import NETADDR_IMPORT_ERROR
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.deployment import check_roles
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.reader import read
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.writer import write


class ConsoleSource:
    """One source file. *plugin*: the inventory plugin, which has read the file."""

    def __init__(self, plugin: Any, path: str) -> None:
        self._plugin = plugin
        self._path = path
        #: Filters that failed for a host, which was said.
        self._failed: set[str] = set()

    def fill(self, cache: bool) -> None:
        """Adds the hosts of the console to the plugin's inventory. Raises ConsoleError."""
        if NETADDR_IMPORT_ERROR is not None:
            raise ConsoleError(missing_required_lib("netaddr"))
        settings = self._settings()
        filters = _filters(self._option("filters"))
        found = make_inventory(self._records(settings, cache), settings)
        for warning in found.warnings:
            self._plugin.display.warning(printable(warning))
        self._add(found, filters)

    def _option(self, name: str) -> Any:
        return self._plugin.get_option(name)

    def _text(self, name: str) -> str | None:
        """An option that can be a template or encrypted by Ansible's vault."""
        value = self._option(name)
        if value is not None and self._plugin.templar.is_template(value):
            value = self._plugin.templar.template(value)
        return None if value is None else str(value)

    def _settings(self) -> Settings:
        return Settings(
            RoleTable(
                _roles("appliance_roles", self._option("appliance_roles"), False),
                _roles("host_roles", self._option("host_roles"), True),
            ),
            tuple(map(str, self._option("statuses"))),
            str(self._option("hostname")),
        )

    def _records(self, settings: Settings, cache: bool) -> Records:
        """From the cache or from the console."""
        if not self._option("cache"):
            return self._read(settings)
        url = self._text("url") or ""
        key = f"{self._plugin.get_cache_key(self._path)}_{hashlib.sha256(url.encode()).hexdigest()[:8]}"
        if cache:
            try:
                cached = self._plugin.cache[key]
            except KeyError:
                cached = None
            records = read(Records, cached, "cache", []) if cached is not None else None
            if records is not None and (records.learned is not None or not self._option("learn_networks")):
                return records
        records = self._read(settings)
        self._plugin.cache[key] = write(records)
        return records

    def _read(self, settings: Settings) -> Records:
        access = Access.of(
            self._text("url"), self._text("token"), self._option("api_version"), self._option("page_size")
        )
        client = client_of(
            access,
            timeout=self._option("timeout"),
            validate_certs=self._option("validate_certs"),
            ca_path=self._option("ca_path"),
        )
        return read_console(client, self._option("learn_networks"), settings.has_tunnels)

    def _add(self, found: Inventory, filters: list[tuple[bool, str]]) -> None:
        inventory, strict = self._plugin.inventory, self._option("strict")
        compose, groups, keyed_groups = map(self._option, ("compose", "groups", "keyed_groups"))
        for variable, value in found.variables.items():
            inventory.set_variable("all", variable, _never_a_template(value))
        for host in found.hosts:
            variables = {name: _never_a_template(value) for name, value in host.variables.items()}
            if not self._is_included(host, variables, filters):
                continue
            inventory.add_host(host.name)
            for group in host.groups:
                inventory.add_host(host.name, group=inventory.add_group(group))
            for name, value in variables.items():
                inventory.set_variable(host.name, name, value)
            self._plugin._set_composite_vars(compose, variables, host.name, strict)
            self._plugin._add_host_to_composed_groups(groups, variables, host.name, strict)
            self._plugin._add_host_to_keyed_groups(keyed_groups, variables, host.name, strict)

    def _is_included(self, host: InventoryHost, variables: Mapping[str, Any], filters: list[tuple[bool, str]]) -> bool:
        known = {**variables, "inventory_hostname": host.name, "group_names": list(host.groups)}
        for include, expression in filters:
            try:
                matches = bool(self._plugin._compose(expression, known))
            except Exception as error:
                told = f"filters: {expression}: {error} (host {host.name}): correct the expression"
                if self._option("strict"):
                    raise ConsoleError(told) from error
                if expression not in self._failed:
                    self._failed.add(expression)
                    self._plugin.display.warning(printable(told))
                continue
            if matches:
                return include
        return True


#: Text of these characters is no template, whatever a play says about delimiters. It is easier to read without a mark.
_PLAIN = re.compile(r"[A-Za-z0-9 ._:/+@-]*")


def _never_a_template(value: Any) -> Any:
    """The value with each text that could be one marked: from 2.19 on, ansible-core does so by itself."""
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) else wrap_var(value)
    if isinstance(value, Mapping):
        return {name: _never_a_template(item) for name, item in value.items()}
    return [_never_a_template(item) for item in value] if isinstance(value, list) else value


def _roles(option: str, value: Any, can_be_empty: bool) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key, roles in value.items():
        try:
            found[str(key)] = () if can_be_empty and roles == [] else check_roles(roles)
        except ValueError as error:
            raise ConsoleError(f"{option}: {key}: {error}") from error
    return found


def _filters(value: list[Mapping[str, Any]]) -> list[tuple[bool, str]]:
    """Whether each filter includes, and its expression."""
    filters = []
    for number, item in enumerate(value):
        if len(item) != 1 or next(iter(item)) not in ("include", "exclude"):
            raise ConsoleError(f"filters: item {number + 1} must have one key, include or exclude, with an expression")
        ((word, expression),) = item.items()
        if not isinstance(expression, str):
            raise ConsoleError(f"filters: item {number + 1}: {expression!r} is not an expression: write it as a text")
        # As it is: from 2.19 on, ansible-core knows by the object that the user wrote it.
        filters.append((word == "include", expression))
    return filters
