# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client of the console's REST API: version, pages, and rights."""

from __future__ import annotations

import json
import re

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from ansible_collections.jsa.ports.plugins.plugin_utils._console.access import Access
from ansible_collections.jsa.ports.plugins.plugin_utils._console.answers import ForbiddenError, value_of
from ansible_collections.jsa.ports.plugins.plugin_utils._console.transport import (
    ConsoleError,
    Request,
    Response,
    Transport,
)

#: The first version that has all that is needed (JSA 7.3.3), and the newest one that was read about (JSA 7.5.0 UP14).
OLDEST, NEWEST = 12.0, 27.0

#: A list that changes while it is read is read again so many times.
_ATTEMPTS = 3

_CONTENT_RANGE = re.compile(r"items (?:[0-9]+-[0-9]+|\*)/([0-9]+)")


class Client:
    """Asks one console. Each public method raises ConsoleError."""

    def __init__(self, access: Access, transport: Transport) -> None:
        self.access = access
        #: What is worth a warning, one sentence each.
        self.remarks: list[str] = []
        self._transport = transport
        self._version = access.version
        if access.version is not None and float(access.version) > NEWEST:
            self.remarks.append(
                f"api_version {access.version} is newer than the versions that this collection knows "
                f"({OLDEST} to {NEWEST}): its answers may have another form"
            )

    @property
    def version(self) -> str:
        """The version of the API that is used. The first call asks the console."""
        if self._version is None:
            self._version = self._negotiated()
        return self._version

    def get(self, path: str, fields: str | None = None) -> Any:
        """The value of a resource that has no pages."""
        return self._value("GET", path, {"fields": fields})

    def put(self, path: str, body: Any) -> Any:
        """Replaces a resource. Returns the console's answer."""
        return self._value("PUT", path, {}, body)

    def post(self, path: str, body: Any) -> Any:
        """Runs an operation. Returns the console's answer."""
        return self._value("POST", path, {}, body)

    def items(self, path: str, fields: str | None = None, condition: str | None = None) -> list[Any]:
        """All items of a list, page by page. *condition* is a filter of the API."""
        for _attempt in range(_ATTEMPTS):
            found = self._items_once(path, {"fields": fields, "filter": condition})
            if found is not None:
                return found
        raise ConsoleError(
            f"{self.access.url}: the list {path} changed each time that it was read: run again when no deployment runs "
            "on the console, or increase page_size"
        )

    def _items_once(self, path: str, query: Mapping[str, str | None]) -> list[Any] | None:
        """None if the list changed between two of its pages."""
        found: list[Any] = []
        first_total: int | None = None
        while True:
            last = len(found) + self.access.page_size - 1
            response = self._send("GET", path, query, {"Range": f"items={len(found)}-{last}"})
            page = self._decoded(response, "GET", path)
            if not isinstance(page, list):
                raise self._malformed(path, "expected a list")
            total = _total(response)
            if total is None and (page == found or (not found and len(page) != self.access.page_size)):
                # The resource has no pages and answers each request with the whole list, or these are all.
                return page
            if first_total is None:
                first_total = total
            if total != first_total or (not page and total is not None and len(found) < total):
                return None
            found += page
            if not page or (total is not None and len(found) >= total):
                return found if _are_unique(found) else None

    def rights(self, paths: Iterable[tuple[str, str]]) -> list[str]:
        """Those of the (method, path) pairs that the token must not use, as the console says."""
        wanted = list(paths)
        condition = f"path in ({', '.join(json.dumps(path) for path in sorted({path for _method, path in wanted}))})"
        found = self.items("/help/endpoints", "path,http_method,version,caller_has_access,deprecated", condition)
        denied = {
            (item.get("http_method"), item.get("path"))
            for item in found
            if isinstance(item, Mapping) and item.get("caller_has_access") is False
        }
        return [f"{method} {path}" for method, path in wanted if (method, path) in denied]

    def named_rights(self, error: ForbiddenError, paths: Iterable[tuple[str, str]]) -> ConsoleError:
        """*error* with all rights that the token lacks, as far as the console says."""
        try:
            missing = self.rights(paths)
        except ConsoleError:
            missing = []
        named = f"; it lacks the rights to {', '.join(missing)}" if missing else ""
        return ConsoleError(
            f"{error}{named}: give the user role and the security profile of the authorized service these rights, and "
            "deploy the change"
        )

    def _negotiated(self) -> str:
        path = "/help/versions"
        response = self._send("GET", path, {"fields": "version,deprecated,removed"}, versioned=False)
        found = self._decoded(response, "GET", path)
        offered = sorted(_offered(found), key=lambda one: one.number)
        if not offered:
            raise self._malformed(path, "it names no version of the API")
        usable = [one for one in offered if OLDEST <= one.number <= NEWEST]
        if usable:
            # The newest one that is not deprecated, or the newest one.
            return max(usable, key=lambda one: (not one.deprecated, one.number)).text
        oldest, newest = offered[0], offered[-1]
        if newest.number < OLDEST:
            raise ConsoleError(
                f"{self.access.url} offers versions of the API up to {newest.text}, but {OLDEST} (JSA 7.3.3) is "
                "required: write the inventory by hand"
            )
        self.remarks.append(
            f"{self.access.url} offers versions of the API from {oldest.text} only, which are newer than those that "
            f"this collection knows ({OLDEST} to {NEWEST}): check the result"
        )
        return oldest.text

    def _value(self, method: str, path: str, query: Mapping[str, str | None], body: Any = None) -> Any:
        return self._decoded(self._send(method, path, query, body=body), method, path)

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | None],
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        versioned: bool = True,
    ) -> Response:
        parameters = urlencode({name: value for name, value in query.items() if value}, quote_via=quote)
        url = f"{self.access.url}/api{quote(path)}{'?' if parameters else ''}{parameters}"
        sent = {"Accept": "application/json", **(headers or {})}
        if versioned:
            sent["Version"] = self.version
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        response = self._transport.send(Request(method, url, sent, {"SEC": self.access.token}, data))
        if versioned and "deprecated" in response.headers:
            remark = (
                f"{self.access.url}: version {self.version} of the API is deprecated and will be removed: remove "
                "api_version to negotiate it, or set a newer one"
            )
            if remark not in self.remarks:
                self.remarks.append(remark)
        return response

    def _decoded(self, response: Response, method: str, path: str) -> Any:
        return value_of(response, self.access, f"{method} {path}")

    def _malformed(self, path: str, problem: str) -> ConsoleError:
        return ConsoleError(
            f"{self.access.url}: the answer to GET {path} is not as documented ({problem}): check that url is the "
            "address of the console, or set api_version to another version"
        )


class _Version(NamedTuple):
    """A version of the API that the console offers."""

    text: str
    number: float
    deprecated: bool


def _offered(answer: Any) -> Iterator[_Version]:
    """The versions in the answer to ``/help/versions`` that are not removed."""
    for item in answer if isinstance(answer, list) else ():
        text = item.get("version") if isinstance(item, Mapping) and item.get("removed") is not True else None
        if isinstance(text, str) and re.fullmatch(r"[0-9]+\.[0-9]+", text):
            yield _Version(text, float(text), item.get("deprecated") is True)


def _total(response: Response) -> int | None:
    match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", "").strip())
    return int(match[1]) if match else None


def _are_unique(items: list[Any]) -> bool:
    """Whether no item is there twice: then the list moved while it was read."""
    for key in ("id", "server_id"):
        numbers = [item[key] for item in items if isinstance(item, Mapping) and isinstance(item.get(key), int)]
        if len(set(numbers)) < len(numbers):
            return False
    return True
