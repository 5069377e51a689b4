"""A proxy between a client and an object store, which fails in the ways stores and networks fail.

    faulty_store.py PORT

forwards HTTP requests to 127.0.0.1:PORT. It prints its own port, reads a command from each line of standard input, and
answers each with a line. It ends with its standard input.

    pass                   forward all requests as they are, also those that are held
    faults SEED PERCENT [KIND...]
                           fail so many of the requests, by chance from the seed; with kinds, only in these ways
    next KIND [METHOD [TIMES]]
                           fail the next request, or so many, (of that method) in this way, and no other one
    release                let the store's answers through that are held
    hold METHOD TEXT       hold requests of this method with this text in their target, before "pass"
    count                  answer with the number of faults so far
    kinds                  answer with the number of faults of each kind

Kinds, in which the request does not reach the store:

    error       500 InternalError
    slow        503 SlowDown
    page        502 with the HTML page of a proxy
    reset       the connection is reset
    half        the connection is reset after the first half of the request's body
    expired     400 ExpiredToken
    denied      403 AccessDenied
    silent      no answer ever

Kinds in which it does:

    lost        the connection is reset in place of the answer
    late-error  500 InternalError in place of the answer
    truncated   half of the answer, then the end of the connection
    stall       a pause before the answer, which then is lost
    pause       a pause before the answer
    held        no answer before the command "release"
"""

import asyncio
import collections
import os
import random
import socket
import struct
import sys

BEFORE = ["error", "slow", "page", "reset", "half"]
AFTER = ["lost", "late-error", "truncated", "stall", "pause"]
PAUSE = 0.05


def reset(writer):
    """Ends a connection with RST."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def error(status, code):
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>Injected.</Message></Error>".encode()
    return answer(status, "application/xml", body)


def answer(status, kind, body):
    return (f"HTTP/1.1 {status} Injected\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n").encode() + body


class Cut(Exception):
    """The connection is to end."""


class Proxy:
    def __init__(self, target):
        self.target = target
        self.random = random.Random(0)
        self.percent = 0
        self.allowed = BEFORE + AFTER
        self.next = None
        self.hold = None
        # The store compares and writes in two steps, so that it gets one write with a condition at a time.
        self.writing = asyncio.Lock()
        self.kinds = collections.Counter()
        self.released = asyncio.Event()

    def choose(self, method):
        if self.next is not None:
            kind, wanted, times = self.next
            if wanted in (None, method):
                self.next = (kind, wanted, times - 1) if times > 1 else None
                return kind
            return None
        if self.random.uniform(0, 100) < self.percent:
            return self.random.choice(self.allowed)
        return None

    async def accept(self, reader, writer):
        try:
            while await self.exchange(reader, writer):
                pass
        except (Cut, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def head(self, reader):
        """Returns the lines of a header, and its fields."""
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
        fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            fields[name.strip().lower()] = value.strip()
        return lines, fields

    async def exchange(self, reader, writer):
        lines, fields = await self.head(reader)
        method = lines[0].split(" ")[0]
        kind = self.choose(method)
        if kind is not None:
            self.kinds[kind] += 1
        if kind == "silent":
            await asyncio.Event().wait()
        if kind == "reset":
            reset(writer)
            raise Cut
        if fields.get("expect", "").lower() == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        size = int(fields.get("content-length", 0))
        if kind == "half":
            await reader.readexactly(size // 2)
            reset(writer)
            raise Cut
        body = await reader.readexactly(size)
        hold = self.hold
        if hold is not None and method == hold[0] and hold[1] in lines[0]:
            self.kinds["hold"] += 1
            await hold[2].wait()
        made = {
            "error": error(500, "InternalError"), "slow": error(503, "SlowDown"),
            "expired": error(400, "ExpiredToken"), "denied": error(403, "AccessDenied"),
            "page": answer(502, "text/html", b"<html><body>Bad gateway</body></html>"),
        }.get(kind)
        if made is None:
            if fields.keys() & {"if-match", "if-none-match"}:
                async with self.writing:
                    status, rest = await self.ask(method, lines, body)
            else:
                status, rest = await self.ask(method, lines, body)
            if kind in ("stall", "pause"):
                await asyncio.sleep(PAUSE)
            if kind == "held":
                await self.released.wait()
            if kind in ("lost", "stall"):
                reset(writer)
                raise Cut
            if kind == "late-error":
                made = error(500, "InternalError")
            elif kind == "truncated":
                # Also the header is cut if there is no body.
                whole = status + rest
                writer.write(whole[:len(status) + len(rest) // 2] if rest else whole[:len(status) // 2])
                await writer.drain()
                raise Cut
            else:
                made = status + rest
        writer.write(made)
        await writer.drain()
        # Each connection serves one request, so that a fault hits one.
        return False

    async def ask(self, method, lines, body):
        """Returns the header and the body of the store's answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.target)
        try:
            kept = [line for line in lines if not line.lower().startswith(("connection:", "expect:"))]
            writer.write(("\r\n".join(kept + ["Connection: close"]) + "\r\n\r\n").encode("latin-1") + body)
            await writer.drain()
            lines, fields = await self.head(reader)
            rest = b""
            if method != "HEAD":
                rest = await reader.read(-1)
            kept = [line for line in lines if not line.lower().startswith("connection:")]
            return ("\r\n".join(kept + ["Connection: close"]) + "\r\n\r\n").encode("latin-1"), rest
        finally:
            writer.close()

    def command(self, line):
        name, *arguments = line.split()
        if name == "pass":
            self.percent, self.next = 0, None
            if self.hold is not None:
                self.hold[2].set()
                self.hold = None
        elif name == "faults":
            self.random = random.Random(int(arguments[0]))
            self.percent = float(arguments[1])
            self.allowed = arguments[2:] or BEFORE + AFTER
        elif name == "next":
            kind, method, times = (arguments + [None, 1][len(arguments) - 1:])[:3]
            self.next = (kind, method, int(times))
        elif name == "release":
            self.released.set()
        elif name == "hold":
            self.hold = (arguments[0], arguments[1], asyncio.Event())
        elif name == "count":
            return str(sum(self.kinds.values()))
        elif name == "kinds":
            return " ".join(f"{kind}={count}" for kind, count in sorted(self.kinds.items()))
        else:
            return "unknown command"
        return "ok"


async def main():
    proxy = Proxy(int(sys.argv[1]))
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0, limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        print(proxy.command(line.decode()), flush=True)
    os._exit(0)


asyncio.run(main())
