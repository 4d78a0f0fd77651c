# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends the probes of a task and describes what they met. Runs on Python 3.6."""

import math
import time

from typing import Any, Dict, Iterable, List

from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.engine import Engine, describe
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import RESULTS, Probe


def check_numbers(params, numbers):  # type: (Dict[str, Any], Dict[str, bool]) -> List[str]
    """The problems of the numeric options, one sentence each. *numbers*: each of them, and whether it may be zero."""
    problems = []
    for name in sorted(numbers):
        value = params[name]
        if not math.isfinite(value) or value < 0 or (not value and not numbers[name]):
            problems.append("%s: %s is not a number %s" % (name, value, "of 0 or more" if numbers[name] else "above 0"))
    return problems


def send(engine, probes):  # type: (Engine, List[Probe]) -> Dict[str, Any]
    """Runs *probes*: ``results`` in their order, ``summary`` by result, and the ``seconds`` that it took."""
    start = time.monotonic()
    outcomes = engine.run(probes)
    seconds = time.monotonic() - start
    results = [describe(probe, outcome) for probe, outcome in zip(probes, outcomes)]
    return {"results": results, "summary": summarize(results), "seconds": round(seconds, 3)}


def summarize(results):  # type: (Iterable[Dict[str, Any]]) -> Dict[str, int]
    """The number of probes by result."""
    summary = dict.fromkeys(RESULTS, 0)
    for result in results:
        summary[result["result"]] += 1
    return summary
