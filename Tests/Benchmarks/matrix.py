#!/usr/bin/env python3
"""Times many runs of one notebook: galley with --matrix, two at a time, beside papermill in a loop.

    matrix.py GALLEY [RUNS [ROUNDS]]

Prints the seconds of both and their ratio (medians of the rounds).
"""
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from notebooks import cell, write


def run(folder, *words):
    start = time.perf_counter()
    subprocess.run(words, cwd=folder, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def galley(program, folder, runs):
    return run(folder, program, "execute", "report.ipynb", "--matrix", f"n=1..{runs}", "-j", "2", "--output-dir", "galley")


def papermill(folder, runs):
    return sum(run(folder, sys.executable, "-m", "papermill", "report.ipynb", f"papermill/{n}.ipynb", "-p", "n", str(n))
               for n in range(1, runs + 1))


def main():
    program, runs, rounds = [str(Path(sys.argv[1]).resolve()), *map(int, sys.argv[2:4]), *[100, 1][len(sys.argv) - 2:]]
    folder = Path(tempfile.mkdtemp(prefix="galley-bench-"))
    (folder / "papermill").mkdir()
    write([cell("n = 0", {"tags": ["parameters"]}), cell("print(n)")], folder / "report.ipynb")
    try:
        pairs = [(galley(program, folder, runs), papermill(folder, runs)) for _ in range(rounds)]
        results = [len(list((folder / name).glob("*.ipynb"))) for name in ("galley", "papermill")]
        assert results == [runs, runs], results
        own, other = (statistics.median(times) for times in zip(*pairs))
        print(f"{runs} runs of one notebook: {own:.1f} s, papermill in a loop {other:.1f} s, {other / own:.1f} x as fast")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
