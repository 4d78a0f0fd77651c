# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verbs on one host: read, decide, apply, prove, restore. Runs on Python 3.6.

Each is a function of values that can be printed. ``apply`` is built of ``write``, ``load`` and ``prove``, so that a
candidate can also be loaded without staying in the files.
"""

import os

from typing import Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import Wanted
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.chains import Runtime
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import (
    Client,
    CommandError,
    Status,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.defense import Defense
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.diff import (
    EntryChange,
    RuntimeDifference,
    compare_runtime,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import (
    FileChanges,
    PermanentFiles,
    compare_files,
    my_texts,
    ruleset_of,
    ruleset_of_texts,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.inline_sets import fitted_texts
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.kept_entries import reload
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.parse import ObjectFile
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.render import IPSETS
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.runtime import read_runtime
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.versions import parse_version
from ansible_collections.jsa.ports.plugins.module_utils._errors import ApplyError
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import FirewalldError, Ruleset

OLDEST = (0, 9, 0)


class Situation(NamedTuple):
    """One read of the host."""

    found: Dict[str, ObjectFile]
    #: What our files say.
    files: Ruleset
    #: None when firewalld does not run.
    runtime: Optional[Runtime]


class Changes(NamedTuple):
    """What a run does, or would do."""

    files: FileChanges
    #: Running set -> entries, where nothing but entries differs.
    entries: Dict[str, EntryChange]
    #: Why a reload is needed; empty where it is not.
    reload: Tuple[str, ...]
    #: Where what runs differs although the files are right.
    drift: Tuple[str, ...]
    #: Whether a reload may come where the daemon turns out not to do without.
    may_reload: bool = True

    def any(self):  # type: () -> bool
        """Whether anything has to change."""
        return bool(self.files.any() or self.entries or self.reload)


def require_firewalld(client, offline, etc_systemd=("/etc/systemd/system", "/run/systemd/system"), known=None):
    # type: (Client, bool, Tuple[str, ...], Optional[Status]) -> Status
    """The state of a firewalld that can be worked with. Raises FirewalldError that says what to do.

    *known*: the state, if it has been asked for.
    """
    if client.program("firewall-cmd") is None and client.program("firewall-offline-cmd") is None:
        raise FirewalldError(
            "firewalld is not installed on this host: install the package firewalld and start the "
            "service. Do not do this on a JSA appliance: its own iptables rules and firewalld exclude each other"
        )
    status = known or client.status()
    if status.silent:
        raise FirewalldError(
            "firewalld is there, but does not answer (%s). Nothing was written. Find out what holds it up, or restart "
            "it: systemctl restart firewalld" % status.reason
        )
    if not status.running:
        if _masked(etc_systemd):
            raise FirewalldError(
                "firewalld is masked on this host, so it cannot be started. "
                "To allow it: systemctl unmask firewalld && systemctl enable --now firewalld"
            )
        if not offline:
            raise FirewalldError(
                "firewalld is installed, but is not running (%s): systemctl enable --now firewalld, or "
                "set jsa_firewall_offline: true to write the permanent files only" % status.reason
            )
        status = status._replace(version=client.offline_version())
    if parse_version(status.version) < OLDEST:
        raise FirewalldError(
            "firewalld %s does not support policies: version 0.9.0 or later is required" % status.version
        )
    return status


def _masked(folders):  # type: (Tuple[str, ...]) -> bool
    return any(os.path.realpath(os.path.join(folder, "firewalld.service")) == "/dev/null" for folder in folders)


def read(client, files, running):  # type: (Client, PermanentFiles, bool) -> Situation
    """One read of our files and, if firewalld is *running*, of the kernel's rules."""
    found = files.read()
    return Situation(found, ruleset_of(found), read_runtime(client) if running else None)


def decide(files, situation, target):  # type: (PermanentFiles, Situation, Wanted) -> Changes
    """What has to happen so that files and runtime are as *target*. Raises FirewalldError for a name that is taken."""
    texts, wanted = target
    taken = files.conflicts(situation.found, texts)
    if taken:
        raise FirewalldError(
            "the site has objects of its own with names that jsa.ports needs: %s. Nothing was "
            "written: rename them" % ", ".join(taken)
        )
    changes = compare_files(situation.found, texts)
    difference = RuntimeDifference((), {})
    if situation.runtime is not None:
        difference = compare_runtime(wanted, situation.runtime)
    reasons = difference.structure
    if situation.runtime is not None and not reasons:
        # An unused set does no harm, but "absent" means every trace.
        reasons = tuple(
            "set %s is no longer needed" % name
            for name in sorted(situation.files.sets)
            if name not in wanted.sets and name in situation.runtime.sets
        )
    return Changes(
        files=changes,
        entries={} if reasons else difference.entries,
        reload=reasons,
        drift=() if changes.any() else tuple(difference.words()),
    )


def load(client, situation, wanted, changes, defense=None):
    # type: (Client, Situation, Ruleset, Changes, Optional[Defense]) -> bool
    """Brings what is in the files into what runs. True when that took a reload. *defense*: not for the way back."""
    if not changes.reload:
        try:
            for name, change in sorted(changes.entries.items()):
                client.change_entries(name, wanted.sets[name].entries, change.add, change.remove)
            return False
        except CommandError:
            if not changes.may_reload:
                raise
            # Somebody else changed the set in between; a reload takes it from the file.
    if defense is not None:
        defense.keep()
    try:
        reload(client, wanted)
    except CommandError:
        if situation.runtime is None or situation.runtime.alive:
            raise
        _reload_after_a_flush(client)
    _forget(client, situation, wanted)
    return True


