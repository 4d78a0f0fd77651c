# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast the collection is beside the tools that people would use instead, measured in one run, as ratios."""

from __future__ import annotations

import sys

from pathlib import Path

# The lab is a package of its own beside this one.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
