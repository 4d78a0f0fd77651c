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
      - V(auto) finds out whether the host is a JSA appliance, by C(/opt/qradar/bin/iptables_update.pl) or
        C(/opt/qradar/bin/myver). If it is, the backend is V(appliance), else V(firewalld).
      - V(firewalld) fails on an appliance, where starting it drops the product's own rules. V(appliance) fails
        everywhere else.
    type: str
    choices: [auto, firewalld, appliance]
    default: auto
  rules:
    description:
      - The rules of the host, as M(jsa.ports.plan) returns them in C(plan.hosts), all in one value.
      - C(inbound) (required) says what to accept. Each item has C(protocol) (V(tcp), V(udp) or V(icmp)), C(ports) (one
        port or a range such as V(32000-33999); absent for ICMP) and C(sources) (CIDRs; V(0.0.0.0/0) and V(::/0) for
        anyone). It may have C(why) (names of catalog entries) and C(source_classes) (stable names for the sources;
        rules with the same ones share address sets).
      - C(refused) (required) says on which ports to refuse everyone that C(inbound) does not accept. Each item has
        C(protocol) (V(tcp) or V(udp)) and C(ports), and may have C(why).
      - C(outbound) says what the host may contact. Each item is as in C(inbound), but with C(destinations) and
        C(destination_classes). Everything else that leaves the host is refused. Answers on established connections,
        loopback, ICMP, DHCP, TCP to the management addresses, and questions to name servers (53) are always possible;
        an item for port 53 itself says which name servers. What a container's bridge forwards does not leave the host
        in this sense. Without C(outbound), the host may contact anyone.
      - C(internal) names ports that nobody outside of the deployment contacts, in the form of C(refused). Nothing is
        done about them; RV(openings) says where the site's own zones open one of them.
      - C(unlisted) says what becomes of packets that neither C(inbound) nor C(refused) names. V(zone), the default,
        leaves them to the site's zones, on an appliance to the product's own rules. V(reject) and V(drop) end them, but
        for ICMP, answers to DHCP requests (68/udp, and 546/udp from link-local addresses), established connections and
        loopback; on an appliance only what the product's own rules have not accepted.
      - C(management_addresses) are CIDRs that always reach the host's SSH port, besides the address of the connection
        that the run comes through.
      - The other keys of a plan's host are allowed and not used. Any other key is an error.
    type: dict
  keep_controllers:
    description:
      - From how many different addresses, that of this run included, runs that changed the rules stay accepted on the
        SSH port. Who comes through a bastion today and directly tomorrow keeps both ways in.
      - V(1) accepts the address of this run alone, and removes the earlier ones.
    type: int
    default: 3
  ssh_port:
    description:
      - The host's SSH port for the management addresses. The port of the connection that this run comes through if not
        set, V(22) if there is none.
    type: int
"""
