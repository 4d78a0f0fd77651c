# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs of an appliance that the backend runs: the product's own, and iptables. Runs on Python 3.6."""

import os
import signal
import subprocess
import tempfile
import time

from typing import List, Optional

from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.lock import try_lock
from ansible_collections.jsa.ports.plugins.module_utils._families import PREFIXES
from ansible_collections.jsa.ports.plugins.module_utils._host.appliance import QRADAR
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError, Programs, find_program

#: Whoever holds its lock is an update program of ours, or a child of it. It holds the number of the process group.
_RUNNING = "/run/jsa_ports_appliance.update"

UPDATE_SECONDS = 120


class Product(Programs):
    def __init__(self, root=QRADAR, find=find_program, running=_RUNNING, seconds=UPDATE_SECONDS):
        super(Product, self).__init__(find)
        self.update_program = os.path.join(root, "bin", "iptables_update.pl")
        self._running = running
        self.seconds = seconds  # type: int

    def update(self):  # type: () -> None
        """Runs the product's update program. Raises CommandError where it fails or does not end."""
        command = [self.update_program]
        handle = self._quiet()
        # Not a pipe: what the program leaves running would keep it open. In memory, for a disk may be full.
        with tempfile.TemporaryFile(dir=os.path.dirname(self._running)) as output:
            try:
                # A session of its own, so that all of it can be ended; and it inherits the lock, so that whoever finds
                # us dead knows that it still works.
                # The timer runs this too, and has no AnsibleModule.
                # pylint: disable-next=ansible-bad-function
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd="/",
                    start_new_session=True,
                    pass_fds=[handle],
                )
                os.pwrite(handle, ("%d\n" % process.pid).encode("ascii"), 0)
                code = process.wait(timeout=self.seconds)
            except subprocess.TimeoutExpired:
                _end_group(process.pid)
                process.wait()
                raise CommandError(command, None, "no end after %d s" % self.seconds)
            except OSError as error:
                raise CommandError(command, None, str(error))
            finally:
                os.close(handle)
            if code != 0:
                output.seek(0)
                said = output.read().decode("utf-8", "replace").strip()
                raise CommandError(command, code, "exit code %d. %s" % (code, said[-500:]))

    def quiet(self):  # type: () -> None
        """Waits for an update program whose run was killed; it could load its rules after we have looked."""
        os.close(self._quiet())

    def _quiet(self):  # type: () -> int
        handle = os.open(self._running, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + self.seconds
        ended = False
        while not try_lock(handle):
            if time.monotonic() >= deadline:
                if ended:
                    # Something that it has left running for good, in a session of its own.
                    break
                ended = True
                deadline += 5
                group = os.pread(handle, 20, 0).strip()
                if group.isdigit():
                    _end_group(int(group))
            time.sleep(0.1)
        os.ftruncate(handle, 0)
        return handle

    def version(self):  # type: () -> str
        """Of iptables; empty where it does not tell."""
        try:
            words = self.run("iptables", "--version").split()
        except CommandError:
            return ""
        # iptables v1.8.4 (nf_tables)
        return words[1].lstrip("v") if len(words) > 1 else ""

    def rules(self, family):  # type: (str) -> Optional[str]
        """The filter table as the kernel has it; None where iptables is not there for that family."""
        program = PREFIXES[family] + "tables-save"
        if self.program(program) is None:
            return None
        return self.run(program, "-t", "filter")

    def change_rules(self, family, commands):  # type: (str, List[str]) -> None
        """Changes the kernel's filter table at once or not at all, past the product."""
        text = "*filter\n%s\nCOMMIT\n" % "\n".join(commands)
        name = PREFIXES[family] + "tables-restore"
        command = [self.program(name) or name, "-w", "--noflush"]
        # The timer runs this too, and has no AnsibleModule.
        # pylint: disable-next=ansible-bad-function
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output = process.communicate(text.encode("utf-8"))[0]
        if process.returncode != 0:
            raise CommandError(command, process.returncode, output.decode("utf-8", "replace"))


def _end_group(group):  # type: (int) -> None
    try:
        os.killpg(group, signal.SIGKILL)
    except OSError:
        pass
