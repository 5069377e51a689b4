"""Answers HTTP requests as a file says, and writes the requests down.

usage: scripted.py RULES LOG

RULES is JSON: a list of objects with "method" (default GET), "path" (a regular expression that must match the whole path
with its query), and "answers": a list of objects with "status", "headers" (a list of pairs), "body" or "json". An answer
may instead have "raw": all of its bytes as Latin-1, after which the connection ends; with "repeated", "raw" is followed by
this text without an end. With "together", an answer waits until so many requests wait. The first rule that matches answers; each of its answers is used once, the last one again and again. A rule may have "cookie": text
that the Cookie header must contain, and "header": a pair that the request must have. Other requests get 404.
"""

import http.server
import json
import re
import sys
import threading

rules = json.load(open(sys.argv[1]))
log = open(sys.argv[2], "a", buffering=1)
lock = threading.Lock()
barriers = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode("utf-8", "replace")
        with lock:
            log.write(json.dumps([self.command, self.path, dict(self.headers.items()), body]) + "\n")
            found = self.find()
            barrier = barriers.setdefault(found["together"], threading.Barrier(found["together"])) \
                if "together" in found else None
        if barrier:
            barrier.wait()
        if "raw" in found:
            self.close_connection = True
            try:
                self.wfile.write(found["raw"].encode("latin-1"))
                while found.get("repeated"):
                    self.wfile.write(found["repeated"].encode("latin-1") * 1024)
            except OSError:
                pass
            return
        self.send_response_only(found.get("status", 200))
        content = json.dumps(found["json"]) if "json" in found else found.get("body", "")
        kind = "application/json" if "json" in found else "text/html"
        for own, value in (("Content-Type", kind), ("Date", self.date_time_string())):
            if not any(name.lower() == own.lower() for name, _ in found.get("headers", [])):
                self.send_header(own, value)
        for name, value in found.get("headers", []):
            self.send_header(name, value)
        content = content.encode()
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def find(self):
        for rule in rules:
            if rule.get("method", "GET") != self.command or not re.fullmatch(rule["path"], self.path):
                continue
            if rule.get("cookie", "") not in (self.headers.get("Cookie") or ""):
                continue
            name, value = rule.get("header", ["", None])
            if name and self.headers.get(name) != value:
                continue
            answers = rule["answers"]
            return answers.pop(0) if len(answers) > 1 else answers[0]
        return {"status": 404, "json": {"message": "Not Found", "reason": None}}

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = answer

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(f"http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
