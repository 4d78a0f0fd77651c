# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What port mappers told, as people read it."""

from __future__ import annotations

from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.model import Discovery, Found
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.discovered_table import discovered_table


def test_services_and_who_did_not_answer() -> None:
    kinds = frozenset(["imq", "rpcbind"])
    found = {
        "ep1": Discovery((Found("admin", "imq", "tcp", 43691),), {"rpcbind": "it is down"}, kinds, "", 0.0),
        "ec1": Discovery((), {}, kinds, "", 0.0),
    }
    assert discovered_table(found).splitlines() == [
        "HOST  ASKED    SERVICE  PORT",
        "ep1   rpcbind  -        it is down",
        "ep1   imq      admin    43691/tcp",
    ]
