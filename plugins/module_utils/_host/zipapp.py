# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packs modules of this collection into one file that a host's Python runs by itself. Runs on Python 3.6.

Ansible's copy of a module is gone when the module ends. What has to stay longer takes with it what it needs.
"""

import importlib
import io
import zipfile

from typing import Any, Iterable

PACKAGE = "ansible_collections.jsa.ports.plugins.module_utils"


def pack(main, names):  # type: (str, Iterable[str]) -> bytes
    """A program that runs the text *main*, with modules of module_utils. The same bytes for the same *names*."""
    sources = {"__main__.py": main.encode("utf-8")}
    for name in sorted(set(names)):
        full = "%s.%s" % (PACKAGE, name)
        parts = full.split(".")
        for depth in range(1, len(parts)):
            sources.setdefault("/".join(parts[:depth]) + "/__init__.py", b"")
        module = importlib.import_module(full)
        path = "/".join(parts) + ("/__init__.py" if hasattr(module, "__path__") else ".py")
        sources[path] = _source(module, full)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(sources):
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), sources[path])
    return content.getvalue()


def _source(module, name):  # type: (Any, str) -> bytes
    source = module.__loader__.get_source(name) or b""
    # Ansible's own loader of collections gives bytes.
    return source if isinstance(source, bytes) else source.encode("utf-8")
