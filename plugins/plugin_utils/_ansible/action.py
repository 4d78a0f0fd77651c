# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action plugins that run on the controller have in common."""

from __future__ import annotations

import gc
import os

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail
from ansible.executor.task_queue_manager import DisplaySend
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.jsa.ports.plugins.module_utils._printable import printable
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import make_folder, write_file
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.option_names import in_option_words, option_words
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import SCOPES
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.addresses import NETADDR_IMPORT_ERROR
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.json_text import parse_json

#: Ends of the names of strategies, Mitogen's as well, in which no host waits for another.
_APART = ("free", "host_pinned")

#: How the plan comes to an action: as jsa.ports.plan returned it, as a mapping or as a text.
PLAN_OPTION: dict[str, Any] = {"type": "dict", "required": True}

#: As jsa.ports.port_flows returned it.
SCOPE_OPTION: dict[str, Any] = {
    "type": "dict",
    "options": {
        "name": {"type": "str", "choices": list(SCOPES), "required": True},
        "sample": {"type": "int", "default": 20},
        "seed": {"type": "int", "default": 0},
    },
}


class ControllerAction(ActionBase):
    """Checks its options, works on the controller, tells all problems of the input at once; touches no host."""

    TRANSFERS_FILES = False
    _requires_connection = False
    #: As the module's documentation has them.
    ARGUMENT_SPEC: ClassVar[dict[str, Any]]
    #: Options of type dict that types of ours read: Ansible's validation would only copy all that is in them.
    AS_IS: ClassVar[tuple[str, ...]] = ()
    #: The role whose variables are the module's options; messages are written with the names of these.
    OPTIONS_OF: ClassVar[str | None] = None

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """What Ansible calls: the work's result. Raises AnsibleActionFail."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        require_together(self._task)
        arguments = self._arguments()
        try:
            result.update(self.work(arguments, task_vars))
        except (InputError, AnsibleActionFail) as error:
            raise AnsibleActionFail(self._worded(str(error))) from error
        return in_option_words(result, self._task, self.OPTIONS_OF) if self.OPTIONS_OF else result

    def _worded(self, text: str) -> str:
        return option_words(text, self._task, self.OPTIONS_OF) if self.OPTIONS_OF else text

    def _arguments(self) -> dict[str, Any]:
        given = self._task.args
        values = {name: given[name] for name in self.AS_IS if isinstance(given.get(name), Mapping)}
        values.update((name, _parsed(name, given[name])) for name in self.AS_IS if isinstance(given.get(name), str))
        self._task.args = {name: {} if name in values else value for name, value in given.items()}
        try:
            arguments: dict[str, Any] = self.validate_argument_spec(argument_spec=self.ARGUMENT_SPEC)[1]
        finally:
            self._task.args = given
        return {**arguments, **values}

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """What the task returns. Raises InputError and AnsibleActionFail."""
        raise NotImplementedError

    def write_results(self, folder: str, option: str, what: str, files: Mapping[str, str]) -> bool:
        """*option*: the variable that the folder is from. Whether a file differs from what was there."""
        check_mode = self._task.check_mode
        if not check_mode:
            make_folder(folder, option)
        path = os.path.abspath(os.path.expanduser(folder))
        written = [write_file(os.path.join(path, name), text, what, check_mode) for name, text in files.items()]
        return any(written)


def _parsed(name: str, text: str) -> Any:
    """The value of an option that was given as its JSON text. Raises AnsibleActionFail."""
    try:
        return parse_json(text)
    except ValueError as error:
        raise AnsibleActionFail(f"{name} is neither a mapping nor the JSON text of one: {error}") from error


@contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Spares Python the search for garbage in cycles, for work that leaves none.

    A task's process is a fork of Ansible with the whole inventory in memory. The search goes through all of that, and
    through a million records, again and again: a quarter of the time that the plan of a large deployment takes. Joining
    the observations of a check does leave such garbage: without the search, it takes half as much memory again.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            # What there is now lives as long as the process.
            gc.freeze()
            gc.enable()


def require_together(task: Any) -> None:
    """Raises AnsibleActionFail where a task that is for all hosts at once runs for each of them on its own.

    The strategies free and host_pinned do not wait for the other hosts, so what these have told is not there yet.
    """
    strategy = str(strategy_of(task))
    if task.run_once and strategy.rpartition(".")[2].endswith(_APART):
        raise AnsibleActionFail(
            f"the strategy of this play is {strategy}, which runs this task before the other hosts have come so far. "
            "Set strategy: linear for the play, or ANSIBLE_STRATEGY=linear in the environment"
        )


def strategy_of(task: Any) -> str:
    """The strategy of the task's play; empty where it has no play, as ad hoc."""
    parent = getattr(task, "_parent", None)
    while parent is not None:
        play = getattr(parent, "_play", None)
        if play is not None:
            return str(play.strategy)
        parent = getattr(parent, "_parent", None)
    return ""


def fail_with(error: InputError) -> AnsibleActionFail:
    """The same problems as the error that ends an action."""
    return AnsibleActionFail(printable(str(error)))


def require_netaddr() -> None:
    """Raises Ansible's usual message where the library is missing."""
    if NETADDR_IMPORT_ERROR is not None:
        raise AnsibleActionFail(missing_required_lib("netaddr")) from NETADDR_IMPORT_ERROR


class _Report(DisplaySend):
    """A text that Ansible's main process displays.

    There, the thread that takes the workers' results ends at the first OSError, and then the run never ends. So a pipe
    whose reader is gone (``| head``) ends the text here, and the run goes on, as after what Ansible itself displays.
    """

    @property
    def args(self) -> tuple[str, ...]:
        """What the thread passes to the method: nothing is left to do for it."""
        display_unless_closed(self._text)
        return ("",)

    @args.setter
    def args(self, value: tuple[str, ...]) -> None:
        (self._text,) = value


def display_unless_closed(text: str) -> None:
    """Displays *text*, unless nobody reads what Ansible displays."""
    with suppress(BrokenPipeError):
        Display().display(text)


def show(text: str) -> None:
    """Prints a report between the tasks' own lines. What hosts and networks told is in it, so it is made printable."""
    framed = f"\n{printable(text)}\n"
    # A worker has the queue to the main process; where nobody has set one, this is that process.
    queue = getattr(Display(), "_final_q", None)
    if queue is None:
        display_unless_closed(framed)
    else:
        queue.put(_Report("debug", framed))


def verbosity() -> int:
    """How many ``-v`` the run has."""
    return int(Display().verbosity)


def hosts_in_play(names: Iterable[str], task_vars: Mapping[str, Any]) -> list[str]:
    """Those of *names* that the play (with ``--limit``) is about."""
    play_hosts = set(task_vars.get("ansible_play_hosts_all", ()))
    return [name for name in names if name in play_hosts]
