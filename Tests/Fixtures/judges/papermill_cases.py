"""Runs the same command lines with papermill and with `galley papermill`, and compares what they write.

    python3 papermill_cases.py GALLEY

Equal are: the exit status, the cells with their tags and sources, the values of the injected cell, and the record of
the run in the metadata, but for times and the version. Each difference that is meant is named in DIFFERENCES with its
reason; a case that is listed there and does not differ is an error too. Prints one line for each error, then the count.
"""
import base64
import contextlib
import io
import json
import logging
import os
import subprocess
import sys
import tempfile

import click.testing
import papermill.cli

galley = os.path.abspath(sys.argv[1])
PYTHON = {"kernelspec": {"display_name": "Python", "language": "python", "name": "python3"}}
R = {"kernelspec": {"display_name": "R", "language": "R", "name": "ir"}}
BASH = {"kernelspec": {"display_name": "Bash", "language": "bash", "name": "bash"}}


def code(source, *tags):
    return {"cell_type": "code", "execution_count": None, "metadata": {"tags": list(tags)} if tags else {},
            "outputs": [], "source": source}


def text(source, kind="markdown", *tags):
    return {"cell_type": kind, "metadata": {"tags": list(tags)} if tags else {}, "source": source}


def notebook(*cells, metadata=PYTHON, minor=5):
    cells = [dict(cell, id=f"c{number}") if minor >= 5 else cell for number, cell in enumerate(cells)]
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}


plain = notebook(text("# A report"), code("a = 1\nb = 'x'", "parameters"), code("c = 2"))
bare = notebook(code("print(1)"), text("end"))
again = notebook(code("a = 1", "parameters"), code("z = 0"), code("# Parameters\na = 5\n", "injected-parameters"), code("1"))
marked = notebook(text("failed", "markdown", "papermill-error-cell-tag"), code("a = 1", "parameters"),
                  text("here", "markdown", "papermill-error-cell-tag"), code("2"))
yaml = "a: [1, 2.5, null, {k: v}]\nb: 'it''s'\n"

# The name, the notebook, and the options. Without "run", the notebook is only prepared.
CASES = [
    ("an integer", plain, ["-p", "a", "7"]),
    ("a number", plain, ["-p", "a", "0.25"]),
    ("a negative number", plain, ["-p", "a", "-3"]),
    ("an integer with underscores", plain, ["-p", "a", "1_000"]),
    ("an integer between spaces", plain, ["-p", "a", " 5 "]),
    ("an exponent", plain, ["-p", "a", "1e3"]),
    ("not a number", plain, ["-p", "a", "nan"]),
    ("infinity", plain, ["-p", "a", "-inf"]),
    ("a huge integer", plain, ["-p", "a", "123456789012345678901234567890"]),
    ("words of Python", plain, ["-p", "a", "True", "-p", "b", "None"]),
    ("words that are none", plain, ["-p", "a", "true", "-p", "b", "none"]),
    ("an empty text", plain, ["-p", "a", ""]),
    ("quotes", plain, ["-p", "a", "it's \"so\" \\n"]),
    ("lines", plain, ["-p", "a", "one\ntwo\ttabs\r"]),
    ("other scripts", plain, ["-p", "a", "été 日本 😀"]),
    ("a date", plain, ["-p", "a", "2024-01-31"]),
    ("a raw text", plain, ["-r", "a", "7"]),
    ("YAML", plain, ["-y", yaml]),
    ("a date in YAML", plain, ["-y", "a: 2024-01-31\nb: 2024-01-31 10:00:00"]),
    ("truth in YAML", plain, ["-y", "{a: yes, b: Off}"]),
    ("numbers in YAML", plain, ["-y", "{a: 010, b: 0x1F, c: 1_000, d: .inf, e: -1.5e+3}"]),
    ("anchors in YAML", plain, ["-y", "a: &x {k: 1}\nb:\n  <<: *x\n  l: 2\n"]),
    ("a block in YAML", plain, ["-y", "a: |\n  one\n  two\nb: >\n  three\n  four\n"]),
    ("an empty YAML", plain, ["-y", ""]),
    ("a time in YAML", plain, ["-y", "a: 12:30"]),
    ("an exponent in YAML", plain, ["-y", "a: 1e3"]),
    ("no YAML", plain, ["-y", "a: [1"]),
    ("a file", plain, ["-f", "p.yaml"]),
    ("a JSON file", plain, ["-f", "p.json"]),
    ("a missing file", plain, ["-f", "none.yaml"]),
    ("base64", plain, ["-b", base64.b64encode(yaml.encode()).decode()]),
    ("the order of forms", plain, ["-r", "a", "r", "-p", "a", "p", "-y", "{a: y, b: y}", "-f", "p.yaml",
                                   "-b", base64.b64encode(b"{a: b, b: b, c: b}").decode()]),
    ("paths", plain, ["--inject-paths", "-p", "a", "1"]),
    ("one path", plain, ["--inject-input-path"]),
    ("an unknown parameter", plain, ["-p", "q", "1"]),
    ("no cell of parameters", bare, ["-p", "a", "1"]),
    ("no parameters", plain, []),
    ("a result again", again, ["-p", "a", "7"]),
    ("a result again without parameters", again, []),
    ("marks of an error", marked, ["-p", "a", "7"]),
    ("two cells of parameters", notebook(code("a = 1", "parameters"), code("a = 2", "parameters")), ["-p", "a", "7"]),
    ("a report", plain, ["--report-mode", "-p", "a", "7"]),
    ("an older format", notebook(code("a = 1", "parameters"), minor=4), ["-p", "a", "7"]),
    ("a raw cell", notebook(code("a = 1", "parameters"), text("raw", "raw"), code("2")), ["-p", "a", "7"]),
    ("R", notebook(code("a <- 1", "parameters"), metadata=R), ["-p", "a", "7", "-p", "b", "x", "-p", "c", "True"]),
    ("bash", notebook(code("a=1", "parameters"), metadata=BASH), ["-p", "a", "7", "-p", "b", "x y"]),
    ("another language", plain, ["-l", "R", "-p", "a", "True"]),
    ("an unknown language", notebook(code("1"), metadata={"kernelspec": {
        "display_name": "x", "language": "brainfuck", "name": "brainfuck"}}), ["-p", "a", "1"]),
    ("an unknown option", plain, ["--nonsense"]),
    ("a run", plain, ["run", "-p", "a", "7"]),
    ("a run that fails", notebook(code("a = 1", "parameters"), code("print(a)"), code("1/0"), code("3")),
     ["run", "-p", "a", "7"]),
    ("a run that ends early", notebook(code("import sys; sys.exit(0)"), code("3")), ["run"]),
    ("a run past its limit", notebook(code("import time; time.sleep(60)"), code("3")),
     ["run", "--execution-timeout", "2"]),
    ("files of the streams", notebook(code("import sys; print('out'); print('err', file=sys.stderr)")),
     ["run", "--stdout-file", "STEM.out", "--stderr-file", "STEM.err"]),
    ("a missing kernel", plain, ["run", "-k", "nonexistent", "-l", "python"]),
]

