# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line of the lab."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time

from collections.abc import Sequence
from types import FrameType

from lab import state, systems
from lab.api import Lab, take_down
from lab.errors import LabError, MissingRequirement


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab", description="Real hosts for tests, made of namespaces.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        sub = verbs.add_parser(name, help=text, description=text)
        sub.add_argument("--name", default="default", help="the lab's name (default: %(default)s)")
        return sub

    up = verb("up", "Build the hosts of an inventory; hosts that run already stay as they are.")
    up.add_argument("--inventory", "-i", required=True, metavar="FILE")
    up.add_argument("--kind", choices=["namespaces", "podman"], default="namespaces", help="what a host is made of")
    down = verb("down", "Take every process, namespace, mount and address of the lab away.")
    down.add_argument("--all", action="store_true", help="all labs")
    down.add_argument("--hosts-only", action="store_true", help="leave the controller's network")
    verbs.add_parser("list", help="Names of the labs that have been built.")
    verb("status", "Each host with its addresses and daemons.")
    execute = verb("exec", "Run a command in the controller's network, or on a host.")
    execute.add_argument("--host", metavar="HOST")
    execute.add_argument("command", nargs=argparse.REMAINDER, metavar="-- CMD")
    shell = verb("shell", "A shell in the controller's network, or on a host.")
    shell.add_argument("host", nargs="?", metavar="HOST")
    ansible = verb("ansible", "Run ansible or ansible-playbook against the lab.")
    ansible.add_argument("command", nargs=argparse.REMAINDER, metavar="-- ansible-playbook ...")
    services = verb("services", "What the stand-in for JSA binds: load a plan; stop, start or rebind single ports.")
    services.add_argument("--plan", metavar="FILE", help="bind what this plan's listeners say, on all hosts")
    services.add_argument("action", nargs="?", choices=["status", "start", "stop", "rebind"], default="status")
    services.add_argument("host", nargs="?", metavar="HOST")
    services.add_argument("port", nargs="?", default="", metavar="tcp/PORT")
    services.add_argument("bind", nargs="?", default="", metavar="BIND", help="network, loopback, an address, ...")
    daemon = verb("daemon", "Start, stop, restart or kill dbus, sshd, firewalld or standin on a host.")
    daemon.add_argument("action", choices=["start", "stop", "restart", "kill"])
    daemon.add_argument("host", metavar="HOST")
    daemon.add_argument("daemon", metavar="DAEMON")
    reboot = verb("reboot", "Power a host off and on again; its files stay.")
    reboot.add_argument("host", metavar="HOST")
    system = verbs.add_parser("system", help="Make the files of another Debian release and print their folder.")
    system.add_argument("release", choices=list(systems.RELEASES))
    verb("isolated", "Prove that no packet can leave the controller's namespace.")
    return parser


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    parsed = _parser().parse_args(arguments)
    # Whoever ends us, what we have begun is taken away again.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return int(globals()[f"_{parsed.verb}"](parsed))
    except MissingRequirement as error:
        print(f"lab: {error}", file=sys.stderr)
        return 3
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted; what this command had started is gone again", file=sys.stderr)
        return 130


def _up(parsed: argparse.Namespace) -> int:
    begun = time.monotonic()
    lab = Lab.up(parsed.inventory, parsed.name, say=lambda line: print(line, flush=True), kind=parsed.kind)
    print(f"lab {lab.name}: {len(lab.hosts)} hosts after {time.monotonic() - begun:.1f} s")
    print(f"second inventory: -i {lab.state.inventory}")
    return 0


def _down(parsed: argparse.Namespace) -> int:
    if parsed.hosts_only:
        Lab(parsed.name).hosts_down()
        return 0
    for name in state.names() if parsed.all else [parsed.name]:
        print(f"lab {name}: {'down' if take_down(name) else 'there was none'}")
    return 0


def _list(parsed: argparse.Namespace) -> int:
    for name in state.names():
        print(name)
    return 0


def _status(parsed: argparse.Namespace) -> int:
    lab = Lab(parsed.name)
    complete = True
    for name, found in lab.status().items():
        daemons = [daemon for daemon, values in found["daemons"].items() if values["running"]]
        complete = complete and found["running"]
        print(f"{name:20} {'up' if found['running'] else 'DOWN':5} {' '.join(found['addresses'])}  {' '.join(daemons)}")
    return 0 if complete else 1


def _become(lab: Lab, host: str | None, command: list[str]) -> int:
    sys.stdout.flush()
    argv = [*lab.entering(host), *command]
    os.execvp(argv[0], argv)


def _exec(parsed: argparse.Namespace) -> int:
    command = parsed.command[1:] if parsed.command[:1] == ["--"] else parsed.command
    if not command:
        raise LabError("exec: no command given: lab exec [--host HOST] -- CMD")
    return _become(Lab(parsed.name), parsed.host, command)


def _shell(parsed: argparse.Namespace) -> int:
    return _become(Lab(parsed.name), parsed.host, [os.environ.get("SHELL", "sh") if parsed.host is None else "bash"])


def _ansible(parsed: argparse.Namespace) -> int:
    command = parsed.command[1:] if parsed.command[:1] == ["--"] else parsed.command
    if not command:
        raise LabError("ansible: no command given: lab ansible -- ansible-playbook PLAYBOOK")
    lab = Lab(parsed.name)
    argv = [*lab.entering(None), command[0], "-i", str(lab.inventory), "-i", str(lab.state.inventory), *command[1:]]
    return subprocess.run(argv, env=lab.ansible_environment(), check=False).returncode


def _services(parsed: argparse.Namespace) -> int:
    lab = Lab(parsed.name)
    if parsed.plan:
        lab.load_services(parsed.plan)
    if parsed.action != "status":
        if not parsed.host or not parsed.port:
            raise LabError(f"services {parsed.action}: needs host and port: services {parsed.action} con1 tcp/32006")
        lab.services(parsed.host, parsed.action, parsed.port, parsed.bind)
        return 0
    for name in [parsed.host] if parsed.host else lab.hosts:
        answer = lab.services(name)
        for port, values in sorted(answer["sockets"].items()):
            print(f"{name:20} {port:12} {values.get('error') or (values['bind'] if values['bound'] else 'stopped')}")
        for service, port in sorted(answer["broker"].items()):
            print(f"{name:20} tcp/{port:<8} broker: {service}")
    return 0


def _daemon(parsed: argparse.Namespace) -> int:
    Lab(parsed.name).daemon(parsed.host, parsed.action, parsed.daemon)
    return 0


def _reboot(parsed: argparse.Namespace) -> int:
    print(f"{parsed.host}: up after {Lab(parsed.name).reboot(parsed.host):.1f} s")
    return 0


def _system(parsed: argparse.Namespace) -> int:
    print(*systems.roots(parsed.release))
    return 0


def _isolated(parsed: argparse.Namespace) -> int:
    found = Lab(parsed.name).ways_out()
    for line in found:
        print(line)
    return 1 if found else 0
