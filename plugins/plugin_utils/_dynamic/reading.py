# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Discoveries, read from what ``jsa.ports.portmap`` returned, and kept in a file."""

from __future__ import annotations

import json

from collections.abc import Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._printable import plain, printable
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.model import KIND_OF, Discovery, Found
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import parse_time
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.json_text import parse_json

FILE_VERSION = 1


def parse_discovery(result: Any) -> Discovery | None:
    """The discovery in a result of the module; None if the module did not run. Raises ValueError if it is malformed."""
    if not isinstance(result, Mapping) or "services" not in result:
        return None
    if any(result.get(word) for word in ("failed", "skipped", "unreachable")):
        return None
    services = result["services"]
    if not isinstance(services, (list, tuple)):
        raise ValueError("services is not a list")
    failures = {}
    kinds = set()
    for kind in KIND_OF.values():
        answer = result.get(kind)
        if isinstance(answer, Mapping):
            kinds.add(kind)
            if answer.get("state") != "ok":
                failures[kind] = printable(str(answer.get("reason") or answer.get("state")), "")
    at = str(result.get("observed_at"))
    found = tuple(sorted(_parse_service(item) for item in services))
    return Discovery(found, failures, frozenset(kinds), at, parse_time(at))


def _parse_service(item: Any) -> Found:
    if not isinstance(item, Mapping):
        raise ValueError("a service is not a mapping")
    port = item.get("port")
    if not isinstance(port, int) or isinstance(port, bool) or not 1 <= port <= 65535:
        raise ValueError(f"{port!r} is not a port")
    if item.get("protocol") not in ("tcp", "udp") or item.get("kind") not in KIND_OF.values():
        raise ValueError(f"a service has the protocol {item.get('protocol')!r} and the kind {item.get('kind')!r}")
    return Found(printable(str(item.get("service")), ""), str(item["kind"]), str(item["protocol"]), port)


def parse_results(results: Mapping[str, Any]) -> dict[str, Discovery]:
    """Host name -> discovery, of the hosts on which the module ran. Raises InputError with all malformed results."""
    problems = []
    found = {}
    for name, result in results.items():
        try:
            discovery = parse_discovery(result)
        except ValueError as error:
            problems.append(f"{name}: {error}")
            continue
        if discovery is not None:
            found[str(name)] = discovery
    if problems:
        raise InputError("The answers of the hosts' port mappers cannot be used; nothing was changed", problems)
    return found


def parse_file(text: str, place: str) -> dict[str, Discovery]:
    """Host name -> discovery, from the file *place*. Raises InputError with every problem."""
    problems = []
    found = {}
    for name, kept in _kept(text, place).items():
        try:
            discovery = parse_discovery(kept)
        except ValueError as error:
            problems.append(f"{name}: {error}")
            continue
        if discovery is None:
            problems.append(f"{name}: expected a mapping with services, observed_at, imq and rpcbind")
        else:
            found[name] = discovery
    if problems:
        raise InputError(_subject(place), [*problems, "remove the file and run jsa.ports.discover"])
    return found


def kept_form(result: Mapping[str, Any]) -> dict[str, Any]:
    """What a file keeps of a result that :func:`parse_discovery` understands, which it understands as well."""
    services = [{key: item.get(key) for key in ("service", "kind", "protocol", "port")} for item in result["services"]]
    kinds = {kind: result.get(kind) for kind in KIND_OF.values()}
    kept: dict[str, Any] = plain({"observed_at": result["observed_at"], "services": services, **kinds})
    return kept


def merge_file(text: str | None, place: str, results: Mapping[str, Any]) -> str:
    """The file's new text: hosts in *results*, as :func:`kept_form` has them, and the others that it knew as they were.

    Raises InputError.
    """
    hosts = {**(_kept(text, place) if text is not None else {}), **results}
    document = {"version": FILE_VERSION, "hosts": dict(sorted(hosts.items()))}
    return json.dumps(document, indent=1) + "\n"


def _kept(text: str, place: str) -> dict[str, Any]:
    try:
        document = parse_json(text)
    except ValueError as error:
        raise InputError(_subject(place), [f"it is not valid JSON: {error}"]) from None
    if not isinstance(document, dict) or document.get("version") != FILE_VERSION:
        raise InputError(
            _subject(place), [f"it does not have version {FILE_VERSION}: remove the file and run jsa.ports.discover"]
        )
    hosts = document.get("hosts")
    if not isinstance(hosts, dict):
        raise InputError(_subject(place), ["hosts is not a mapping: remove the file and run jsa.ports.discover"])
    return hosts


def _subject(place: str) -> str:
    return f"The discovered ports in {place} (jsa_dynamic_ports_file) cannot be used; nothing was changed"
