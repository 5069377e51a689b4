"""Connects to the IOPub port of a kernel: with the kernel's keys, without keys, and with other keys.

    python eavesdropper.py CONNECTION_FILE

It ends when the listener with the kernel's keys has received twenty messages, and prints the count of each listener.
"""
import json
import sys

import zmq

info = json.load(open(sys.argv[1]))
context = zmq.Context()
public, secret = info["curve_publickey"].encode(), info["curve_secretkey"].encode()
own, own_secret = zmq.curve_keypair()


def listener(server=None, public=None, secret=None):
    socket = context.socket(zmq.SUB)
    if server:
        socket.curve_serverkey, socket.curve_publickey, socket.curve_secretkey = server, public, secret
    socket.subscribe(b"")
    socket.connect(f"tcp://{info['ip']}:{info['iopub_port']}")
    return socket


strangers = [listener(), listener(own, own, own_secret)]
kernels_own = listener(public, public, secret)
heard = [0, 0]
for _ in range(20):
    kernels_own.recv_multipart()
    for number, socket in enumerate(strangers):
        while socket.poll(0):
            socket.recv_multipart()
            heard[number] += 1
print(20, *heard)
