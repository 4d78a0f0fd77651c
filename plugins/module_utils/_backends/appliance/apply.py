# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verbs on an appliance: read, decide, apply, prove, restore. Runs on Python 3.6.

What is wanted, committed or found is a mapping: name of a file of the product -> our lines in it.
"""

import re

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.files import Files
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.parse import (
    Line,
    read_rules,
    running_rules,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.placing import before_ours, files_rules
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.product import Product
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.render import POST, PRE
from ansible_collections.jsa.ports.plugins.module_utils._errors import ApplyError, FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._families import FAMILIES, IPV4, LABELS, PREFIXES

Bodies = Dict[str, str]

_PLAIN = re.compile(r"[ -~]*\Z")


class Host(object):
    """An appliance: its files, its programs, and the families that rules can be written for."""

    def __init__(self, product, files):  # type: (Product, Files) -> None
        self.product = product
        self.files = files
        #: The product's guides name files for IPv4 only. Those for IPv6 are used where they are there.
        self.families = [family for family in FAMILIES if family == IPV4 or files.text(PRE[family]) is not None]
        self.names = [names[family] for family in self.families for names in (PRE, POST)]

    def live(self, family):  # type: (str) -> Optional[str]
        """The running rules of a family as iptables-save prints them, None if the program is missing."""
        return self.product.rules(family)


class Situation(NamedTuple):
    """One read of the host."""

    bodies: Bodies
    #: Family -> what the kernel has.
    live: Dict[str, str]
    #: What the product has generated.
    generated: Dict[str, str]


class Changes(NamedTuple):
    create: List[str]
    change: List[str]
    delete: List[str]
    #: Why the update program has to run although the files are right.
    reasons: List[str]

    def any(self):  # type: () -> bool
        """Whether anything has to change, in the files or in the kernel."""
        return bool(self.create or self.change or self.delete or self.reasons)

    def files(self):  # type: () -> bool
        """Whether a file has to change."""
        return bool(self.create or self.change or self.delete)


def read(host):  # type: (Host) -> Situation
    """One read of files and kernel. Raises FirewallError if the running rules cannot be read."""
    live = {}
    for family in host.families:
        text = host.live(family)
        if text is None:
            raise FirewallError(
                "%s cannot be verified on this appliance: it has no %stables-save. Nothing was written"
                % (LABELS[family], PREFIXES[family])
            )
        live[family] = text
    return Situation(host.files.bodies(host.names), live, host.files.generated_texts())


def decide(host, situation, wanted):  # type: (Host, Situation, Bodies) -> Changes
    """What has to change so that the host is as *wanted*. Changes nothing."""
    found = situation.bodies
    return Changes(
        create=sorted(name for name in wanted if name not in found),
        change=sorted(name for name in wanted if name in found and found[name] != wanted[name]),
        delete=sorted(name for name in found if name not in wanted),
        reasons=compare(host, wanted, situation),
    )


def compare(host, wanted, situation):  # type: (Host, Bodies, Situation) -> List[str]
    """How what runs, or what is loaded at the next start, differs from *wanted*."""
    found = []
    for family in host.families:
        found += compare_live(wanted, family, situation.live[family])
        path = host.files.generated[family]
        if path in situation.generated and _ours(situation.generated[path]) != _lines(wanted, family):
            found.append("%s, which is loaded at the next start, has different jsa.ports rules" % path)
    return found


def _lines(bodies, family):  # type: (Bodies, str) -> List[Any]
    """The forms of our rules in the order that they have in the kernel."""
    return [line.form for line in written(bodies, family)]


def written(bodies, family, names=(PRE, POST)):  # type: (Bodies, str, Sequence[Dict[str, str]]) -> List[Line]
    """Our rules in *bodies*. A line that somebody else has put into our block is not looked for in the kernel."""
    text = "".join(bodies.get(one[family], "") for one in names)
    return [line for line in read_rules(text) if line.ours]


def _ours(text):  # type: (str) -> List[Any]
    return [line.form for line in read_rules(text) if line.ours]


def compare_live(wanted, family, text):  # type: (Bodies, str, str) -> List[str]
    """Nothing in the answer is the proof that the rules hold, in their order."""
    label = LABELS[family]
    needed = written(wanted, family)
    rules = running_rules(text)
    running = [line for line in rules if line.ours]
    need, have = [line.form for line in needed], [line.form for line in running]
    if need == have:
        return interrupted(wanted, family, rules)
    missing = [line.text for line in needed if line.form not in have]
    extra = [line.text for line in running if line.form not in need]
    found = ["%s: %s: is missing" % (label, line) for line in missing]
    found += ["%s: %s: is unexpected" % (label, line) for line in extra]
    return found or ["%s: the rules are loaded in another order, or more than once" % label]


def interrupted(wanted, family, rules):  # type: (Bodies, str, List[Line]) -> List[str]
    """A rule of somebody else's between ours decides before those behind it."""
    count = len(written(wanted, family, (PRE,)))
    ours = [index for index, line in enumerate(rules) if line.ours][:count]
    if not ours:
        return []
    return [
        "%s: a rule that is not from jsa.ports is among its rules: %s" % (LABELS[family], rules[index].text)
        for index in range(ours[0], ours[-1])
        if not rules[index].ours
    ]


