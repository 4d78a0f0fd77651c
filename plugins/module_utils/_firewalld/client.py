# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands that the backend runs, and nothing about what they mean. Runs on Python 3.6.

firewall-cmd costs a tenth to a quarter of a second for its own start. What has to be cheap goes to the daemon by busctl
where that exists, and to the kernel by nft: about five milliseconds each.
"""

import json
import os
import subprocess
import tempfile
import time

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from ansible_collections.jsa.ports.plugins.module_utils._firewalld.files import ETC
from ansible_collections.jsa.ports.plugins.module_utils._firewalld.model import FirewalldError
from ansible_collections.jsa.ports.plugins.module_utils._firewalld.versions import (
    needs_ipset,
    users_of_sets,
)

_FOLDERS = ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin")
_BUS_NAME = "org.fedoraproject.FirewallD1"
_BUS_PATH = "/org/fedoraproject/FirewallD1"

#: Up to so many changes a set is changed entry by entry, so that it is never empty in between.
_ONE_BY_ONE = 16
#: What an argument list may safely hold.
_ARGUMENT_BYTES = 500000

_NO_REPLY = "Did not receive a reply"

_QUICK = 30
_RELOAD = 180


class CommandError(FirewalldError):
    """A command failed, or did not end."""

    def __init__(self, command, code, message):  # type: (Sequence[str], Optional[int], str) -> None
        shown = " ".join(command[:6]) + (" ..." if len(command) > 6 else "")
        super(CommandError, self).__init__("%s: %s" % (shown, message.strip() or "exit code %s" % code))
        self.code = code


class Status(NamedTuple):
    running: bool
    #: As firewalld gives it; empty when it does not run.
    version: str
    #: Why it is taken for not running.
    reason: str


def find_program(name):  # type: (str) -> Optional[str]
    for folder in os.environ.get("PATH", "").split(os.pathsep) + list(_FOLDERS):
        path = os.path.join(folder, name)
        if folder and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


class Client(object):
    def __init__(self, find=find_program, etc=ETC):  # type: (Any, str) -> None
        self._find = find
        self._etc = etc
        self._programs = {}  # type: Dict[str, Optional[str]]

    def program(self, name):  # type: (str) -> Optional[str]
        if name not in self._programs:
            self._programs[name] = self._find(name)
        return self._programs[name]

    def run(self, name, *arguments, **options):  # type: (str, str, Any) -> str
        """Standard output of the program. Raises CommandError."""
        program = self.program(name)
        if program is None:
            raise CommandError([name], None, "the program is not there")
        command = [program] + list(arguments)
        environment = dict(os.environ, LC_ALL="C", LANGUAGE="C")
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=environment)
        except OSError as error:
            raise CommandError([name] + list(arguments), None, str(error))
        try:
            output, errors = process.communicate(timeout=options.get("timeout", _QUICK))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise CommandError([name] + list(arguments), None, "no end after %d s" % options.get("timeout", _QUICK))
        if process.returncode != 0:
            message = (errors or output).decode("utf-8", "replace")
            raise CommandError([name] + list(arguments), process.returncode, message)
        return output.decode("utf-8", "replace")

    def status(self):  # type: () -> Status
        if self.program("busctl"):
            try:
                return self._status_by_bus()
            except CommandError:
                # Nobody owns the name, or there is no bus: firewall-cmd words the reason for people.
                pass
        try:
            return Status(True, self.run("firewall-cmd", "--version").strip(), "")
        except CommandError as error:
            return Status(False, "", str(error))

    def _status_by_bus(self):  # type: () -> Status
        output = self.run("busctl", "--system", "--auto-start=no", "--timeout=10", "get-property",
                          _BUS_NAME, _BUS_PATH, _BUS_NAME, "version")
        return Status(True, output.partition(" ")[2].strip().strip('"'), "")

    def offline_version(self):  # type: () -> str
        return self.run("firewall-offline-cmd", "--version").strip()

    def check_config(self):  # type: () -> None
        self.require_ipset()
        self.run("firewall-cmd", "--check-config")

    def check_config_offline(self):  # type: () -> None
        self.require_ipset()
        self.run("firewall-offline-cmd", "--check-config")

    def require_ipset(self):  # type: () -> None
        """Raises CommandError where loading the files would leave the host without any rule.

        Without the program ipset an old firewalld finds nothing wrong with files that use sets, fails to load them, and
        has flushed everything by then.
        """
        if self.program("ipset") is not None:
            return
        users = users_of_sets(self._etc)
        if users and needs_ipset(self._etc, self.status().version or self.offline_version()):
            raise CommandError(["ipset"], None,
                               "the program is not there. This firewalld needs it for sets, which %s use: it would "
                               "find nothing wrong with them, fail to load them, and leave the host without any "
                               "rule. Install the package ipset" % ", ".join(users))

    def reload(self):  # type: () -> None
        self.require_ipset()
        try:
            self.run("firewall-cmd", "--reload", timeout=_RELOAD)
        except CommandError as error:
            if _NO_REPLY not in str(error):
                raise
            # Huge sets of the site take longer than firewall-cmd waits. firewalld answers again when it is done.
            deadline = time.monotonic() + _RELOAD
            while not self.status().running:
                if time.monotonic() > deadline:
                    raise error
                time.sleep(0.5)

    def nft_table(self):  # type: () -> Optional[List[Dict[str, Any]]]
        """firewalld's table, or None where there is none: no nft, or firewalld uses iptables."""
        if self.program("nft") is None:
            return None
        try:
            output = self.run("nft", "-j", "list", "table", "inet", "firewalld", timeout=_RELOAD)
        except CommandError:
            return None
        table = json.loads(output)["nftables"]  # type: List[Dict[str, Any]]
        return table

    def iptables(self, family_prefix):  # type: (str) -> Optional[str]
        """The filter table as iptables-save prints it (prefix "ip" or "ip6"); None where the program is missing."""
        if self.program(family_prefix + "tables-save") is None:
            return None
        return self.run(family_prefix + "tables-save", "-t", "filter")

    def ipsets(self):  # type: () -> str
        return self.run("ipset", "save")

    def change_entries(self, name, wanted, add, remove):
        # type: (str, Sequence[str], Sequence[str], Sequence[str]) -> None
        """Brings the running set to *wanted*. Raises CommandError where only a reload can."""
        few = len(add) + len(remove) <= _ONE_BY_ONE
        if self.program("busctl") and sum(len(entry) + 1 for entry in wanted) < _ARGUMENT_BYTES:
            try:
                if not few or not self._change_one_by_one(name, add, remove):
                    self._call("setEntries", "sas", name, str(len(wanted)), *wanted)
                return
            except CommandError:
                # In its lockdown mode firewalld lets nobody but firewall-cmd change anything.
                pass
        # Removes first: what is added may lie within an entry that goes.
        for verb, entries in (("remove", remove), ("add", add)):
            if entries and few:
                self.run("firewall-cmd", "--ipset=" + name, *["--%s-entry=%s" % (verb, entry) for entry in entries])
            elif entries:
                with tempfile.NamedTemporaryFile("w", suffix=".txt") as stream:
                    stream.write("".join(entry + "\n" for entry in entries))
                    stream.flush()
                    self.run("firewall-cmd", "--ipset=" + name, "--%s-entries-from-file=%s" % (verb, stream.name),
                             timeout=_RELOAD)

    def _change_one_by_one(self, name, add, remove):  # type: (str, Sequence[str], Sequence[str]) -> bool
        """False where firewalld knows an entry under another spelling than the kernel's."""
        try:
            for entry in remove:
                self._call("removeEntry", "ss", name, entry)
            for entry in add:
                self._call("addEntry", "ss", name, entry)
        except CommandError:
            return False
        return True

    def _call(self, member, signature, *values):  # type: (str, str, str) -> None
        self.run("busctl", "--system", "--auto-start=no", "--timeout=%d" % _QUICK, "call", _BUS_NAME, _BUS_PATH,
                 _BUS_NAME + ".ipset", member, signature, *values, timeout=_RELOAD)
