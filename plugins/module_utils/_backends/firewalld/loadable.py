# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether firewalld can load the files that it would load, and which of them it cannot. Runs on Python 3.6.

A trial costs as much as a start of firewalld. So what was loaded once is remembered, and tried again only when a file
of the site, a program or the kernel is another one, or when ours have rules of a kind that they did not have.
"""

import hashlib
import os
import re
import socket
import time

from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.trial import (
    Outcome,
    Trial,
    flowtable_devices,
)
from ansible_collections.jsa.ports.plugins.module_utils._host.atomic_write import remove, stage
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError, Programs

#: What a firewalld runs to load its files.
_PROGRAMS = ("firewalld", "nft", "iptables", "iptables-restore", "ip6tables-restore", "ipset")
_KINDS = ("ipsets", "zones", "policies", "services", "helpers", "icmptypes")
_CONF = "firewalld.conf"
_DIRECT = "direct.xml"
_OF_IPTABLES = re.compile(r"\bDirect: |\b(?:ip6?|eb)tables\b")
_IPV6 = "/proc/net/if_inet6"
#: For so long it is looked for the file that is to blame.
_PATIENCE = 30.0
#: So much of one message a person reads.
_READABLE = 300

_ADDRESS_OR_NUMBER = re.compile(r"[0-9A-Fa-f]*[0-9:][0-9A-Fa-f:./-]*")
_FAILED = re.compile(r"'(?:python-nftables|[^' ]*/(?:[a-z0-9-]*tables[a-z0-9-]*|ipset)[^']*)' failed:\s*")
_PASSED_OVER = re.compile(r"^Failed to load [a-z ]+ file '[^']*': ")
_NO_REASON = ("Error occurred at line:", "Try `")
_NFT_PLACE = re.compile(r"^internal:[0-9:-]+: ")
_NO_HOST = re.compile(r"host/network `([^']+)' not found")
_NO_SET = re.compile(r"\bSet (\S+) doesn't exist")


class Verdict(NamedTuple):
    #: One to a file that cannot be loaded, with the file's path and the reason.
    problems: List[str]
    #: Why nothing is known; empty where it is.
    untried: str


class Loadable(object):
    """``begin`` starts the trial, the time until ``verdict`` is free for other things."""

    def __init__(self, programs, etc, lib, folder, trial=Trial):
        # type: (Programs, str, str, str, Callable[..., Trial]) -> None
        """*folder*: where it is remembered what could be loaded; it has to exist for that."""
        self._programs = programs
        self._etc = etc
        self._lib = lib
        self._memory = os.path.join(folder, "loadable")
        self._make = trial
        self._trial = None  # type: Optional[Trial]
        self._digest = ""
        self._mine = ()  # type: Tuple[str, ...]
        self._texts = {}  # type: Dict[str, str]
        self._missing = []  # type: List[str]

    def begin(self, mine, texts):  # type: (Iterable[str], Dict[str, str]) -> None
        """*texts*: our files, path below firewalld's folder -> text, in place of those with the paths *mine*."""
        self._mine, self._texts = tuple(mine), texts
        self._missing = missing_devices(self._etc)
        if self._missing:
            return
        self._digest = digest(self._programs, self._etc, self._lib, self._mine, texts)
        if self._digest != _recall(self._memory):
            self._trial = self._make(self._programs, self._etc, self._mine, texts)

    def verdict(self):  # type: () -> Verdict
        if self._missing:
            path = os.path.join(self._etc, _CONF)
            return Verdict(["%s: NftablesFlowtable names %s, not there" % (path, ", ".join(self._missing))], "")
        if self._trial is None:
            return Verdict([], "")
        trial, self._trial = self._trial, None
        outcome = trial.outcome()
        if outcome.loaded:
            _remember(self._memory, self._digest)
            return Verdict([], "")
        if outcome.loaded is None:
            return Verdict([], "; ".join(outcome.words))
        # What the trial's network lacks and the host's has. Whether the host could load the files, nobody knows.
        names = unresolved(outcome.words)
        if names:
            return Verdict([], "direct rules name hosts, which have to be looked up: %s" % ", ".join(names))
        sets = others_sets(outcome.words, self._programs)
        if sets:
            return Verdict([], "direct rules name sets that are not firewalld's: %s" % ", ".join(sets))
        return Verdict(self._blame(outcome), "")

    def end(self):  # type: () -> None
        """Nobody asks for the verdict any more."""
        if self._trial is not None:
            self._trial.close()
            self._trial = None

    def forget(self):  # type: () -> None
        """A reload has failed for all that: the next one is tried. Never raises."""
        try:
            remove(self._memory)
        except OSError:
            pass

    def _blame(self, outcome):  # type: (Outcome) -> List[str]
        """Which file it is: without it, the others can be loaded, or fail for another reason."""
        deadline = time.monotonic() + _PATIENCE
        found = []  # type: List[str]
        without = []  # type: List[str]
        words = outcome.words
        while True:
            named = self._step(words, without, deadline)
            if named is None:
                return found + ([] if found else ["%s: %s" % (self._etc, readable(words))])
            path, after = named
            found.append("%s: %s" % (os.path.join(self._etc, path), readable(_about(path, words, after.words))))
            without.append(path)
            # That others need what was left out is no fault of theirs.
            if after.loaded is not False or _mentions(after.words, path):
                return found
            words = after.words

    def _step(self, words, without, deadline):
        # type: (List[str], List[str], float) -> Optional[Tuple[str, Outcome]]
        for path in suspects(self._paths(without), words):
            if time.monotonic() > deadline:
                return None
            outcome = self._make(self._programs, self._etc, self._mine, self._texts, without + [path]).outcome()
            if outcome.loaded or (outcome.loaded is False and _mentions(words, path) and outcome.words != words):
                return path, outcome
        return None

    def _paths(self, without):  # type: (List[str]) -> List[str]
        """What may be to blame: all files but those that came with firewalld."""
        found = [path for path, _file in _files(self._etc) if path not in self._mine] + sorted(self._texts)
        # Of a zone in several files, the folder.
        paths = ["/".join(path.split("/")[:2]) for path in found]
        return [path for place, path in enumerate(paths) if path not in without and path not in paths[:place]]


