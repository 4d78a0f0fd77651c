# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A folder on the controller with what was observed of each host, a file for each, whoever has put them there."""

from __future__ import annotations

import errno
import os
import stat
import time

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ansible.errors import AnsibleActionFail

from ansible_collections.jsa.ports.plugins.module_utils._printable import printable
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import make_folder, write_file
from ansible_collections.jsa.ports.plugins.plugin_utils._check.host_file import (
    LARGEST_FILE,
    SUFFIX,
    ObservedHost,
    ObservedScope,
    host_file_name,
    host_file_text,
    parse_host_file,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import CHECK_PARTS, HostObservation
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import ABSENT, Unseen
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import Scope
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import plan_digest
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan

#: The parts of an observation that a host has to have; the console tests instead of a host, where it does.
_PARTS = [part.name for part in CHECK_PARTS if part.name != "console"]

#: The maximum number of problems in a message.
_SHOWN = 50


@dataclass(frozen=True)
class Joined:
    """What the files of a folder say together."""

    #: Every host of the plan; without any part where there is no file that can be used.
    observations: dict[str, HostObservation]
    #: None if there is no file at all.
    scope: Scope | None


def write_host_files(
    folder: str, plan: Plan, observations: Mapping[str, HostObservation], scope: Scope, check_mode: bool
) -> None:
    """Writes the file of each host, as of now. Raises AnsibleActionFail."""
    if check_mode:
        return
    make_folder(folder, "jsa_port_check_observations")
    digest, chosen = plan_digest(plan), ObservedScope.of(scope)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    for name, seen in observations.items():
        document = ObservedHost(host=name, at=at, plan=digest, scope=chosen, observation=seen)
        path = os.path.join(os.path.expanduser(folder), host_file_name(name))
        write_file(path, host_file_text(document), f"The observation of {name}")


def read_host_files(folder: str, plan: Plan, max_age: int, now: float) -> Joined:
    """The observations of all hosts of the *plan*, out of the files that are there.

    A host without a file, or with one that is older than *max_age* seconds, has no part, and the reason in ``unseen``.
    *now*: seconds since 1970. Raises InputError that names each file that cannot be used, and AnsibleActionFail where
    the folder cannot be read.
    """
    digest = plan_digest(plan)
    expected = {host_file_name(name): name for name in plan.hosts}
    found: dict[str, ObservedHost] = {}
    problems: list[str] = []
    for file in _files(folder):
        host = expected.get(file)
        if host is None:
            problems.append(f"{_shown(file)}: the plan has no host whose file has this name")
            continue
        try:
            found[host] = parse_host_file(_content(os.path.join(os.path.expanduser(folder), file)), host, digest)
        except InputError as error:
            problems += [f"{_shown(file)}: {problem}" for problem in error.problems]
        except OSError as error:
            problems.append(f"{_shown(file)}: {error.strerror or error}")
    scopes = {one.scope.scope: host for host, one in reversed(found.items())}
    if len(scopes) > 1:
        first, *others = reversed(scopes.values())
        problems += [
            f"{_shown(host_file_name(host))}: its flows were not selected as those of {_shown(host_file_name(first))}: "
            "observe all hosts with the same jsa_port_check_scope, jsa_port_check_sample and jsa_port_check_seed"
            for host in others
        ]
    if problems:
        more = len(problems) - _SHOWN
        raise InputError(
            f"The observations in {folder} cannot be joined; no host was contacted",
            [*problems[:_SHOWN], *([f"and {more} more"] if more > 0 else [])],
        )
    observations = {name: _usable(found.get(name), host_file_name(name), folder, max_age, now) for name in plan.hosts}
    return Joined(observations, next(iter(scopes), None))


def _usable(document: ObservedHost | None, file: str, folder: str, max_age: int, now: float) -> HostObservation:
    if document is None:
        reason: str | None = f"there is no file {file} in {folder}"
    else:
        problem = document.problem_of_age(max_age, now)
        reason = None if problem is None else f"the observation in {file} {problem}"
    if document is not None and reason is None:
        return document.observation
    return HostObservation(unseen={part: Unseen(kind=ABSENT, reason=_shown(reason or "")) for part in _PARTS})


def _files(folder: str) -> Iterator[str]:
    """The names that end as those of hosts' files, sorted. Programs that copy files write to hidden ones first."""
    try:
        names = os.listdir(os.path.expanduser(folder))
    except OSError as error:
        raise AnsibleActionFail(f"The observations in {folder} cannot be read: {error.strerror or error}") from error
    return iter(sorted(name for name in names if name.endswith(SUFFIX) and not name.startswith(".")))


def _content(path: str) -> bytes:
    """Of a regular file, never more than one byte too much. Raises OSError, which may only have a text."""
    try:
        # Whoever may write to the folder chooses what has the name: a FIFO would wait, a link lead elsewhere.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError("it is a symbolic link, not a file") from error
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("it is not a regular file")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(LARGEST_FILE + 1)
    finally:
        os.close(descriptor)


def _shown(name: str) -> str:
    """The name of a file, or a text with one, for people."""
    return printable(name, "")
