"""A server that answers as each request tells it to.

It has two ports, so that tests have two origins. It prints the first one, and the second one for each line that it
reads. It ends when its standard input closes. With the paths of a certificate and a key as arguments, the first port
speaks TLS.

    /echo                 the request as JSON: method, target, headers, body
    /raw?bytes=BASE64     these bytes, then the end of the connection
    /status?code=N        this status; with &times=N&key=K, only for the first requests with this key
                          &retry=SECONDS adds a Retry-After field
    /drop?times=N&key=K   the end of the connection without an answer, so many times for this key
    /redirect?to=URL      a redirect; &code=N for a status other than 302
    /endless?what=WORD    fields, interim responses, a line, a chunk size, chunks or trailers without an end
    /loop                 a redirect to the same URL
    /cookie?set=TEXT      a Set-Cookie field
    /large?bytes=N        a body of so many bytes; &chunked=1 without its length
    /silence              no answer
    /drip                 a body without an end, of some bytes per second
    /events               a part of a body, then the next one after each request of /next, and the end after three
    /count?key=K          the number of requests with this key
"""

import base64
import json
import os
import socket
import ssl
import sys
import threading
import time
import urllib.parse

chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
endless = {
    "fields": (b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
    "interim": (b"", b"HTTP/1.1 103 Early\r\nA: b\r\n\r\n"),
    "line": (b"HTTP/1.1 200 OK\r\nA: ", b"a" * 1024),
    "status": (b"HTTP/1.1 200 ", b"a" * 1024),
    "size": (chunked, b"0" * 1024),
    "extension": (chunked + b"1;", b"a" * 1024),
    "chunks": (chunked, b"400\r\n" + b"a" * 1024 + b"\r\n"),
    "trailers": (chunked + b"0\r\n", b"A: b\r\n"),
    "body": (b"HTTP/1.1 200 OK\r\n\r\n", b"a" * 1024),
}
counts = {}
lock = threading.Lock()
steps = threading.Semaphore(0)


def count(key):
    with lock:
        counts[key] = counts.get(key, 0) + 1
        return counts[key]


def read_request(stream):
    """Returns the method, the target, the fields and the body; None at the end of the connection."""
    line = stream.readline(1 << 20).decode("latin-1").split()
    if len(line) < 3:
        return None
    fields = []
    while True:
        field = stream.readline(1 << 20).decode("utf-8", "replace").rstrip("\r\n")
        if not field:
            break
        name, _, value = field.partition(":")
        fields.append((name, value.strip()))
    length = next((int(value) for name, value in fields if name.lower() == "content-length"), 0)
    return line[0], line[1], fields, stream.read(length)


def answer(status, body=b"", fields=()):
    lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def respond(connection, request, ports):
    """Answers a request; returns False if the connection ends with it."""
    method, target, fields, body = request
    path, _, query = target.partition("?")
    query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
    number = count(query["key"]) if "key" in query and path != "/count" else 0
    if path == "/raw":
        connection.sendall(base64.b64decode(query["bytes"]))
        return False
    if path == "/drop" and number <= int(query.get("times", 1 << 30)):
        return False
    if path == "/silence":
        while connection.recv(65536):
            pass
        return False
    if path == "/drip":
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"a")
            time.sleep(0.1)
    if path == "/events":
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for part in [b"data: 1\n\n", b"data: 2\n\n", b"data: 3\n\n"]:
            connection.sendall(b"%x\r\n%s\r\n" % (len(part), part))
            steps.acquire()
        connection.sendall(b"0\r\n\r\n")
        return True
    if path == "/next":
        steps.release()
    if path == "/status" and number <= int(query.get("times", 1 << 30)):
        retry = [f"Retry-After: {query['retry']}"] if "retry" in query else []
        connection.sendall(answer(int(query["code"]), b"<html>secret</html>", retry))
        return True
    if path == "/redirect":
        to = query["to"].replace("PORT1", str(ports[0])).replace("PORT2", str(ports[1]))
        connection.sendall(answer(int(query.get("code", 302)), b"", [f"Location: {to}"]))
        return True
    if path == "/endless":
        start, part = endless[query["what"]]
        connection.sendall(start)
        while True:
            connection.sendall(part * 64)
    if path == "/loop":
        connection.sendall(answer(302, b"", [f"Location: {target}"]))
        return True
    if path == "/cookie":
        connection.sendall(answer(200, b"", [f"Set-Cookie: {query['set']}"]))
        return True
    if path == "/count":
        connection.sendall(answer(200, str(counts.get(query["key"], 0)).encode()))
        return True
    if path == "/large":
        size = int(query["bytes"])
        if "chunked" in query:
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(0, size, 65536):
                connection.sendall(b"10000\r\n" + b"a" * 65536 + b"\r\n")
            connection.sendall(b"0\r\n\r\n")
        else:
            connection.sendall(answer(200, b"a" * size))
        return True
    text = {"method": method, "target": target, "headers": fields, "body": body.decode("utf-8", "replace")}
    content = json.dumps(text).encode()
    connection.sendall(answer(200, b"" if method == "HEAD" else content, ["Content-Type: application/json"]))
    return True


def serve(connection, context, ports):
    try:
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        with connection, connection.makefile("rb") as stream:
            if stream.peek(1)[:1] == b"\x16":
                # The client begins with TLS, on a port without it.
                connection.sendall(answer(400))
                return
            while (request := read_request(stream)) and respond(connection, request, ports):
                pass
    except (OSError, ValueError, KeyError):
        connection.close()


def listen(listener, context, ports):
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(connection, context, ports), daemon=True).start()


listeners = [socket.create_server(("127.0.0.1", 0), backlog=128) for _ in range(2)]
ports = [listener.getsockname()[1] for listener in listeners]
context = None
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
for listener, security in zip(listeners, [context, None]):
    threading.Thread(target=listen, args=(listener, security, ports), daemon=True).start()
print(ports[0], flush=True)
while sys.stdin.readline():
    print(ports[1], flush=True)
os._exit(0)
