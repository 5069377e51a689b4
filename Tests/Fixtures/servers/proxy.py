"""An HTTP proxy, with CONNECT, and a SOCKS 5 proxy at the same port. It prints its port and ends when its standard input closes.

Names that end with ".test" are this machine, so that tests have hosts for which a proxy is used. With an argument
NAME:PASSWORD, requests must have these credentials. A request for /log, which is none for a proxy, answers with the
requests so far, a line each.
"""

import base64
import os
import socket
import sys
import threading
import urllib.parse

log = []
credentials = sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] else None


def copy(source, target):
    """Copies bytes until one side ends."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def connect(host, port):
    return socket.create_connection(("127.0.0.1" if host.endswith(".test") else host, port))


def read_header(connection):
    header = b""
    while not header.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte or len(header) > 1 << 16:
            return None
        header += byte
    return header.decode("latin-1").split("\r\n")


def receive(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise OSError("the client has left")
        data += part
    return data


def serve_socks(connection):
    """Connects the client of SOCKS 5 with a server: the methods, perhaps the credentials, then the address."""
    method = 2 if credentials else 0
    methods = receive(connection, receive(connection, 2)[1])
    if method not in methods:
        connection.sendall(b"\x05\xff")
        return
    connection.sendall(bytes([5, method]))
    if credentials:
        given = [receive(connection, receive(connection, 2 if part == 0 else 1)[-1]).decode() for part in range(2)]
        is_right = ":".join(given) == credentials
        connection.sendall(bytes([1, 0 if is_right else 1]))
        if not is_right:
            return
    kind = receive(connection, 4)[3]
    address = receive(connection, 4) if kind == 1 else receive(connection, receive(connection, 1)[0])
    host = ".".join(map(str, address)) if kind == 1 else address.decode()
    port = int.from_bytes(receive(connection, 2), "big")
    log.append(f"SOCKS {host}:{port}")
    with connect(host, port) as server:
        connection.sendall(b"\x05\x00\x00\x01" + bytes(6))
        tunnel(connection, server)


def serve(connection):
    try:
        with connection:
            if connection.recv(1, socket.MSG_PEEK) == b"\x05":
                serve_socks(connection)
                return
            header = read_header(connection)
            if not header:
                return
            method, target, _ = header[0].split(" ", 2)
            if target == "/log":
                body = "\n".join(log).encode()
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
                return
            log.append(f"{method} {target}")
            fields = dict(line.lower().split(": ", 1) for line in header[1:] if ": " in line)
            if credentials:
                wanted = "basic " + base64.b64encode(credentials.encode()).decode().lower()
                if fields.get("proxy-authorization") != wanted:
                    connection.sendall(b"HTTP/1.1 407 Credentials\r\nContent-Length: 6\r\n\r\nsecret")
                    return
            if method == "CONNECT":
                host, _, port = target.rpartition(":")
                with connect(host, int(port)) as server:
                    connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                    tunnel(connection, server)
                return
            url = urllib.parse.urlsplit(target)
            with connect(url.hostname, url.port or 80) as server:
                path = (url.path or "/") + (f"?{url.query}" if url.query else "")
                lines = [f"{method} {path} HTTP/1.1", "Connection: close", *header[1:]]
                server.sendall("\r\n".join(lines).encode("latin-1"))
                tunnel(connection, server)
    except (OSError, ValueError):
        pass


def tunnel(connection, server):
    back = threading.Thread(target=copy, args=(server, connection), daemon=True)
    back.start()
    copy(connection, server)
    back.join()


listener = socket.create_server(("127.0.0.1", 0), backlog=128)
print(listener.getsockname()[1], flush=True)


def listen():
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


threading.Thread(target=listen, daemon=True).start()
sys.stdin.read()
os._exit(0)
