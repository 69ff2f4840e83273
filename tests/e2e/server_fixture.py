# SPDX-License-Identifier: Apache-2.0
"""A `polyvirt serve` of one's own on a free loopback port, and a client that is logged in."""
import contextlib
import json
import os
import select
import signal
import socket
import ssl
import subprocess
import tempfile
import time

import requests
import urllib3

from conftest import POLYVIRT

urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

USER = "administrator@vsphere.local"
PASSWORD = "correct horse"
START_SECONDS = 30
STOP_SECONDS = 30
HEADER = "vmware-api-session-id"


class Server:
    """start() … stop(); the state folder lives from one start to the next."""

    def __init__(self, folder, backends=("sim:///?vms=5&seed=7",), profile="vcenter", options=()):
        self.folder = str(folder)
        self.backends, self.profile, self.options = list(backends), profile, list(options)
        self.process = None
        self.port = 0
        self.password_file = os.path.join(self.folder, "password")
        os.makedirs(self.folder, exist_ok=True)
        with open(self.password_file, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(PASSWORD + "\n")

    def command(self):
        backends = [word for uri in self.backends for word in ("--backend", uri)]
        return [POLYVIRT, "serve", *backends, "--listen", f"127.0.0.1:{self.port}", "--user", USER,
                "--password-file", self.password_file, "--state", os.path.join(self.folder, "state"),
                "--profile", self.profile, "-o", "json", *self.options]

    def start(self):
        self.errors = open(os.path.join(self.folder, "stderr"), "a+b")
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.errors)
        self.info = self._read_info()
        self.port = self.info["port"]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"https://{self.host}"
        return self

    def _read_info(self):
        text, end = b"", time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if select.select([self.process.stdout], [], [], 0.1)[0]:
                data = os.read(self.process.stdout.fileno(), 65536)
                text += data
                with contextlib.suppress(ValueError):
                    return json.loads(text)
                if not data:
                    break
        raise AssertionError(f"the server did not start: {text!r} {self.stderr()}")

    def stderr(self):
        with open(os.path.join(self.folder, "stderr"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def kill(self):
        """kill -9: what was not on disk is gone."""
        self.process.kill()
        self._ended()

    def _ended(self):
        status = self.process.wait(STOP_SECONDS)
        self.process.stdout.close()
        self.errors.close()
        self.process = None
        return status

    def stop(self):
        """An orderly end; a sanitizer's finding or a leak would show in the status."""
        if not self.process:
            return
        self.process.send_signal(signal.SIGTERM)
        status = self._ended()
        assert status == 0, f"exit {status}: {self.stderr()}"

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def client(self):
        return Client(self)

    def connect(self, timeout=30):
        """A TLS connection of one's own, for what no HTTP client would send."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.info["certificate"])
        return context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), timeout),
                                   server_hostname="127.0.0.1")

    def raw(self, data):
        """Sends bytes as they are; answers everything that comes until the server closes."""
        with self.connect() as s:
            s.sendall(data)
            return read_all(s)

    def raw_get(self, path, session=""):
        return self.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\n{HEADER}: {session}\r\nConnection: close\r\n\r\n".encode())


def read_all(s):
    out = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while chunk := s.recv(65536):
            out += chunk
    return out


class Client:
    """Requests with a session: api.get("/api/vcenter/vm")."""

    def __init__(self, server, login=True):
        self.server = server
        self.http = requests.Session()
        self.http.verify = server.info["certificate"]
        self.http.trust_env = False
        if login:
            self.login()

    def login(self, user=USER, password=PASSWORD):
        answer = self.http.post(self.server.url + "/api/session", auth=(user, password), timeout=30)
        assert answer.status_code == 201, answer.text
        self.id = answer.json()
        self.http.headers[HEADER] = self.id
        return self.id

    def request(self, method, path, **options):
        return self.http.request(method, self.server.url + path, **{"timeout": 60, **options})

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, **options):
        return self.request("POST", path, **options)

    def delete(self, path, **options):
        return self.request("DELETE", path, **options)

    def vm(self, name):
        """The id of the VM of this name."""
        found = self.get("/api/vcenter/vm", params={"names": name}).json()
        assert len(found) == 1, found
        return found[0]["vm"]

    def state(self, vm):
        return self.get(f"/api/vcenter/vm/{vm}/power").json()["state"]


@contextlib.contextmanager
def serving(**options):
    with tempfile.TemporaryDirectory(prefix="pv-") as folder, Server(folder, **options) as server:
        yield server
