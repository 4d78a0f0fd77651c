# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.firewall: what the module loads is confirmed through a new connection."""

from __future__ import annotations

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.confirmed_action import ConfirmedAction


class ActionModule(ConfirmedAction):
    """All of it is in the base class."""
