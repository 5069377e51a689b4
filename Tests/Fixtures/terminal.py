"""Runs a program at a terminal, and makes files when certain texts have been seen there, one after the other.

    terminal.py PROGRAM ARGUMENT... [--when EXPRESSION FILE]...

Whoever runs there can wait for these files: what a person would see does not depend on how fast the machine is.
"""
import os
import pty
import re
import signal
import sys

# A text that never comes would be waited for for ever.
signal.alarm(600)
end = sys.argv.index("--when") if "--when" in sys.argv else len(sys.argv)
signs = [(re.compile(sys.argv[place + 1].encode()), sys.argv[place + 2]) for place in range(end, len(sys.argv), 3)]
seen = b""


def read(terminal):
    global seen
    data = os.read(terminal, 1024)
    seen += data
    while signs and (found := signs[0][0].search(seen)):
        open(signs.pop(0)[1], "w").close()
        seen = seen[found.end():]
    return data


sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:end], read)))
