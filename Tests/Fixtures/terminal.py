"""Runs a program at a terminal, and creates files, one after the other, when texts have appeared there.

    terminal.py PROGRAM ARGUMENT... [--when EXPRESSION FILE]...

The program can wait for these files, so that the output does not depend on the speed of the machine.
"""
import os
import pty
import re
import signal
import sys

# The alarm ends the wait for a text that never appears.
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
