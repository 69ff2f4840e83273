# SPDX-License-Identifier: Apache-2.0
"""A libvirt daemon of one's own, on a machine without systemd, that leaves nothing behind.

As root the daemon runs in a mount namespace in which /etc/libvirt, /run/libvirt, /var/lib/libvirt and
/var/log/libvirt are folders below the state folder: a system daemon that may run on the machine is
neither seen nor touched, and several of these can run side by side. Its socket lies in the state
folder, so clients outside reach it by URI. QEMU runs as root without security driver, so every image
the tests make can be read. As an ordinary user the session daemon runs with its XDG folders there.
In both cases QEMU's output goes to files, so that no virtlogd is needed. There are no
cgroups: two daemons would give theirs the same names.

The daemon has a reaper of its own: QEMUs are orphans by design, and libvirt takes one for alive until
somebody has collected it. In containers the first process does that late or never, and every
power-off waits for it.

    python3 tests/e2e/libvirt_fixture.py start STATE_DIR     prints the URI
    python3 tests/e2e/libvirt_fixture.py stop STATE_DIR

STATE_DIR should have a short path: UNIX sockets end at 107 bytes.
"""
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zlib

import libvirt

READY_SECONDS = 60   # a cold daemon looks at every QEMU on the machine first
STOP_SECONDS = 10
SOCKET_PATH_MAX = 107
PR_SET_CHILD_SUBREAPER = 36

# Two daemons find the same port free and the slower QEMU does not start: each looks in a range of its own.
DISPLAY_PORTS, DISPLAY_RANGE, DISPLAY_RANGES = 10000, 100, 200  # below the ports systems give to clients

QEMU_CONF = """\
stdio_handler = "file"
remote_display_port_min = {first_port}
remote_display_port_max = {last_port}
"""
QEMU_CONF_ROOT = QEMU_CONF + """\
user = "root"
group = "root"
security_driver = "none"
namespaces = [ ]
cgroup_controllers = [ ]
"""
LIBVIRTD_CONF = """\
auth_unix_rw = "none"
log_outputs = "2:file:{log}"
"""


