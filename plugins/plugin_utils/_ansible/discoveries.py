# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Discoveries as a task gets them: what the port mappers of its hosts answered, and what a file keeps from before."""

from __future__ import annotations

import os
import time

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import read_file, write_file
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.model import KIND_OF, Discoveries, Discovery
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.reading import (
    kept_form,
    merge_file,
    parse_file,
    parse_results,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan

#: The options of a task that takes discoveries.
DISCOVERY_OPTIONS: dict[str, Any] = {"discovered": {"type": "dict"}, "discovered_file": {"type": "path"}}

_WHAT = "The discovered ports in"


@dataclass(frozen=True)
class Handed:
    """What a task was given in its options."""

    #: Host name -> result of jsa.ports.portmap there, None where there is none.
    results: Mapping[str, Any]
    #: Of the results those that tell something.
    found: Mapping[str, Discovery]
    file: str | None
    #: The text of the file; None where there is no such file yet.
    text: str | None

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Handed:
        """From the options of DISCOVERY_OPTIONS. Raises InputError and AnsibleActionFail."""
        results, file = arguments["discovered"] or {}, arguments["discovered_file"]
        exists = file and os.path.exists(os.path.expanduser(file))
        return cls(results, parse_results(results), file, read_file(file, _WHAT) if exists else None)

    def discoveries(self) -> Discoveries:
        """The results, and what the file knows of other hosts. Raises InputError."""
        kept = parse_file(self.text, self.file or "") if self.text is not None else {}
        return Discoveries(time.time(), {**kept, **self.found})

    def require_all(self, plan: Plan) -> None:
        """Raises InputError for a host that has a port mapper to ask and, though it is named, no result.

        Where a task lost its results, none of the ports would be opened otherwise, and nobody would know why.
        """
        problems = [
            f"{name}: there is no result of jsa.ports.portmap, but its plan has ports that only port mappers can report"
            for name, result in self.results.items()
            if _is_missing(result)
            and name in plan.hosts
            and any(item.discovery in KIND_OF for item in plan.hosts[name].dynamic)
        ]
        if problems:
            raise InputError("Not every host in discovered was asked; nothing was changed", problems)

    def kept(self) -> dict[str, Any]:
        """Host name -> what a file keeps of its result."""
        return {name: kept_form(self.results[name]) for name in self.found}

    def write(self, check_mode: bool) -> bool:
        """Whether the file changes, or would in check mode. Without a result there is nothing to write."""
        if not self.file or not self.found:
            return False
        if self.text is not None:
            parse_file(self.text, self.file)
        return write_file(self.file, merge_file(self.text, self.file, self.kept()), "The discovered ports", check_mode)


def _is_missing(result: Any) -> bool:
    """A task that failed, or a host that was not reached, has a result: the play has told about it."""
    return not isinstance(result, Mapping) or bool(result.get("skipped"))
