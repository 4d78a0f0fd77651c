#!/usr/bin/env bash
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Seven JSA hosts and three strangers on this machine: plan, apply, check; then two faults, and the check again.
# Needs ansible-playbook on PATH, the collection on its path, and, for the hosts, root and some packages.
set -euo pipefail

cd "$(dirname "$0")/.."
inventory=tests/lab/inventories/demo.yml
name=demo
lab() { python3 tests/lab "$@"; }
packages() { PYTHONPATH=.dev python3 -m ansible_collections.jsa.ports.tests.packages; }
step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

if [ "$(id -u)" != 0 ]; then
    echo "The hosts of the demo need root: run make demo as root, on a machine for tests."
    root=false
fi
if ! packages || [ "${root:-true}" = false ]; then
    step "Without hosts: the plan of $inventory"
    exec ansible-playbook jsa.ports.plan -i "$inventory"
fi

work=$(mktemp -d)
# Whatever happens below, nothing of the demo stays on the machine.
trap 'lab down --name "$name"; rm -rf "$work"' EXIT

step "What the inventory plugin reads from a stand-in for the console's REST API (no real console was available)"
PYTHONPATH=.dev python3 -m ansible_collections.jsa.ports.tests.console "$work/console" \
    ansible-inventory -i "$work/console/console.jsa.yml" --graph

step "Build the hosts of $inventory: real firewalld, real SSH, and no way out of the lab"
lab down --name "$name"
lab up --name "$name" --inventory "$inventory"

step "Plan: what must be open between them, and why (no host is touched)"
ansible-playbook jsa.ports.plan -i "$inventory" -e "jsa_plan_dest=$work/plan.json"

step "Start a stand-in for JSA on each host, and give con1 a rule of its own: 9100/tcp for everyone"
lab services --name "$name" --plan "$work/plan.json" | sed -n '$='  | sed 's/$/ sockets are bound/'
lab exec --name "$name" --host con1 -- firewall-cmd --quiet --permanent --zone=public --add-port=9100/tcp
lab exec --name "$name" --host con1 -- firewall-cmd --quiet --reload

step "ansible-playbook jsa.ports.site: plan, apply, check"
lab ansible --name "$name" -- ansible-playbook jsa.ports.site --tags firewall,check

step "Again: nothing changes"
lab ansible --name "$name" -- ansible-playbook jsa.ports.site --tags firewall | sed -n '/PLAY RECAP/,$p'

step "con1's own rule is still there"
lab exec --name "$name" --host con1 -- firewall-cmd --zone=public --list-ports

step "Two faults: ep1's Ariel query service (32006) dies, and somebody drops 443 in con1's firewall"
lab services --name "$name" stop ep1 tcp/32006
lab exec --name "$name" --host con1 -- firewall-cmd --quiet --policy=jsa-in \
    --add-rich-rule='rule priority="-10" port port="443" protocol="tcp" drop'

step "ansible-playbook jsa.ports.check finds both, tells them apart, and fails"
if lab ansible --name "$name" -- ansible-playbook jsa.ports.check -e "jsa_port_check_dest=$work"; then
    echo "The check did not find the faults." >&2
    exit 1
fi
python3 - "$work/port_check.json" <<'PYTHON'
import json
import sys

verdicts = {(item["verdict"], item["to"], item.get("port")) for item in json.load(open(sys.argv[1]))["verdicts"]}
expected = {("service_down", "ep1", 32006), ("host_firewall", "con1", 443)}
found = {verdict for verdict in verdicts if verdict[0] not in ("ok", "unverifiable")}
if found != expected:
    sys.exit(f"Expected exactly the two faults, found {sorted(found)}")
PYTHON
step "Both faults found, and nothing else blamed. Everything is taken away again."