def _reload_after_a_flush(client):  # type: (Client) -> None
    """Somebody flushed the rules: firewalld fails to delete its tables, and knows from then on that they are gone.

    0.9 does not learn that, unless it has sets to load.
    """
    try:
        client.reload()
    except CommandError:
        client.add_tables()
        client.reload()


def _forget(client, situation, loaded):  # type: (Client, Situation, Ruleset) -> None
    left = [name for name in situation.files.sets if name not in loaded.sets]
    if left:
        client.forget_sets(left)


def prove(client, wanted):  # type: (Client, Ruleset) -> RuntimeDifference
    """Looks at the kernel again. Nothing in the answer: what runs is what was asked."""
    return compare_runtime(wanted, read_runtime(client))


def apply(client, files, situation, wanted, changes, defense=None):
    # type: (Client, PermanentFiles, Situation, Ruleset, Changes, Optional[Defense]) -> bool
    """Writes, checks, loads and proves; or restores, and raises ApplyError. True when firewalld was reloaded."""
    touched = False
    try:
        files.write(changes.files)
        if situation.runtime is None:
            if changes.files.any():
                client.check_config_offline()
            return False
        if _needs_check(changes):
            client.check_config()
        elif changes.reload:
            client.require_loadable()
        touched = bool(changes.reload or changes.entries)
        reloaded = load(client, situation, wanted, changes, defense)
        difference = prove(client, wanted)
        if difference.any() and not reloaded and changes.may_reload:
            if defense is not None:
                defense.keep()
            # firewalld can know an entry by another spelling than the kernel's, and then leaves it where it is.
            reload(client, wanted)
            reloaded = True
            difference = prove(client, wanted)
        if difference.any():
            raise FirewalldError(
                "firewalld reported success, but the running rules are not as requested: %s"
                % "; ".join(difference.words())
            )
        if defense is not None and reloaded:
            defense.proven()
        return reloaded
    except Exception as error:
        raise failure(error, _restore(client, files, situation, changes, touched, defense))
    except BaseException:
        _restore(client, files, situation, changes, touched, defense)
        raise


def _restore(client, files, situation, changes, touched, defense):
    # type: (Client, PermanentFiles, Situation, Changes, bool, Optional[Defense]) -> Restored
    """As ``restore``; where that fails, the kernel's earlier rules without firewalld."""
    if defense is not None and touched:
        defense.cover()
    try:
        restored = restore(client, files, situation, changes, touched)
    except Exception as error:  # pylint: disable=broad-except
        restored = Restored(False, "Restoring the earlier rules failed as well: %s" % (error or repr(error)))
    if defense is None or not touched:
        return restored
    if restored.done:
        defense.proven()
        return restored
    words = defense.fall_back(restored.words)
    # Not done: whoever goes back later tries firewalld again.
    return Restored(False, "%s. %s" % (restored.words, words)) if words else restored


def stage(client, files, situation, wanted, changes, defense=None):
    # type: (Client, PermanentFiles, Situation, Ruleset, Changes, Optional[Defense]) -> bool
    """As ``apply``, but afterwards the files are the earlier ones again, and only what runs is as *wanted*.

    Files with sets that firewalld cannot load any more name addresses then: a host that starts anew needs its rules.
    """
    reloaded = apply(client, files, situation, wanted, changes, defense)
    try:
        files.write(compare_files(files.read(), fitted_texts(client, my_texts(situation.found))))
    except FirewalldError as error:
        raise failure(error, _restore(client, files, situation, changes, True, defense))
    return reloaded


class Restored(NamedTuple):
    done: bool
    words: str


def failure(error, restored):  # type: (Exception, Restored) -> ApplyError
    """The error to raise after *error*, with what restoring the earlier rules came to."""
    return ApplyError("%s. %s" % (str(error).rstrip("."), restored.words), restored.done)


def _needs_check(changes):  # type: (Changes) -> bool
    """Where only peers come and go, firewalld judges each entry as it takes it into what runs."""
    written = list(changes.files.create) + list(changes.files.change)
    only_entries = changes.entries and not changes.reload and all(path.startswith(IPSETS) for path in written)
    return bool(written) and not only_entries


def restore(client, files, situation, changes, touched):
    # type: (Client, PermanentFiles, Situation, Changes, bool) -> Restored
    """Puts the earlier files back and, where the runtime was *touched*, loads and proves them. Says how that went."""
    earlier = my_texts(situation.found)
    try:
        if touched:
            earlier = fitted_texts(client, earlier)
        # From whatever the files are now, a half-done write included.
        files.write(compare_files(files.read(), earlier))
        if not touched:
            return Restored(
                True,
                "The earlier files were restored, the running rules were not changed" + _whose_fault(client, situation),
            )
        loaded = ruleset_of_texts(earlier)
        reload(client, loaded)
        _forget(client, situation, loaded)
        difference = prove(client, loaded)
    except (FirewalldError, IOError, OSError) as error:
        return Restored(False, "Restoring the earlier rules failed as well: %s" % error)
    if difference.any():
        return Restored(
            False,
            "The earlier files were restored and loaded, but the running rules differ from them: %s"
            % "; ".join(difference.words()),
        )
    return Restored(True, "The earlier rules were restored and verified")


def _whose_fault(client, situation):  # type: (Client, Situation) -> str
    try:
        if situation.runtime is None:
            client.check_config_offline()
        else:
            client.check_config()
    except CommandError:
        return ". The site's own configuration does not pass that check either: repair it first"
    return ""


def object_actions(changes):  # type: (Changes) -> Dict[str, List[str]]
    """Names of the policies and sets whose files are created, changed and removed."""

    def names(paths):  # type: (List[str]) -> List[str]
        return sorted(os.path.basename(path)[: -len(".xml")] for path in paths)

    return {
        "created": names(list(changes.files.create)),
        "changed": names(list(changes.files.change)),
        "removed": names(changes.files.delete),
    }