DIFFERENCES = {
    "a time in YAML": "papermill takes 12:30 for the number 750",
    "an exponent in YAML": "papermill takes 1e3 for a text",
    "no YAML": "the command line is wrong (2)",
    "a missing file": "the command line is wrong (2)",
    "bash": "a text stays as it is, even if a cell has declared the variable as an integer",
    "an older format": "papermill raises the notebook to 4.5",
    "an unknown language": "the command line is wrong (2)",
    "a run that ends early": "papermill calls cells completed that did not run",
    "a missing kernel": "papermill writes a result in which all cells are completed",
    "a run past its limit": "papermill calls the cell completed, and marks no error",
}


def values(source):
    """The variables that a cell of Python assigns; the text itself for other languages."""
    try:
        names = {}
        exec(source, names)
        del names["__builtins__"]
        return repr(names)
    except Exception:
        return source.strip()


def described(path):
    if not os.path.exists(path):
        return "no result"
    with open(path) as file:
        result = json.load(file)
    record = result["metadata"].get("papermill", {})
    cells = []
    for cell in result["cells"]:
        tags = sorted(cell["metadata"].get("tags", []))
        source = "".join(cell["source"])
        if "papermill-error-cell-tag" in tags:
            source = "a mark"
        elif "injected-parameters" in tags:
            source = values(source)
        own = cell["metadata"].get("papermill", {})
        # The record is the same whether or not the run is only prepared; papermill then leaves it out.
        state = (own.get("status"), own.get("exception"), sorted(own)) if record.get("start_time") else None
        cells.append((cell["cell_type"], tags, source, state if tags != ["papermill-error-cell-tag"] else None,
                      cell["metadata"].get("jupyter")))
    with contextlib.suppress(KeyError):
        record["parameters"] = repr(record["parameters"])
    ran = record.get("start_time") is not None
    keys = sorted(record) if ran else None
    return {"cells": cells, "keys": keys, "format": result["nbformat_minor"],
            "record": [record.get(key) for key in ("parameters", "exception", "input_path", "environment_variables")]}


def run(stem, options, program):
    runs = "run" in options
    options = [option.replace("STEM", stem) for option in options if option != "run"]
    arguments = ["in.ipynb", f"{stem}.ipynb", "--no-progress-bar", *options] + ([] if runs else ["--prepare-only"])
    status = program(arguments)
    found = described(f"{stem}.ipynb")
    if isinstance(found, dict):
        found = json.loads(json.dumps(found).replace(f"{stem}.ipynb", "out.ipynb"))
        found["streams"] = [open(f"{stem}.{end}").read() for end in ("out", "err") if os.path.exists(f"{stem}.{end}")]
    return {"status": status, "result": found}


def with_papermill(arguments):
    result = click.testing.CliRunner().invoke(papermill.cli.papermill, arguments)
    return result.exit_code


def with_galley(arguments):
    return subprocess.run([galley, "papermill", *arguments], stdin=subprocess.DEVNULL, capture_output=True).returncode


logging.disable(logging.CRITICAL)
errors = 0
with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
    os.chdir(folder)
    for name, value in [("p.yaml", yaml + "c: f\n"), ("p.json", '{"a": [1.5, true], "b": "\\u00e9"}')]:
        with open(name, "w") as file:
            file.write(value)
    for number, (name, document, options) in enumerate(CASES):
        with open("in.ipynb", "w") as file:
            json.dump(document, file)
        theirs, ours = run(f"p{number}", options, with_papermill), run(f"g{number}", options, with_galley)
        differs = theirs != ours
        if differs != (name in DIFFERENCES):
            errors += 1
            print(f"{name}: {'different' if differs else 'equal, and listed as different'}")
            print(f"  papermill {json.dumps(theirs)}\n  galley    {json.dumps(ours)}")
    os.chdir("/")
print(f"{len(CASES)} cases, {len(DIFFERENCES)} meant to differ, {errors} errors")
