# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page as HTML: one file that needs nothing else.

Every text on it can come from a hostile host: Jinja2 escapes each one, and what could reorder or hide text is made
visible first. The only script and the only style are known by their hashes, so that nothing else can run.
"""

from __future__ import annotations

import base64
import hashlib

from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from ansible_collections.jsa.ports.plugins.module_utils._printable import printable
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.model import Page

_FOLDER = Path(__file__).parent / "templates"

_POLICY = "default-src 'none'; script-src '{script}'; style-src '{style}'; base-uri 'none'; form-action 'none'"


def html(page: Page) -> str:
    """The text of index.html."""
    script, style = _asset("page.js"), _asset("page.css")
    policy = _POLICY.format(script=_hash(script), style=_hash(style))
    text = _template().render(page=page, policy=policy, script=script, style=style)
    return text if text.endswith("\n") else f"{text}\n"


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        finalize=_visible,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


def _visible(value: Any) -> Any:
    # The script and the style are markup; all other texts are not.
    return printable(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


@cache
def _asset(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """As a policy names an inline script or style (CSP Level 3)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
