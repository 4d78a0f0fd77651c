# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m ...tests.run``: a tier, or stages by name, one after the other. The last line adds up all of it."""

from __future__ import annotations

import argparse
import signal
import sys

from collections.abc import Sequence

from ansible_collections.jsa.ports.tests.run.processes import Interrupted, adopt_orphans, end_leftovers, heed
from ansible_collections.jsa.ports.tests.run.rounds import Run
from ansible_collections.jsa.ports.tests.run.stages import LONG_STAGES, STAGES, TIERS, Round
from ansible_collections.jsa.ports.tests.run.step import COPY, ROOT
from ansible_collections.jsa.ports.tests.tree import copy_project


def chosen() -> Sequence[Round]:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    known = {**STAGES, **LONG_STAGES}
    told = f"a tier: {', '.join(TIERS)}; or stages: {', '.join(known)}"
    parser.add_argument("names", nargs="+", metavar="NAME", help=told)
    names = parser.parse_args().names
    if names[0] in TIERS and len(names) == 1:
        return TIERS[names[0]]
    if unknown := sorted(set(names) - set(known)):
        parser.error(f"no stage {', '.join(unknown)}; {told}")
    return [[[name]] for name in names]


def main() -> int:
    rounds = chosen()
    heed(signal.SIGTERM)
    # What a keeper has lost that was killed comes to us.
    adopt_orphans()
    copy_project(ROOT, COPY)
    run = Run({**STAGES, **LONG_STAGES})
    try:
        for lanes in rounds:
            run.round(lanes)
    except (Interrupted, KeyboardInterrupt):
        run.total.failed += 1
        print("interrupted")
    else:
        print(run.summary())
    for command in end_leftovers():
        run.total.failed += 1
        print(f"left running: {command}")
    for failure in run.total.failures:
        print(f"FAILED: {failure}")
    print(run.total)
    return 1 if run.total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