def suspects(paths, words):  # type: (Iterable[str], List[str]) -> List[str]
    """*paths* in the order in which it is worth asking: first those whose objects the *words* name."""
    return sorted(paths, key=lambda path: (not _mentions(words, path), path == _CONF, path))


def _mentions(words, path):  # type: (List[str], str) -> bool
    if path == _CONF:
        # Its name is firewalld's own.
        return False
    if path == _DIRECT:
        return any(_OF_IPTABLES.search(text) for text in words)
    name = os.path.splitext(os.path.basename(path))[0]
    pattern = re.compile(r"(?<![A-Za-z0-9.-])%s(?![A-Za-z0-9-])" % re.escape(name))
    return any(pattern.search(text) for text in words)


def _about(path, words, after):  # type: (str, List[str], List[str]) -> List[str]
    """What of *words* the file *path* was the reason of: it is not said without it."""
    gone = [text for text in words if text not in after] or words
    return [text for text in gone if _mentions([text], path)] or gone


def unresolved(words):  # type: (List[str]) -> List[str]
    """Names of hosts that could not be looked up without a network, and can be with one."""
    found = []
    for name in sorted({name for text in words for name in _NO_HOST.findall(text)}):
        try:
            socket.getaddrinfo(name, None)
        except (OSError, UnicodeError):
            continue
        found.append(name)
    return found


def others_sets(words, programs):  # type: (List[str], Programs) -> List[str]
    """Sets of the program ipset that the trial has missed, such as fail2ban's, and that the host has."""
    missed = {name for text in words for name in _NO_SET.findall(text)}
    if not missed:
        return []
    try:
        return sorted(missed.intersection(programs.run("ipset", "list", "-n").split()))
    except CommandError:
        return []


