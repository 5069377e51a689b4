#!/usr/bin/env python3
"""Makes the notebook fixtures, and the expected result of the edit that the tests make.

The tests read `notebooks/x.ipynb`, edit it as `edit` does, and compare with `expected/x.ipynb`. nbformat writes the
expected notebooks in its own style, and Python's json those in other styles. Run this with a Python that has nbformat,
after changing it; the files are checked in, so the tests need neither.
"""
import json
import logging
import os
import shutil
import warnings
from pathlib import Path

import nbformat

HERE = Path(__file__).parent
UNICODE = "é ñ ß 日本語 العربية עברית 😀 👩‍👩‍👧 e\u0301 \u200b\u202e\u00ad\ufeff \u007f\u0080\u009f \U0010ffff"
BREAKS = "lf\ncr\rcrlf\r\nvt\vff\ffs\x1cgs\x1drs\x1enel\x85ls\u2028ps\u2029end"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==\n"
SVG = '<svg xmlns="http://www.w3.org/2000/svg">\n <circle r="1"/>\n</svg>\n'
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def code(source, outputs=(), count=None, **more):
    return {"cell_type": "code", "execution_count": count, "metadata": {}, "outputs": list(outputs), "source": source, **more}


def text(source, kind="markdown", **more):
    return {"cell_type": kind, "metadata": {}, "source": source, **more}


def stream(content, name="stdout"):
    return {"name": name, "output_type": "stream", "text": content}


def display(data, **metadata):
    return {"data": data, "metadata": metadata, "output_type": "display_data"}


def result(data, count=1, **metadata):
    return {"data": data, "execution_count": count, "metadata": metadata, "output_type": "execute_result"}


def error(name, value, lines):
    return {"ename": name, "evalue": value, "output_type": "error", "traceback": lines}


def notebook(*cells, minor=5, metadata=None):
    cells = [{**cell, "id": f"cell-{i}"} if minor >= 5 and "id" not in cell else cell for i, cell in enumerate(cells)]
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}} if metadata is None else metadata
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}


def nested(depth):
    return {"deeper": nested(depth - 1)} if depth else [[], {}, [[]], [{}], 0]


SMALL = notebook(
    text("# Title\n\nSome *text*."),
    code("print('a')\nprint('b')", [stream("a\nb\n")], 1),
    code("1 + 1", [result({"text/plain": "2"}, 2)], 2),
)

