# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Predicts in check mode whether a real run would change something, and changes nothing itself.
  diff_mode:
    description: Returns in diff mode what was changed, or in check mode what would be changed.
  idempotent:
    description:
      - A second run in the same situation reports no change.
      - This assumes that what the module looks at was not changed by somebody else between the two runs.
"""

    #: Of modules that have nothing to show in diff mode.
    WITHOUT_DIFF = r"""
options: {}
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
"""