def missing_devices(etc):  # type: (str) -> List[str]
    """Network devices that firewalld.conf names, and without which firewalld 2 can load nothing."""
    try:
        with open(os.path.join(etc, _CONF), "rb") as stream:
            names = flowtable_devices(stream.read().decode("utf-8", "replace"))
    except OSError:
        return []
    there = {name for _number, name in socket.if_nameindex()}
    return [name for name in names if name not in there]


def readable(words):  # type: (List[str]) -> str
    """The reason without what only a program reads."""
    text = words[0].partition("JSON blob:")[0] if words else ""
    text = _PASSED_OVER.sub("", text)
    text = _FAILED.sub("", text.replace("COMMAND_FAILED: ", ""))
    lines = []  # type: List[str]
    for line in text.splitlines():
        line = _NFT_PLACE.sub("", line.strip())
        line = line[len("Error: ") :] if line.startswith("Error: ") else line
        if line and line not in lines and not line.startswith(_NO_REASON):
            lines.append(line)
    text = "; ".join(lines)
    return text if len(text) <= _READABLE else text[:_READABLE] + " ..."


def digest(programs, etc, lib, mine, texts):
    # type: (Programs, str, str, Iterable[str], Dict[str, str]) -> str
    """The same where the same files, but for addresses and numbers in ours, meet the same programs and kernel."""
    ours = set(mine)
    sha = hashlib.sha256()

    def add(*values):  # type: (object) -> None
        sha.update(repr(values).encode("utf-8", "backslashreplace") + b"\n")

    add(os.uname().release, os.path.exists(_IPV6))
    for name in _PROGRAMS:
        add(name, _fingerprint(programs.program(name)))
    for path, file in _files(lib):
        add(path, _fingerprint(file))
    for path, file in _files(etc):
        if path not in ours:
            add(path, _content(file))
    for path, text in sorted(texts.items()):
        # A set more or less of the same kind makes no difference, so names do not count.
        add(path.partition("/")[0] if path.startswith("ipsets/") else path, shape(text))
    return sha.hexdigest()


def shape(text):  # type: (str) -> List[str]
    """The kinds of lines in a file of ours."""
    return sorted({_ADDRESS_OR_NUMBER.sub("0", line.partition("<!--")[0]).strip() for line in text.splitlines()})


def _files(base):  # type: (str) -> List[Tuple[str, str]]
    """Path below *base* -> file, of all that firewalld may load from there."""
    found = []  # type: List[Tuple[str, str]]
    for kind in ("",) + _KINDS:
        folder = os.path.join(base, kind)
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            file = os.path.join(folder, name)
            if kind == "zones" and os.path.isdir(file):
                # Zones of several files.
                for inner in sorted(os.listdir(file)):
                    found.append(("zones/%s/%s" % (name, inner), os.path.join(file, inner)))
            elif name.endswith(".xml") or (not kind and name == _CONF):
                found.append((os.path.join(kind, name), file))
    return found


def _fingerprint(file):  # type: (Optional[str]) -> object
    """Another one for another version of a file that came in a package."""
    try:
        status = os.stat(file or "")
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _content(file):  # type: (str) -> object
    try:
        with open(file, "rb") as stream:
            return hashlib.sha256(stream.read()).hexdigest()
    except OSError as error:
        return error.errno


def _recall(path):  # type: (str) -> str
    try:
        with open(path, "rb") as stream:
            return stream.read(100).decode("ascii", "replace").strip()
    except OSError:
        return ""


def _remember(path, text):  # type: (str, str) -> None
    """Where that fails, the next run tries once more."""
    try:
        temporary = stage(path, text + "\n", ".new")
        os.chmod(temporary, 0o600)
        os.rename(temporary, path)
    except OSError:
        pass