CANONICAL = {
    "empty": notebook(),
    "empty-metadata": notebook(metadata={}),
    "hello": notebook(code('print("hello")')),
    "streams": notebook(code("…", [stream("out\n"), stream("err\nmore", "stderr"), stream(""), stream("\n\n"), stream("no end")], 7)),
    "stream-breaks": notebook(code("x", [stream(BREAKS), stream(BREAKS + "\n", "stderr")], 1)),
    "results": notebook(*[code(f"{i}", [result({"text/plain": repr(i)}, i + 1)], i + 1) for i in range(3)]),
    "result-count-null": notebook(code("x", [result({"text/plain": "x"}, None)], None)),
    "display-png": notebook(code("plot()", [display({"image/png": PNG, "text/plain": "<Figure>"}, **{"image/png": {"height": 1, "width": 1}})], 1)),
    "display-jpeg": notebook(code("plot()", [display({"image/jpeg": "/9j/4AAQSkZJRg==", "text/plain": ["a list"]})], 1)),
    "display-svg": notebook(code("plot()", [display({"image/svg+xml": SVG, "text/plain": "<IPython.core.display.SVG object>"})], 1)),
    "display-html": notebook(code("df", [result({"text/html": "<table>\n<tr><td>1</td></tr>\n</table>", "text/plain": "   a\n0  1"})], 1)),
    "display-latex-markdown": notebook(code("x", [display({"text/latex": "$\\frac{1}{2}$\n\n", "text/markdown": "**b**\n\n* x\n"})], 1)),
    "display-javascript": notebook(code("x", [display({"application/javascript": "alert(1);\nalert(2);", "text/plain": "<JS>"})], 1)),
    "display-json": notebook(code("x", [display({"application/json": {"b": [1, 2.5, None, True], "a": {}}, "text/plain": "x"}, **{"application/json": {"expanded": False}})], 1)),
    "display-json-list": notebook(code("x", [display({"application/json": ["a\n", "b\n"], "application/geo+json": ["x", "y"]})], 1)),
    "display-vega": notebook(code("x", [display({"application/vnd.vegalite.v5+json": nested(12), "text/plain": "x"})], 1)),
    "display-pdf": notebook(code("x", [display({"application/pdf": "JVBERi0xLjQ=\n", "application/x-unknown": "line\nline"})], 1)),
    "display-empty": notebook(code("x", [display({}), result({})], 1)),
    "errors": notebook(code("1/0", [error("ZeroDivisionError", "division by zero", ["\x1b[0;31m-----\x1b[0m", "\x1b[1;32mline\x1b[0m\nwith break", ""])], 1)),
    "error-long": notebook(code("f()", [stream("before\n"), error("E", "v" * 500, [f"frame {i}" for i in range(60)])], 1)),
    "attachments": notebook(text("![a](attachment:a.png)", attachments={"a.png": {"image/png": PNG}, "b c.txt": {"text/plain": "one\ntwo"}})),
    "raw-cells": notebook({**text("raw *text*\n", "raw"), "metadata": {"format": "text/restructuredtext"}}, text("", "raw")),
    "tags": notebook(*[{**code("x"), "metadata": {"tags": tags}} for tags in ([], ["skip-execution"], ["parameters", "b"])]),
    "timing": notebook({**code("x", [], 3), "metadata": {"execution": {"iopub.execute_input": "2026-01-01T00:00:00.000000Z", "iopub.status.busy": "2026-01-01T00:00:00.000000Z", "iopub.status.idle": "2026-01-01T00:00:01.000000Z", "shell.execute_reply": "2026-01-01T00:00:01.000000Z"}}}),
    "view-metadata": notebook({**code("x"), "metadata": {"collapsed": True, "jupyter": {"outputs_hidden": True, "source_hidden": False}, "scrolled": "auto", "name": "n"}}),
    "widgets": notebook(code("slider", [display({"application/vnd.jupyter.widget-view+json": {"model_id": "0" * 32, "version_major": 2, "version_minor": 0}, "text/plain": "IntSlider(value=0)"})], 1), metadata={"kernelspec": KERNEL, "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {"0" * 32: {"model_module": "@jupyter-widgets/controls", "model_module_version": "2.0.0", "model_name": "IntSliderModel", "state": {"value": 0, "buffers": []}}}, "version_major": 2, "version_minor": 0}}}),
    "unicode": notebook(text(UNICODE), code(UNICODE, [stream(UNICODE), result({"text/plain": UNICODE}), error(UNICODE, UNICODE, [UNICODE])], 1), metadata={UNICODE: UNICODE, "kernelspec": KERNEL}),
    "sources-breaks": notebook(text(BREAKS), code(BREAKS), text(BREAKS + "\n", "raw")),
    "sources-blank": notebook(code(""), code("\n"), code(" \n\t\n"), text(""), code("\n\nx\n\n")),
    "controls": notebook(code("".join(map(chr, range(32))), [stream("".join(map(chr, range(32))))], 1)),
    "escapes": notebook(code('"\\" \\\\ / \\n \\u0041 </script> \u2028', [stream('\\"\\\\"')], 1)),
    "numbers": notebook(metadata={"floats": [0.1, -0.0, 1e-05, 1e16, 1e22, 1.0, 123456789.123456789, 5e-324], "ints": [0, -1, 2**53 + 1, 10**39], "odd": [None, True, False]}),
    "not-a-number": notebook(metadata={"odd": [float("nan"), float("inf"), float("-inf")]}),
    "long-line": notebook(code("x", [display({"image/png": PNG.strip() * 2000}), stream("x" * 100_000)], 1)),
    "many-cells": notebook(*[code(f"a = {i}\na", [result({"text/plain": str(i)}, i + 1)], i + 1) if i % 3 else text(f"## {i}") for i in range(200)]),
    "many-outputs": notebook(code("for …", [stream(f"{i}\n", "stderr" if i % 2 else "stdout") for i in range(300)], 1)),
    "unknown-keys": {**notebook({**code("x", [{**stream("x"), "extra": [1]}], 1), "extra": {"a": 1}}, {**text("x"), "zzz": None}), "aaa": [], "zzz": {"k": "v"}},
    "future-minor": notebook({"cell_type": "sql", "metadata": {}, "source": "select 1", "id": "s"}, code("x", [{"output_type": "hologram", "frames": [1, 2]}], 1), minor=7),
    "ids": notebook(*[code("x", id=i) for i in ("a", "B-_9", "x" * 64)]),
    "kernel-r": notebook(code("print(1)"), metadata={"kernelspec": {"display_name": "R", "language": "R", "name": "ir"}, "language_info": {"name": "R", "version": "4.2.2"}}),
    **{f"minor-{minor}": notebook(*[{k: v for k, v in cell.items() if k != "id"} for cell in SMALL["cells"]], minor=minor) for minor in range(5)},
}

OLD = {
    "v3": {"metadata": {"name": "old", "signature": "sha256:0", "kernelspec": KERNEL}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": [
        {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["A title\n", "in two lines"]},
        {"cell_type": "markdown", "metadata": {"trusted": True}, "source": ["Some\n", "text"]},
        {"cell_type": "code", "collapsed": True, "input": ["print 1\n", "2"], "language": "python", "metadata": {}, "prompt_number": 3, "outputs": [
            {"output_type": "stream", "stream": "stderr", "text": ["1\n", "x"]},
            {"output_type": "pyout", "metadata": {}, "prompt_number": 3, "text": ["2"], "html": ["<b>\n", "2</b>"]},
            {"output_type": "display_data", "metadata": {"png": {"width": 1}}, "png": PNG, "svg": SVG, "json": "{\"a\": [1]}", "latex": "$x$", "javascript": "a;\nb;"},
            {"output_type": "pyerr", "ename": "E", "evalue": "v", "traceback": ["t"]}]},
        {"cell_type": "raw", "metadata": {}, "source": "raw"}], "metadata": {}}]},
    "v3-lines-without-ends": {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": [
        {"cell_type": "code", "input": ["a = 1", "b = 2"], "language": "python", "metadata": {}, "outputs": []},
        {"cell_type": "html", "metadata": {}, "source": ["<b>", "</b>"]}]}]},
    "v3-two-worksheets": {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "orig_nbformat": 2, "worksheets": [
        {"cells": [{"cell_type": "code", "input": str(i), "language": "python", "metadata": {}, "outputs": [{"output_type": "stream", "text": "no name\n"}]}]} for i in range(2)]},
    "v2": {"metadata": {"name": "two"}, "nbformat": 2, "worksheets": [{"cells": [
        {"cell_type": "markdown", "source": ["one", "two"], "rendered": "<p>one two</p>"},
        {"cell_type": "code", "collapsed": False, "input": ["x = 1", "x"], "language": "python", "prompt_number": 1, "outputs": [
            {"output_type": "pyout", "prompt_number": 1, "text": ["1", "2"], "png": PNG}]}]}]},
    "v1": {"cells": [{"cell_type": "text", "text": "Some text"}, {"cell_type": "code", "code": "1 + 1\n2", "prompt_number": 4}, {"cell_type": "code", "code": "x"}]},
}

