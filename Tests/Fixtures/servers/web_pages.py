"""Serves a notebook, a page and errors over HTTP. Prints its port."""

import http.server
import json
import sys

NOTEBOOK = {
    "cells": [
        {"cell_type": "code", "execution_count": None, "id": "a", "metadata": {}, "outputs": [], "source": "6 * 7"}
    ],
    "metadata": {"kernelspec": {"display_name": "K", "language": "python", "name": "python3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}
FILES = {
    "/a.ipynb": ("application/json", json.dumps(NOTEBOOK)),
    "/login": ("text/html", "<html><body>Please log in, page-secret</body></html>"),
    "/p.yaml": ("text/plain", "n: 7\n"),
    "/1.txt": ("text/plain", "one"),
}


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.split("?")[0]
        kind, text = FILES.get(path, ("text/html", "<html>page-secret: not found</html>"))
        body = text.encode()
        self.send_response(200 if path in FILES else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
print(server.server_port)
sys.stdout.flush()
server.serve_forever()
