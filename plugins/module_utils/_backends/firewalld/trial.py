# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host's own firewalld loads files where that harms nobody: in a network of its own. Runs on Python 3.6.

``--check-config`` looks at each file alone. It accepts what the kernel, nft or iptables refuse, and firewalld flushes
the ruleset before it finds out. A second firewalld, with a bus of its own and in a network namespace of its own, finds
out first: the same program, the same kernel, the same files. It takes half a second to a second of one processor, most
of that for its start.
"""

import os
import re
import shutil
import subprocess
import tempfile

from typing import Any, Dict, Iterable, List, NamedTuple, Optional

from ansible_collections.jsa.ports.plugins.module_utils._host.namespaces import own_network
from ansible_collections.jsa.ports.plugins.module_utils._host.private_bus import PrivateBus
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import Programs

_NAME = "org.fedoraproject.FirewallD1"
_PATH = "/org/fedoraproject/FirewallD1"
_RUN = "/run"
_CONF = "firewalld.conf"
#: Huge sets of a site take their time, as they do at a reload.
_SECONDS = 180.0
#: firewalld before 1.0 writes to the system's log, too, and does not know this option.
_LOG_TO_FILE = "--log-target=file"
_FLOWTABLE = re.compile(r"^(\s*NftablesFlowtable\s*=[ \t]*)(\S[^\n]*?)[ \t]*$", re.MULTILINE)
#: How it says that it passes over a file.
_NOT_READ = re.compile(r"Failed to load [a-z ]+ file '")
#: What follows from the error that stands beside it.
_NOTHING_NEW = ("Failed to load user configuration", "Failed to load full stock", "Raising SystemExit")


class Outcome(NamedTuple):
    #: None: it could not be tried.
    loaded: Optional[bool]
    #: What firewalld wrote of errors, one to an item; or why it could not be tried.
    words: List[str]


class Trial(object):
    """Files that are being loaded. The time until it is asked for its ``outcome`` is free."""

    def __init__(self, programs, etc, mine, texts, without=()):
        # type: (Programs, str, Iterable[str], Dict[str, str], Iterable[str]) -> None
        """The configuration below *etc*, with *texts* in place of our files, the paths *mine*, and some left out."""
        self._etc = etc
        self._bus = None  # type: Optional[PrivateBus]
        self._process = None  # type: Optional[Any]
        self._why = ""
        self._folder = ""
        try:
            program = programs.program("firewalld")
            if program is None:
                self._why = "the program firewalld is not there"
                return
            self._folder = tempfile.mkdtemp(prefix="jsa_ports_trial.", dir=_RUN)
            lay_out(self._path("etc"), etc, mine, texts, without)
            self._bus = PrivateBus(self._path("bus"))
            self._start([program, "--nofork", "--nopid", "--system-config", self._path("etc")], _LOG_TO_FILE)
        except (OSError, subprocess.SubprocessError) as error:
            self._why = str(error) or "it cannot be started"
        except BaseException:
            self.close()
            raise

    def outcome(self):  # type: () -> Outcome
        """Waits for it, and takes all traces away."""
        try:
            if self._why:
                return Outcome(None, [self._why])
            state = self._ask()
            if state == "" and "unrecognized arguments: " + _LOG_TO_FILE in self._read("out"):
                self._start(self._command, "")
                state = self._ask()
            words = errors(self._read("log"), self._path("etc"), self._etc)
            if state == "RUNNING":
                # It goes on without a file that it cannot read; whatever that says does not hold then.
                words = [text for text in words if _NOT_READ.match(text)]
                return Outcome(not words, words)
            return Outcome(False, words or [self._last_words(state)])
        except (OSError, subprocess.SubprocessError) as error:
            return Outcome(None, [str(error) or "it cannot be started"])
        finally:
            self.close()

    def close(self):  # type: () -> None
        if self._process is not None:
            # Not asked to end: it would take modules out of the kernel, which others use.
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._bus is not None:
            self._bus.close()
            self._bus = None
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""

    def _ask(self):  # type: () -> str
        """firewalld's state when it has loaded its files; empty where it has ended."""
        bus, process = self._bus, self._process
        if bus is None or process is None:
            return ""
        answer = bus.ask(
            _NAME,
            _PATH,
            "org.freedesktop.DBus.Properties",
            "Get",
            [_NAME, "state"],
            lambda: process.poll() is None,
            _SECONDS,
        )
        return str(answer[0]) if answer else ""

    def _last_words(self, state):  # type: (str) -> str
        said = self._read("out").strip().splitlines()
        return said[-1] if said else "its state is %s" % state if state else "it ends, and does not say why"

    def _start(self, command, option):  # type: (List[str], str) -> None
        self._command = command
        address = self._bus.address if self._bus is not None else ""
        environment = dict(os.environ, LC_ALL="C", LANGUAGE="C", DBUS_SYSTEM_BUS_ADDRESS=address)
        log = ["--log-file", self._path("log")] + ([option] if option else [])
        with open(self._path("out"), "wb") as out:
            # The program has to be left alone until it answers.
            # pylint: disable-next=ansible-bad-function
            self._process = subprocess.Popen(
                command + log,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=environment,
                cwd="/",
                preexec_fn=own_network(),
            )

    def _path(self, name):  # type: (str) -> str
        return os.path.join(self._folder, name)

    def _read(self, name):  # type: (str) -> str
        try:
            with open(self._path(name), "rb") as stream:
                return stream.read().decode("utf-8", "replace")
        except OSError:
            return ""


