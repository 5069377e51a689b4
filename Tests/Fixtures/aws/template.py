"""Keeps the copies of on-start.sh and start_instance.py in schedule.yaml equal to the files.

usage: template.py check|update FOLDER

`check` prints the names of the files whose copies differ. `update` writes the files into the template.
"""

import re
import sys
from pathlib import Path

action, folder = sys.argv[1], Path(sys.argv[2])
template = folder / "schedule.yaml"
text = template.read_text()
for name, before in (("start_instance.py", r"        ZipFile: \|\n"), ("on-start.sh", r"                  - \|\n")):
    # The block ends at the first line that is indented less.
    found = re.search(before + r"((?P<indent> +)\S.*\n(?:(?P=indent).*\n|\n)*)", text)
    indent = found["indent"]
    copy = "".join(line.removeprefix(indent) for line in found[1].splitlines(keepends=True))
    original = (folder / name).read_text()
    if copy != original:
        print(name)
        lines = original.splitlines(keepends=True)
        block = "".join(line if line == "\n" else indent + line for line in lines)
        text = text[:found.start(1)] + block + text[found.end(1):]
if action == "update":
    template.write_text(text)
