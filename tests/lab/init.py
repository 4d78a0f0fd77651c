# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first process of a lab host: collects orphans, runs the daemons, and tells outside when all is up.

Runs within the host, on whatever Python its files have: 3.6 and later, standard library only.
A daemon that dies stays dead, as tests that kill one want to see what happens then; start it through the socket.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time

HERE = "/run/jsa-lab"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENVIRONMENT = {"PATH": PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
SOCKETS = {"dbus": "/run/dbus/system_bus_socket", "standin": HERE + "/standin.sock"}
STATE_OF_FIREWALLD = [
    "dbus-send", "--system", "--print-reply=literal", "--dest=org.fedoraproject.FirewallD1",
    "/org/fedoraproject/FirewallD1", "org.freedesktop.DBus.Properties.Get",
    "string:org.fedoraproject.FirewallD1", "string:state",
]  # fmt: skip


class Daemons:
    """The host's daemons by name, each with its command and, while it runs, its pid."""

    def __init__(self, config):
        self.commands = {"dbus": ["dbus-daemon", "--system", "--nofork", "--nopidfile"]}
        if config["sshd"]:
            self.commands["sshd"] = ["/usr/sbin/sshd", "-D", "-e", "-f", HERE + "/sshd_config"]
        if config["firewalld"]:
            self.commands["firewalld"] = ["firewalld", "--nofork", "--nopid"]
        self.boot = list(self.commands)
        self.commands["standin"] = ["/usr/bin/python3", "-I", "-S", HERE + "/standin.py"]
        if os.path.exists(HERE + "/listeners.json"):
            self.boot.append("standin")
        self.pids = {}
        self.ends = {}

    def start(self, name):
        if name in self.pids:
            return
        stale = SOCKETS.get(name)
        if stale and os.path.exists(stale):
            os.unlink(stale)
        log = os.open("%s/log/%s.log" % (HERE, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                os.dup2(log, 1)
                os.dup2(log, 2)
                signal.set_wakeup_fd(-1)
                signal.pthread_sigmask(signal.SIG_SETMASK, [])
                os.execvpe(self.commands[name][0], self.commands[name], ENVIRONMENT)
            except OSError as error:
                os.write(2, ("%s: %s\n" % (self.commands[name][0], error)).encode())
            os._exit(127)
        os.close(log)
        self.pids[name] = pid
        self.ends.pop(name, None)

    def collect(self):
        """Everybody's orphans end here; of the daemons the status is kept."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for name in [name for name, known in self.pids.items() if known == pid]:
                del self.pids[name]
                self.ends[name] = status

    def stop(self, name, number=signal.SIGTERM, patience=10.0):
        if name not in self.pids:
            return
        os.kill(self.pids[name], number)
        deadline = time.monotonic() + patience
        while name in self.pids:
            time.sleep(0.01)
            self.collect()
            if time.monotonic() > deadline and name in self.pids:
                os.kill(self.pids[name], signal.SIGKILL)
                deadline += 5.0

    def status(self):
        return {name: {"running": name in self.pids, "pid": self.pids.get(name)} for name in self.commands}


def quick(argv):
    """A short command's output; the children of daemons are collected elsewhere, so it waits for its own only."""
    process = subprocess.Popen(argv, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return process.communicate()[0].decode("utf-8", "replace")


def answers(port):
    """Whether an SSH server greets on loopback."""
    try:
        with socket.create_connection(("127.0.0.1", port), 0.5) as connection:
            connection.settimeout(0.5)
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def ready(config, name):
    """Whether a daemon does its work, not merely exists."""
    if name in SOCKETS:
        return os.path.exists(SOCKETS[name])
    if name == "sshd":
        return answers(config["ssh_port"])
    return "RUNNING" in quick(STATE_OF_FIREWALLD)


def wait_for(config, daemons, names, patience):
    """Empty when all of them do their work, else the sentence that says which one does not."""
    deadline = time.monotonic() + patience
    for name in names:
        while not ready(config, name):
            daemons.collect()
            if name not in daemons.pids:
                return "%s ended with status %s" % (name, daemons.ends.get(name))
            if time.monotonic() > deadline:
                return "%s is not ready after %d s" % (name, patience)
            time.sleep(0.05)
    return ""


def say(name, text):
    with open("%s/%s.new" % (HERE, name), "w") as stream:
        stream.write(text)
    os.rename("%s/%s.new" % (HERE, name), "%s/%s" % (HERE, name))


def obey(config, daemons, request):
    """One request from outside: a verb and the daemon it is about."""
    verb, name = request.get("verb"), request.get("daemon")
    if verb == "status":
        return {"ok": True, "daemons": daemons.status()}
    if name not in daemons.commands:
        return {"ok": False, "error": "no daemon %r on this host, there are: %s" % (name, ", ".join(daemons.commands))}
    if verb == "kill":
        daemons.stop(name, signal.SIGKILL)
        return {"ok": True}
    if verb not in ("start", "stop", "restart"):
        return {"ok": False, "error": "no verb %r, there are: start, stop, restart, kill, status" % (verb,)}
    if verb != "start":
        daemons.stop(name)
    if verb != "stop":
        daemons.start(name)
        problem = wait_for(config, daemons, [name], 30)
        if problem:
            return {"ok": False, "error": problem}
    return {"ok": True}


def serve(config, daemons, listener, wakeup):
    while True:
        readable = select.select([listener, wakeup], [], [])[0]
        if wakeup in readable:
            os.read(wakeup, 512)
        daemons.collect()
        if listener not in readable:
            continue
        connection = listener.accept()[0]
        with connection:
            connection.settimeout(5)
            try:
                request = json.loads(connection.makefile().readline())
                answer = obey(config, daemons, request)
                connection.sendall((json.dumps(answer) + "\n").encode())
            except (OSError, ValueError):
                continue


def load_rules():
    """As iptables.service does when a machine starts; the first time there is nothing yet, and the product makes it."""
    if not os.path.exists("/etc/sysconfig/iptables"):
        subprocess.check_call(["/opt/qradar/bin/iptables_update.pl"], env=ENVIRONMENT)
        return
    for prefix in ("ip", "ip6"):
        path = "/etc/sysconfig/%stables" % prefix
        if os.path.exists(path):
            subprocess.check_call([prefix + "tables-restore", path], env=ENVIRONMENT)


def main():
    begun = time.monotonic()
    with open(HERE + "/config.json") as stream:
        config = json.load(stream)
    socket.sethostname(config["name"])
    wakeup, other_end = os.pipe()
    os.set_blocking(other_end, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(other_end)
    for key, value in config["sysctls"].items():
        with open("/proc/sys/" + key.replace(".", "/"), "w") as stream:
            stream.write(value)
    if config.get("appliance"):
        load_rules()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(HERE + "/init.sock")
    listener.listen(8)
    daemons = Daemons(config)
    daemons.start("dbus")
    problem = wait_for(config, daemons, ["dbus"], 15)
    if not problem:
        for name in daemons.boot:
            daemons.start(name)
        problem = wait_for(config, daemons, daemons.boot, 60)
    if problem:
        say("failed", problem)
    else:
        say("ready", "%.2f\n" % (time.monotonic() - begun))
    serve(config, daemons, listener, wakeup)


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        say("failed", "init: %s" % error)
        sys.exit(1)
