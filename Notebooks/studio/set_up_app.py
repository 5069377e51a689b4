"""Sets up the Jupyter server of a studio's user when its app has been created, and runs a notebook there.

The function asks for a presigned URL of the user, runs set-up commands in a terminal of the server, and runs the notebook in
a kernel of the server. Galley and the files of the folder are in the function's package; see README.md.
"""

import os
import subprocess
import tempfile

import boto3

FOLDER = os.environ.get("LAMBDA_TASK_ROOT", os.path.dirname(os.path.abspath(__file__)))
GALLEY = os.environ.get("GALLEY", os.path.join(FOLDER, "bin/galley"))
# The seconds that are left for the answer of the function.
RESERVE = 20


class StepFailed(Exception):
    """Galley ended with another status than 0."""


def handler(event, context):
    app = event["detail"]["requestParameters"]
    if event["detail"].get("errorCode") or app.get("appType") != "JupyterServer" or "userProfileName" not in app:
        return "not a server of a user"
    with open(os.path.join(FOLDER, os.environ.get("COMMANDS", "setup.sh"))) as file:
        commands = file.read()
    notebook = os.path.join(FOLDER, os.environ.get("NOTEBOOK", "welcome.ipynb"))
    run_galley(app, context, lambda limit: ["terminal", "--timeout", limit, "--", commands])
    with tempfile.TemporaryDirectory() as folder:
        result = os.path.join(folder, "result.ipynb")
        run_galley(app, context, lambda limit: [
            "execute", "--total-timeout", limit, "--startup-timeout", limit, "--output", result, notebook])
    return "the server is set up"


def run_galley(app, context, arguments):
    """Runs Galley on the user's server. A presigned URL logs in once, so each call has its own."""
    answer = boto3.client("sagemaker").create_presigned_domain_url(
        DomainId=app["domainId"], UserProfileName=app["userProfileName"], ExpiresInSeconds=300,
        # Studio Classic, also in a domain whose users otherwise get the newer studio.
        LandingUri="app:JupyterServer:")
    # The URL is a secret: it is in a file that only this user can read, and in no argument and no log.
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(answer["AuthorizedUrl"])
        file.flush()
        seconds = context.get_remaining_time_in_millis() // 1000 - RESERVE
        command, *rest = arguments(f"{max(seconds, 1)}s")
        # Galley writes records of its runs into the home folder, and the function can write into this one only.
        ended = subprocess.run(
            [GALLEY, command, "--login-url-file", file.name, *rest], stdin=subprocess.DEVNULL,
            env={**os.environ, "HOME": tempfile.gettempdir()})
    if ended.returncode != 0:
        raise StepFailed(f"galley {command} ended with status {ended.returncode}; the log says why")
