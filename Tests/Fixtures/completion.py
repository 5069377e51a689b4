"""Types a command line into a real shell at a terminal, and prints the words that the shell runs.

    completion.py SHELL PROGRAM KEYS

The shell loads the completions that PROGRAM prints. In KEYS, `<TAB>` is the key for completion. The shell finds a `galley`
that prints its arguments, one a line, and asks PROGRAM for the names that completions list.
"""
import os
import pty
import shlex
import signal
import sys
import tempfile

# A prompt that never comes would be waited for without end.
signal.alarm(300)
shell, program, keys = sys.argv[1:]
holder = tempfile.TemporaryDirectory()
folder = holder.name
place = os.path.join(folder, "galley")
with open(place, "w") as script:
    script.write(f"""#!/bin/sh
if [ "$1" = completions ]; then exec {shlex.quote(program)} "$@"; fi
printf '%s\\n' "$@" >{shlex.quote(folder + "/words")}
""")
os.chmod(place, 0o755)
setup = {
    "bash": "source <(galley completions bash)\nPS1='READY''> '\n",
    "zsh": "autoload -Uz compinit\ncompinit -D -u\nsource <(galley completions zsh)\nPS1='READY''> '\n",
    "fish": "galley completions fish | source\nfunction fish_prompt; echo 'READY''> '; end\nfunction fish_greeting; end\n",
}[shell]
with open(os.path.join(folder, "setup"), "w") as script:
    script.write(setup)
command = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}[shell]
process, terminal = pty.fork()
if process == 0:
    environment = dict(os.environ, PATH=folder + ":" + os.environ["PATH"], TERM="xterm", HOME=folder)
    os.execvpe(command[0], command, environment)


def read_until(mark):
    seen = b""
    while mark not in seen:
        seen += os.read(terminal, 4096)


os.write(terminal, f"source {shlex.quote(folder)}/setup\n".encode())
read_until(b"READY> ")
os.write(terminal, keys.replace("<TAB>", "\t").encode() + b"\n")
read_until(b"READY> ")
os.write(terminal, b"exit\n")
try:
    while os.read(terminal, 4096):
        pass
except OSError:
    pass
os.waitpid(process, 0)
with open(os.path.join(folder, "words")) as words:
    print(words.read(), end="")
