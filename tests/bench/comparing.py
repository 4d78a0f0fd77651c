# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process of its own: compares two saved plans as jsa.ports.diff does, and says how long each part of it took."""

from __future__ import annotations

import gc
import json
import sys
import time

from pathlib import Path

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.changes import plan_changes
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import parse_plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.changes_text import ChangesReport


def main() -> None:
    # As the action does: there is nothing to collect, and millions of objects to look at.
    gc.disable()
    start = time.perf_counter()
    old, new = (parse_plan(Path(path).read_text(encoding="utf-8"), path) for path in sys.argv[1:3])
    read = time.perf_counter()
    changes = plan_changes(old, new)
    text = ChangesReport(changes, old, new).text()
    compared = time.perf_counter()
    print(json.dumps({"read": read - start, "compare": compared - read, "lines": text.count("\n")}))


if __name__ == "__main__":
    main()
