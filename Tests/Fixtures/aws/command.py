"""Runs the command `aws` for clients, each in a fork of this process, which has loaded the command already.

usage: command.py FOLDER

Writes the client, FOLDER/aws. The command runs with the client's user, variables, folder and standard streams. FOLDER/calls
gets the second word of each command line, such as put-log-events. If a line of FOLDER/faults is that word, the command fails
without output. Prints 0, which stands for a port, and ends with standard input.
"""

import json
import os
import select
import signal
import socket
import struct
import sys

import awscli.clidriver

CLIENT = """#!/usr/bin/python3 -ISB
import json, os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect({path!r})
request = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode()
socket.send_fds(server, [len(request).to_bytes(4, "big")], [0, 1, 2])
server.sendall(request)
status = server.recv(1)
sys.exit(status[0] if status else 255)
"""

folder = sys.argv[1]
driver = awscli.clidriver.create_clidriver()
for service in ("s3", "sqs", "logs", "sagemaker"):
    driver.session.get_service_model(service)


def answer(client):
    """Runs the command of a client, and returns its status."""
    size, streams, _, _ = socket.recv_fds(client, 4, 3)
    request = b""
    while len(request) < int.from_bytes(size, "big"):
        request += client.recv(65536)
    arguments, variables, working = json.loads(request)
    with open(folder + "/calls", "a") as calls:
        calls.write(arguments[1] + "\n")
    with open(folder + "/faults") as faults:
        if arguments[1] in faults.read().split():
            return 255
    _, user, group = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
    os.chdir(working)
    os.environ.clear()
    os.environ.update(variables)
    try:
        status = driver.main(["--endpoint-url", variables["AWS_ENDPOINT_URL"], *arguments])
    except SystemExit as end:
        status = end.code or 0
    sys.stdout.flush()
    return status


for name in ("calls", "faults"):
    open(f"{folder}/{name}", "w").close()
server = socket.socket(socket.AF_UNIX)
server.bind(folder + "/socket")
os.chmod(folder + "/socket", 0o666)
server.listen()
with open(folder + "/aws", "w") as file:
    file.write(CLIENT.format(path=folder + "/socket"))
os.chmod(folder + "/aws", 0o755)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print(0, flush=True)
while sys.stdin not in (ready := select.select([server, sys.stdin], [], [])[0]):
    client, _ = server.accept()
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            client.sendall(bytes([answer(client)]))
        finally:
            os._exit(0)
    client.close()