class Libvirt:
    """start() … stop(); uri and images are set by start()."""

    def __init__(self, state):
        self.state = os.path.abspath(state)
        self.root = os.geteuid() == 0
        self.images = os.path.join(self.state, "images")
        # where the daemon puts the memory of suspended machines
        self.saves = os.path.join(self.state, "lib" if self.root else "c/libvirt", "qemu", "save")
        self.note = os.path.join(self.state, "fixture.json")
        self.reaper = None
        self.pid = None
        run = "run" if self.root else "run/libvirt"
        self.socket = os.path.join(self.state, run, "libvirt-sock")
        mode = "system" if self.root else "session"
        self.uri = f"qemu+unix:///{mode}?socket={self.socket}"
        if os.path.exists(self.note):
            with open(self.note, encoding="utf-8") as f:
                self.pid = json.load(f)["pid"]

    # ---- start ----

    def _config(self):
        etc = os.path.join(self.state, "etc") if self.root else os.path.join(self.state, "c", "libvirt")
        log = os.path.join(self.state, "log")
        for folder in (etc, log, self.images, os.path.dirname(self.socket), os.path.join(self.state, "lib")):
            os.makedirs(folder, exist_ok=True)
        with open(os.path.join(etc, "qemu.conf"), "w", encoding="utf-8") as f:
            slot = zlib.crc32(self.state.encode()) % DISPLAY_RANGES
            first = DISPLAY_PORTS + slot * DISPLAY_RANGE
            template = QEMU_CONF_ROOT if self.root else QEMU_CONF
            f.write(template.format(first_port=first, last_port=first + DISPLAY_RANGE - 1))
        conf = os.path.join(etc, "libvirtd.conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write(LIBVIRTD_CONF.format(log=os.path.join(log, "libvirtd.log")))
        return conf

    def _command(self, conf):
        daemon = shutil.which("libvirtd") or "/usr/sbin/libvirtd"
        args = [daemon, "-f", conf]
        if not self.root:
            return args
        args += ["-p", os.path.join(self.state, "libvirtd.pid")]
        binds = (("etc", "/etc/libvirt"), ("run", "/run/libvirt"), ("lib", "/var/lib/libvirt"), ("log", "/var/log/libvirt"))
        steps = []
        for name, target in binds:
            os.makedirs(target, exist_ok=True)
            steps.append(f"mount --bind '{self.state}/{name}' {target}")
        script = " && ".join(steps) + ' && exec "$@"'
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *args]

    def _environment(self):
        env = dict(os.environ)
        if not self.root:
            env["XDG_RUNTIME_DIR"] = os.path.join(self.state, "run")
            env["XDG_CONFIG_HOME"] = os.path.join(self.state, "c")  # short: the agents' sockets lie deep below it
            env["XDG_DATA_HOME"] = os.path.join(self.state, "data")
        return env

    def launch(self):
        """Starts the daemon and waits until it answers; the state of an earlier one is kept."""
        if len(self.socket) > SOCKET_PATH_MAX:
            raise RuntimeError(f"{self.socket}: longer than a UNIX socket's path may be")
        conf = self._config()
        with open(os.path.join(self.state, "log", "stderr"), "ab") as err:
            self.reaper = subprocess.Popen([sys.executable, os.path.abspath(__file__), "reap", *self._command(conf)],
                                           env=self._environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                           stderr=err, start_new_session=True)
        with self.reaper.stdout as said:
            self.pid = int(said.readline())
        with open(self.note, "w", encoding="utf-8") as f:
            json.dump({"pid": self.pid, "uri": self.uri}, f)
        self.wait()

    def wait(self):
        end = time.monotonic() + READY_SECONDS
        while True:
            try:
                conn = libvirt.open(self.uri)
                conn.getVersion()
                conn.close()
                return
            except libvirt.libvirtError as e:
                if not self._alive(self.pid) or time.monotonic() > end:
                    with open(os.path.join(self.state, "log", "stderr"), encoding="utf-8", errors="replace") as f:
                        raise RuntimeError(f"libvirtd does not answer: {e}\n{f.read()[-2000:]}") from e
            time.sleep(0.05)

    def start(self):
        libvirt.registerErrorHandler(lambda _ctx, _err: None, None)
        self.launch()
        conn = libvirt.open(self.uri)
        try:
            pool = conn.storagePoolDefineXML(
                f"<pool type='dir'><name>default</name><target><path>{self.images}</path></target></pool>")
            pool.create()
        finally:
            conn.close()
        return self

    # ---- stop ----

    def kill(self):
        """kill -9 of the daemon; its guests live on."""
        self._end(signal.SIGKILL)

    def terminate(self):
        """An orderly end of the daemon alone; launch() brings it back."""
        self._end(signal.SIGTERM)

    def _end(self, sig):
        if self.pid is None:
            return
        try:
            os.kill(self.pid, sig)
        except ProcessLookupError:
            return
        end = time.monotonic() + STOP_SECONDS
        while self._alive(self.pid) and time.monotonic() < end:
            time.sleep(0.02)

    @staticmethod
    def _alive(pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
                return f.read().rsplit(")", 1)[1].split()[0] != "Z"
        except OSError:
            return False

    def _stop_guests(self):
        try:
            conn = libvirt.open(self.uri)
        except libvirt.libvirtError:
            return
        for domain in conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
            try:
                domain.destroy()
            except libvirt.libvirtError:
                pass
        for network in conn.listAllNetworks(libvirt.VIR_CONNECT_LIST_NETWORKS_ACTIVE):
            network.destroy()
        conn.close()

    def _kill_orphans(self):
        """QEMUs whose daemon is gone, by the pid files libvirt wrote below our state folder."""
        for folder, _, files in os.walk(os.path.join(self.state, "run")):
            for name in files:
                if not name.endswith(".pid") or name == "driver.pid" or name.startswith("libvirtd"):
                    continue
                try:
                    with open(os.path.join(folder, name), encoding="ascii") as f:
                        pid = int(f.read())
                    with open(f"/proc/{pid}/cmdline", "rb") as f:
                        if b"qemu" in f.read():
                            os.kill(pid, signal.SIGKILL)
                except (OSError, ValueError):
                    continue

    def stop(self, keep=False):
        libvirt.registerErrorHandler(lambda _ctx, _err: None, None)
        if self.pid is not None and self._alive(self.pid):
            self._stop_guests()
        self._end(signal.SIGTERM)
        if self.pid is not None and self._alive(self.pid):
            self._end(signal.SIGKILL)
        self._kill_orphans()
        if self.reaper is not None:
            self.reaper.wait(STOP_SECONDS)
        if not keep:
            shutil.rmtree(self.state, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def start(state):
    """The URI of a daemon that lives until stop() is called with the same folder."""
    return Libvirt(state).start().uri


def stop(state):
    Libvirt(state).stop()


def reap(command):
    """Runs the command, says its process id, and collects it and whatever it leaves behind."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = os.fork()
    if child == 0:
        os.dup2(2, 1)
        os.execvp(command[0], command)
    print(child, flush=True)
    os.close(1)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def main(argv):
    if argv[1:2] == ["reap"]:
        reap(argv[2:])
        os._exit(0)  # its stdout is closed
    if len(argv) != 3 or argv[1] not in ("start", "stop"):
        print("usage: libvirt_fixture.py start|stop STATE_DIR", file=sys.stderr)
        return 2
    if argv[1] == "start":
        print(start(argv[2]))
    else:
        stop(argv[2])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
