# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The targets to contact, and their results. Runs on Python 3.6."""

import re

from typing import Any, Dict, Iterable, List, NamedTuple, Optional
from urllib.parse import unquote, urlsplit

from ansible_collections.jsa.ports.plugins.module_utils._observe import client
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import (
    NO_ANSWER,
    PROHIBITED,
    REFUSED,
    UNAVAILABLE,
    UNREACHABLE,
)
from ansible_collections.jsa.ports.plugins.module_utils._ports import parse_port

OK = "ok"
WRONG_ANSWER = "wrong_answer"
NAME_NOT_RESOLVED = "name_not_resolved"
TLS_FAILED = "tls_failed"
CERTIFICATE_INVALID = "certificate_invalid"
PROXY_UNREACHABLE = "proxy_unreachable"
PROXY_REFUSED = "proxy_refused"
RESULTS = (
    OK,
    REFUSED,
    NO_ANSWER,
    UNREACHABLE,
    PROHIBITED,
    client.RESET,
    WRONG_ANSWER,
    NAME_NOT_RESOLVED,
    TLS_FAILED,
    CERTIFICATE_INVALID,
    PROXY_UNREACHABLE,
    PROXY_REFUSED,
    UNAVAILABLE,
)

#: Default port by kind.
KINDS = {"smtp": 25, "ntp": 123, "nfs": 2049, "mountd": 762, "dns": 53, "tls": 443}
_NEEDS_NAME = "dns"

#: Keys of a result, which a target must not have.
_OURS = frozenset(("target", "result", "reason", "elapsed_ms", "address", "details"))
_MOST_TARGETS = 200
_HOST = re.compile(r"^[A-Za-z0-9_.:%-]{1,255}$")
_SHOWN = 20

#: Result by the result of a failed exchange.
FROM_CONVERSATION = {
    client.CLOSED: WRONG_ANSWER,
    client.UNFINISHED: NO_ANSWER,
    client.ENDLESS: WRONG_ANSWER,
}


class OutwardError(ValueError):
    """Invalid options."""


class FailedError(Exception):
    """A failed check: its result, the reason, and details for the result."""

    def __init__(self, result, reason, details=None):  # type: (str, str, Optional[Dict[str, Any]]) -> None
        super(FailedError, self).__init__(reason)
        self.result = result
        self.reason = reason
        self.details = details or {}


class Target(NamedTuple):
    """A server to contact."""

    kind: str
    #: Name or address.
    host: str
    port: int
    #: The name that a name server is asked for, or the server's name in TLS if it is not the host.
    name: Optional[str]
    #: As the caller wrote it: returned with the result.
    given: Dict[str, Any]

    @property
    def text(self):  # type: () -> str
        """Host and port, an IPv6 address in brackets."""
        return "[%s]:%d" % (self.host, self.port) if ":" in self.host else "%s:%d" % (self.host, self.port)


class Proxy(NamedTuple):
    """An HTTP proxy."""

    host: str
    port: int
    user: Optional[str]
    password: Optional[str]

    @property
    def text(self):  # type: () -> str
        """Host and port, without the credentials."""
        return "[%s]:%d" % (self.host, self.port) if ":" in self.host else "%s:%d" % (self.host, self.port)


def read_targets(items, earlier=()):  # type: (Iterable[Dict[str, Any]], Iterable[str]) -> List[Target]
    """The targets of the module's options. Raises OutwardError with all problems, *earlier* ones first."""
    problems = list(earlier)
    targets = []
    for number, item in enumerate(items):
        mine = ["%s is a key of the results, not of a target" % key for key in sorted(_OURS.intersection(item))]
        kind, host, name = item.get("kind"), item.get("host"), item.get("name")
        known = isinstance(kind, str) and kind in KINDS
        if not known:
            mine.append("kind: %r is none of %s" % (kind, ", ".join(sorted(KINDS))))
        if not isinstance(host, str) or not _HOST.match(host):
            mine.append("host: %r is neither a name nor an address" % (host,))
        if name is not None and (not isinstance(name, str) or not _HOST.match(name)):
            mine.append("name: %r is not a name" % (name,))
        if kind == _NEEDS_NAME and not name:
            mine.append("name: is missing: the name to look up at the server")
        port = _read_port(item.get("port"), KINDS[kind] if known else 1, mine)
        if mine:
            problems += ["targets[%d]: %s" % (number, problem) for problem in mine]
        else:
            targets.append(Target(kind, str(host), port, name, item))
    if len(targets) > _MOST_TARGETS:
        problems.append("targets: %d targets, the maximum is %d" % (len(targets), _MOST_TARGETS))
    if problems:
        more = len(problems) - _SHOWN
        raise OutwardError("; ".join(problems[:_SHOWN]) + ("; and %d more" % more if more > 0 else ""))
    return targets


def _read_port(value, default, problems):  # type: (Any, int, List[str]) -> int
    if value is None:
        return default
    try:
        return parse_port(value)
    except ValueError as error:
        problems.append("port: %s" % error)
        return 0


def read_proxy(text):  # type: (Optional[str]) -> Optional[Proxy]
    """The proxy in the URL *text*. Raises OutwardError, without *text* in it: it can contain a password."""
    if not text:
        return None
    wanted = "proxy: expected http://HOST:PORT or http://USER:PASSWORD@HOST:PORT"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise OutwardError(wanted)
    if parts.scheme != "http" or not parts.hostname or not _HOST.match(parts.hostname) or not port:
        raise OutwardError(wanted)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise OutwardError(wanted + ", without a path or query")
    user = unquote(parts.username) if parts.username is not None else None
    password = unquote(parts.password) if parts.password is not None else None
    return Proxy(parts.hostname, port, user, password)
