# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``molecule test --all`` on hosts of the lab, from a network without any way out.

The controller's network comes first, without hosts; molecule runs in it, and its scenario ``default`` creates and
destroys the hosts. Whatever happens, the lab is taken down at the end.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys

from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any
from xml.etree import ElementTree

import yaml

ROOT = Path(__file__).resolve().parent.parent
SCENARIOS = ROOT / "extensions" / "molecule"
INVENTORY = SCENARIOS / "inventory" / "hosts.yml"
KINDS = ("podman", "namespaces")

sys.path.insert(0, str(ROOT / "tests"))

from lab import Lab, LabError, MissingRequirement  # noqa: E402
from lab.api import take_down  # noqa: E402

#: The scenario that creates and destroys the hosts of all others.
_HOSTS = "default"
#: What molecule says of a step when it is over: "[site > verify] Executed: Successful", without its colors.
_REPORTED = re.compile(r"\[(?P<scenario>\S+) [>➜] (?P<step>\w+)\] Executed: (?P<state>.+)$", re.MULTILINE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def sequences(folder: Path) -> dict[str, list[str]]:
    """The steps that each scenario has to run, as molecule reads them: its own file over what all share."""
    shared = yaml.safe_load((folder / "config.yml").read_text())["scenario"]["test_sequence"]
    found = {}
    for path in sorted(folder.glob("*/molecule.yml")):
        own = (yaml.safe_load(path.read_text()) or {}).get("scenario", {})
        found[path.parent.name] = list(own.get("test_sequence", shared))
    return found


def chosen(folder: Path, names: list[str]) -> dict[str, list[str]]:
    """The steps of the scenarios *names*, and of the one that creates and destroys their hosts; all without names."""
    steps = sequences(folder)
    missing = sorted(set(names) - set(steps))
    if missing:
        raise SystemExit(f"molecule: there is no scenario {', '.join(missing)} in {folder}")
    return {name: steps[name] for name in steps if not names or name in (*names, _HOSTS)}


def judge(expected: Mapping[str, list[str]], output: str) -> list[tuple[str, str, str | None]]:
    """Each step that was to run, with what is wrong about it. One that molecule does not report has not run."""
    states: dict[tuple[str, str], list[str]] = {}
    for match in _REPORTED.finditer(_COLOUR.sub("", output)):
        states.setdefault((match["scenario"], match["step"]), []).append(match["state"].strip())
    judged = []
    for scenario, steps in expected.items():
        for number, step in enumerate(steps, 1):
            told = states.get((scenario, step.split()[0]), [])
            state = told.pop(0) if told else "did not run"
            judged.append((scenario, f"{number} {step}", None if state == "Successful" else state))
    return judged


def write_report(path: Path, kind: str, judged: list[tuple[str, str, str | None]]) -> None:
    suite = ElementTree.Element("testsuite", name=f"molecule on {kind}")
    for scenario, step, problem in judged:
        case = ElementTree.SubElement(suite, "testcase", classname=scenario, name=step)
        if problem:
            ElementTree.SubElement(case, "failure", message=problem)
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(suite).write(path, encoding="unicode")


def environment(lab: Lab, kind: str, scratch: Path) -> dict[str, str]:
    """What molecule and Ansible see: this collection, this lab, and nothing of the user's."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "MOLECULE_", "SSH_"))}
    return {
        **own,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), own.get("PATH", os.defpath)]),
        "HOME": str(scratch),
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_HOME": str(scratch / ".ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".dev"),
        "MOLECULE_EPHEMERAL_DIRECTORY": str(scratch / "state"),
        "JSA_LAB_INVENTORY": str(lab.state.inventory),
        "JSA_LAB_KIND": kind,
        "JSA_LAB_NAME": lab.name,
    }


def run(lab: Lab, kind: str, scratch: Path, arguments: list[str], lines: list[str]) -> int:
    """Molecule in the lab's network, to the end or to our own: its output is shown as it comes, and kept in *lines*."""
    command = [*lab.entering(None), sys.executable, "-m", "molecule", *arguments]
    settings: dict[str, Any] = {"cwd": ROOT, "env": environment(lab, kind, scratch), "start_new_session": True}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **settings)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
        return process.wait()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def choose() -> str:
    """``JSA_LAB``, or podman where it works."""
    wanted = os.environ.get("JSA_LAB")
    if wanted:
        if wanted not in KINDS:
            raise SystemExit(f"JSA_LAB={wanted}: {' or '.join(KINDS)}")
        print(f"Hosts: {wanted}, as JSA_LAB says")
        return wanted
    works = shutil.which("podman") and shutil.which("runc")
    kind = "podman" if works else "namespaces"
    print(f"Hosts: {kind}, for {'podman and runc are here' if works else 'there is no podman with runc here'}")
    return kind


def main() -> int:
    parser = argparse.ArgumentParser(description="molecule test --all, on hosts of the lab")
    parser.add_argument("--reports", type=Path, help="folder for a JUnit report, a case for each scenario and step")
    parser.add_argument("--scenario", action="append", default=[], help="only this one, beside its hosts' own")
    parser.add_argument("arguments", nargs="*", help="for molecule instead of test --all, behind --")
    arguments = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    expected = chosen(SCENARIOS, arguments.scenario)
    scenarios = [word for name in expected for word in ("--scenario-name", name)] if arguments.scenario else ["--all"]
    kind = choose()
    # The same name each time, so that a run that was killed is cleaned up by the next one.
    name = f"molecule-{kind}-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:6]}"
    scratch = ROOT / ".cache" / "molecule" / kind
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    lines: list[str] = []

    def report() -> None:
        if arguments.reports:
            write_report(arguments.reports / "molecule.xml", kind, judge(expected, "".join(lines)))

    try:
        take_down(name)
        with Lab.up(INVENTORY, name, say=print, kind=kind, hosts=False) as lab:
            try:
                code = run(lab, kind, scratch, arguments.arguments or ["test", *scenarios], lines)
            finally:
                # Now: whoever has lost patience with us may not wait until the lab is gone.
                report()
    except MissingRequirement as error:
        raise SystemExit(f"molecule: {error}") from error
    except LabError as error:
        code = 1
        print(error)
        report()
    except KeyboardInterrupt:
        code = 130
        print("interrupted; the lab is gone again")
        report()
    return code


if __name__ == "__main__":
    sys.exit(main())
