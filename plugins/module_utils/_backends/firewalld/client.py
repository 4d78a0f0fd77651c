# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The questions and commands to firewalld and the kernel, and nothing about what they mean. Runs on Python 3.6.

firewall-cmd costs a tenth to a quarter of a second for its own start, so firewalld is asked over the message bus, as
firewall-cmd does. Where there is no bus, or where firewalld listens to firewall-cmd alone (its lockdown mode), that
program is run instead.
"""

import json
import tempfile
import time

from typing import Any, Collection, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import (
    foreign_iptables,
    kernel_sets,
    native_rules,
    versions,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import ETC, LIB
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.foreign_iptables import (
    Tables,
    direct_places,
    read_tables,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.versions import SetSupport
from ansible_collections.jsa.ports.plugins.module_utils._families import PREFIXES
from ansible_collections.jsa.ports.plugins.module_utils._host.dbus import NO_REPLY, NO_SERVER, Bus, BusError
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError, Programs, find_program

_NAME = "org.fedoraproject.FirewallD1"
_PATH = "/org/fedoraproject/FirewallD1"
_BUS = "org.freedesktop.DBus"
_BUS_PATH = "/org/freedesktop/DBus"
#: Errors of the bus that say that firewalld is not there, and in which words.
_NOT_THERE = {
    NO_SERVER: "the system's message bus is not running",
    "org.freedesktop.DBus.Error.NameHasNoOwner": "it is not on the system's message bus",
    "org.freedesktop.DBus.Error.ServiceUnknown": "it is not on the system's message bus",
}
#: Errors of the bus that say that firewalld was not asked, or that it does not listen to us.
_NOT_ASKED = (
    "",
    "org.freedesktop.DBus.Error.AccessDenied",
    "org.freedesktop.DBus.Error.UnknownMethod",
    _NAME + ".NotAuthorizedException",
)
_LOCKDOWN = "ACCESS_DENIED"

#: Up to so many changes a set is changed entry by entry, so that it is never empty in between.
_ONE_BY_ONE = 16

#: Where firewalld has a table of nftables.
_TABLE_FAMILIES = ("inet",) + tuple(PREFIXES.values())

#: What iptables-save says of a table with rules that it does not know.
_INCOMPATIBLE = "is incompatible, use 'nft' tool"

_TOO_LONG = "Did not receive a reply"

_QUICK = 30
_RELOAD = 180


class Status(NamedTuple):
    running: bool
    #: As firewalld gives it; empty when it does not run.
    version: str
    #: Why it is taken for not running.
    reason: str
    #: It is there, and does not answer: what it has loaded holds, and it may go on at any time.
    silent: bool = False


class NoAnswer(CommandError):
    """firewalld was asked and has not answered: in time, or because it ended meanwhile."""


class _Kept(NamedTuple):
    """Others' rules in the tables of iptables, of one family."""

    tables: Tables
    #: Chains with rules that only nft knows; in *tables* they are empty.
    native: Dict[Any, Any]


class NotAsked(Exception):
    """firewalld cannot be asked over the bus, or does not listen there."""


class NotThere(NotAsked):
    """firewalld does not run: it owns no name on the bus, or there is no bus. The text is the reason."""


