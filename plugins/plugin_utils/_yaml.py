# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the YAML files of the collection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

#: The parser written in C takes a tenth of the time, but not every PyYAML has it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


YAMLError = yaml.YAMLError


def load_yaml(path: Path) -> Any:
    """The content of a file, UTF-8. Raises OSError and YAMLError."""
    return yaml.load(path.read_bytes(), Loader=_LOADER)
