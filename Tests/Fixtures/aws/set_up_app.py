"""Calls the function of Notebooks/studio with an event, as the platform does.

usage: set_up_app.py FOLDER STUDIO_URL TOKENS SECONDS [NAME=VALUE ...]

An imitation of the service answers each request for a presigned URL with STUDIO_URL and the next of the TOKENS. The function
has SECONDS. NAME=VALUE changes the event's parameters. Prints what the function returns, or the error with status 1.
"""

import http.server
import importlib.util
import json
import os
import sys
import threading

folder, studio, tokens, seconds = sys.argv[1:5]
waiting = tokens.split(",")


class Service(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["X-Amz-Target"] == "SageMaker.CreatePresignedDomainUrl", self.headers
        assert (request["DomainId"], request["UserProfileName"]) == ("d-1", "ann"), request
        assert request["LandingUri"] == "app:JupyterServer:", request
        body = json.dumps({"AuthorizedUrl": f"{studio}auth?token={waiting.pop(0)}"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Context:
    @staticmethod
    def get_remaining_time_in_millis():
        return int(seconds) * 1000


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ.update(
    AWS_ENDPOINT_URL=f"http://127.0.0.1:{server.server_port}", AWS_DEFAULT_REGION="eu-central-1",
    AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY="secret", LAMBDA_TASK_ROOT=folder)
specification = importlib.util.spec_from_file_location("function", folder + "/set_up_app.py")
function = importlib.util.module_from_spec(specification)
specification.loader.exec_module(function)
parameters = {"domainId": "d-1", "userProfileName": "ann", "appType": "JupyterServer", "appName": "default"}
parameters.update(argument.split("=") for argument in sys.argv[5:])
try:
    print(function.handler({"detail": {"eventName": "CreateApp", "requestParameters": parameters}}, Context))
except function.StepFailed as error:
    sys.exit(f"StepFailed: {error}")
