"""A WebSocket server whose behavior the path of the URL chooses. Its framing is its own.

    websocket.py [CERTIFICATE KEY]

prints its port and ends when its standard input closes. It checks that all frames of clients are masked and whole.

    /echo                  sends each message back; answers pings and the close frame
    /fragments             the same, in fragments of three bytes with pings between them
    /headers               sends the fields of the request as JSON
    /pings                 sends the text "ping" for each ping
    /burst?count=N         sends N numbered texts, and a close frame
    /large?bytes=N         sends one message of N bytes, together with the answer to the handshake
    /raw?hex=BYTES         sends bytes
    /close?code=N&reason=R answers the first message with a close frame
    /close?abrupt=1        ends the connection in order after it
    /silent                reads, and sends nothing
    /end, /reset           ends or resets the connection at the first message
    /ignore                echoes, but does not answer the close frame
    /linger                answers the close frame, and leaves the connection open
    /refuse?status=N       refuses with a JSON message; with type=html, with a page that contains secrets
    /redirect?to=URL       redirects
    /hang                  does not answer the handshake
    /half                  sends half of an answer
    /drip                  answers byte by byte; then as /echo
    /bye                   ends the connection instead of an answer

For all, strip=1 chooses no subprotocol, choose=NAME this one, accept=TEXT sends another Sec-WebSocket-Accept, and
cookie=TEXT sets a cookie.
"""

import asyncio
import base64
import hashlib
import json
import os
import socket
import ssl
import struct
import sys
import urllib.parse


def frame(opcode, payload=b"", final=True):
    count = len(payload)
    if count < 126:
        length = bytes([count])
    elif count < 1 << 16:
        length = b"\x7e" + struct.pack(">H", count)
    else:
        length = b"\x7f" + struct.pack(">Q", count)
    return bytes([opcode | (0x80 if final else 0)]) + length + payload


def unmask(payload, key):
    count = len(payload)
    whole = (key * (count // 4 + 1))[:count]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(count, "big")


async def read_frame(reader):
    first, second = await reader.readexactly(2)
    assert second & 0x80, "a frame is not masked"
    assert first & 0x80, "a frame is not whole"
    count = second & 0x7F
    if count == 126:
        count, = struct.unpack(">H", await reader.readexactly(2))
    elif count == 127:
        count, = struct.unpack(">Q", await reader.readexactly(8))
    key = await reader.readexactly(4)
    return first & 0x0F, unmask(await reader.readexactly(count), key)


def fragments(opcode, payload):
    parts = [payload[at:at + 3] for at in range(0, len(payload), 3)] or [b""]
    for number, part in enumerate(parts):
        yield frame(opcode if number == 0 else 0, part, final=number == len(parts) - 1)
        yield frame(9, b"%d" % number)


def reset(writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Connection:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def serve(self):
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        url = urllib.parse.urlsplit(head[0].split(" ")[1])
        self.path = url.path
        self.query = dict(urllib.parse.parse_qsl(url.query))
        self.fields = {}
        for line in head[1:-2]:
            name, value = line.split(": ", 1)
            assert name.lower() not in self.fields, "a field is repeated"
            self.fields[name.lower()] = value
        if self.path == "/refuse":
            return self.refuse()
        if self.path == "/redirect":
            self.writer.write(b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % self.query["to"].encode())
            return
        if self.path == "/hang":
            await self.reader.read()
            return
        if self.path == "/half":
            self.writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: web")
            await self.reader.read()
            return
        if self.path != "/bye":
            await self.accept()
            await self.talk()

    def refuse(self):
        status = int(self.query["status"])
        if self.query.get("type") == "html":
            kind, body = "text/html", b"<html data-jupyter-api-token=secret>" + b"secret" * 1000
        else:
            kind, body = "application/json", json.dumps({"message": "Forbidden by the test"}).encode()
        self.writer.write(
            f"HTTP/1.1 {status} Refused\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            f"Set-Cookie: refused=yes\r\n\r\n".encode() + body)

    async def accept(self):
        key = self.fields["sec-websocket-key"]
        assert len(base64.b64decode(key)) == 16 and self.fields["sec-websocket-version"] == "13"
        digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        accept = self.query.get("accept") or base64.b64encode(digest).decode()
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
                 f"Sec-WebSocket-Accept: {accept}"]
        offered = self.fields.get("sec-websocket-protocol")
        if "choose" in self.query:
            lines.append(f"Sec-WebSocket-Protocol: {self.query['choose']}")
        elif offered and "strip" not in self.query:
            lines.append(f"Sec-WebSocket-Protocol: {offered.split(', ')[0]}")
        if "cookie" in self.query:
            lines.append(f"Set-Cookie: {self.query['cookie']}")
        answer = "\r\n".join(lines + ["", ""]).encode()
        if self.path == "/drip":
            for byte in answer:
                self.writer.write(bytes([byte]))
                await self.writer.drain()
                await asyncio.sleep(0)
        elif self.path == "/large":
            self.writer.write(answer + frame(2, bytes(int(self.query["bytes"]))))
        else:
            self.writer.write(answer)

    async def talk(self):
        if self.path == "/headers":
            self.writer.write(frame(1, json.dumps(self.fields).encode()))
        if self.path == "/burst":
            for number in range(int(self.query["count"])):
                self.writer.write(frame(1, b"%d" % number))
            self.writer.write(frame(8, struct.pack(">H", 1000)))
        if self.path == "/raw":
            self.writer.write(bytes.fromhex(self.query["hex"]))
        while True:
            opcode, payload = await read_frame(self.reader)
            if self.path == "/silent":
                continue
            if opcode == 8:
                if self.path == "/ignore":
                    continue
                if self.path != "/burst":
                    self.writer.write(frame(8, payload[:2]))
                if self.path == "/linger":
                    await self.reader.read()
                return
            if opcode == 9:
                self.writer.write(frame(1, b"ping") if self.path == "/pings" else frame(10, payload))
            elif opcode in (1, 2):
                if not await self.answer(opcode, payload):
                    return
            await self.writer.drain()

    async def answer(self, opcode, payload):
        if self.path == "/close":
            if "code" in self.query:
                reason = self.query.get("reason", "").encode()
                self.writer.write(frame(8, struct.pack(">H", int(self.query["code"])) + reason))
                if "abrupt" not in self.query:
                    await read_frame(self.reader)
            return False
        if self.path == "/end":
            return False
        if self.path == "/reset":
            reset(self.writer)
            return False
        if self.path == "/fragments":
            for part in fragments(opcode, payload):
                self.writer.write(part)
        else:
            self.writer.write(frame(opcode, payload))
        return True


async def serve(reader, writer):
    try:
        await Connection(reader, writer).serve()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main():
    context = None
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context, limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(main())