def load(host, situation, wanted):  # type: (Host, Situation, Bodies) -> Dict[str, str]
    """Writes, runs the product's program and proves; or restores, and raises ApplyError. What was generated."""
    try:
        host.files.sweep(host.names)
        host.files.write_bodies(host.names, wanted)
        host.product.update()
        differences = compare(host, wanted, read(host))
        if differences:
            raise FirewallError(
                "%s reported success, but the running rules are not as requested: %s"
                % (host.product.update_program, "; ".join(differences))
            )
        return host.files.generated_texts()
    except Exception as error:
        raise failure(error, host, situation)
    except BaseException:
        go_back(host, situation.bodies, situation.generated)
        raise


def stage(host, situation, wanted):  # type: (Host, Situation, Bodies) -> Dict[str, str]
    """As ``load``, but afterwards all files are the earlier ones again, those that the product generates as well: a
    start of the machine loads them.
    """
    generated = load(host, situation, wanted)
    try:
        host.files.write_bodies(host.names, situation.bodies)
        host.files.write(dict(situation.generated))
    except FirewallError as error:
        raise failure(error, host, situation)
    return generated


def failure(error, host, situation):  # type: (Exception, Host, Situation) -> ApplyError
    """The error to raise after *error*: the earlier rules are restored first, and it says whether that succeeded."""
    text = str(error).rstrip(".")
    try:
        note = go_back(host, situation.bodies, situation.generated)
    except (FirewallError, IOError, OSError) as problem:
        return ApplyError("%s. Restoring the earlier rules failed as well: %s" % (text, problem), False)
    return ApplyError("%s. The earlier rules were restored and verified%s" % (text, note), True)


def go_back(host, bodies, generated):  # type: (Host, Bodies, Dict[str, str]) -> str
    """Files and kernel back to *bodies*, whatever they are now, proven. Raises FirewallError.

    The product's program is asked first. Where it cannot do it, our rules, and no others, are changed in the kernel.
    """
    problems = []  # type: List[str]
    note = ""
    try:
        host.product.quiet()
        host.files.sweep(host.names)
        host.files.write_bodies(host.names, bodies)
        if not compare(host, bodies, read(host)):
            return note
        host.product.update()
    except Exception as error:  # pylint: disable=broad-except
        # Whatever it is: the kernel can be changed without the product.
        problems.append(str(error) or repr(error))
    for family in host.families:
        if compare_live(bodies, family, host.live(family) or ""):
            repair(host, family, bodies)
            note = ", in the kernel only, without the product's program"
    for family in host.families:
        path = host.files.generated[family]
        text = host.files.text(path)
        if path in generated and text != generated[path] and _ours(text or "") != _lines(bodies, family):
            host.files.write({path: generated[path]})
    host.files.write_bodies(host.names, bodies)
    differences = compare(host, bodies, read(host))
    if differences:
        raise FirewallError("; ".join(problems + differences))
    return note


def repair(host, family, bodies):  # type: (Host, str, Bodies) -> None
    """Puts our rules into the kernel where ours are now, else where the product would have put them."""
    rules = running_rules(host.live(family) or "")
    ours = [index for index, line in enumerate(rules) if line.ours]
    place = ours[0] if ours else min(_count_ahead(host, family, bodies), len(rules))
    # By their text, for others may change rules meanwhile; by number what iptables-restore could not read back.
    odd = [index for index in ours if not _PLAIN.match(rules[index].text)]
    commands = ["-D INPUT %d" % (index + 1) for index in reversed(odd)]
    commands += ["-D" + rules[index].text[2:] for index in ours if index not in odd]
    for number, line in enumerate(written(bodies, family, (PRE,))):
        commands.append("-I INPUT %d%s" % (place + number + 1, line.text[len("-A INPUT") :]))
    commands += [line.text for line in written(bodies, family, (POST,))]
    host.product.change_rules(family, commands)


def _count_ahead(host, family, bodies):  # type: (Host, str, Bodies) -> int
    return len(before_ours([one.line for one in files_rules(host.files, bodies, family)]))


def object_actions(changes):  # type: (Changes) -> Dict[str, Any]
    """The changes in the form that the module returns as ``actions``."""
    return {"created": changes.create, "changed": changes.change, "removed": changes.delete, "entries": {}}