# name: (notebook, options of json.dumps, a change of the text)
UNSORTED = {"nbformat": 4, "nbformat_minor": 0, "metadata": {"kernelspec": KERNEL}, "cells": [
    {"cell_type": "markdown", "source": ["# é\n", "x"], "metadata": {"id": "b"}},
    {"cell_type": "code", "source": ["1"], "metadata": {"id": "c", "colab": {}}, "execution_count": None, "outputs": []}]}
STYLED = {
    "indent-2": (SMALL, {"indent": 2, "sort_keys": True}, None),
    "indent-4-unsorted": (UNSORTED, {"indent": 4}, None),
    "indent-tabs": (SMALL, {"indent": "\t", "sort_keys": True}, None),
    "indent-none": (SMALL, {"indent": 0, "sort_keys": True}, None),
    "one-line": (UNSORTED, {}, None),
    "one-line-compact": (SMALL, {"separators": (",", ":"), "sort_keys": True}, lambda t: t + "\n"),
    "crlf": (SMALL, {"indent": 1, "sort_keys": True}, lambda t: t.replace("\n", "\r\n") + "\r\n"),
    "no-last-newline": (SMALL, {"indent": 1, "sort_keys": True}, None),
    "three-last-newlines": (SMALL, {"indent": 1, "sort_keys": True}, lambda t: t + "\n\n\n"),
    "leading-space": (SMALL, {"indent": 1, "sort_keys": True}, lambda t: "\n  " + t + " \n"),
    "ascii": (UNSORTED, {"indent": 1, "ensure_ascii": True}, None),
    "byte-order-mark": (SMALL, {"indent": 1, "sort_keys": True}, lambda t: "\ufeff" + t + "\n"),
    "trailing-spaces": (SMALL, {"indent": 1, "sort_keys": True, "separators": (", ", ": ")}, None),
    "space-before-colon": (SMALL, {"indent": 2, "sort_keys": True, "separators": (",", " : ")}, None),
    "source-as-string": (notebook(text("a\nb"), code("print(1)\n2", [stream("1\n2\n")], 1)), {"indent": 1, "sort_keys": True}, None),
}