def lay_out(folder, etc, mine, texts, without=()):
    # type: (str, str, Iterable[str], Dict[str, str], Iterable[str]) -> None
    """The configuration below *etc* at *folder*, with *texts* in place of the files *mine*. Raises OSError.

    The paths *without* are left out. Of the others' files there are links only: sets may be large.
    """
    left_out = set(mine) | set(texts) | set(without)
    os.mkdir(folder, 0o700)
    for name in os.listdir(etc):
        source = os.path.join(etc, name)
        if not os.path.isdir(source):
            if name not in left_out and not (name == _CONF and _lay_out_conf(folder, source)):
                os.symlink(source, os.path.join(folder, name))
            continue
        os.mkdir(os.path.join(folder, name), 0o700)
        for inner in os.listdir(source):
            if "%s/%s" % (name, inner) not in left_out:
                os.symlink(os.path.join(source, inner), os.path.join(folder, name, inner))
    for path, text in texts.items():
        if path in without:
            continue
        target = os.path.join(folder, path)
        if not os.path.isdir(os.path.dirname(target)):
            os.mkdir(os.path.dirname(target), 0o700)
        with open(target, "wb") as stream:
            stream.write(text.encode("utf-8", "surrogateescape"))


def flowtable_devices(conf):  # type: (str) -> List[str]
    """The network devices that firewalld.conf names: those of the flow table, since firewalld 2."""
    found = _FLOWTABLE.search(conf)
    return found.group(2).split() if found and found.group(2) != "off" else []


def _lay_out_conf(folder, source):  # type: (str, str) -> bool
    """Whether firewalld.conf was written without the devices, which a network of its own does not have."""
    try:
        with open(source, "rb") as stream:
            text = stream.read().decode("utf-8", "surrogateescape")
    except OSError:
        return False
    if not flowtable_devices(text):
        return False
    with open(os.path.join(folder, _CONF), "wb") as stream:
        stream.write(_FLOWTABLE.sub(r"\1off", text).encode("utf-8", "surrogateescape"))
    return True


def errors(log, folder, etc):  # type: (str, str, str) -> List[str]
    """What firewalld wrote of errors, one to an item, without dates, with *etc* where it knows *folder*."""
    found = []  # type: List[List[str]]
    open_item = False
    for line in log.replace(folder, etc).splitlines():
        level, colon, text = _without_date(line).partition(": ")
        if colon and level.isupper():
            open_item = level in ("ERROR", "FATAL")
            if open_item:
                found.append([text])
        elif open_item and line.strip():
            found[-1].append(line.strip())
    words = []  # type: List[str]
    for item in found:
        text = "\n".join(item)
        if text not in words and not text.startswith(_NOTHING_NEW):
            words.append(text)
    return words


def _without_date(line):  # type: (str) -> str
    """``2026-01-31 10:00:00 ERROR: ...`` without its first two words, where they are that."""
    parts = line.split(" ", 2)
    return parts[2] if len(parts) == 3 and parts[0][:4].isdigit() and ":" in parts[1] else line
