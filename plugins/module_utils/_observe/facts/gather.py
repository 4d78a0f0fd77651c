# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts about an appliance, each with its source. An unknown fact is None. Runs on Python 3.6."""

import os

from typing import Any, Dict, Optional

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.appliance import QRADAR, appliance_mark
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import Programs
from ansible_collections.jsa.ports.plugins.module_utils._observe.facts.parse import (
    parse_capabilities,
    parse_ha_state,
    parse_internal_version,
    parse_myver,
    read_release,
    truth,
)

NAMES = (
    "name",
    "release",
    "update_package",
    "release_name",
    "internal_version",
    "appliance_type",
    "is_console",
    "console_address",
    "ha_role",
    "ha_state",
    "operating_system",
    "fips",
)

_CAPABILITIES = "conf/capabilities/hostcapabilities.xml"
_HA = "ha/bin/ha"


class Product(object):
    """Reads the facts of one host. On a host that is not an appliance, all of them are unknown."""

    def __init__(self, programs, root=QRADAR):  # type: (Programs, str) -> None
        self._programs = programs
        self._root = root
        self.values = dict.fromkeys(NAMES)  # type: Dict[str, Any]
        self.sources = {}  # type: Dict[str, str]

    def gather(self):  # type: () -> Dict[str, Any]
        """The value of each of NAMES, and ``sources``: the source of each known value by name."""
        if appliance_mark(self._root):
            self._myver()
            self._capabilities()
            self._ha()
        return dict(self.values, sources=self.sources)

    def _set(self, name, value, source):  # type: (str, Any, str) -> None
        """Stores the value of the first source that has one."""
        if value is not None and self.values[name] is None:
            self.values[name] = value
            self.sources[name] = source

    def _run(self, program, *arguments):  # type: (str, str) -> str
        """The output of the program, empty if it is missing or fails."""
        try:
            return self._programs.run(program, *arguments)
        except FirewallError:
            return ""

    def _myver(self):  # type: () -> None
        path = os.path.join(self._root, "bin", "myver")
        fields = parse_myver(self._run(path, "-v"))
        source = path + " -v"
        name = fields.get("release name")
        self._set("release_name", name, source)
        release = read_release(name or "")
        self._set("release", release.release or fields.get("external version"), source)
        self._set("update_package", release.update_package, source)
        self._set("internal_version", fields.get("core version"), source)
        self._set("internal_version", parse_internal_version(self._run(path)), path)
        for fact, field in (
            ("name", "product"),
            ("appliance_type", "appliance"),
            ("console_address", "console ip"),
            ("operating_system", "operating system"),
            ("ha_role", "ha identity"),
        ):
            self._set(fact, fields.get(field), source)
        self._set("is_console", truth(fields.get("console")), source)
        self._set("fips", truth(fields.get("fips enabled")), source)

    def _capabilities(self):  # type: () -> None
        path = os.path.join(self._root, _CAPABILITIES)
        attributes = parse_capabilities(_read(path) or "")
        self._set("appliance_type", attributes.get("applianceType"), path)
        self._set("is_console", truth(attributes.get("isConsole")), path)

    def _ha(self):  # type: () -> None
        path = os.path.join(self._root, _HA)
        self._set("ha_state", parse_ha_state(self._run(path, "state")), path + " state")


def _read(path):  # type: (str) -> Optional[str]
    try:
        with open(path, "rb") as stream:
            return stream.read().decode("utf-8", "replace")
    except (IOError, OSError):
        return None