# Python would change the style of these: the tests read, write and edit them without an expected file.
ODD = {
    "number-spellings": '{"cells": [], "metadata": {"n": [1.0, 1e5, 1E+5, -0, 0.10, 1' + "0" * 40 + '.50]}, "nbformat": 4, "nbformat_minor": 5}',
    "repeated-keys": '{"cells": [], "metadata": {"a": 1, "b": 2, "a": 3}, "metadata": {"c": 1}, "nbformat": 4, "nbformat_minor": 5}\n',
    "lone-surrogates": '{"cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "\\ud800 \\udc00\\ud83d\\ude00"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n',
    "escaped-slashes": '{"cells": [{"cell_type": "raw", "id": "a", "metadata": {}, "source": "<\\/script> \\u0041\\u00E9"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n',
    "mixed-indentation": '{"cells": [\n\t\t{"cell_type": "code", "id": "a",\n  "metadata": { }, "outputs": [ ], "source": [ ] , "execution_count":null}\n ],\r\n"metadata": {},"nbformat": 4, "nbformat_minor": 5 }',
}


def lines(string):
    return string.splitlines(True)


def edit(nb, split):
    """Edits a notebook similarly to a run. `split` says whether text is split here or by the writer."""
    def t(string):
        return lines(string) if split else string

    count = 0
    for cell in nb["cells"]:
        if cell["cell_type"] != "code":
            continue
        count += 1
        cell["execution_count"] = count
        cell["metadata"]["execution"] = {"iopub.status.busy": f"2026-02-03T04:05:06.{count:06}Z"}
        cell["outputs"] = [
            stream(t(f"run {count}\né{BREAKS}\n")),
            display({"application/json": {"a": None, "b": [1, 2.5]}, "image/png": PNG, "text/html": t("<b>\n1</b>")}),
            result({"text/plain": t(str(count))}, count),
        ]
    if count:
        cell = [cell for cell in nb["cells"] if cell["cell_type"] == "code"][-1]
        cell["outputs"].append(error("ValueError", "é", ["one\n", "two"]))
        nb["cells"].append({"cell_type": "markdown", "metadata": {}, "source": t("added\n\u2028here"), **({"id": "added"} if nb["nbformat_minor"] >= 5 else {})})
        nb["cells"][-1] = dict(sorted(nb["cells"][-1].items()))
    nb["metadata"]["language_info"] = {"name": "python", "version": "3.99"}


def cell_id(source, index):
    value = 0xCBF29CE484222325
    for byte in (f"{index}#" + source).encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{(value >> 32 ^ value) & 0xFFFFFFFF:08x}"


def edited_by_nbformat(nb):
    edit(nb, split=False)
    return nbformat.writes(nbformat.from_dict(copied(nb)), version=nbformat.NO_CONVERT) + "\n"


def write(name, before, after):
    (HERE / "notebooks" / f"{name}.ipynb").write_bytes(before.encode("utf-8"))
    if after is not None:
        (HERE / "expected" / f"{name}.ipynb").write_bytes(after.encode("utf-8"))


def copied(value):
    return json.loads(json.dumps(value))


def main():
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    for folder in ("notebooks", "expected"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
        os.mkdir(HERE / folder)
    for name, nb in CANONICAL.items():
        before = nbformat.writes(nbformat.from_dict(copied(nb)), version=nbformat.NO_CONVERT) + "\n"
        read = nbformat.reads(before, as_version=4)
        write(name, before, edited_by_nbformat(read))
    for name, nb in OLD.items():
        before = json.dumps(nb, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        read = nbformat.reads(before, as_version=4)
        for index, cell in enumerate(read.cells):
            cell.id = cell_id(cell.source, index)
        write(name, before, edited_by_nbformat(read))
    for name, (nb, options, finish) in STYLED.items():
        options = {"ensure_ascii": False, **options}
        nb = copied(nb)
        for cell in nb["cells"]:
            if name != "source-as-string":
                cell["source"] = lines(cell["source"]) if isinstance(cell["source"], str) else cell["source"]
        after = copied(nb)
        edit(after, split=True)
        finish = finish or (lambda text: text)
        write(name, finish(json.dumps(nb, **options)), finish(json.dumps(after, **options)))
    for name, before in ODD.items():
        write(name, before, None)
    print(len(os.listdir(HERE / "notebooks")), "notebooks,", len(os.listdir(HERE / "expected")), "with an expected one")


if __name__ == "__main__":
    main()
