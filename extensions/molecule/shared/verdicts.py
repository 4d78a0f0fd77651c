# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``verdicts.py PLAN CHECK``: fails unless each flow that must answer was found to, and nothing was found wrong.

A flow must answer where a service is required, listens on the network by TCP, and another host of the deployment
contacts it. No code of the collection's, so that the collection does not vouch for itself. Runs on the controller.
"""

import json
import sys

from pathlib import Path


def must_answer(plan):
    for name, host in plan["hosts"].items():
        for listener in host["listeners"]:
            # Of a range nobody knows which ports are there.
            if listener["protocol"] != "tcp" or not listener["required"] or not listener["ports"].isdigit():
                continue
            if listener["bind"] == "network":
                for label in listener["source_classes"]:
                    for peer in plan["source_classes"][label]["hosts"]:
                        if peer != name:
                            yield peer, name, int(listener["ports"])


def main():
    plan, check = (json.loads(Path(path).read_text()) for path in sys.argv[1:])
    verdicts = check["verdicts"]
    answered = {
        (item["from"], item["to"], item["port"])
        for item in verdicts
        if item["verdict"] == "ok" and item["protocol"] == "tcp"
    }
    wanted = set(must_answer(plan))
    wrong = ["%s -> %s %d/tcp is not said to work" % flow for flow in sorted(wanted - answered)]
    wrong += [str(item) for item in verdicts if item["verdict"] not in ("ok", "unverifiable")]
    if {host for flow in wanted for host in flow[:2]} != set(plan["hosts"]):
        wrong.append("not every host has a flow that must answer")
    print("%d flows must answer" % len(wanted))
    sys.exit("\n".join(wrong) or 0)


main()
