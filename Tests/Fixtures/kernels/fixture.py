"""A kernel that breaks one rule of the protocol, chosen by MODE.

    python fixture.py MODE CONNECTION_FILE

It implements the protocol with pyzmq alone. Code is one of a few words, such as `print TEXT`, `wait` (until
interrupted) or `pid`; other code is echoed.
"""
import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid

import zmq

MODE, CONNECTION_FILE = sys.argv[1:3]


class Interrupted(Exception):
    pass


def interrupt(*_):
    raise Interrupted


class Endless:
    """A channel that sends a message without an end, in the wire format of libzmq."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen()

    def flood(self):
        connection, _ = self.socket.accept()
        connection.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32))
        connection.sendall(b"\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06ROUTER")
        greeting = b""
        while b"DEALER" not in greeting:
            greeting += connection.recv(4096)
        frames = (b"\x01\xff" + bytes(255)) * 1000
        try:
            while True:
                connection.sendall(frames)
        except OSError:
            # The client has closed the connection.
            pass


class Kernel:
    def __init__(self):
        info = json.load(open(CONNECTION_FILE))
        self.key = info["key"].encode()
        context = zmq.Context()
        self.sockets = {}
        # The shell channel comes last: a client that connects to it can use all channels.
        for name, kind in (("control", zmq.ROUTER), ("stdin", zmq.ROUTER), ("iopub", zmq.PUB), ("hb", zmq.REP), ("shell", zmq.ROUTER)):
            if MODE == "endless" and name == "stdin":
                self.sockets[name] = Endless(f"{info['ip']}-{info['stdin_port']}")
                continue
            channel = context.socket(kind)
            channel.linger = 1000
            if MODE in ("flood", "never-done"):
                channel.sndhwm = 0
            if MODE == "overflow" and name == "iopub":
                channel.sndhwm = 5
            glue = "-" if info["transport"] == "ipc" else ":"
            channel.bind(f"{info['transport']}://{info['ip']}{glue}{info[name + '_port']}")
            self.sockets[name] = channel
        self.parent = {}
        self.session = uuid.uuid4().hex

    def frames(self, kind, content, parent=None, **changes):
        header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": self.session, "username": "kernel", "date": "2026-01-01T00:00:00.000000Z", "version": "5.3", **changes}
        header = {key: value for key, value in header.items() if value is not None}
        parts = [json.dumps(part).encode() for part in (header, self.parent if parent is None else parent, {}, content)]
        return [b"<IDS|MSG>", self.sign(parts), *parts]

    def sign(self, parts):
        return hmac.new(self.key, b"".join(parts), hashlib.sha256).hexdigest().encode()

    def publish(self, kind, content, **changes):
        self.sockets["iopub"].send_multipart([kind.encode(), *self.frames(kind, content, **changes)])

    def status(self, state):
        self.publish("status", {"execution_state": state})

    def reply(self, channel, identities, kind, content):
        self.sockets[channel].send_multipart([*identities, *self.frames(kind, content)])

    def run(self):
        poller = zmq.Poller()
        for name in ("shell", "control"):
            poller.register(self.sockets[name], zmq.POLLIN)
        while True:
            try:
                for socket, _ in poller.poll():
                    frames = socket.recv_multipart()
                    cut = frames.index(b"<IDS|MSG>")
                    header, _, _, content = (json.loads(part) for part in frames[cut + 2 : cut + 6])
                    self.parent = header
                    name = "shell" if socket is self.sockets["shell"] else "control"
                    getattr(self, header["msg_type"])(name, frames[:cut], content)
            except Interrupted:
                pass

    def kernel_info_request(self, channel, identities, content):
        if MODE == "silent":
            return
        self.status("busy")
        language = {"name": "fixture", "version": "1"}
        if MODE == "forged-at-start":
            self.key = b"another"
        self.reply(channel, identities, "kernel_info_reply", {"status": "ok", "protocol_version": "5.3", "implementation": "fixture", "implementation_version": MODE, "language_info": language, "banner": ""})
        self.status("idle")

    def execute_request(self, channel, identities, content):
        self.status("busy")
        word, _, rest = content["code"].partition(" ")
        result = {"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []}
        if MODE == "dies":
            self.publish("stream", {"name": "stdout", "text": "last words"})
            # Its output has left the kernel once the client has received it and created the given file.
            while not os.path.exists(content["code"]):
                time.sleep(0.01)
            print("a line on standard error", file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        elif MODE == "endless":
            self.sockets["stdin"].flood()
        elif MODE == "exits":
            print("giving up", file=sys.stderr, flush=True)
            os._exit(7)
        elif MODE == "flood":
            for number in range(200_000):
                self.publish("stream", {"name": "stdout", "text": f"{number}\n"})
        elif MODE == "never-done":
            for number in range(3000):
                self.publish("stream", {"name": "stdout", "text": f"{number}\n"})
            time.sleep(0.5)
            open(content["code"], "w").close()
            while True:
                time.sleep(60)
        elif MODE == "overflow":
            for number in range(2000):
                self.publish("stream", {"name": "stdout", "text": f"{number}\n" * 200})
        elif MODE == "images":
            for number in range(20):
                self.publish("display_data", {"data": {"image/png": "A" * 2_500_000}, "metadata": {}})
        elif MODE in ("forged", "short", "replayed", "garbled", "list", "nameless"):
            frames = self.frames("stream", {"name": "stdout", "text": "bad"})
            if MODE == "forged":
                frames[1] = b"0" * 64
            elif MODE == "short":
                frames = frames[:4]
            elif MODE == "garbled":
                frames[5] = b"{"
                frames[1] = self.sign(frames[2:6])
            elif MODE == "list":
                frames[5] = b"[]"
                frames[1] = self.sign(frames[2:6])
            elif MODE == "nameless":
                frames = self.frames("stream", {}, msg_type=None)
            for _ in range(2 if MODE == "replayed" else 1):
                self.sockets["iopub"].send_multipart([b"x", *frames])
        elif MODE == "sloppy":
            self.publish("stream", {"name": "stdout", "text": "no date "}, date=None)
            self.publish("stream", {"name": "stdout", "text": "odd date "}, date="2026-06-06T17:21+0000")
            self.publish("stream", {"name": "stdout", "text": "little "}, session=None, username=None, version=None)
            self.publish("stream", {"name": "stdout", "text": "typeless parent "}, parent={"msg_id": self.parent["msg_id"]})
            self.publish("stream", {"name": "stdout", "text": "no parent "}, parent={})
            frames = self.frames("stream", {"name": "stdout", "text": "odd byte X "})
            frames[5] = frames[5].replace(b"X", b"\x80")
            frames[1] = self.sign(frames[2:6])
            self.sockets["iopub"].send_multipart(frames)
            frames = self.frames("stream", {"name": "stdout", "text": "null metadata "})
            frames[4] = b"null"
            frames[1] = self.sign(frames[2:6])
            self.sockets["iopub"].send_multipart([b"two", b"topics", *frames, b"a", b"buffer"])
        elif word == "wait":
            try:
                # A client that receives this may interrupt at once.
                self.publish("stream", {"name": "stdout", "text": "waiting"})
                while True:
                    time.sleep(60)
            except Interrupted:
                result = {"status": "error", "ename": "Interrupted", "evalue": "", "traceback": []}
        elif word == "pid":
            self.publish("stream", {"name": "stdout", "text": str(os.getpid())})
        elif word == "child":
            # The child leaves the session and the process group, as a service does.
            work = f"while sleep 0.02; do echo tick; echo tick >> '{rest or '/dev/null'}'; done"
            child = subprocess.Popen(["sh", "-c", work], start_new_session=True, stdin=subprocess.DEVNULL)
            self.publish("stream", {"name": "stdout", "text": str(child.pid)})
        elif word == "environment":
            self.publish("stream", {"name": "stdout", "text": json.dumps({"cwd": os.getcwd(), "env": dict(os.environ), "argv": sys.argv})})
        elif word == "limits":
            import resource
            names = ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_NOFILE")
            self.publish("stream", {"name": "stdout", "text": json.dumps([resource.getrlimit(getattr(resource, name))[0] for name in names])})
        elif word == "ask":
            self.sockets["stdin"].send_multipart([*identities, *self.frames("input_request", {"prompt": "name? ", "password": False})])
            frames = self.sockets["stdin"].recv_multipart()
            self.publish("stream", {"name": "stdout", "text": frames[frames.index(b"<IDS|MSG>") + 5].decode()})
        else:
            self.publish("stream", {"name": "stdout", "text": content["code"]})
        self.reply(channel, identities, "execute_reply", result)
        if MODE != "never-idle":
            self.status("idle")

    def interrupt_request(self, channel, identities, content):
        self.reply(channel, identities, "interrupt_reply", {"status": "ok"})

    def shutdown_request(self, channel, identities, content):
        if MODE == "stubborn":
            return
        self.reply(channel, identities, "shutdown_reply", {"status": "ok", "restart": False})
        if MODE != "stays":
            time.sleep(0.01)
            sys.exit(0)


if MODE == "stillborn":
    print("the configuration is broken", file=sys.stderr)
    sys.exit(3)
if MODE == "taken":
    # Another program has the first port, as the tests arrange; the file lists the tried ports.
    ports = open(os.environ["TAKEN"], "a+")
    ports.seek(0)
    first = not ports.read()
    ports.write("tried\n")
    ports.close()
    if first:
        sys.exit("zmq.error.ZMQError: Address already in use (addr='tcp://127.0.0.1:1')")
signal.signal(signal.SIGINT, signal.SIG_IGN if MODE == "ignores-interrupts" else interrupt)
if MODE in ("stubborn", "stays", "ignores-interrupts"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
Kernel().run()
