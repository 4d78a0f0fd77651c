# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which backend a host has. Runs on Python 3.6."""

from typing import NamedTuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.product import UPDATE_SECONDS, Product
from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import Backend
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.backend import FirewalldBackend
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import PermanentFiles
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.reloading import NEEDED
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.appliance import MARKS, QRADAR, appliance_mark

AUTO = "auto"
FIREWALLD = FirewalldBackend.name
APPLIANCE = "appliance"
CHOICES = (AUTO, FIREWALLD, APPLIANCE)

_ON_APPLIANCE = (
    "this host is a JSA appliance: it has %s. It generates its own iptables rules, and "
    "firewalld.service conflicts with iptables.service, so starting firewalld here drops the product's rules. "
    "Nothing was written. Use jsa_firewall_backend: appliance (or auto), which goes through the product's own "
    "files, or report"
)
_NO_APPLIANCE = (
    "this host is not a JSA appliance: it has neither %s. Nothing was written. "
    "Use jsa_firewall_backend: firewalld (or auto)"
)


class Options(NamedTuple):
    """What the backends take; each has its own."""

    #: When firewalld may be reloaded.
    reload: str = NEEDED
    #: Whether files may be written where firewalld does not run.
    offline: bool = False
    #: Seconds that an appliance's update program may run.
    update_timeout: int = UPDATE_SECONDS
    #: Whether what the site denies in firewalld is left out of what is accepted.
    respect_denials: bool = False


DEFAULTS = Options()


def select_backend(choice, options=DEFAULTS):  # type: (str, Options) -> Backend
    """The backend of this host; *choice* is one of CHOICES. Raises FirewallError where the host is none for it."""
    mark = appliance_mark()
    if choice == FIREWALLD and mark:
        raise FirewallError(_ON_APPLIANCE % mark)
    if choice == APPLIANCE and not mark:
        raise FirewallError(_NO_APPLIANCE % " nor ".join("%s/%s" % (QRADAR, name) for name in MARKS))
    if mark:
        # Compiled anew in every call of a module, and most hosts are none.
        from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.backend import open_appliance

        return open_appliance(Product(seconds=options.update_timeout))
    return FirewalldBackend(
        Client(),
        PermanentFiles(),
        reload=options.reload,
        offline=options.offline,
        respect_denials=options.respect_denials,
    )
