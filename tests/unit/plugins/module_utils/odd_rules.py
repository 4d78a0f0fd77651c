# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules that others may write: what nft (0.9 to 1.1, libnftables-json(5)) and iptables-save can print, and anything."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

#: Whatever JSON can say, with the words that parsers look for among its keys and values.
WORDS = st.sampled_from(
    """
    accept drop reject jump goto return continue match left right op == != in < > set map elem val range prefix addr len
    payload protocol field tcp udp ip ip6 saddr daddr dport sport meta key nfproto l4proto ct state new untracked
    established chain rule table name family expr type hook policy target counter log limit queue vmap data concat
    comment icmp icmpv6 admin-prohibited input filter inet firewalld filter_INPUT filter_OUTPUT jsa-ep-4 xt fib
    filter_IN_policy_jsa-in filter_IN_policy_jsa-in_allow @jsa-ep-4 10.0.0.1 fd00::1 * -s ! & |
    """.split()  # noqa: SIM905
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | WORDS
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=6), inner, max_size=4),
    max_leaves=25,
)


def _one(name: str, value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({name: value})


ADDRESSES = st.sampled_from(["10.0.0.1", "0.0.0.0", "fd00::1", "@jsa-ep-4", "@other", "10.0.1.0"])
PORTS = st.integers(0, 65535) | st.sampled_from(["http", "@ports"])
VALUES = (
    PORTS
    | ADDRESSES
    | st.sampled_from(["tcp", "ipv4", "eth0", "eth*", "established", "255.0.255.0", "0x00000001", "", '"', "a b"])
)
PREFIX = _one("prefix", st.fixed_dictionaries({"addr": ADDRESSES, "len": st.integers(0, 128)}))
RANGE = _one("range", st.lists(VALUES, min_size=2, max_size=2))
CONCAT = st.deferred(lambda: _one("concat", st.lists(VALUES | PREFIX | RANGE | LEFT, min_size=2, max_size=3)))
ELEM = _one(
    "elem",
    st.fixed_dictionaries(
        {"val": VALUES | PREFIX | RANGE | CONCAT},
        optional={"timeout": st.integers(0, 99), "expires": st.integers(0, 99), "comment": st.text(max_size=9),
                  "counter": st.just({"packets": 1, "bytes": 2})},
    ),
)  # fmt: skip
ELEMENTS = st.lists(VALUES | PREFIX | RANGE | ELEM | st.just("*"), min_size=1, max_size=3)
SET = _one("set", ELEMENTS | VALUES)
LEFT = st.deferred(
    lambda: st.one_of(
        _one("payload", st.sampled_from([
            {"protocol": "tcp", "field": "dport"}, {"protocol": "udp", "field": "dport"},
            {"protocol": "ip", "field": "saddr"}, {"protocol": "ip6", "field": "daddr"},
            {"protocol": "th", "field": "dport"}, {"protocol": "tcp", "field": "flags"},
            {"protocol": "icmp", "field": "type"}, {"base": "ih", "offset": 32, "len": 8}, {"tunnel": "vxlan"},
        ])),
        _one("meta", st.sampled_from([{"key": key} for key in
                                      ("l4proto", "nfproto", "iifname", "mark", "time", "day", "hour", "skuid")])),
        _one("ct", st.sampled_from([{"key": "state"}, {"key": "status"}, {"key": "mark"},
                                    {"key": "proto-src", "dir": "original"}])),
        _one("fib", st.just({"result": "type", "flags": ["daddr"]})),
        _one("exthdr", st.just({"name": "frag", "field": "id"})),
        _one("tcp option", st.just({"name": "maxseg", "field": "size"})),
        _one("socket", st.just({"key": "transparent"})),
        _one("osf", st.just({"key": "name", "ttl": "loose"})),
        _one("numgen", st.just({"mode": "inc", "mod": 2, "offset": 0})),
        _one("jhash", st.just({"mod": 2, "expr": {"payload": {"protocol": "ip", "field": "saddr"}}})),
        _one("rt", st.just({"key": "classid"})),
        _one("ipsec", st.just({"key": "spi", "dir": "in", "spnum": 0})),
        _one("map", st.fixed_dictionaries({"key": VALUES, "data": st.just("@map") | SET})),
        st.builds(lambda sign, left, mask: {sign: [left, mask]}, st.sampled_from(["&", "|", "^", "<<", ">>"]),
                  st.just({"payload": {"protocol": "ip", "field": "saddr"}}) | st.just({"meta": {"key": "mark"}}),
                  VALUES),
        CONCAT,
        VALUES,
    )
)  # fmt: skip
RIGHT = VALUES | PREFIX | RANGE | SET | CONCAT | LEFT | st.lists(VALUES, max_size=3) | st.booleans()
MATCH = _one(
    "match",
    st.fixed_dictionaries(
        {"op": st.sampled_from(["==", "!=", "<", ">", "<=", ">=", "in"]), "left": LEFT, "right": RIGHT}
    ),
)
VERDICTS: st.SearchStrategy[Any] = st.sampled_from(
    [{"accept": None}, {"drop": None}, {"reject": None}, {"return": None}, {"continue": None},
     {"reject": {"type": "icmp", "expr": "admin-prohibited"}}, {"reject": {"type": "tcp reset"}},
     {"jump": {"target": "filter_IN_policy_jsa-in_allow"}}, {"goto": {"target": "elsewhere"}},
     {"jump": {"target": "elsewhere"}}]
)  # fmt: skip
STATEMENTS = st.one_of(
    VERDICTS,
    MATCH,
    st.sampled_from([
        {"counter": None}, {"counter": {"packets": 0, "bytes": 0}}, {"counter": "named"}, {"xt": None},
        {"xt": {"type": "match", "name": "recent"}}, {"limit": {"rate": 5, "per": "minute", "burst": 5}},
        {"limit": "named"}, {"log": None}, {"log": {"prefix": 'a "b" \\ !'}}, {"notrack": None}, {"last": None},
        {"queue": None}, {"queue": {"num": {"range": [0, 3]}, "flags": ["bypass"]}}, {"quota": {"val": 1}},
        {"mangle": {"key": {"meta": {"key": "mark"}}, "value": 1}}, {"ct helper": "ftp"}, {"synproxy": {"mss": 1460}},
        {"ct count": {"val": 10, "inv": True}}, {"dup": {"addr": "10.0.0.1"}}, {"tproxy": {"port": 50080}},
        {"flow": {"op": "add", "flowtable": "@ft"}}, {"redirect": {"port": 8080}}, {"secmark": "sshtag"},
        {"reset": {"tcp option": {"name": "fastopen"}}},
        {"meter": {"name": "m", "key": {"payload": {"protocol": "ip", "field": "saddr"}},
                   "stmt": {"limit": {"rate": 1, "per": "second"}}}},
        {"set": {"op": "add", "elem": {"payload": {"protocol": "ip", "field": "saddr"}}, "set": "@seen",
                 "stmt": [{"limit": {"rate": 1, "per": "second"}}]}},
    ]),
    st.builds(lambda key, pairs: {"vmap": {"key": key, "data": pairs}}, LEFT,
              st.just("@verdicts") | _one("set", st.lists(st.tuples(VALUES | ELEM, VERDICTS).map(list), max_size=3))),
)  # fmt: skip
EXPRESSIONS = st.lists(STATEMENTS, min_size=1, max_size=5)

#: Comments and names as somebody chooses them.
CHOSEN = st.sampled_from(
    ["-s", "-p", "!", "--- maintenance ---", "-A INPUT -j ACCEPT", "a\n-A INPUT -j ACCEPT\nb", "\u2028", "\x0b", "'",
     'say "x"', "\\", "", "# no", "*filter", "COMMIT", "jsa.ports", "jsa.ports: x", "\ufffd", "-j"]
) | st.text(max_size=12)  # fmt: skip


def saved(text: str) -> str:
    """As iptables-save prints what somebody chose: bare where there are only letters, digits, ``-`` and ``_``."""
    if text and all((letter.isalnum() and letter.isascii()) or letter in "-_" for letter in text):
        return text
    return '"' + "".join("\\" + letter if letter in "\"\\'" else letter for letter in text) + '"'


OPTIONS = st.one_of(
    st.builds(lambda text: f"-m comment --comment {saved(text)}", CHOSEN),
    st.builds(lambda text: f"-j LOG --log-prefix {saved(text)}", CHOSEN),
    st.builds(lambda text: f"-m string --string {saved(text)} --algo bm --to 65535", CHOSEN),
    st.builds(lambda name: f"-i {name}", st.sampled_from(["lo", "-s", "a'b", 'a"b', "!", "eth+"])),
    st.sampled_from(
        ["-s 10.0.1.0/255.0.255.0", "-s 10.0.1.0/0.0.0.255", "! -s 10.0.0.0/8", "-d fd00::/ffff::ffff", "-s", "-p tcp",
         "-p 51", "! -p udp", "-m tcp --dport 22", "-m tcp --dport 22:23", "-m tcp ! --dport 22", "--dport http",
         "-m multiport --dports 22,80:90", "-m set --match-set jsa-ep-4 src", "-m set ! --match-set jsa-ep-4 src",
         "-m set --match-set other src,dst", "-m set --match-set x", "-m conntrack --ctstate NEW,UNTRACKED",
         "-m conntrack --ctstate INVALID", "-m hashlimit --hashlimit-upto 5/sec --hashlimit-name -s",
         "-m u32 --u32 \"0>>22&0x3c@0>>24=0x52\"", "-m bpf --bytecode \"1,6 0 0 0\"", "-m recent --set --name x",
         '-m string --hex-string "|0d0a|" --algo kmp --to 65535', "-m time --weekdays Mon --kerneltz", "-f", "!", "--",
         "-m addrtype --dst-type LOCAL", "-m limit --limit 5/min", "[unsupported revision]", "-m mark --mark 0x1/0xff"]
    ),
)  # fmt: skip
TARGETS = st.sampled_from(
    ["-j ACCEPT", "-j DROP", "-j REJECT --reject-with icmp-admin-prohibited", "-j REJECT --reject-with tcp-reset", "-j",
     "-j NFQUEUE --queue-num 1", "-j NFQUEUE", "-j RETURN", "-g elsewhere", "-j MARK --set-xmark 0x1/0x1", "-g", "",
     "-j CT --notrack", "-j TRACE", '-j NFLOG --nflog-prefix "-s"', "-j IN_jsa-in_allow"]
)  # fmt: skip
MATCHES = st.builds(
    lambda options, target: " ".join([*options, target]).strip(), st.lists(OPTIONS, max_size=4), TARGETS
)
