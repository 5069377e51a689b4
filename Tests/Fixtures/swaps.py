"""Replaces paths, again and again, by entries with which another user could mislead root.

    swaps.py CANARY_FOLDER SECRET GOOD_NOTEBOOK PATH...

Runs until its standard input ends, and prints how many exchanges it has made; now and then it writes that to a file `count`. Each path is what it was before, a link to a
file or folder of root's, a link to a device or to nothing, a pipe, a folder, another name of a file, or nothing.
"""

import os
import random
import select
import shutil
import sys

canary, secret, good, paths = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
first = {path: open(path, "rb").read() for path in paths if os.path.isfile(path)}


def put(path, make):
    """Makes an entry beside a path and renames it over the path, or removes the path first if necessary."""
    new = f"{path}.{random.getrandbits(32):x}"
    make(new)
    for _ in range(3):
        try:
            os.rename(new, path)
            return
        except OSError:
            remove(path)
    remove(new)


def remove(path):
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)
    except OSError:
        pass


def plain(path, contents):
    with open(path, "wb") as file:
        file.write(contents)


def exchange(path):
    name = os.path.basename(path)
    target = random.choice([secret, canary, f"{canary}/{name}", "/dev/zero", "/nowhere/at/all", path])
    kinds = [
        lambda: put(path, lambda new: os.symlink(target, new)),
        lambda: put(path, lambda new: os.symlink(target, new)),
        lambda: put(path, os.mkfifo),
        lambda: put(path, os.mkdir),
        lambda: put(path, lambda new: os.link(good, new)),
        lambda: remove(path),
    ]
    if path in first:
        kinds += [lambda: put(path, lambda new: plain(new, first[path]))] * 6
    else:
        kinds += [lambda: remove(path)] * 3
    try:
        random.choice(kinds)()
    except OSError:
        pass


count = 0
while True:
    exchange(random.choice(paths))
    count += 1
    if count % 20 == 0:
        plain("count", str(count).encode())
    # Sometimes nothing changes until all paths have been read.
    if select.select([sys.stdin], [], [], random.choice([0, 0.0005, 0.002, 0.002, 0.03]))[0]:
        break
for path in paths:
    put(path, lambda new: plain(new, first[path])) if path in first else remove(path)
print(count)
