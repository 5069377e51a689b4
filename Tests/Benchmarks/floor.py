#!/usr/bin/env python3
"""A minimal kernel client: it waits only for the messages that the protocol requires, checks no signatures and stores
nothing. Its time is approximately the time that the kernel takes by itself.

    floor.py ROOT KERNEL CODE     prints the seconds until ready, the seconds for the request, and the number of outputs
"""
import hashlib
import hmac
import json
import shutil
import subprocess
import sys
import tempfile
import time
import uuid

import zmq

OUTPUTS = (b'"stream"', b'"display_data"', b'"execute_result"')


class BareKernel:
    def __init__(self, command):
        self.folder = tempfile.mkdtemp(prefix="fl")
        self.key, file = uuid.uuid4().hex, self.folder + "/kernel.json"
        with open(file, "w") as out:
            json.dump({"transport": "ipc", "ip": self.folder + "/k", "key": self.key, "signature_scheme": "hmac-sha256",
                       "shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}, out)
        self.context = zmq.Context()
        self.shell, self.iopub, self.control = (self.context.socket(kind) for kind in (zmq.DEALER, zmq.SUB, zmq.DEALER))
        self.iopub.subscribe(b"")
        for socket in (self.shell, self.iopub, self.control):
            # libzmq's default interval of 100 ms is longer than a kernel takes to create its sockets.
            socket.rcvhwm, socket.linger, socket.reconnect_ivl = 0, 0, 1
        self.began = time.perf_counter()
        self.process = subprocess.Popen([part.replace("{}", file) for part in command], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for socket, port in ((self.shell, 1), (self.iopub, 2), (self.control, 4)):
            socket.connect(f"ipc://{self.folder}/k-{port}")
        self.poller = zmq.Poller()
        self.poller.register(self.shell, zmq.POLLIN)
        self.poller.register(self.iopub, zmq.POLLIN)
        self.send(self.shell, "kernel_info_request", {})
        heard = set()
        while len(heard) < 2:
            for socket, _ in self.poller.poll():
                socket.recv_multipart()
                heard.add(socket)
                if socket is self.shell and len(heard) < 2:
                    self.send(self.shell, "kernel_info_request", {})

    def send(self, socket, kind, content):
        header = {"msg_id": uuid.uuid4().hex, "session": "s", "username": "", "date": "2026-01-01T00:00:00Z",
                  "msg_type": kind, "version": "5.3"}
        parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
        sign = hmac.new(self.key.encode(), b"".join(parts), hashlib.sha256).hexdigest().encode()
        socket.send_multipart([b"<IDS|MSG>", sign, *parts])
        return header["msg_id"].encode()

    def execute(self, code):
        request = self.send(self.shell, "execute_request", {
            "code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False})
        replied = idle = False
        outputs = 0
        while not (replied and idle):
            for socket, _ in self.poller.poll():
                frames = socket.recv_multipart()
                at = frames.index(b"<IDS|MSG>")
                if request not in frames[at + 3]:
                    continue
                if socket is self.shell:
                    replied = True
                elif b'"status"' in frames[at + 2]:
                    idle = b'"idle"' in frames[at + 5]
                elif any(kind in frames[at + 2] for kind in OUTPUTS):
                    outputs += 1
        return outputs

    def end(self):
        """Shuts down the kernel; returns the seconds since its start, or None if it did not shut down within 5 s."""
        self.send(self.control, "shutdown_request", {"restart": False})
        try:
            self.process.wait(5)
            taken = time.perf_counter() - self.began
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            taken = None
        self.context.destroy(linger=0)
        shutil.rmtree(self.folder, ignore_errors=True)
        return taken


IPYTHON = [sys.executable, "-m", "ipykernel_launcher", "-f", "{}", "--HistoryManager.hist_file=:memory:"]


def main():
    root, name, code = sys.argv[1:]
    command = IPYTHON if name == "ipykernel_launcher" else [sys.executable, root + "/Tests/Fixtures/kernels/fixture.py", name, "{}"]
    kernel = BareKernel(command)
    ready = time.perf_counter()
    outputs = kernel.execute(code)
    print(ready - kernel.began, time.perf_counter() - ready, outputs)
    kernel.end()


if __name__ == "__main__":
    main()
