"""A TCP proxy that fails in the ways a network fails, at the command of a test.

    cutting_proxy.py PORT

forwards to 127.0.0.1:PORT. It prints its own port, reads a command from each line of standard input, and answers each
with a line when the command has taken effect. It ends with its standard input.

    pass                   forward all bytes, and listen
    delay SECONDS          forward each part of the bytes this much later, each way
    swallow DIRECTION      drop the bytes to-server, to-client or both; the connections stay open
    stall                  read nothing more from either side
    cut                    end all connections in order (FIN)
    reset                  reset all connections (RST)
    close                  send a WebSocket's close frame (1001) to the clients of kernels, and end their connections
    refuse                 refuse new connections; those that exist stay
    count                  answer with the number of connections so far
    open                   answer with the number of open connections
    dropped                answer with the number of bytes that were dropped on the way to the server
"""

import asyncio
import os
import socket
import struct
import sys


class Proxy:
    def __init__(self, target):
        self.target = target
        self.delay = 0.0
        self.swallowed = set()
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.connections = set()
        self.count = 0
        self.dropped = 0
        self.kernels = set()
        self.port = 0
        self.server = None

    async def listen(self):
        if self.server is None:
            self.server = await asyncio.start_server(self.accept, "127.0.0.1", self.port, reuse_address=True)
            self.port = self.server.sockets[0].getsockname()[1]

    async def accept(self, reader, writer):
        self.count += 1
        try:
            target_reader, target_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            reset(writer)
            return
        for one in (writer, target_writer):
            one.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair = (writer, target_writer)
        self.connections.add(pair)
        try:
            await asyncio.gather(
                self.forward(reader, target_writer, "to-server"), self.forward(target_reader, writer, "to-client"))
        finally:
            self.connections.discard(pair)
            self.kernels.discard(pair)
            for one in pair:
                one.close()

    async def forward(self, reader, writer, direction):
        loop = asyncio.get_running_loop()
        parts = asyncio.Queue()

        async def deliver():
            while True:
                due, part = await parts.get()
                await asyncio.sleep(max(0, due - loop.time()))
                await self.flowing.wait()
                if direction in self.swallowed:
                    if direction == "to-server":
                        self.dropped += len(part)
                    if not part:
                        return
                    continue
                if not part:
                    if writer.can_write_eof():
                        writer.write_eof()
                    return
                writer.write(part)
                await writer.drain()

        delivery = asyncio.create_task(deliver())
        try:
            while True:
                await self.flowing.wait()
                part = await reader.read(65536)
                if direction == "to-server" and b"/channels?" in part.split(b"\r\n")[0]:
                    self.kernels.update(pair for pair in self.connections if writer in pair)
                parts.put_nowait((loop.time() + self.delay, part))
                if not part:
                    break
            await delivery
        except (OSError, RuntimeError):
            # The other side has gone: so does this one.
            for pair in list(self.connections):
                if writer in pair:
                    for one in pair:
                        reset(one)
        finally:
            delivery.cancel()

    async def command(self, line):
        name, *arguments = line.split()
        if name == "pass":
            self.delay, self.swallowed = 0.0, set()
            self.flowing.set()
            await self.listen()
        elif name == "delay":
            self.delay = float(arguments[0])
        elif name == "swallow":
            self.swallowed = {"to-server", "to-client"} if arguments[0] == "both" else {arguments[0]}
        elif name == "stall":
            self.flowing.clear()
        elif name == "cut":
            for pair in list(self.connections):
                for one in pair:
                    if not one.is_closing():
                        one.write_eof()
        elif name == "reset":
            for pair in list(self.connections):
                for one in pair:
                    reset(one)
            self.connections.clear()
        elif name == "close":
            for client, server in list(self.kernels):
                client.write(b"\x88\x02\x03\xe9")
                for one in (client, server):
                    if not one.is_closing():
                        one.write_eof()
        elif name == "refuse":
            if self.server is not None:
                self.server.close()
                self.server = None
        elif name == "count":
            return str(self.count)
        elif name == "dropped":
            return str(self.dropped)
        elif name == "open":
            return str(len(self.connections))
        else:
            return "unknown command"
        return "ok"


def reset(writer):
    """Ends a connection with RST, as a machine does that has lost it."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def main():
    proxy = Proxy(int(sys.argv[1]))
    await proxy.listen()
    print(proxy.port, flush=True)
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        print(await proxy.command(line.decode()), flush=True)
    # The connections that are open end without the words of a cancelled task.
    os._exit(0)


asyncio.run(main())
