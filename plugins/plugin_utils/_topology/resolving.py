# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of hosts looked up on the controller, where the site wants that (``jsa_resolve``): each once, and all told."""

from __future__ import annotations

import socket

from collections.abc import Callable, Iterable

from ansible_collections.jsa.ports.plugins.plugin_utils._topology.addresses import address_key, parse_address


def look_up(name: str) -> list[str]:
    """All addresses of *name*, as the controller's resolver knows them. Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)]


class Resolver:
    """Asks for each name once."""

    def __init__(self, ask: Callable[[str], Iterable[str]] = look_up) -> None:
        self._ask = ask
        self._answers: dict[str, tuple[str, ...] | str] = {}
        self._told: list[str] = []

    def addresses(self, host: str, name: str, problems: list[str]) -> tuple[str, ...]:
        """The addresses of *host*, which is called *name*, sorted; adds to *problems* why there are none."""
        if name not in self._answers:
            self._answers[name] = self._look_up(name)
        answer = self._answers[name]
        if isinstance(answer, str):
            problems.append(f"{host}: jsa_resolve: {answer}; correct the name, or set jsa_address")
            return ()
        self._told.append(f"{host} is {', '.join(answer)}" + ("" if host == name else f" ({name})"))
        return answer

    def _look_up(self, name: str) -> tuple[str, ...] | str:
        """The addresses, or what is wrong."""
        try:
            found = list(self._ask(name))
        except (OSError, UnicodeError) as error:
            return f"{name} was not found: {error}"
        try:
            return tuple(sorted({parse_address(text.partition("%")[0]) for text in found}, key=address_key))
        except ValueError as error:
            return f"{name}: {error}"

    def warnings(self) -> list[str]:
        """What was found, in one sentence."""
        if not self._told:
            return []
        return [f"addresses were looked up on the controller (jsa_resolve): {'; '.join(self._told)}"]
