# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Invented input is judged by what comes of it, not by how long a busy machine takes for it.

``--hypothesis-profile=check`` invents a tenth: for a look in between, not for a release.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("check", settings.get_profile("any machine"), max_examples=10)
settings.load_profile("any machine")
