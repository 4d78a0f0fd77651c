# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of both documents, typed from the documents and not from the catalog.

One line is one row: ports, then protocols, both as printed. "dynamic" stands for ports that the row leaves open, "-"
for an empty cell.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    ports: tuple[str, ...]
    protocols: tuple[str, ...]


ADMINISTRATION_GUIDE = """
22                  tcp
25                  tcp
111 dynamic         tcp/udp
123                 udp
135 dynamic         tcp
137                 udp
138                 udp
139                 tcp
162                 udp
199                 tcp
443                 tcp
445                 tcp
514                 udp/tcp
762                 tcp/udp
1514                tcp/udp
2049                tcp
2055                udp
2376                tcp
3389                tcp/udp
4333                tcp
5000                tcp
5432                tcp
6514                tcp
7676 7677 dynamic   tcp
5791 7700 7777 7778 7779 7780 7781 7782 7783 7787 7788 7790 7791 7792 7793 7794 7795 7799 8989 8990   tcp
7789                tcp/udp
7800                tcp
7801                tcp
7803                tcp
7804                tcp
7805                tcp
8000                tcp
8001                tcp
8005                tcp
8009                tcp
8080                tcp
8082                tcp
8413                tcp
8844                tcp
9000                tcp
9090                tcp
9381                tcp
9381                tcp
9393 9394           tcp
9913 dynamic        tcp
9995                udp
9999                tcp
10000               tcp/udp
10101 10102         tcp
12500               tcp
14433               tcp
15432               -
15433               tcp
20000-23000         tcp
23111               tcp
26000               tcp
26001               tcp
32000               tcp
32004               tcp
32005               tcp
32006               tcp
32007               tcp
32009               tcp
32010               tcp
32011               tcp
32000-33999         tcp
40799               udp
-                   icmp
"""

INSTALLATION_GUIDE = """
22                  tcp
25                  tcp
111 dynamic         tcp/udp
123                 udp
135 dynamic         tcp
137                 udp
138                 udp
139                 tcp
162                 udp
199                 tcp
443                 tcp
445                 tcp
514                 udp/tcp
762                 tcp/udp
1514                tcp/udp
2049                tcp
2055                udp
2376                tcp
3389                tcp/udp
4333                tcp
5000                tcp
5432                tcp
6514                tcp
7676 7677 dynamic   tcp
5791 7700 7777 7778 7779 7780 7781 7782 7783 7787 7788 7790 7791 7792 7793 7794 7795 7799 8989 8990   tcp
7789                tcp/udp
7800                tcp
7801                tcp
7803                tcp
7804                tcp
7805                tcp
8000                tcp
8001                tcp
8005                tcp
8009                tcp
8080                tcp
8082                tcp
8413                tcp
8844                tcp
9000                -
9090                tcp
9381                tcp
9381                tcp
9393 9394           tcp
9913 dynamic        tcp
9995                udp
9999                tcp
10000               tcp/udp
10101 10102         tcp
12500               tcp
14433               tcp
15432               -
15433               tcp
20000-23000         tcp
23111               tcp
23333               tcp
26000               tcp
26001               tcp
32000               tcp
32004               tcp
32005               tcp
32006               tcp
32007               tcp
32009               tcp
32010               tcp
32011               tcp
32000-33999         tcp
-                   icmp
"""

#: The installation guide's second list in the row of the JMX ports, for FIPS mode.
JMX_IN_FIPS_MODE = "7777 7778 7779 7780 7781 7782 7783 7788 7790 7791 7792 7793 7795 7799 8989"

#: The installation guide's second table.
PUBLIC_SERVERS = (
    "194.153.113.31",
    "194.153.113.32",
    "download.juniper.net",
    "update.xforce-security.com",
    "license.xforce-security.com",
)


def _rows(table: str) -> dict[int, Row]:
    rows = {}
    for number, line in enumerate(table.strip().splitlines(), start=1):
        *ports, protocols = line.split()
        rows[number] = Row(
            ports=tuple(port for port in ports if port != "-"),
            protocols=tuple(name for name in protocols.split("/") if name != "-"),
        )
    return rows


#: (document, row number) -> row
ROWS = {
    (document, number): row
    for document, table in (
        ("administration_guide", ADMINISTRATION_GUIDE),
        ("installation_guide", INSTALLATION_GUIDE),
    )
    for number, row in _rows(table).items()
}
