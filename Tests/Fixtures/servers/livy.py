"""Imitates a Livy server: the part of its interface with which sparkmagic's kernels create sessions and run statements.

A statement is a text that the server understands: `print N` prints N, `fail` is an error, `wait` runs until it is
canceled, and everything else succeeds without output. Prints the port. Then each line of standard input is answered with a
line of JSON: the number of open sessions, of sessions in all, and of questions about running statements, and the statements
and cancellations in order.
"""

import http.server
import json
import re
import sys
import threading

lock = threading.Lock()
sessions = {}
history = []
questions = 0


class Livy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, value, status=200):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = json.loads(body) if body else {}
        with lock:
            self.respond(request or {})

    def respond(self, request):
        global questions
        parts = self.path.split("?")[0].strip("/").split("/")
        if parts == ["sessions"]:
            if self.command == "GET":
                return self.reply({"from": 0, "total": len(sessions), "sessions": list(map(self.session, sessions))})
            sessions[len(sessions)] = {"kind": request["kind"], "polls": 0, "statements": [], "open": True}
            return self.reply(self.session(len(sessions) - 1), 201)
        number = int(parts[1])
        session = sessions.get(number)
        if session is None or not session["open"]:
            return self.reply({"msg": "Session not found"}, 404)
        statements = session["statements"]
        if len(parts) == 2 and self.command == "DELETE":
            session["open"] = False
            return self.reply({"msg": "deleted"})
        if len(parts) == 2:
            session["polls"] += 1
            return self.reply(self.session(number))
        if parts[2] == "log":
            return self.reply({"id": number, "from": 0, "total": 0, "log": []})
        if len(parts) == 3:
            history.append(request["code"].strip())
            statements.append(self.run(len(statements), request["code"].strip()))
            return self.reply(statements[-1], 201)
        statement = statements[int(parts[3])]
        if parts[-1] == "cancel":
            history.append("cancel")
            statement["state"] = "cancelled"
            return self.reply({"msg": "canceled"})
        questions += statement["state"] == "running"
        self.reply(statement)

    @staticmethod
    def session(number):
        """A session is ready when it has been asked for twice, and busy while a statement runs."""
        session = sessions[number]
        busy = any(statement["state"] == "running" for statement in session["statements"])
        state = "starting" if session["polls"] < 2 else "busy" if busy else "idle"
        return {
            "id": number, "kind": session["kind"], "state": state, "log": [], "appId": f"application_{number}",
            "appInfo": {}, "owner": None, "proxyUser": None}

    @staticmethod
    def run(number, code):
        output = {"status": "ok", "execution_count": number, "data": {"text/plain": ""}}
        if found := re.fullmatch(r"print (.*)", code):
            output["data"]["text/plain"] = found[1]
        elif code == "fail":
            output = {
                "status": "error", "execution_count": number, "ename": "Error", "evalue": "the statement failed",
                "traceback": ["at line 1\n"]}
        state = "running" if code == "wait" else "available"
        return {"id": number, "code": code, "state": state, "progress": 0.5, "output": None if state == "running" else output}

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Livy)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
for line in sys.stdin:
    with lock:
        print(json.dumps({
            "open": sum(session["open"] for session in sessions.values()), "sessions": len(sessions),
            "questions": questions, "history": history}), flush=True)
