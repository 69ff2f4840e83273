# SPDX-License-Identifier: Apache-2.0
"""The small guest as a libvirt domain: its definition, its agent, its QEMU process."""

import base64
import json
import time
from pathlib import Path

import libvirt
import libvirt_qemu

BOOT_LIMIT = 60  # the guest needs four seconds on a machine of its own
END_LIMIT = 20

DOMAIN = """
<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>192</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/></features>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='{disk}'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <memballoon model='none'/>
  </devices>
</domain>
"""


def processes(name):
    """The process ids of the QEMUs that run the domain of this name."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"qemu-system" in words[0] and any(w.startswith(f"guest={name},".encode()) for w in words):
                found.append(int(entry.name))
    return found


class Agent:
    """The guest agent of a domain, by way of libvirt."""

    def __init__(self, client, name):
        self.domain = client.conn.lookupByName(name)

    def call(self, command, **arguments):
        question = json.dumps({"execute": command, "arguments": arguments})
        return json.loads(libvirt_qemu.qemuAgentCommand(self.domain, question, 10, 0))["return"]

    def answers(self):
        try:
            return self.call("guest-ping") == {}
        except libvirt.libvirtError:
            return False

    def shell(self, script):
        """The output of a script run inside the guest."""
        pid = self.call("guest-exec", path="/bin/sh", arg=["-c", script], **{"capture-output": True})["pid"]
        end = time.monotonic() + END_LIMIT
        while not (status := self.call("guest-exec-status", pid=pid))["exited"]:
            assert time.monotonic() < end, f"{script} does not end"
            time.sleep(0.02)
        assert status["exitcode"] == 0, status
        return base64.b64decode(status.get("out-data", "")).decode()
