# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets that stay behind in the kernel when the program ipset is removed from a host. Runs on Python 3.6.

firewalld cannot take them away then, and forgets them. Nothing refers to them any more.
"""

import socket

from typing import Iterable

from ansible_collections.jsa.ports.plugins.module_utils._host import netlink

_NETFILTER = 12
_ACKNOWLEDGE = 0x4
#: Of the subsystem 6, ipset.
_DESTROY = 6 << 8 | 3
_PROTOCOL, _NAME = 1, 2
#: The oldest that kernels of today speak.
_VERSION = 6


def destroy(names):  # type: (Iterable[str]) -> None
    """One that is not there, or that somebody uses, is passed over: it does no harm."""
    for name in names:
        request = bytes((socket.AF_INET, 0, 0, 0))
        request += netlink.attribute(_PROTOCOL, bytes((_VERSION,)))
        request += netlink.attribute(_NAME, name.encode("ascii") + b"\0")
        try:
            list(netlink.ask(_NETFILTER, _DESTROY, request, _ACKNOWLEDGE))
        except OSError:
            continue
