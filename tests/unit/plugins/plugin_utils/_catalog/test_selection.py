# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What no entry of the catalog shows; the rest is tested through the lookup."""

from __future__ import annotations

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import load_extra
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.selection import Filters, select
from ansible_collections.jsa.ports.plugins.plugin_utils._suggestions import expected


def entry(entry_id, **fields):
    flows = [{"listeners": "console", "initiators": "managed_host"}]
    return {"id": entry_id, "protocols": "tcp", "ports": 32500, "flows": flows, **fields}


def test_a_feature_that_a_host_must_not_have_counts_as_one_that_matters():
    entries = load_extra([entry("plain"), entry("not_in_fips", when={"without_features": ["fips"]})])
    found, problems = select(entries, [], Filters(feature=("fips",)))
    assert ([item.id for item in found], problems) == (["not_in_fips"], [])


def test_ports_with_a_feature_are_found_too():
    entries = load_extra([entry("switched", ports_with={"fips": ["32501"]})])
    found, problems = select(entries, ["32501"], Filters())
    assert ([item.id for item in found], problems) == (["switched"], [])


@pytest.mark.parametrize(
    ("given", "valid", "text"),
    [
        ("b", ["a", "b_one", "b_two"], "did you mean b_one or b_two? expected one of: b_one, b_two, a"),
        ("conosle", ["admin", "console"], "did you mean console? expected one of: console, admin"),
        ("", ["admin", "console"], "expected one of: admin, console"),
        (None, ["admin", "admin"], "expected one of: admin"),
        ("zzz", ["admin"], "expected one of: admin"),
    ],
)
def test_suggestions(given, valid, text):
    assert expected(given, valid) == text
