#!/usr/bin/env python3
"""Times runs through a jupyter_server of this machine: galley, a bare WebSocket client as the floor, and nbclient with the
gateway client.

    servers.py GALLEY [ROUNDS [CASE ...]]

Run it with a Python that has jupyter_server, ipykernel and nbclient, such as .build/python-servers/bin/python. Prints for
each case the ratio to the time of the floor (the median of the rounds) and galley's peak memory.
"""
import base64
import http.client
import json
import os
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from notebooks import SHOW, cell, timed, write

TOKEN = uuid.uuid4().hex
UNLIMITED = ["--ZMQChannelsWebsocketConnection.iopub_msg_rate_limit=0", "--ZMQChannelsWebsocketConnection.iopub_data_rate_limit=0"]

# The cells, and whether nbclient runs them too: it needs minutes for many images.
CASES = {
    "hello": (lambda: [cell('print("hello")')], True),
    "500 cells": (lambda: [cell(f"{i} + 1") for i in range(500)], True),
    "50 MB of images": (lambda: [cell(SHOW + 'for i in range(20): display({"image/png": base64.b64encode(os.urandom(1_900_000)).decode()}, raw=True)')], False),
}


class Server:
    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", "--allow-root", "--no-browser", f"--port={self.port}", f"--IdentityProvider.token={TOKEN}",
             f"--ServerApp.root_dir={folder}", *UNLIMITED], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            try:
                self.call("GET", "/api/status")
                return
            except OSError:
                time.sleep(0.1)

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request(method, path, json.dumps(body) if body else None, {"Authorization": "token " + TOKEN})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return json.loads(text) if text else None

    def end(self):
        self.process.terminate()
        self.process.wait()


class BareClient:
    """A WebSocket client that sends cells and waits for their replies, and does nothing else with the messages."""

    def __init__(self, server):
        self.server = server
        self.kernel = server.call("POST", "/api/kernels", {"name": "python3"})["id"]
        self.socket = socket.create_connection(("127.0.0.1", server.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /api/kernels/{self.kernel}/channels?session_id=s HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: token {TOKEN}\r\n"
            "Sec-WebSocket-Protocol: v1.kernel.websocket.jupyter.org\r\n\r\n".encode())
        self.rest = bytearray()
        while b"\r\n\r\n" not in self.rest:
            self.rest += self.socket.recv(65536)
        del self.rest[:self.rest.index(b"\r\n\r\n") + 4]
        self.request("kernel_info_request", {}, b"kernel_info_reply")

    def take(self, count):
        while len(self.rest) < count:
            # The server waits for the acknowledgment of one packet before it sends the next.
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            self.rest += self.socket.recv(1 << 20)
        taken = bytes(self.rest[:count])
        del self.rest[:count]
        return taken

    def receive(self):
        first, second = self.take(2)
        size = second & 127
        if size > 125:
            size = int.from_bytes(self.take(2 if size == 126 else 8), "big")
        return first & 15, self.take(size)

    def request(self, kind, content, reply):
        number = uuid.uuid4().hex
        header = {"msg_id": number, "session": "s", "username": "", "date": "2026-01-01T00:00:00Z", "msg_type": kind, "version": "5.3"}
        parts = [b"shell"] + [json.dumps(part).encode() for part in (header, {}, {}, content)]
        offsets = [8 * (len(parts) + 2)]
        for part in parts:
            offsets.append(offsets[-1] + len(part))
        body = struct.pack(f"<{len(offsets) + 1}Q", len(offsets), *offsets) + b"".join(parts)
        length = bytes([128 | len(body)]) if len(body) < 126 else b"\xfe" + struct.pack(">H", len(body))
        # A mask of zeros leaves the bytes as they are.
        self.socket.sendall(b"\x82" + length + bytes(4) + body)
        replied = idle = False
        while not (replied and idle):
            code, frame = self.receive()
            if code != 2 or number.encode() not in frame[:4096]:
                continue
            replied = replied or reply in frame[:2048]
            idle = idle or b'"execution_state": "idle"' in frame or b'"execution_state":"idle"' in frame

    def end(self):
        self.socket.close()
        self.server.call("DELETE", "/api/kernels/" + self.kernel)


def floor(server, cells):
    start = time.perf_counter()
    client = BareClient(server)
    for one in cells:
        client.request("execute_request", {"code": one["source"], "silent": False, "store_history": True,
                                           "user_expressions": {}, "allow_stdin": False}, b"execute_reply")
    client.end()
    return time.perf_counter() - start


NBCLIENT = """
import sys, nbformat
from nbclient import NotebookClient
from jupyter_server.gateway.gateway_client import GatewayClient
from jupyter_server.gateway.managers import GatewayKernelManager
client = GatewayClient.instance()
client.url, client.auth_token = sys.argv[1], sys.argv[2]
client.init_connection_args()
notebook = nbformat.read(sys.argv[3], 4)
NotebookClient(notebook, kernel_manager_class=GatewayKernelManager).execute()
nbformat.write(notebook, sys.argv[3])
"""


def nbclient(server, path):
    start = time.perf_counter()
    run = subprocess.run([sys.executable, "-c", NBCLIENT, f"http://127.0.0.1:{server.port}", TOKEN, path], stdin=subprocess.DEVNULL,
                         capture_output=True, text=True, timeout=600)
    if run.returncode:
        return None, run.stderr.strip().splitlines()[-1:]
    return time.perf_counter() - start, None


def main():
    galley, rounds, *names = [str(Path(sys.argv[1]).resolve()), *sys.argv[2:]] + ([] if len(sys.argv) > 2 else ["5"])
    folder = Path(tempfile.mkdtemp(prefix="galley-bench-"))
    server = Server(folder)
    (folder / "token").write_text(TOKEN)
    print("runs through jupyter_server on loopback, beside a bare WebSocket client")
    try:
        for name, (make, hasPeer) in CASES.items():
            if names and name not in names:
                continue
            cells, path = make(), folder / "notebook.ipynb"
            ratios, seconds, peaks, peers, size = [], [], [], [], 0
            for number in range(int(rounds) + 1):
                bare = floor(server, cells)
                write(cells, path)
                taken, peak = timed(galley, folder, ["--server", f"http://127.0.0.1:{server.port}/", "--token-file", "token", path.name])
                size = path.stat().st_size
                if number:
                    ratios.append(taken / bare)
                    seconds.append(taken)
                    peaks.append(peak)
                if number == 1 and hasPeer:
                    write(cells, path)
                    peer, problem = nbclient(server, path)
                    peers.append(f"nbclient with the gateway client {peer / bare:.2f} x" if peer else f"nbclient fails: {problem}")
            print(f"  {name:16} {statistics.median(seconds):6.3f} s, {statistics.median(ratios):4.2f} x the floor (wanted: at most 1.10);"
                  f" {'; '.join(peers)} memory {max(peaks) / 1e6:5.1f} MB, {max(peaks) / size:.1f} x the file", flush=True)
        assert server.call("GET", "/api/kernels") == [], "a kernel is left"
    finally:
        server.end()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
