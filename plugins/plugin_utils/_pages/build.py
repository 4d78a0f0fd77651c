# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts the page together from a plan, and from results of checks, an earlier plan and recorded traffic, if any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry
from ansible_collections.jsa.ports.plugins.plugin_utils._check.result import CheckResult
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.named import named_flows
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.checked import since_section, verdicts_section
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.flows import Rule, Rules, tallies_by_listener
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.hosts import (
    dynamic_rows,
    host_rows,
    outbound_rows,
    refused_groups,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.marks import MARKS, tally
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.matrix import matrix
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.mermaid import mermaid
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.model import Differences, Fact, Learned, Page
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.people import PeerSets, People
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.picture import picture
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.reasons import Reasons
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.zones import Zones
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import PROTOCOLS

#: Ids of the sections that each page has, with their titles.
_ALWAYS = (("summary", "Summary"), ("matrix", "Who contacts whom"), ("flows", "Flows"))


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What a page is made from."""

    plan: Plan
    #: Of the catalog and of the site, by id.
    entries: Mapping[str, Entry]
    #: The last check, and the name of its file.
    check: CheckResult | None = None
    check_name: str = ""
    #: An earlier one.
    baseline: CheckResult | None = None
    baseline_name: str = ""
    differences: Differences | None = None
    learned: Learned | None = None
    #: Name to CIDRs.
    zones: Mapping[str, Sequence[str]] = field(default_factory=dict)
    title: str = "JSA ports"


def page(sources: Sources) -> Page:
    """Everything that the page shows. Raises InputError."""
    plan = sources.plan
    people = People.of(plan.hosts)
    rules = Rules(people, named_flows(plan))
    check = sources.check
    verdicts: tuple[Verdict, ...] = () if check is None else check.verdicts
    rules.take(verdicts)
    sets = PeerSets(people, ((rule.listener, rule.peers) for rule in rules.all))
    zone_of = Zones(sources.zones).of_hosts(plan.hosts)
    reasons = Reasons(sources.entries)
    flows = rules.rows(sets, reasons.services)
    dynamic, outbound = dynamic_rows(plan.hosts), outbound_rows(plan.hosts)
    checked = {} if check is None else check.hosts
    since = None
    if check is not None and sources.baseline is not None:
        since = since_section(sources.baseline, check, sources.baseline_name, people)
    sections = {
        "changes": ("Since the baseline", since),
        "check": ("Last check", check),
        "differences": ("Since the earlier plan", sources.differences),
        "learned": ("Recorded traffic", sources.learned),
        "outbound": ("Outbound traffic", outbound),
        "dynamic": ("Dynamic ports", dynamic),
    }
    there = [(key, title) for key, (title, content) in sections.items() if content is not None and content != ()]
    return Page(
        title=sources.title,
        facts=tuple(_facts(plan, people, rules.all, check)),
        warnings=plan.warnings,
        choices=plan.choices,
        marks=tuple(MARKS.values()),
        matrix=matrix(people, rules.all, verdicts),
        flows=flows,
        total_flows=sum(row.flows for row in flows),
        peers=sets.listed(),
        initiators=(*people.hosts.values(), *people.networks.values()),
        listeners=tuple(people.hosts.values()),
        groups=tuple(people.groups if people.networks else people.groups[:-1]),
        protocols=tuple(protocol for protocol in PROTOCOLS if any(row.protocol == protocol for row in flows)),
        entries=reasons.rows(_ids(plan)),
        hosts=host_rows(plan.hosts, people, zone_of, tallies_by_listener(verdicts), checked),
        refused=refused_groups(plan.hosts),
        dynamic=dynamic,
        outbound=outbound,
        picture=picture(people, rules.all, zone_of),
        mermaid=mermaid(people, rules.all, zone_of),
        verdicts=None if check is None else verdicts_section(check, sources.check_name, people, plan.hosts),
        since=since,
        differences=sources.differences,
        learned=sources.learned,
        sections=(
            *_ALWAYS,
            *there,
            ("refused", "Refused ports"),
            ("hosts", "Hosts"),
            ("topology", "Topology"),
            ("reasons", "Why"),
        ),
    )


def _facts(plan: Plan, people: People, rules: Sequence[Rule], check: CheckResult | None) -> Iterator[Fact]:
    counts = Counter(choice.group for choice in people.hosts.values())
    roles = ", ".join(f"{group.name} ({counts[group.key]:,})" for group in people.groups if counts[group.key])
    yield Fact("Hosts", f"{len(plan.hosts):,}: {roles}")
    hosts = set(people.hosts.values())
    within = sum(len(hosts & rule.peers.keys()) for rule in rules)
    outside = sum(len(rule.peers) for rule in rules) - within
    yield Fact("Flows", f"{within:,} between hosts, {outside:,} from networks outside of the deployment")
    yield Fact("Rules", f"{len(rules):,}")
    yield Fact("Release", plan.release or "not set, so the newest")
    yield Fact("Data ports", plan.data_ports)
    if plan.confidences:
        yield Fact("Confidence", ", ".join(plan.confidences))
    if check is None:
        yield Fact("Last check", "none in this report")
        return
    found = tally(item.verdict for item in check.verdicts)
    yield Fact("Last check", found.text if found else "no flow was checked", found.mark if found else None)
    alarms = [name for name, host in check.hosts.items() if host.firewall_alarms]
    if alarms:
        yield Fact("Without a working firewall", ", ".join(alarms), MARKS["host_firewall"])
    drifted = sum(host.firewall_as_planned is False for host in check.hosts.values())
    if drifted:
        yield Fact("Firewall differs from the plan", f"{drifted:,} {'host' if drifted == 1 else 'hosts'}")


def _ids(plan: Plan) -> Iterable[str]:
    found: dict[str, None] = {}
    for host in plan.hosts.values():
        reasons = [rule.why for rule in host.inbound]
        reasons += [rule.why for rule in host.outbound or ()]
        reasons += [rule.why for rule in host.refused]
        found.update((one, None) for why in reasons for one in why)
        found.update((item.id, None) for item in host.dynamic)
    return found
