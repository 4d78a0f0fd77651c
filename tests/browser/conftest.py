# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Chromium without a screen, the system's own. It may open files and nothing else."""

from __future__ import annotations

import shutil

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from playwright.sync_api import Browser, Page, sync_playwright

from ansible_collections.jsa.ports.tests.packages import BROWSERS

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 360, "height": 740}


@dataclass
class Opened:
    """A page that is open, with all that the browser had to say about it."""

    page: Page
    #: The addresses of everything that it asked for.
    requests: list[str] = field(default_factory=list)
    #: The addresses of what it got.
    fetched: list[str] = field(default_factory=list)
    #: Messages, errors, and dialogs: nobody expects any.
    complaints: list[str] = field(default_factory=list)

    def shown(self, selector: str) -> int:
        return self.page.locator(f"{selector} >> visible=true").count()


class Reader:
    """Opens pages as different people do."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[Any] = []

    def open(self, path: Path, **manner: Any) -> Opened:
        """*manner*: what Playwright takes for a new context, such as ``color_scheme``."""
        manner.setdefault("viewport", WIDE)
        context = self._browser.new_context(offline=True, **manner)
        self._contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.on("requestfinished", lambda request: opened.fetched.append(request.url))
        opened.page.on("console", lambda message: opened.complaints.append(message.text))
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))

        def dismiss(dialog: Any) -> None:
            opened.complaints.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        opened.page.on("dialog", dismiss)
        opened.page.goto(path.as_uri())
        return opened

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture(name="browser", scope="session")
def fixture_browser() -> Iterator[Browser]:
    (program,) = BROWSERS
    path = shutil.which(program)
    assert path, f"{program} is missing: run python -m ansible_collections.jsa.ports.tests.packages browser"
    with sync_playwright() as playwright:
        # Root may not use the sandbox, and nothing here comes from a network.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(name="reader")
def fixture_reader(browser: Browser) -> Iterator[Reader]:
    reader = Reader(browser)
    yield reader
    reader.close()
