# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong, told with the remedy."""

from __future__ import annotations


class LabError(Exception):
    """The lab cannot do what was asked."""


class MissingRequirement(LabError):
    """Root, a program or a kernel feature is missing on this machine."""


class ProbeError(LabError):
    """A probe could not be sent at all, which says nothing about the other side."""
