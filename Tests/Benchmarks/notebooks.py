#!/usr/bin/env python3
"""Times whole runs of notebooks: in each round galley and the floor, which is the bare kernel.

    notebooks.py GALLEY [ROUNDS [CASE ...]]

Prints for each case the ratio to the time of the floor (the median of the rounds) and galley's peak memory.
"""
import base64
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from floor import IPYTHON, BareKernel

SHOW = "from IPython.display import display\nimport base64, os\n"
SKIPPED = {"tags": ["skip-execution"]}


def cell(source, metadata=None, outputs=()):
    return {"cell_type": "code", "execution_count": None, "id": f"c{os.urandom(6).hex()}", "metadata": metadata or {},
            "outputs": list(outputs), "source": source}


def image(size):
    data = {"image/png": base64.b64encode(os.urandom(size)).decode(), "text/plain": ["<Figure>"]}
    return {"output_type": "display_data", "metadata": {}, "data": data}


def stream(lines):
    return {"output_type": "stream", "name": "stdout", "text": ["a line\n"] * lines}


# The cells, the maximum ratio to the floor, and the maximum memory in megabytes or relative to the file.
CASES = {
    "hello": (lambda: [cell('print("hello")')], 1.05, "40 MB"),
    "500 cells": (lambda: [cell(f"{i} + 1") for i in range(500)], 1.05, "40 MB"),
    "200,000 lines": (lambda: [cell("for i in range(200_000): print(i)")], 1.05, "40 MB"),
    "2,000 displays": (lambda: [cell(SHOW + 'for i in range(2000): display({"text/plain": str(i)}, raw=True)')], 1.05, "40 MB"),
    "50 MB of images": (lambda: [cell(SHOW + 'for i in range(20): display({"image/png": base64.b64encode(os.urandom(1_900_000)).decode()}, raw=True)')], 1.15, "2.5 x the file"),
    "60 MB carried along": (lambda: [cell("1")] + [cell("plot()", SKIPPED, [image(1_000_000)]) for _ in range(45)], 1.15, "2.5 x the file"),
    "20,000 cells carried along": (lambda: [cell("1")] + [cell("a", SKIPPED, [stream(20)]) for _ in range(20_000)], 1.15, "2.5 x the file"),
}


def write(cells, path):
    notebook = {"cells": cells, "metadata": {"kernelspec": {"display_name": "P", "language": "python", "name": "python3"},
                                             "language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook, indent=1, sort_keys=True) + "\n")


def timed(galley, folder, arguments):
    """Returns the seconds that an in-place run takes, and the peak memory of the engine in bytes."""
    return measured([galley, "execute", "--inplace", *arguments], folder)


def measured(command, folder, environment=None):
    """Returns the seconds that a program takes, and its peak memory in bytes."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    peak, over = [0], threading.Event()

    def watch():
        while not over.wait(0.01):
            try:
                status = Path(f"/proc/{process.pid}/status").read_text()
            except OSError:
                return
            for line in status.splitlines():
                if line.startswith("VmHWM"):
                    peak[0] = max(peak[0], int(line.split()[1]) * 1024)

    watcher = threading.Thread(target=watch)
    watcher.start()
    complaints = process.stderr.read()
    process.wait()
    taken = time.perf_counter() - start
    over.set()
    watcher.join()
    if process.returncode:
        raise SystemExit(complaints.decode(errors="replace"))
    return taken, peak[0]


def floor(cells):
    kernel = BareKernel(IPYTHON)
    for one in cells:
        if one["metadata"] is not SKIPPED:
            kernel.execute(one["source"])
    return kernel.end()


def main():
    galley, rounds, *names = [str(Path(sys.argv[1]).resolve()), *sys.argv[2:]] + ([] if len(sys.argv) > 2 else ["5"])
    folder = Path(tempfile.mkdtemp(prefix="galley-bench-"))
    print("whole runs, beside the bare kernel")
    try:
        for name, (make, wanted, memory) in CASES.items():
            if names and name not in names:
                continue
            cells, path = make(), folder / "notebook.ipynb"
            ratios, seconds, peaks, size = [], [], [], 0
            for number in range(int(rounds) + 1):
                write(cells, path)
                bare = floor(cells)
                taken, peak = timed(galley, folder, [path.name])
                size = path.stat().st_size
                # The first round warms up. Ignore a round in which the kernel did not shut down when asked.
                if number and bare:
                    ratios.append(taken / bare)
                    seconds.append(taken)
                    peaks.append(peak)
            print(f"  {name:27} {statistics.median(seconds):6.3f} s, {statistics.median(ratios):4.2f} x the floor (wanted: at most {wanted});"
                  f" memory {max(peaks) / 1e6:5.1f} MB, {max(peaks) / size:.1f} x the file (wanted: at most {memory})", flush=True)
        if not names or "detach" in names:
            ratios = []
            for number in range(int(rounds) + 1):
                write([cell("1")], path := folder / "notebook.ipynb")
                start = time.perf_counter()
                kernel = BareKernel(IPYTHON)
                ready = time.perf_counter() - start
                kernel.end()
                start = time.perf_counter()
                run = subprocess.run([galley, "execute", "--inplace", "--detach", "--quiet", path.name], cwd=folder,
                                     stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
                ratios.append((time.perf_counter() - start) / ready)
                subprocess.run([galley, "wait", run.stdout.strip()], check=True)
            print(f"  {'until --detach returns':27} {statistics.median(ratios[1:]):4.2f} x the start of the bare kernel")
        start = time.perf_counter()
        for _ in range(20):
            subprocess.run([galley, "--version"], stdout=subprocess.DEVNULL, check=True)
        print(f"  {'galley --version':27} {(time.perf_counter() - start) / 20 * 1000:6.1f} ms (wanted: at most 5, with a Python's fork and exec)")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
