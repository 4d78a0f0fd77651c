# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bus of one guest: a service that takes its name, looks around, and is asked once."""

from __future__ import annotations

import socket
import threading

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._host import dbus
from ansible_collections.jsa.ports.plugins.module_utils._host.dbus import Bus, BusError
from ansible_collections.jsa.ports.plugins.module_utils._host.private_bus import PrivateBus

DBUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
NAME = "org.example.Service"


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[PrivateBus]:
    bus = PrivateBus(str(tmp_path / "bus"))
    yield bus
    bus.close()


class Service(threading.Thread):
    """Does on the bus what *steps* say, each a member, its signature and its values; then ``end`` says how it goes."""

    def __init__(self, bus: PrivateBus, steps: list[tuple[str, str, list[Any]]], end: str = "answer") -> None:
        super().__init__()
        self.path = bus.address.partition("path=")[2]
        self.steps = steps
        self.end = end
        self.told: list[Any] = []
        self.question: dict[int, Any] = {}

    def run(self) -> None:
        client = Bus([self.path])
        for member, signature, values in self.steps:
            try:
                self.told.append(client.call(*DBUS, member, signature, values, timeout=5))
            except BusError as error:
                self.told.append(error.name)
        if self.end == "answer":
            self.answer(client._socket)
        client.close()

    def answer(self, connection: socket.socket) -> None:
        start = connection.recv(dbus.START, socket.MSG_WAITALL)
        rest = connection.recv(dbus.rest_of(start), socket.MSG_WAITALL)
        serial, _kind, self.question, body = dbus.parse(start, rest)
        (asked, what) = dbus.decode("ss", body)
        fields = {dbus.REPLY_SERIAL: ("u", serial)}
        connection.sendall(dbus.message(9, fields, "s", dbus.encode("s", [f"{asked} {what}"]), dbus.RETURN))


def ask(bus: PrivateBus, alive: bool = True, timeout: float = 5) -> tuple[Any, ...] | None:
    return bus.ask(NAME, "/org/example", "org.example.Properties", "Get", [NAME, "state"], lambda: alive, timeout)


def test_a_service_is_asked_when_it_has_its_name(bus: PrivateBus) -> None:
    service = Service(bus, [("AddMatch", "s", ["type='signal'"]), ("RequestName", "su", [NAME, 4])])
    service.start()
    assert ask(bus) == (f"{NAME} state",)
    service.join(5)
    assert service.told == [(), (1,)]
    assert service.question[dbus.PATH] == "/org/example"
    assert service.question[dbus.MEMBER] == "Get"


def test_nobody_else_is_there(bus: PrivateBus) -> None:
    steps = [
        ("NameHasOwner", "s", ["org.freedesktop.NetworkManager"]),
        ("NameHasOwner", "s", ["org.freedesktop.DBus"]),
        ("GetNameOwner", "s", ["org.freedesktop.NetworkManager"]),
        ("StartServiceByName", "su", ["org.freedesktop.NetworkManager", 0]),
        ("ListNames", "", []),
        ("RequestName", "su", [NAME, 0]),
    ]
    service = Service(bus, steps)
    service.start()
    assert ask(bus) is not None
    service.join(5)
    nobody = "org.freedesktop.DBus.Error.NameHasNoOwner"
    assert service.told == [(False,), (True,), nobody, nobody, (["org.freedesktop.DBus"],), (1,)]


def test_another_name_is_not_asked(bus: PrivateBus) -> None:
    service = Service(bus, [("RequestName", "su", ["org.example.Other", 0])], end="leave")
    service.start()
    assert ask(bus, timeout=0.5) is None
    service.join(5)


def test_a_service_that_ends_first(bus: PrivateBus) -> None:
    service = Service(bus, [("RequestName", "su", [NAME, 0])], end="leave")
    service.start()
    assert ask(bus, alive=False) is None
    service.join(5)


def test_garbage_costs_the_guest_its_connection_and_no_other(bus: PrivateBus) -> None:
    with socket.socket(socket.AF_UNIX) as garbage:
        garbage.connect(bus.address.partition("path=")[2])
        garbage.sendall(b"\0AUTH EXTERNAL 30\r\nBEGIN\r\n" + b"B" * 64)
        service = Service(bus, [("RequestName", "su", [NAME, 0])])
        service.start()
        assert ask(bus) is not None
        service.join(5)
