# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The resources of the API that the stand-in has."""

from __future__ import annotations

import ipaddress
import re

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ansible_collections.jsa.ports.tests.console.deployment import Deployment


class ApiError(Exception):
    """An error as the API answers it."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def as_dict(self) -> dict[str, Any]:
        return {
            "http_response": {"code": self.status, "message": "The request was not successful"},
            "code": self.code,
            "message": self.message,
            "description": "",
            "details": {},
        }


class Console(Protocol):
    """What a resource needs of the stand-in."""

    deployment: Deployment
    versions: tuple[dict[str, Any], ...]
    denied: set[str]
    reach: dict[tuple[int, str, int], str]


@dataclass(frozen=True)
class Question:
    """A request to a resource: *arguments* are the numbers in its path."""

    console: Console
    arguments: tuple[int, ...]
    body: Any


@dataclass(frozen=True)
class Endpoint:
    """A method of a resource, and the first version of the API that has it."""

    method: str
    path: str
    answer: Callable[[Question], Any]
    since: int = 12
    has_range: bool = True


def find_endpoint(method: str, path: str, version: int) -> tuple[Endpoint, tuple[int, ...]] | None:
    for endpoint in ENDPOINTS:
        match = re.fullmatch(re.sub(r"\{[a-z_]+\}", r"([0-9]+)", endpoint.path), path)
        if match and endpoint.method == method and version >= endpoint.since:
            return endpoint, tuple(map(int, match.groups()))
    return None


def _tunnels(question: Question) -> Any:
    (host,) = question.arguments
    if all(one["id"] != host for one in question.console.deployment.hosts):
        raise ApiError(404, 1002, f"There is no host with the id {host}")
    return question.console.deployment.tunnels.get(host, [])


def _endpoints(question: Question) -> Any:
    return [
        {
            "path": one.path,
            "http_method": one.method,
            "version": "26.0",
            "caller_has_access": one.path not in question.console.denied,
            "deprecated": False,
        }
        for one in ENDPOINTS
    ]


def _rules(question: Question) -> list[dict[str, Any]]:
    (server,) = question.arguments
    if server not in question.console.deployment.firewall_rules:
        raise ApiError(404, 1002, f"There is no server with the id {server}")
    return question.console.deployment.firewall_rules[server]


def _put_rules(question: Question) -> Any:
    there = _rules(question)
    if not isinstance(question.body, list):
        raise ApiError(422, 1005, "The body is no list of rules")
    for rule in question.body:
        # What is there in a form of its own stays.
        problem = None if rule in there else rule_problem(rule)
        if problem:
            raise ApiError(422, 1005, problem)
    question.console.deployment.firewall_rules[question.arguments[0]] = question.body
    return question.body


_RULE = {"is_any_source_ip", "source_ip", "port_type", "single_port", "port_range", "protocol"}


def rule_problem(rule: Any) -> str | None:
    """What the API would say against a rule."""
    if not isinstance(rule, dict) or set(rule) != _RULE:
        return f"{rule!r} does not have the members {sorted(_RULE)}"
    if rule["protocol"] not in ("ANY", "TCP", "UDP") or rule["port_type"] not in ("ANY", "SINGLE", "RANGE"):
        return f"{rule!r}: protocol or port_type"
    if rule["is_any_source_ip"] == (rule["source_ip"] is not None):
        return f"{rule!r}: source_ip and is_any_source_ip contradict each other"
    if rule["source_ip"] is not None:
        try:
            ipaddress.IPv4Address(rule["source_ip"])
        except ValueError:
            return f"{rule['source_ip']} is no IPv4 address"
    if (rule["single_port"] is not None) != (rule["port_type"] == "SINGLE"):
        return f"{rule!r}: single_port"
    if (rule["port_range"] is not None) != (rule["port_type"] == "RANGE"):
        return f"{rule!r}: port_range"
    return None


def _validate(question: Question) -> Any:
    body = question.body
    if not isinstance(body, dict) or not isinstance(body.get("hostname"), str) or not body["hostname"]:
        raise ApiError(422, 1001, "hostname is not valid")
    if not isinstance(body.get("port"), int) or not 1 <= body["port"] <= 65535:
        raise ApiError(422, 1002, "port is not valid")
    hosts = body.get("hosts")
    known = {one["id"] for one in question.console.deployment.hosts}
    if not isinstance(hosts, list) or not hosts or any(one.get("id") not in known for one in hosts):
        raise ApiError(422, 1003, "hosts is not valid")
    return {
        "hostname": body["hostname"],
        "port": body["port"],
        "hosts": [
            {
                "id": one["id"],
                "connection_result": question.console.reach.get((one["id"], body["hostname"], body["port"]), "SUCCESS"),
            }
            for one in hosts
        ],
    }


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("GET", "/help/versions", lambda question: list(question.console.versions), 0),
    Endpoint("GET", "/help/endpoints", _endpoints, 0),
    Endpoint("GET", "/system/about", lambda question: question.console.deployment.about),
    Endpoint("GET", "/config/deployment/hosts", lambda question: question.console.deployment.hosts),
    Endpoint("GET", "/config/deployment/hosts/{id}/tunnels", _tunnels, 13),
    Endpoint("GET", "/system/servers", lambda question: question.console.deployment.servers),
    Endpoint("GET", "/system/servers/{server_id}/firewall_rules", _rules, has_range=False),
    Endpoint("PUT", "/system/servers/{server_id}/firewall_rules", _put_rules),
    Endpoint("POST", "/system/server_connection_validator", _validate, 13),
    Endpoint(
        "GET",
        "/config/event_sources/event_collectors",
        lambda question: question.console.deployment.event_collectors,
        13,
    ),
    Endpoint(
        "GET",
        "/config/event_sources/log_source_management/log_sources",
        lambda question: question.console.deployment.log_sources,
    ),
    Endpoint(
        "GET",
        "/config/flow_sources/flow_source_management/flowSources",
        lambda question: question.console.deployment.flow_sources,
        26,
    ),
    Endpoint(
        "GET",
        "/config/network_hierarchy/networks",
        lambda question: question.console.deployment.networks,
        13,
        has_range=False,
    ),
)
