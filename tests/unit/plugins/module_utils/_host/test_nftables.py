# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whoever reads the ruleset passes over the tables that record, and over no others."""

from __future__ import annotations

import json

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import health, snapshot
from ansible_collections.jsa.ports.plugins.module_utils._host.nftables import ruleset_objects, ruleset_text, tables
from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.flow import read_flows
from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.look import Look

FILTER = """table inet firewalld {
\tchain filter_INPUT {
\t\ttype filter hook input priority filter + 10; policy accept;
\t\treject with icmpx admin-prohibited
\t}
}
"""
RECORD = """table inet jsa_ports_learn {
\tset inbound_ipv4 {
\t\ttype ipv4_addr . inet_proto . inet_service
\t\telements = { 10.1.0.5 . tcp . 514 expires 29d counter packets 1 bytes 60 }
\t}

\tchain inbound {
\t\ttype filter hook input priority -400; policy accept;
\t\tiifname "lo" return
\t}
}
"""
#: What rules would refuse that are not enforced.
STAGED = RECORD.replace("jsa_ports_learn", "jsa_ports_staged")
OTHER = "table ip jsa_ports_learn {\n}\n"


class Nft:
    """Lists these tables as text and as JSON, and no others."""

    def __init__(self, *texts: str) -> None:
        self.texts = {tuple(text.split()[1:3]): text for text in texts}
        self.asked: list[tuple[str, ...]] = []

    def program(self, name: str) -> str | None:
        return "/usr/sbin/nft" if name == "nft" else None

    def run(self, name: str, *arguments: str, **_options: Any) -> str:
        assert name == "nft"
        self.asked.append(arguments)
        if arguments == ("list", "tables"):
            return "".join(f"table {' '.join(one)}\n" for one in self.texts)
        option, _list, what, *place = arguments
        if what == "chain":
            return ""
        texts = self.texts if what == "ruleset" else {tuple(place): self.texts[tuple(place)]}
        if option == "-s":
            return "".join(texts.values())
        return json.dumps({"nftables": [item for one in texts for item in _objects(*one)]})


def _objects(family: str, table: str) -> list[dict[str, Any]]:
    place = {"family": family, "table": table}
    chain = {**place, "name": "input", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "accept"}
    verdict = {"drop": None} if table == "firewalld" else {"accept": None}
    return [{"chain": chain}, {"rule": {**place, "chain": "input", "handle": 2, "expr": [verdict]}}]


def test_the_text_of_all_others() -> None:
    assert ruleset_text(Nft(FILTER, RECORD, OTHER)) == FILTER + OTHER
    assert ruleset_text(Nft(FILTER, STAGED)) == ruleset_text(Nft(STAGED, FILTER, RECORD)) == FILTER
    assert ruleset_text(Nft(RECORD)) == ""
    without = Nft(FILTER)
    assert ruleset_text(without) == FILTER
    assert without.asked == [("list", "tables"), ("-s", "list", "ruleset")]


def test_the_objects_of_all_others() -> None:
    expected = [*_objects("inet", "firewalld"), *_objects("ip", "jsa_ports_learn")]
    assert ruleset_objects(Nft(FILTER, RECORD, OTHER)) == expected
    assert ruleset_objects(Nft(FILTER, OTHER)) == ruleset_objects(Nft(FILTER, STAGED, OTHER)) == expected
    assert ruleset_objects(Nft()) == []


@pytest.mark.parametrize("answer", ["[]", '{"nftables": 3}', "no"])
def test_an_answer_of_another_form(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    nft = Nft(FILTER)
    run = nft.run
    monkeypatch.setattr(nft, "run", lambda *words, **more: run(*words) if "tables" in words else answer)
    with pytest.raises(ValueError):
        ruleset_objects(nft)


def test_tables_with_a_remark() -> None:
    nft = Nft(FILTER)
    nft.run = lambda *_words, **_more: "table inet firewalld # progname firewalld\nsomething else\n"  # type: ignore[method-assign]
    assert tables(nft) == [("inet", "firewalld")]


def test_no_snapshot_has_it() -> None:
    """It would be saved at each apply, and put back with what it had then."""
    assert snapshot.take(Nft(FILTER, RECORD)) == {"nft": FILTER}
    assert snapshot.differences(snapshot.take(Nft(FILTER)), snapshot.take(Nft(FILTER, RECORD))) == []


def test_it_is_no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that has nothing but this table is open to everybody, and a check says so."""
    monkeypatch.setattr(health, "state", lambda _client: "running")
    assert "filters nothing" in health.alarms(Nft(RECORD))[0]  # type: ignore[arg-type]
    assert health.alarms(Nft(FILTER, RECORD)) == []  # type: ignore[arg-type]


def test_it_is_not_on_the_path_of_a_packet() -> None:
    flow = {"own": "10.0.0.1", "peer": "10.1.0.5", "role": "listener", "protocol": "tcp", "port": 514}
    for texts, decision in ((("one", RECORD), "accept"), ((FILTER, RECORD), "drop")):
        nft = Nft(*(text for text in texts if text != "one"))
        (found,) = Look(nft, "/nowhere").result(read_flows([flow]))["flows"]  # type: ignore[arg-type]
        assert found["question"]["decision"] == decision
        assert ("-j", "list", "ruleset") not in nft.asked
