# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the modules that use the console's REST API."""

from __future__ import annotations

import os

from collections.abc import Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.console_transport import client_of
from ansible_collections.jsa.ports.plugins.plugin_utils._console.access import Access
from ansible_collections.jsa.ports.plugins.plugin_utils._console.client import Client

CONSOLE_OPTIONS: dict[str, Any] = {
    "url": {"type": "str", "required": True},
    "token": {"type": "str", "no_log": True},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "api_version": {"type": "str"},
    "timeout": {"type": "float", "default": 30},
    "page_size": {"type": "int", "default": 500},
}


def client_from(arguments: Mapping[str, Any]) -> Client:
    """A client for the options of a task. Connects to nothing yet. Raises ConsoleError."""
    token = arguments["token"] or os.environ.get("JSA_TOKEN")
    access = Access.of(arguments["url"], token, arguments["api_version"], arguments["page_size"])
    return client_of(
        access,
        timeout=arguments["timeout"],
        validate_certs=arguments["validate_certs"],
        ca_path=arguments["ca_path"],
    )
