# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the stand-in says on the two ports where silence would not do: OpenMQ's port mapper and NTP.

Runs within the host, Python 3.6 and later, standard library only.
"""

import itertools
import struct

SECONDS_FROM_1900_TO_1970 = 2208988800


def port_map(ports, session, host):
    """A broker's table. JMX hides its port in an URL and announces 0, as real brokers do."""
    home = "imqvarhome=/opt/openmq/mq/var,imqhome=/opt/openmq/mq"
    lines = [
        "101 imqbroker 4.4 Update 1",
        "portmapper tcp PORTMAPPER 7676 [%s,sessionid=%d]" % (home, session),
        "cluster_discovery tcp CLUSTER_DISCOVERY %d" % ports["cluster_discovery"],
        "jmxrmi rmi JMX 0 [url=service:jmx:rmi://%s/stub/rO0ABXNyAC5qYXZheA==]" % host,
        "admin tcp ADMIN %d" % ports["admin"],
        "jms tcp NORMAL 7677",
        "cluster tcp CLUSTER %d" % ports["cluster"],
        ".",
    ]
    return ("\n".join(lines) + "\n").encode("ascii")


def _by_the_byte(table):
    return [table[index : index + 1] for index in range(len(table))]


#: How a port mapper can misbehave: its table to what it sends, piece by piece. None: the connection stays, silent.
MANNERS = {
    "normal": lambda table: [table],
    "garbage": lambda table: [b"\x16\x03\x01\x02\x00" + bytes(range(256))],
    "slowly": _by_the_byte,
    "forever": lambda table: itertools.chain([table[:-2]], itertools.repeat(b"more tcp NORMAL 40000\n" * 200)),
    "silently": None,
    "without_dot": lambda table: [table[:-2]],
    "cut_off": lambda table: [table[: table.index(b" CLUSTER ") + len(b" CLUSTER ") + 3]],
    "other_version": lambda table: [b"102" + table[3:]],
    "nothing": lambda table: [],
}


def ntp_answer(question, now):
    """What a server of stratum 2 says to a client's packet; nothing to anything else."""
    if len(question) < 48 or question[0] & 7 != 3:
        return None
    version = question[0] & 0x38
    stamp = struct.pack("!II", int(now) + SECONDS_FROM_1900_TO_1970, int(now % 1 * 2**32))
    header = struct.pack("!BBbbII4s", version | 4, 2, question[2] & 0x7F, -20, 0, 0, b"\x7f\x7f\x01\x01")
    return header + stamp + question[40:48] + stamp + stamp
