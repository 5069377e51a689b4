"""Imitates a managed studio in front of a Jupyter Server.

usage: studio.py SERVER_PORT LOGIN_TOKENS STATES

GET /auth?token=TOKEN works once for each of the LOGIN_TOKENS, which commas separate: it sets a cookie and redirects to
/jupyter/default/lab. Without the cookie, every other request gets 403. `/jupyter/default/app?appType=JupyterServer&appName=default` answers with the STATES, which commas
separate, one after the other, and with the last one again and again. Only from `InService` on does the studio pass requests,
WebSockets too, to the Jupyter Server at SERVER_PORT, whose base URL is /jupyter/default/ and which trusts its callers; until
then a page says that the application is starting.
Prints the port.
"""

import http.server
import json
import socket
import sys
import threading
import urllib.parse

server_port, states = int(sys.argv[1]), sys.argv[3].split(",")
base = "/jupyter/default"
session = "session=5e551011"
lock = threading.Lock()
tokens = set(sys.argv[2].split(","))


class Studio(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, body=b"", kind="text/html", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        if url.path == "/auth":
            with lock:
                token = query.get("token", [""])[0]
                is_right = token in tokens
                tokens.discard(token)
            if not is_right:
                return self.reply(403, b"<html>The link has expired</html>")
            cookie = f"{session}; Path=/; HttpOnly"
            return self.reply(302, headers=[("Set-Cookie", cookie), ("Location", base + "/lab?")])
        if session not in (self.headers.get("Cookie") or ""):
            return self.reply(403, b"<html>Sign in</html>")
        if url.path == base + "/app":
            if query != {"appType": ["JupyterServer"], "appName": ["default"]}:
                return self.reply(400)
            with lock:
                state = states.pop(0) if len(states) > 1 else states[0]
            return self.reply(200, json.dumps({"status": state}).encode(), "application/json")
        if states[0] != "InService":
            return self.reply(200, b"<html>The application is starting</html>")
        self.forward()

    def forward(self):
        """Passes on the request and everything after it, and closes the connection at the end."""
        self.close_connection = True
        upstream = socket.create_connection(("127.0.0.1", server_port))
        is_upgrade = (self.headers.get("Upgrade") or "").lower() == "websocket"
        lines = [self.requestline] + [
            f"{name}: {value}" for name, value in self.headers.items()
            if name.lower() not in ("connection", "host") or is_upgrade and name.lower() == "connection"
        ] + [f"Host: 127.0.0.1:{server_port}"] + ([] if is_upgrade else ["Connection: close"])
        upstream.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        length = int(self.headers.get("Content-Length") or 0)
        if length:
            upstream.sendall(self.rfile.read(length))

        def copy_to_server():
            try:
                while part := self.rfile.read1(65536):
                    upstream.sendall(part)
                upstream.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        if is_upgrade:
            threading.Thread(target=copy_to_server, daemon=True).start()
        # The server of the tests has no JupyterLab; its answer has the cookies of a page all the same.
        is_lab = self.path.startswith(base + "/lab")
        try:
            while part := upstream.recv(65536):
                self.connection.sendall(part.replace(b" 404 Not Found", b" 200 OK", 1) if is_lab else part)
                is_lab = False
        except OSError:
            pass
        upstream.close()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Studio)
server.daemon_threads = True
print(f"http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