class Client(Programs):
    def __init__(self, find=find_program, bus=None, etc=ETC, lib=LIB):  # type: (Any, Any, str, str) -> None
        super(Client, self).__init__(find)
        self._bus = bus or Bus()
        self._etc = etc
        self._lib = lib

    def call(self, interface, member, signature="", arguments=(), path="", timeout=_QUICK, destination=_NAME):
        # type: (str, str, str, Sequence[Any], str, float, str) -> Tuple[Any, ...]
        """What firewalld, or *destination*, answers on the bus.

        *interface* and *path* are below firewalld's own, such as ``zone``, unless they are whole. Raises NotAsked
        where it was not asked, and CommandError with its own words where it refuses.
        """
        full = interface if interface.startswith("org.") else _NAME + ("." + interface if interface else "")
        try:
            return self._bus.call(
                destination,
                path if path.startswith("/org/") else _PATH + path,
                full,
                member,
                signature,
                arguments,
                timeout,
            )
        except BusError as error:
            if error.name in _NOT_THERE:
                raise NotThere(_NOT_THERE[error.name])
            if error.name in _NOT_ASKED or str(error).startswith(_LOCKDOWN):
                raise NotAsked(str(error))
            raise (NoAnswer if error.name == NO_REPLY else CommandError)(["firewalld", member], None, str(error))

    def status(self):  # type: () -> Status
        """Whether firewalld is running, its version, and otherwise the reason."""
        try:
            return Status(True, str(self._property("version")), "")
        except NoAnswer as error:
            if self._has_owner():
                return Status(False, "", str(error), True)
        except NotThere as error:
            # firewall-cmd would find the same, after a quarter of a second for its own start.
            return Status(False, "", str(error))
        except (NotAsked, CommandError):
            pass
        try:
            return Status(True, self.run("firewall-cmd", "--version").strip(), "")
        except CommandError as error:
            # It ends with a code where it is told that firewalld does not run.
            silent = error.code is None and self.program("firewall-cmd") is not None
            return Status(False, "", str(error), silent)

    def _has_owner(self):  # type: () -> bool
        """Whether somebody has firewalld's name on the bus, who then is firewalld."""
        try:
            (owned,) = self.call(_BUS, "NameHasOwner", "s", [_NAME], _BUS_PATH, timeout=10, destination=_BUS)
            return bool(owned)
        except NotAsked:
            return False
        except CommandError:
            # The bus does not answer either.
            return True

    def _property(self, name):  # type: (str) -> Any
        (value,) = self.call("org.freedesktop.DBus.Properties", "Get", "ss", [_NAME, name], timeout=10)
        return value

    def offline_version(self):  # type: () -> str
        """Version of a firewalld that is not running. Raises CommandError."""
        return self.run("firewall-offline-cmd", "--version").strip()

    def check_config(self):  # type: () -> None
        """Let firewalld check its permanent configuration. Raises FirewallError."""
        self.require_loadable()
        try:
            self.call("", "checkPermanentConfig", timeout=_RELOAD)
        except NotAsked:
            self.run("firewall-cmd", "--check-config")

    def check_config_offline(self):  # type: () -> None
        """The same for a firewalld that is not running. Raises FirewallError."""
        self.require_loadable()
        self.run("firewall-offline-cmd", "--check-config")

    def set_support(self):  # type: () -> SetSupport
        """Where firewalld can hold sets at its next reload, or start."""
        version = self._version()
        programs = versions.Programs(self._runs_ipset(version), self._find("iptables") is not None)
        return versions.set_support(self._etc, version, programs)

    def _version(self):  # type: () -> str
        """Empty where nobody tells: then nothing is taken for granted."""
        try:
            return self.status().version or self.offline_version()
        except CommandError:
            return ""

    def _runs_ipset(self, version):  # type: (str) -> bool
        """Looked at anew each time: somebody may remove the program meanwhile."""
        if self._find("ipset") is None:
            return False
        if not versions.looks_for_ipset(version):
            return True
        try:
            # An old one that has missed the program once does not look for it again, until it is started anew.
            return bool(self._property("IPSet"))
        except NotAsked:
            return not self.status().running
        except CommandError:
            # It does not answer in time. Whoever goes back must not wait for it: what needs no set, it can load.
            return False

    def keeps_entries(self):  # type: () -> bool
        """Whether a reload keeps interfaces, entries of sets and direct rules that are in what runs only.

        It does on openSUSE and SLES, unless somebody has set it otherwise.
        """
        said = versions.keeps_entries(self._etc)
        if said is not None:
            return said
        try:
            arguments = [_NAME + ".config", "FlushAllOnReload"]
            (value,) = self.call("org.freedesktop.DBus.Properties", "Get", "ss", arguments, "/config", timeout=10)
        except (NotAsked, CommandError):
            return False
        return versions.is_off(str(value))

    def require_loadable(self, replaced=()):  # type: (Collection[str]) -> None
        """Raises CommandError where loading the files would leave the host without any rule.

        Without the program ipset, firewalld may find nothing wrong with files that use sets, fail to load them, and
        have flushed everything by then. *replaced*: files that will be others by then, such as ``policies/jsa-in.xml``.
        """
        version = self._version()
        if self._runs_ipset(version):
            return
        found = [path for path in versions.traps(self._etc, self._lib, version) if path not in replaced]
        if found:
            remedy = (
                "Restart firewalld: it was started without the program, and does not detect it later"
                if self._find("ipset")
                else "Install the package ipset, and restart firewalld"
            )
            raise CommandError(
                ["ipset"],
                None,
                "firewalld runs without this program, which it needs for sets. It would report no "
                "errors in %s, fail to load them, and leave the host without rules. %s" % (", ".join(found), remedy),
            )

    def reload(self):  # type: () -> None
        """Others' rules in iptables, which firewalld flushes at that, are put back whatever comes of it."""
        self.require_loadable()
        kept = self._read_iptables()
        try:
            self._reload()
        finally:
            self._put_back(kept)

    def lost_iptables(self):  # type: () -> List[str]
        """Of others' rules in iptables, what cannot be put back after a reload, in words."""
        kept = self._read_iptables()
        return [word for prefix, one in sorted(kept.items()) for word in native_rules.words_of_lost(prefix, one.native)]

    def _read_iptables(self):  # type: () -> Dict[str, _Kept]
        """Empty where firewalld itself filters with iptables: nobody can tell then what is whose."""
        kept = {}  # type: Dict[str, _Kept]
        if self.nft_table() is None:
            return kept
        for prefix in foreign_iptables.FAMILY_OF:
            try:
                text = self.run(prefix + "tables-save")
            except CommandError:
                # Without the program, or without the family in the kernel, there is nothing to lose.
                continue
            tables = read_tables(text)
            if any(rules for _chains, rules in tables.values()) or _INCOMPATIBLE in text:
                native = native_rules.read_native(self, prefix, tables)
                kept[prefix] = _Kept(native_rules.without(tables, native), native)
        return kept

    def _put_back(self, kept):  # type: (Dict[str, _Kept]) -> None
        if not kept:
            return
        try:
            direct = direct_places(
                *[self.call("direct", member)[0] for member in ("getAllChains", "getAllRules", "getAllPassthroughs")]
            )
        except (NotAsked, CommandError):
            direct = {}
        for prefix, one in kept.items():
            places = direct.get(foreign_iptables.FAMILY_OF[prefix], set())
            now = read_tables(self.run(prefix + "tables-save"))
            text = foreign_iptables.what_is_gone(one.tables, now, places)
            try:
                if text:
                    self._load_iptables(prefix, text)
            finally:
                native_rules.put_back(self, prefix, one.native, places)

    def _load_iptables(self, prefix, text):  # type: (str, str) -> None
        """Raises CommandError for what cannot be loaded, when all else is."""
        try:
            self.run(prefix + "tables-restore", "--noflush", "--wait", input=text)
            return
        except CommandError:
            pass
        problem = None
        for arguments in foreign_iptables.one_by_one(text):
            try:
                self.run(prefix + "tables", "--wait", *arguments)
            except CommandError as error:
                problem = error
        if problem is not None:
            raise problem

    def _reload(self):  # type: () -> None
        try:
            self.call("", "reload", timeout=_RELOAD)
            return
        except NotAsked:
            pass
        try:
            self.run("firewall-cmd", "--reload", timeout=_RELOAD)
        except CommandError as error:
            if _TOO_LONG not in str(error):
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
        try:
            return [one for one in json.loads(output)["nftables"] if isinstance(one, dict)]
        except (KeyError, RecursionError, TypeError, ValueError) as error:
            raise CommandError(["nft"], 0, "its answer cannot be read: %s" % error)

    def add_tables(self):  # type: () -> None
        """Empty ones that firewalld can delete, in place of those that somebody has taken away."""
        for family in _TABLE_FAMILIES:
            self.run("nft", "add", "table", family, "firewalld")

    def iptables(self, family):  # type: (str) -> Optional[str]
        """The filter table of a family as iptables-save prints it; None where the program is missing."""
        program = PREFIXES[family] + "tables-save"
        return None if self.program(program) is None else self.run(program, "-t", "filter")

    def ipsets(self):  # type: () -> str
        """All sets in the kernel as ``ipset save`` prints them. Raises CommandError."""
        return self.run("ipset", "save")

    def forget_sets(self, names):  # type: (Iterable[str]) -> None
        """Takes sets out of the kernel that firewalld has no hold of any more."""
        if not self.set_support().sources:
            kernel_sets.destroy(names)

    def change_entries(self, name, wanted, add, remove):
        # type: (str, Sequence[str], Sequence[str], Sequence[str]) -> None
        """Brings the running set to *wanted*. Raises CommandError where only a reload can."""
        few = len(add) + len(remove) <= _ONE_BY_ONE
        try:
            if not few or not self._change_one_by_one(name, add, remove):
                self.call("ipset", "setEntries", "sas", [name, list(wanted)], timeout=_RELOAD)
            return
        except NotAsked:
            pass
        # Removes first: what is added may lie within an entry that goes.
        for verb, entries in (("remove", remove), ("add", add)):
            if entries and few:
                self.run("firewall-cmd", "--ipset=" + name, *["--%s-entry=%s" % (verb, entry) for entry in entries])
            elif entries:
                with tempfile.NamedTemporaryFile("w", suffix=".txt") as stream:
                    stream.write("".join(entry + "\n" for entry in entries))
                    stream.flush()
                    self.run(
                        "firewall-cmd",
                        "--ipset=" + name,
                        "--%s-entries-from-file=%s" % (verb, stream.name),
                        timeout=_RELOAD,
                    )

    def _change_one_by_one(self, name, add, remove):  # type: (str, Sequence[str], Sequence[str]) -> bool
        """False where firewalld knows an entry under another spelling than the kernel's."""
        try:
            for entry in remove:
                self.call("ipset", "removeEntry", "ss", [name, entry])
            for entry in add:
                self.call("ipset", "addEntry", "ss", [name, entry])
        except CommandError:
            return False
        return True
