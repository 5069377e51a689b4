"""Runs a program at a terminal, and acts when texts have appeared there, one after the other.

    terminal.py [--screen] [--size COLUMNSxLINES] PROGRAM ARGUMENT... [--when EXPRESSION ACTION]...

An action is the name of a file to create, or `press:C-c`. The program can wait for these files, so that the output does
not depend on the speed of the machine. Expressions are searched in the output, with `--screen` in the lines of the
screen; in the end, `--screen` prints these lines, including those that have scrolled away.
"""
import codecs
import os
import pty
import re
import signal
import sys


class Screen:
    """The lines of a terminal that is high enough for all of them, and as wide as each needs."""

    def __init__(self):
        self.lines, self.row, self.column, self.part = [""], 0, 0, ""

    def write(self, text):
        text, self.part = self.part + text, ""
        place = 0
        while place < len(text):
            if text[place] == "\x1b":
                sequence = re.compile(r"\x1b\[([0-9;]*)([@-~])").match(text, place)
                if not sequence:
                    if len(text) - place > 20:
                        raise SystemExit(f"terminal.py: unknown sequence: {text[place:place + 20]!r}")
                    self.part = text[place:]
                    return
                self.obey(sequence[2], int(sequence[1] or 0) if sequence[2] != "m" else 0)
                place = sequence.end()
                continue
            self.put(text[place])
            place += 1

    def put(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.row += 1
            if self.row == len(self.lines):
                self.lines.append("")
        else:
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[:self.column] + character + line[self.column + 1:]
            self.column += 1

    def obey(self, command, number):
        if command == "A":
            self.row = max(0, self.row - max(1, number))
        elif command in "KJ" and number == 0:
            self.lines[self.row] = self.lines[self.row][:self.column]
            if command == "J":
                del self.lines[self.row + 1:]
        elif command != "m":
            raise SystemExit(f"terminal.py: unknown command: {number}{command}")

    @property
    def text(self):
        return "\n".join(self.lines)


arguments = sys.argv[1:]
screen = None
if arguments[0] == "--screen":
    screen = Screen()
    del arguments[0]
if arguments[0] == "--size":
    columns, lines = arguments[1].split("x")
    # The size is set in the new terminal, before the program can read it.
    shell = f'stty cols {columns} rows {lines} && exec "$0" "$@"'
    arguments[:2] = ["/bin/sh", "-c", shell]
end = arguments.index("--when") if "--when" in arguments else len(arguments)
signs = [(re.compile(arguments[place + 1]), arguments[place + 2]) for place in range(end, len(arguments), 3)]
seen = ""
decoder = codecs.getincrementaldecoder("utf8")(errors="replace")
# The alarm ends the wait for a text that never appears.
signal.alarm(600)


def act(terminal, action):
    if action == "press:C-c":
        os.write(terminal, b"\x03")
    else:
        open(action, "w").close()


def read(terminal):
    global seen
    data = os.read(terminal, 1024)
    text = decoder.decode(data)
    if screen:
        screen.write(text)
        while signs and signs[0][0].search(screen.text):
            act(terminal, signs.pop(0)[1])
        return b"" if not data else b"\0"
    seen += text
    while signs and (found := signs[0][0].search(seen)):
        act(terminal, signs.pop(0)[1])
        seen = seen[found.end():]
    return data


if screen:
    # `pty.spawn` would copy what `read` returns.
    output = os.dup(1)
    os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
status = os.waitstatus_to_exitcode(pty.spawn(arguments[:end], read))
if screen:
    os.write(output, screen.text.encode())
sys.exit(status)
