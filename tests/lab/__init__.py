# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real hosts for tests, made of namespaces: real firewalld, real SSH, a real kernel, and no way out."""

from lab.api import Lab, module_environment
from lab.errors import LabError, MissingRequirement, ProbeError

__all__ = ["Lab", "LabError", "MissingRequirement", "ProbeError", "module_environment"]
