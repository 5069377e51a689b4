#!/usr/bin/env python3
"""Runs the notebooks of this folder, or the named ones, with nbconvert and with galley, and compares the results.

    compare.py GALLEY [NOTEBOOK ...] [-- OPTION ...]

The options are galley's. Everything has to be equal, except times; the division of a stream into messages; random identifiers; differences between
two runs of nbconvert itself; and the outputs of blank code cells, which nbconvert keeps from earlier runs. A notebook in
nbformat's own style has to keep that style.

It needs a Python with nbconvert, ipywidgets and the kernels.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert.preprocessors import ExecutePreprocessor
from traitlets.config import Config

HERE = Path(__file__).resolve().parent
MEANT_TO_FAIL = {"error", "input"}

RANDOM = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
# Kernels write their process ID and memory addresses into messages.
ADDRESS = re.compile(r"ipykernel_\d+/\d+|0x[0-9a-f]{6,}")


def in_a_copy(notebook, run):
    """Calls `run` with a copy of a notebook in a separate folder; returns its result and the contents of the file."""
    folder = Path(tempfile.mkdtemp(prefix="galley-compare-"))
    try:
        copy = folder / notebook.name
        shutil.copy(notebook, copy)
        return run(copy), copy.read_bytes()
    finally:
        shutil.rmtree(folder)


def nbconvert(path):
    """Does what `nbconvert --to notebook --inplace --execute` does, in this process; returns whether it succeeded."""
    for _ in range(3):
        notebook = nbformat.read(path, as_version=4)
        try:
            with tempfile.TemporaryDirectory(prefix="galley-compare-") as sockets:
                # Without this, nbconvert may miss late outputs.
                patience = {"iopub_timeout": 60, "raise_on_iopub_timeout": True, "startup_timeout": 300}
                # Another program can take a chosen port before the kernel binds it; a socket's name is private.
                private = Config(KernelManager={"transport": "ipc", "ip": sockets + "/k"})
                executor = ExecutePreprocessor(timeout=60, config=private, **patience)
                executor.preprocess(notebook, {"metadata": {"path": str(path.parent)}})
        except (CellExecutionError, DeadKernelError, NoSuchKernel):
            return False
        except (CellTimeoutError, RuntimeError) as error:
            # On a busy machine nbconvert sometimes waits forever, or gives up a kernel that is starting.
            print(f"{path.name}: nbconvert is tried again after {error!r}", file=sys.stderr)
            continue
        nbformat.write(notebook, path)
        return True
    return False


def comparable(raw):
    """Returns the parts of a notebook that have to be equal."""
    notebook = json.loads(json.dumps(nbformat.reads(raw.decode(), as_version=4)))
    for cell in notebook["cells"]:
        cell["metadata"].pop("execution", None)
        if cell["cell_type"] != "code":
            continue
        if not cell["source"].strip():
            cell["outputs"], cell["execution_count"] = [], None
        cell["outputs"] = joined(cell["outputs"])
    return anonymous(notebook)


def joined(outputs):
    result = []
    for output in outputs:
        last = result[-1] if result else {}
        if output["output_type"] == "stream" == last.get("output_type") and output["name"] == last["name"]:
            last["text"] += output["text"]
        else:
            result.append(output)
    return result


def anonymous(value):
    if isinstance(value, dict):
        named = {key: anonymous(item) for key, item in value.items() if not RANDOM.fullmatch(key)}
        others = [anonymous(item) for key, item in value.items() if RANDOM.fullmatch(key)]
        if others:
            named["(random keys)"] = sorted(others, key=json.dumps)
        return named
    if isinstance(value, list):
        return [anonymous(item) for item in value]
    return ADDRESS.sub("(address)", RANDOM.sub("(random)", value)) if isinstance(value, str) else value


def differences(first, second, ours, path="notebook"):
    """Returns the places where galley differs from the first run of nbconvert, and its second run does not."""
    if ours in (first, second) or first != second and not isinstance(first, (dict, list)):
        return
    if isinstance(first, dict) and isinstance(second, dict) and isinstance(ours, dict):
        for key in sorted({*first, *second, *ours}):
            if (key in first) == (key in second):
                yield from differences(first.get(key, "(absent)"), second.get(key, "(absent)"), ours.get(key, "(absent)"), f"{path}.{key}")
    elif isinstance(first, list) and isinstance(second, list) and isinstance(ours, list) and len(first) == len(ours):
        if len(first) == len(second):
            for index, items in enumerate(zip(first, second, ours)):
                yield from differences(*items, f"{path}[{index}]")
    else:
        yield f"{path}: nbconvert {json.dumps(first)[:200]}, galley {json.dumps(ours)[:200]}"


def is_canonical(raw):
    document = json.loads(raw)
    return raw == (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def verdict(galley, options, notebook):
    """Returns the differences; tries again, because a kernel queue that overflows on a busy machine loses messages."""
    for _ in range(3):
        found = once(galley, options, notebook)
        if not found:
            break
    return found


def once(galley, options, notebook):
    def run(path):
        return subprocess.run([galley, "execute", "--inplace", *options, path.name], cwd=path.parent, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=600)

    good, first = in_a_copy(notebook, nbconvert)
    done, ours = in_a_copy(notebook, run)
    if good != (done.returncode == 0):
        return [f"nbconvert {'succeeds' if good else 'fails'} and galley does not: {done.stderr.decode()[-500:]}"]
    if not good and notebook.parent == HERE and notebook.stem not in MEANT_TO_FAIL:
        return ["nbconvert cannot run it either, which proves nothing"]
    if not good:
        # nbconvert leaves the file unchanged after an error, and galley saves it.
        return []
    found = []
    if comparable(first) != comparable(ours):
        _, second = in_a_copy(notebook, nbconvert)
        found += differences(comparable(first), comparable(second), comparable(ours))
    if is_canonical(notebook.read_bytes()) and not is_canonical(ours):
        found.append("it came in nbformat's own form and is not in it any more")
    return found


def main():
    galley, *names = sys.argv[1:]
    end = names.index("--") if "--" in names else len(names)
    names, options = names[:end], names[end + 1:]
    notebooks = [Path(name).resolve() for name in names] or sorted(HERE.glob("*.ipynb"))
    os.environ.setdefault("PYTHONHASHSEED", "0")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        verdicts = list(pool.map(lambda notebook: verdict(galley, options, notebook), notebooks))
    for notebook, found in zip(notebooks, verdicts):
        print("differs" if found else "same", notebook.stem)
        for line in found[:10]:
            print("   ", line)
    print(f"{verdicts.count([])} of {len(verdicts)} agree")
    sys.exit(verdicts.count([]) != len(verdicts))


if __name__ == "__main__":
    main()
