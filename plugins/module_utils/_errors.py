# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ends a run on a managed host. Runs on Python 3.6."""


class FirewallError(Exception):
    """Anything that ends a run. The text says what to do."""

    #: The host has the rules that it had before, in the files and in what runs.
    restored = True


class ApplyError(FirewallError):
    """New rules were on their way. The text says what failed and what the host has now."""

    def __init__(self, message, restored):  # type: (str, bool) -> None
        super(ApplyError, self).__init__(message)
        self.restored = restored
