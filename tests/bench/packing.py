# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process of its own: prints the seconds in which Ansible packs MODULE with what it imports, as once in each run."""

from __future__ import annotations

import sys
import time

from ansible.executor.module_common import modify_module
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader, module_loader
from ansible.template import Templar


def main() -> None:
    init_plugin_loader()
    found = module_loader.find_plugin_with_context(sys.argv[1])
    templar = Templar(loader=DataLoader())
    variables = {"ansible_python_interpreter": "/usr/bin/python3"}
    start = time.perf_counter()
    modify_module(
        module_name=found.plugin_resolved_name,
        module_path=found.plugin_resolved_path,
        module_args={},
        templar=templar,
        task_vars=variables,
        module_compression="ZIP_DEFLATED",
    )
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main()
