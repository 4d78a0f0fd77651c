# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  scope:
    description: Which flows, as M(jsa.ports.port_flows) returns it; all of them where it is missing.
    type: dict
    suboptions:
      name:
        description: The scope.
        type: str
        choices: [console, attached, full, sample]
        required: true
      sample:
        description: Of V(sample), so many flows per listener.
        type: int
        default: 20
      seed:
        description: Of V(sample), what decides on which.
        type: int
        default: 0
"""
