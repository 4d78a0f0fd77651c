# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  backend:
    description:
      - The firewall of the host.
      - V(auto) detects whether the host is a JSA appliance, which has C(/opt/qradar/bin/iptables_update.pl) or
        C(/opt/qradar/bin/myver). On an appliance, the backend is V(appliance), otherwise V(firewalld).
      - V(firewalld) fails on an appliance, because starting firewalld drops the product's own rules. V(appliance) fails
        on all other hosts.
    type: str
    choices: [auto, firewalld, appliance]
    default: auto
  rules:
    description:
      - The rules of the host, as M(jsa.ports.plan) returns them in C(plan.hosts).
      - C(inbound) (required) lists what to accept. Each item has C(protocol) (V(tcp), V(udp) or V(icmp)), C(ports) (one
        port or a range such as V(32000-33999); absent for ICMP) and C(sources) (CIDRs; V(0.0.0.0/0) and V(::/0) for
        any source). It may have C(why) (IDs of catalog entries) and C(source_classes) (stable names for the sources;
        rules with the same names share address sets).
      - C(refused) (required) lists the ports on which to reject all sources that C(inbound) does not accept. Each item
        has C(protocol) (V(tcp) or V(udp)) and C(ports), and may have C(why).
      - C(outbound) lists what the host may contact. The items are like those of C(inbound), but have C(destinations)
        and C(destination_classes). All other outbound traffic is rejected, except established connections, loopback,
        ICMP, DHCP, TCP to the management addresses, and DNS (port 53). To restrict DNS to certain name servers, add an
        item for port 53. Traffic that the host forwards for the bridge of a container engine is not affected. Without
        C(outbound), outbound traffic is not restricted.
      - C(internal) lists ports that no host outside of the deployment needs, in the format of C(refused). It does not
        change the firewall. RV(openings) returns where the site's own zones and policies open one of these ports.
      - C(unlisted) defines what happens to packets that neither C(inbound) nor C(refused) lists. With V(zone), the
        default, the site's zones decide, or on an appliance the product's own rules. V(reject) and V(drop) reject or
        drop them, except ICMP, DHCP replies (68/udp, and 546/udp from link-local addresses), established connections
        and loopback. On an appliance, this applies only to packets that the product's own rules do not accept.
      - C(management_addresses) lists CIDRs that are always accepted on the host's SSH port, in addition to the address
        from which the run connects.
      - The other keys of a plan's host are accepted and ignored. Any other key is an error.
    type: dict
  keep_controllers:
    description:
      - Number of controller addresses that stay accepted on the SSH port. They are the address of this run and those of
        the latest runs that changed the rules. An administrator who connects through a bastion one day and directly the
        next keeps access both ways.
      - V(1) accepts only the address of this run, and removes the earlier ones.
    type: int
    default: 3
  respect_denials:
    description:
      - Whether to leave out of the accepted packets what the site denies in firewalld by rich rules that reject or
        drop, by sources that are bound to a zone that rejects or drops, and by policies. Otherwise, the rules of the
        plan are evaluated first, so a denied address is accepted on the ports of the plan. A warning names each denial
        that has no effect.
      - The denials in firewalld's files are left out. Denials that were added at run time only, that deny everyone, or
        that are not made of addresses, protocols, and ports (MAC addresses, source ports, limits, ICMP types) are not.
        A warning names them.
      - The management addresses and the controllers stay accepted on the SSH port.
      - The default is V(false) because it costs reloads. A denial for other ports than before requires a reload, which
        discards the run-time changes of others, such as the bans of fail2ban. Addresses that are added to a denial
        require none.
      - Not used on an appliance, where the site's own rules in C(iptables.pre) are evaluated first.
    type: bool
    default: false
  refuse:
    description:
      - V(enforce) rejects what the rules do not accept.
      - V(log) is for a trial. The rules accept, and reject nothing. What they would reject is left to the site's own
        rules, as without this collection, so a port that the site keeps closed stays closed. This also applies to
        C(unlisted) and C(outbound).
      - With V(log), the table C(inet jsa_ports_staged) of nftables records what was accepted and would be rejected.
        M(jsa.ports.traffic) returns it. Without nft, nothing is recorded, and a warning says so. A restart of the host
        removes the table, and the next run creates it again.
      - Each run with V(log) warns that the host is not enforced. A change from V(enforce) to V(log) warns of the ports
        that are no longer rejected.
    type: str
    choices: [enforce, log]
    default: enforce
  ssh_port:
    description:
      - The host's SSH port for the management addresses. Defaults to the port of this run's SSH connection, or to V(22)
        if there is none.
    type: int
"""
