# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a module runs as root. What fails without it fails in many ways, which say nothing of it. Python 3.6."""

import os

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError

NEEDS_ROOT = "The module needs root: set become: true"


def is_root():  # type: () -> bool
    """Whether the effective user is root."""
    return os.geteuid() == 0


def require_root():  # type: () -> None
    """Raises FirewallError with the remedy."""
    if not is_root():
        raise FirewallError("%s. Nothing was changed" % NEEDS_ROOT)
