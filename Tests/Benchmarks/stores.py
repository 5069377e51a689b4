#!/usr/bin/env python3
"""Runs a notebook of ten cells from and to an object store of this machine, with galley and with papermill: requests, bytes and
time. Then runs one of 60 MB with galley: the peak memory, as a multiple of the file.

    stores.py GALLEY [ROUNDS]

Run it with a Python that has papermill[s3], moto[server] and ipykernel. Prints the medians of the rounds, and the ratio to
papermill's in the same rounds.
"""
import http.client
import http.server
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import boto3

from notebooks import SKIPPED, cell, image, measured, write

CELLS = 10


class Counter(http.server.BaseHTTPRequestHandler):
    """Passes requests on to the store, and counts them."""

    protocol_version = "HTTP/1.1"
    store = None
    methods = []
    sizes = []

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        # The signature covers the host that the client has named.
        connection = http.client.HTTPConnection("127.0.0.1", Counter.store)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        Counter.methods.append(self.command)
        Counter.sizes.append(len(body) + len(content))
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection"):
                self.send_header(name, value)
        if self.command != "HEAD" and not answer.getheader("Content-Length"):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        connection.close()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = pass_on

    def handle_expect_100(self):
        self.send_response_only(100)
        self.end_headers()
        return True

    def log_message(self, *arguments):
        pass


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def run(command, environment):
    """Returns the methods of the requests, the bytes that they moved, the seconds and the peak memory of a run."""
    Counter.methods, Counter.sizes = [], []
    seconds, memory = measured(command, None, environment)
    return Counter.methods, sum(Counter.sizes), seconds, memory


def describe(methods):
    return f"{len(methods)} requests (" + ", ".join(f"{methods.count(m)} {m}" for m in sorted(set(methods))) + ")"


def main():
    galley = os.path.abspath(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    Counter.store = free_port()
    store = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(Counter.store)], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    counter = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counter)
    threading.Thread(target=counter.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{counter.server_address[1]}"
    environment = {
        **os.environ, "AWS_ENDPOINT_URL": url, "BOTO3_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
        "PATH": os.path.dirname(sys.executable) + ":" + os.environ["PATH"]}
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", Counter.store)).close()
                break
            except OSError:
                time.sleep(0.1)
        client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret")
        client.create_bucket(Bucket="bench")
        with tempfile.TemporaryDirectory() as folder:
            small, large = Path(folder) / "a.ipynb", Path(folder) / "large.ipynb"
            write([cell(f"print({number})") for number in range(CELLS)], small)
            write([cell("1")] + [cell("plot()", SKIPPED, [image(1_000_000)]) for _ in range(45)], large)
            for file in (small, large):
                client.put_object(Bucket="bench", Key="in/" + file.name, Body=file.read_bytes())
            bytes_of_large = large.stat().st_size
        cases = {
            "galley": [galley, "execute", "--quiet", "s3://bench/in/a.ipynb", "--output", "s3://bench/out/galley.ipynb"],
            "papermill": [os.path.join(os.path.dirname(sys.executable), "papermill"), "--no-progress-bar", "s3://bench/in/a.ipynb", "s3://bench/out/papermill.ipynb"],
        }
        found = {name: [] for name in cases}
        for _ in range(rounds):
            for name, command in cases.items():
                found[name].append(run(command, environment))
        for name, results in found.items():
            size = statistics.median(size for _, size, _, _ in results)
            seconds = statistics.median(seconds for _, _, seconds, _ in results)
            ratio = statistics.median(own[2] / other[2] for own, other in zip(results, found["papermill"]))
            print(f"{name}: {describe(results[-1][0])}, {size / 1000:.1f} kB, {seconds:.2f} s, {ratio:.2f} x the time of papermill")
        methods, size, seconds, memory = run(
            [galley, "execute", "--quiet", "s3://bench/in/large.ipynb", "--output", "s3://bench/out/large.ipynb"], environment)
        print(f"galley, {bytes_of_large / 1e6:.0f} MB: {describe(methods)}, {size / 1e6:.0f} MB moved, {seconds:.2f} s, "
              f"peak memory {memory / bytes_of_large:.2f} x the file")
    finally:
        counter.shutdown()
        store.terminate()
        store.wait()


main()
