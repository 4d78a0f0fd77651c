# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether firewalld may be reloaded, and what is said where it may not."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import reloading
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.apply import Changes
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import CommandError, NotAsked
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import FileChanges
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import FirewalldError

NEEDED = Changes(FileChanges({}, {}, []), {}, ("policy jsa-in is not loaded",), ())
LOST = ["zone public: service http, changed at run time only"]
#: What firewalld answers -> what is known then.
UNKNOWN = [NotAsked("lockdown"), CommandError(["firewalld", "getZones"], None, "no answer")]


def judge(monkeypatch: pytest.MonkeyPatch, allowed: str, answer: Any) -> reloading.Reload:
    def reload_changes(client: Any, etc: str) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(reloading, "reload_changes", reload_changes)
    found: reloading.Reload = reloading.judge_reload(object(), "/etc/firewalld", NEEDED, allowed)  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("answer", [[], LOST, *UNKNOWN])
def test_a_reload_that_is_needed_may_cost_what_it_costs(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    expected = None if isinstance(answer, Exception) else answer
    assert judge(monkeypatch, "needed", answer) == (NEEDED, expected)


def test_a_lossless_reload(monkeypatch: pytest.MonkeyPatch) -> None:
    assert judge(monkeypatch, "lossless", []) == (NEEDED, [])


@pytest.mark.parametrize(
    ("allowed", "answer", "words"),
    [
        ("lossless", LOST, f"would change the site's own settings: {LOST[0]}. Nothing was written"),
        ("lossless", UNKNOWN[0], "what it would change of the site's own is not known. Nothing"),
        ("lossless", UNKNOWN[1], "what it would change of the site's own is not known. Nothing"),
        ("never", LOST, f"would change the site's own settings: {LOST[0]}. Nothing"),
        ("never", [], "would change nothing of the site's own. Nothing"),
    ],
)
def test_a_reload_that_is_not_allowed(monkeypatch: pytest.MonkeyPatch, allowed: str, answer: Any, words: str) -> None:
    with pytest.raises(FirewalldError) as caught:
        judge(monkeypatch, allowed, answer)
    assert words in str(caught.value)
    assert f"(policy jsa-in is not loaded), and reload is {allowed};" in str(caught.value)


@pytest.mark.parametrize(("allowed", "may"), [("needed", True), ("lossless", False), ("never", False)])
def test_where_none_is_needed_nobody_is_asked(allowed: str, may: bool) -> None:
    """Whether one may come all the same, where firewalld does not take an entry."""
    nothing: Any = None
    found = reloading.judge_reload(nothing, "/etc/firewalld", NEEDED._replace(reload=()), allowed)
    assert found == (NEEDED._replace(reload=(), may_reload=may), [])
