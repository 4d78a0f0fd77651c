# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``ansible-test sanity`` without containers: every test that applies to the collection, on every Python that is here.

ansible-test makes environments of its own for its tests. It gives their pip no variable of the environment, and it
fetches pip itself from a server that a machine with a local package index may not reach. So it gets a home folder of
its own, which holds pip's settings as they are in effect here, and stand-ins for the script that it would fetch.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from ansible_collections.jsa.ports.tests.tree import copy_project

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
COPY = CACHE / "tree" / "ansible_collections" / "jsa" / "ports"

#: Stands in for get-pip.py: pip comes from the interpreter's own copy, then goes to the version that was asked for.
_PIP_BOOTSTRAP = """\
import subprocess
import sys

subprocess.run([sys.executable, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
wanted = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install"] + wanted))
"""


def ansible_test_folder() -> Path:
    spec = importlib.util.find_spec("ansible_test")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("ansible-test is missing: it comes with ansible-core from PyPI, see requirements/test.txt")
    return Path(next(iter(spec.submodule_search_locations)))


def bootstrap_names(source: str) -> list[str]:
    """The names under which ansible-test looks for the pips that its *source* pins."""
    return [f"get_pip_{version.replace('.', '_')}.py" for version in re.findall(r"\bpip='([0-9.]+)'", source)]


def supported_pythons(source: str) -> list[str]:
    """The versions that *source*, ansible-test's constants, names, in its order."""
    return re.findall(r"'(3\.[0-9]+)'", source)


def pip_settings(listed: str) -> str:
    """A pip.conf of the same meaning as *listed*, the output of ``pip config list``."""
    sections: dict[str, dict[str, str]] = {"global": {}}
    environment: dict[str, str] = {}
    for line in listed.splitlines():
        name, quoted = line.split("=", 1)
        section, option = name.rsplit(".", 1)
        value = str(ast.literal_eval(quoted))
        if section == ":env:":
            environment[option] = value
        else:
            sections.setdefault(section, {})[option] = value
    # A variable of the environment outweighs every file.
    for options in sections.values():
        for option in environment:
            options.pop(option, None)
    sections["global"].update(environment)
    # Errors only: pip's progress would bury what the tests say.
    sections["global"]["quiet"] = "2"
    lines = []
    for section, options in sections.items():
        lines.append(f"[{section}]")
        lines += ["{} = {}".format(option, "\n    ".join(value.split("\n"))) for option, value in options.items()]
    return "\n".join(lines) + "\n"


def find_pythons(versions: Iterable[str], environment: Mapping[str, str]) -> dict[str, Path]:
    """The interpreters of *versions* that can make a virtual environment: on the PATH, or kept by pyenv."""
    pyenv = Path(environment.get("PYENV_ROOT") or Path(environment["HOME"]) / ".pyenv")
    found = {}
    for version in versions:
        # A shim of pyenv comes first on the PATH and fails unless its version was chosen, so each candidate is tried.
        candidates = [Path(folder, f"python{version}") for folder in environment["PATH"].split(os.pathsep)]
        candidates += sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"))
        for candidate in candidates:
            if os.access(candidate, os.X_OK) and _makes_environments(candidate):
                found[version] = candidate
                break
    return found


def _makes_environments(python: Path) -> bool:
    tried = subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True, check=False)
    return tried.returncode == 0


def prepare_home(home: Path) -> None:
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    names = bootstrap_names((ansible_test_folder() / "_internal" / "python_requirements.py").read_text())
    if not names:
        raise SystemExit("tests/sanity.py no longer finds the version of pip that ansible-test pins")
    for name in names:
        (cache / name).write_text(_PIP_BOOTSTRAP)

    settings = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"],
        capture_output=True,
        check=True,
        text=True,
    )
    configuration = home / ".config" / "pip" / "pip.conf"
    configuration.parent.mkdir(parents=True, exist_ok=True)
    # The address of an index may carry a password.
    configuration.touch(mode=0o600)
    configuration.write_text(pip_settings(settings.stdout))


def drop_inapplicable(folder: Path) -> list[str]:
    """Remove the reports of tests that found nothing to look at (no PowerShell here): nothing was skipped there."""
    dropped = []
    for report in sorted(folder.glob("*.xml")):
        for case in ElementTree.parse(report).iter("testcase"):
            skipped = case.find("skipped")
            if skipped is not None and "No tests applicable" in (skipped.get("message") or "") + (skipped.text or ""):
                report.unlink()
                dropped.append(case.get("name", report.stem))
    return dropped


def run_ansible_test(arguments: Sequence[str], home: Path, folders: Sequence[Path], results: Path) -> int:
    """Runs it in the copy, with *folders* before all others on the path. Its JUnit reports are in *results* then."""
    output = COPY / "tests" / "output" / "junit"
    shutil.rmtree(output, ignore_errors=True)
    command = [str(Path(sys.executable).parent / "ansible-test"), *arguments]
    path = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
    environment = dict(os.environ, HOME=str(home), PATH=path)
    environment.pop("PYTHONPATH", None)
    finished = subprocess.run(command, cwd=COPY, env=environment, check=False)
    results.mkdir(parents=True, exist_ok=True)
    for report in output.glob("*.xml"):
        shutil.copy2(report, results)
    return finished.returncode


def ends_of(pythons: Mapping[str, Path]) -> dict[str, Path]:
    """The oldest and the newest of *pythons*, which are in the order of their versions."""
    names = list(pythons)
    return {name: pythons[name] for name in (*names[:1], *names[-1:])}


def chosen_tests(names: Sequence[str], pylint_folder: str | None) -> list[list[str]]:
    """What each run of ansible-test is given: the tests of *names*, or all of them."""
    if pylint_folder is None:
        return [[word for name in names for word in ("--test", name)]]
    return [["--skip-test", "pylint"], ["--test", "pylint", f"{pylint_folder}/"]]


def main() -> int:
    parser = argparse.ArgumentParser(description="ansible-test sanity without containers")
    parser.add_argument("results", type=Path, help="folder for the JUnit reports")
    parser.add_argument("tests", nargs="*", help="names of sanity tests; all without any")
    parser.add_argument("--ends", action="store_true", help="run on the oldest and the newest Python alone")
    parser.add_argument("--pylint", metavar="FOLDER", help="let pylint, which takes longest, read this folder alone")
    arguments = parser.parse_args()

    copy_project(ROOT, COPY)
    home = CACHE / "home"
    prepare_home(home)

    versions = supported_pythons(
        (ansible_test_folder() / "_util" / "target" / "common" / "constants.py").read_text(),
    )
    pythons = find_pythons(versions, os.environ)
    absent = [version for version in versions if version not in pythons]
    if arguments.ends:
        pythons = ends_of(pythons)
    print(f"Pythons: {', '.join(pythons)}; not on this machine: {', '.join(absent) or '-'}")

    command = ["sanity", "--junit", "--color", "no", "--controller", "origin:python=default"]
    for version in pythons:
        command += ["--target-python", version]
    folders = [python.parent for python in pythons.values()]
    codes = [
        run_ansible_test([*command, *chosen], home, folders, arguments.results)
        for chosen in chosen_tests(arguments.tests, arguments.pylint)
    ]
    print(f"Not applicable: {', '.join(drop_inapplicable(arguments.results)) or '-'}")
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    sys.exit(main())
