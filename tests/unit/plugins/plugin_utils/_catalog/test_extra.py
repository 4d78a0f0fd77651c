# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entries that a site adds (``jsa_extra_flows``)."""

from __future__ import annotations

import dataclasses

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import (
    CatalogError,
    load_catalog,
    load_extra,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Condition, Dynamic

KEYS = list(load_catalog()["ssh"].raw)


def mistakes_of(*args):
    with pytest.raises(CatalogError) as caught:
        load_extra(*args)
    return list(caught.value.problems)


def extra(**fields):
    return {
        "id": "multiline",
        "protocols": "udp",
        "ports": 517,
        "flows": [{"listeners": "event_collector", "initiators": "log_sources"}],
        **fields,
    }


def test_what_a_site_need_not_say():
    entry = load_extra([extra()])["multiline"]
    assert (entry.service, entry.purpose) == ("multiline", "multiline")
    assert entry.ports == ((517, 517),)
    assert entry.protocols == ("udp",)
    assert (entry.exposure, entry.confidence) == ("external_in", "high")
    assert entry.flows[0].listeners == ("event_collector",)
    assert entry.flows[0].encryption == "unaffected"
    assert entry.statements == ()
    assert entry.raw["evidence"] == []


@pytest.mark.parametrize(
    ("flows", "word"),
    [([], "missing"), (None, "missing"), ([{"listeners": "console"}], "initiators")],
)
def test_flows_that_are_missing_or_wrong_are_one_mistake(flows, word):
    (problem,) = mistakes_of([extra(flows=flows)])
    assert word in problem


@pytest.mark.parametrize(
    ("listeners", "initiators", "exposure", "encryption"),
    [
        (["console"], ["managed_host"], "inter_host", "open"),
        (["console"], ["managed_host", "ha_peer"], "inter_host", "open"),
        (["any_host"], ["ha_peer"], "ha", "open"),
        (["any_host"], ["self"], "local_only", "unaffected"),
        (["console"], ["admin"], "external_in", "unaffected"),
        (["console"], ["managed_host", "10.0.0.0/8"], "external_in", "unaffected"),
        (["console"], ["2001:db8::1"], "external_in", "unaffected"),
        (["console"], ["backup"], "external_in", "unaffected"),
        (["backup"], ["console"], "outbound", "unaffected"),
        (["192.0.2.1"], ["console"], "outbound", "unaffected"),
        (["management_modules"], ["admin"], "hardware", "unaffected"),
    ],
)
def test_what_the_flows_of_a_site_imply(listeners, initiators, exposure, encryption):
    flows = [{"listeners": listeners, "initiators": initiators}]
    entry = load_extra([extra(flows=flows)], extra_networks={"backup": ["10.9.0.0/16"]})["multiline"]
    assert entry.exposure == exposure
    assert [flow.encryption for flow in entry.flows] == [encryption]
    assert entry.flows[0].listeners == tuple(listeners)
    assert entry.flows[0].initiators == tuple(initiators)


def test_a_site_may_say_more():
    entry = load_extra(
        [
            extra(
                service="Multiline syslog",
                confidence="low",
                when={"features": ["tls_syslog"], "release_from": "7.3.3"},
                dynamic={"ports": "40000-40010", "count": 2, "discovery": "none"},
                flows=[{"listeners": ["console"], "initiators": ["event_collector"], "encryption": "tunnelled"}],
            )
        ]
    )["multiline"]
    assert entry.service == entry.purpose == "Multiline syslog"
    assert entry.confidence == "low"
    assert entry.when == Condition(features=("tls_syslog",), release_from="7.3.3")
    assert entry.dynamic == Dynamic(ports=(40000, 40010), count=2, discovery="none")
    assert entry.flows[0].encryption == "tunnelled"


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        (extra(), "jsa_extra_flows: expected a list of entries"),
        ("ssh", "jsa_extra_flows: expected a list of entries"),
        ([extra(id="ssh")], "jsa_extra_flows[0] (ssh): id: the catalog has an entry with this id"),
        ([extra(), extra()], "jsa_extra_flows[1] (multiline): id: jsa_extra_flows[0] has this id too"),
        ([extra(ports="70000")], "jsa_extra_flows[0] (multiline): ports: port 70000 is outside 1-65535"),
        ([extra(flows=None)], "jsa_extra_flows[0] (multiline): flows: missing"),
        (
            [extra(flows=[{"listeners": "console", "initiators": "10.0.0.1/24"}])],
            "initiators: '10.0.0.1/24' has host bits set (the network is 10.0.0.0/24)",
        ),
        (
            [extra(flows=[{"listeners": "console", "initiators": "log_source"}])],
            "initiators: 'log_source' is not known; did you mean log_sources",
        ),
        ([extra(flows=[{"listeners": "console", "initiators": ["10.0.0.1"] * 2}])], "'10.0.0.1' is listed twice"),
        ([extra(replaced_by="shs")], "replaced_by: no entry 'shs'; did you mean ssh"),
        ([extra(exposure="local_only")], "local_only contradicts the flows"),
    ],
)
def test_what_a_site_must_not_say(entries, says):
    assert any(says in problem for problem in mistakes_of(entries))


def test_a_network_that_is_not_given_is_unknown():
    flows = [{"listeners": "console", "initiators": "backup"}]
    (problem,) = mistakes_of([extra(flows=flows)], {"backups": "any"})
    assert "'backup' is not known; did you mean backups" in problem


def test_a_site_can_replace_by_an_entry_of_the_catalog():
    assert load_extra([extra(replaced_by="socat_ntp")])["multiline"].replaced_by == "socat_ntp"


def test_no_entries_of_a_site():
    assert load_extra([]) == {}


@pytest.mark.parametrize("entry", load_catalog().values(), ids=lambda entry: entry.id)
def test_what_the_lookup_returns_can_be_read_again(entry):
    again = load_extra([{**entry.raw, "id": "copy_of_it"}])["copy_of_it"]
    assert dataclasses.replace(again, id=entry.id, raw=entry.raw) == entry
    assert again.raw == {**entry.raw, "id": "copy_of_it"}


NAMES = st.sampled_from(
    [*KEYS, "listeners", "initiators", "encryption", "document", "row", "says", "readings", "fips", "console", "tcp"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.integers(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=3 * settings.default.max_examples)
@given(entries=st.lists(st.dictionaries(st.sampled_from(KEYS), ANYTHING), max_size=3))
def test_whatever_a_site_writes_is_read_or_explained(entries):
    try:
        load_extra(entries)
    except CatalogError as error:
        assert error.problems
        assert all(problem.startswith("jsa_extra_flows[") for problem in error.problems)


@settings(max_examples=2 * settings.default.max_examples)
@given(field=st.sampled_from([*extra(), "when", "dynamic", "statements", "disagreement"]), value=ANYTHING)
def test_whatever_one_field_holds(field, value):
    try:
        load_extra([extra(**{field: value})])
    except CatalogError as error:
        assert all(problem.startswith("jsa_extra_flows[0]") for problem in error.problems)
