# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  scope:
    description: The flows to evaluate, as M(jsa.ports.port_flows) returns them. All flows if it is not set.
    type: dict
    suboptions:
      name:
        description: Name of the scope.
        type: str
        choices: [console, attached, full, sample]
        required: true
      sample:
        description: Number of flows per listener, for V(sample).
        type: int
        default: 20
      seed:
        description: Seed for the selection of the flows, for V(sample).
        type: int
        default: 0
"""
