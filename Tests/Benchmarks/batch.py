#!/usr/bin/env python3
"""Times batches of notebooks, two at a time: in each round galley, nbconvert with the same files, and the floor, which
is the same number of bare kernels.

    batch.py GALLEY [ROUNDS [CASE ...]]

Prints for each case the ratios to the time of nbconvert and of the floor (medians of the rounds), and galley's peak
memory.
"""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from floor import IPYTHON, BareKernel
from notebooks import cell, timed, write

COUNT = 20
CASES = {"hello": ['print("hello")'], "numpy and pandas": ["import numpy, pandas", "pandas.DataFrame(numpy.eye(3))"]}


def floor(sources):
    def run(_):
        kernel = BareKernel(IPYTHON)
        for source in sources:
            kernel.execute(source)
        return kernel.end()

    start = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(run, range(COUNT)))
    # Ignore a round in which a kernel did not shut down when asked.
    return time.perf_counter() - start if all(ends) else None


def nbconvert(folder, names):
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "nbconvert", "--to", "notebook", "--inplace", "--execute", *names], cwd=folder,
                   check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600)
    return time.perf_counter() - start


def main():
    galley, rounds, *cases = [str(Path(sys.argv[1]).resolve()), *sys.argv[2:]] + ([] if len(sys.argv) > 2 else ["3"])
    folder = Path(tempfile.mkdtemp(prefix="galley-bench-"))
    names = [f"{number}.ipynb" for number in range(COUNT)]
    os.environ.pop("TMPDIR", None)
    print(f"batches of {COUNT} notebooks, two at a time")
    try:
        for case, sources in CASES.items():
            if cases and case not in cases:
                continue
            taken, over_floor, faster, peaks = [], [], [], []
            for number in range(int(rounds) + 1):
                for name in names:
                    write([cell(source) for source in sources], folder / name)
                bare = floor(sources)
                seconds, peak = timed(galley, folder, [*names, "-j", "2"])
                peaks.append(peak)
                # The first round warms up.
                if number == 0:
                    continue
                taken.append(seconds)
                if bare:
                    over_floor.append(seconds / bare)
                faster.append(nbconvert(folder, names) / seconds)
            print(f"  {case:20} {statistics.median(taken):6.2f} s, {statistics.median(over_floor):4.2f} x the floor"
                  f" (wanted: at most 1.15), {statistics.median(faster):4.1f} x as fast as nbconvert (wanted: at least 4);"
                  f" memory {max(peaks) / 1e6:.0f} MB", flush=True)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
