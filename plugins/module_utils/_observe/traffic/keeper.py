# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What makes a recording outlive a restart of the host: a unit of systemd's, and the program that it runs. Python 3.6.

The program saves what is recorded when the host stops, and records again when it has started.
"""

import os
import sys

from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host import background
from ansible_collections.jsa.ports.plugins.module_utils._host.atomic_write import remove
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError, Programs
from ansible_collections.jsa.ports.plugins.module_utils._host.zipapp import PACKAGE, pack
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.record import Store

UNIT = "jsa-ports-learn.service"
_UNITS = "/etc/systemd/system"
_SYSTEMD = "/run/systemd/system"
_PROGRAM = "keeper.pyz"
_MAIN = "from %s._observe.traffic.run import keep\nkeep()\n" % PACKAGE

#: Behind whatever flushes the rules when it starts; so it also saves before that stops.
_TEXT = """\
# Written by jsa.ports.traffic, and removed by it with state: absent.
[Unit]
Description=Record of who contacts this host (jsa.ports)
After=local-fs.target firewalld.service nftables.service iptables.service ip6tables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=%(command)s start
ExecStop=%(command)s stop

[Install]
WantedBy=multi-user.target
"""


class Keeper(object):
    """The unit of one host."""

    def __init__(self, programs, store, units=_UNITS, systemd=_SYSTEMD):
        # type: (Programs, Store, str, str) -> None
        self._programs = programs
        self._program = os.path.join(store.folder, _PROGRAM)
        self._store = store
        self._units = units
        self._systemd = systemd

    @property
    def possible(self):  # type: () -> bool
        """Whether systemd runs this host."""
        return os.path.isdir(self._systemd) and self._programs.program("systemctl") is not None

    @property
    def there(self):  # type: () -> bool
        """Whether anything of it is there."""
        return os.path.lexists(self._path)

    @property
    def installed(self):  # type: () -> bool
        """Whether it is there as it should be, and starts with the host."""
        enabled = os.path.join(self._units, "multi-user.target.wants", UNIT)
        return (
            _content(self._path) == self._text().encode()
            and _content(self._program) == _packed()
            and os.path.lexists(enabled)
        )

    @property
    def _path(self):  # type: () -> str
        return os.path.join(self._units, UNIT)

    def _text(self):  # type: () -> str
        return _TEXT % {"command": " ".join(background.python(self._program))}

    def install(self):  # type: () -> None
        """Writes, enables and starts it. Raises FirewallError."""
        self._store.write(_PROGRAM, _packed())
        try:
            with open(self._path, "w") as stream:
                stream.write(self._text())
            os.chmod(self._path, 0o644)
            self._systemctl("daemon-reload")
            self._systemctl("enable", "--now", UNIT)
        except (IOError, OSError, CommandError) as error:
            raise FirewallError("The unit %s could not be started: %s" % (UNIT, error))

    def remove(self):  # type: () -> None
        """Raises FirewallError."""
        try:
            if self.possible:
                self._systemctl("disable", "--now", UNIT)
            remove(self._path)
            if self.possible:
                self._systemctl("daemon-reload")
        except (OSError, CommandError) as error:
            raise FirewallError("The unit %s could not be removed: %s" % (UNIT, error))

    def _systemctl(self, *words):  # type: (str) -> None
        self._programs.run("systemctl", *words)


def _packed():  # type: () -> bytes
    """The program, with whatever of module_utils is loaded."""
    loaded = [
        name[len(PACKAGE) + 1 :]
        for name, one in sys.modules.items()
        if name.startswith(PACKAGE + "._") and getattr(one, "__loader__", None) is not None
    ]
    return pack(_MAIN, loaded)


def _content(path):  # type: (str) -> Any
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except (IOError, OSError):
        return None
