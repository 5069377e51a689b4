#!/usr/bin/env python3
"""Writes the notebooks of this folder. Each tests one rule by which messages of a kernel become outputs of a notebook.

Edit this, run it, and commit the written files.
"""
import json
from pathlib import Path

HERE = Path(__file__).parent
OLD = [{"name": "stdout", "output_type": "stream", "text": ["of an earlier run\n"]}]
PYTHON = {"display_name": "Python 3", "language": "python", "name": "python3"}


def code(source, tags=(), **metadata):
    if tags:
        metadata["tags"] = list(tags)
    return {"cell_type": "code", "execution_count": 7, "metadata": metadata, "outputs": OLD, "source": source}


def text(source, kind="markdown", **more):
    return {"cell_type": kind, "metadata": {}, "source": source, **more}


def lines(source):
    return source.splitlines(keepends=True)


def notebook(name, *cells, minor=5, kernel=PYTHON, style=None, **metadata):
    made = []
    for index, cell in enumerate(cells):
        cell = dict(code(cell) if isinstance(cell, str) else cell)
        cell["source"] = lines(cell["source"])
        if minor >= 5:
            cell["id"] = f"cell-{index}"
        made.append(cell)
    document = {"cells": made, "metadata": {"kernelspec": kernel, "language_info": {"name": kernel["language"]}, **metadata},
                "nbformat": 4, "nbformat_minor": minor}
    written = json.dumps(document, ensure_ascii=False, **(style or {"indent": 1, "sort_keys": True}))
    (HERE / f"{name}.ipynb").write_text(written + ("" if style else "\n"), encoding="utf8")


DISPLAY = "from IPython.display import display, update_display, clear_output, HTML, Image, SVG, Markdown, JSON, Latex, Javascript\n"

notebook("streams", "import sys\nprint('one')\nprint('two', flush=True)\nprint('three')",
         "print('out', flush=True)\nprint('err', file=sys.stderr, flush=True)\nprint('out again', flush=True)",
         "sys.stdout.write('no line end')", "print('a', end='')\nprint('b', end='')\nprint()", "print()")
notebook("results", "6 * 7", "'text'", "None", "[1, {'two': 2.5}]", "1;", "class Shown:\n    def _repr_html_(self): return '<b>\\nshown\\n</b>'\n    def __repr__(self): return 'Shown\\nin two lines'\nShown()", "_")
notebook("displays", DISPLAY + "display(HTML('<i>x</i>\\n<i>y</i>'))\ndisplay(Markdown('# x'), Latex('$x$'))\ndisplay(Javascript('let x = 1;\\nlet y;'))",
         DISPLAY + "display(SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"><rect width=\"4\" height=\"4\"/></svg>'))",
         DISPLAY + "display({'text/plain': 'x', 'application/json': {'b': [1, 2.0, 1e30], 'a': None}}, raw=True)",
         DISPLAY + "display({'text/plain': 'v', 'application/vnd.own+json': ['a', 'b\\n']}, raw=True, metadata={'application/vnd.own+json': {'isolated': True}})",
         DISPLAY + "display(JSON({'x': [True, 12345678901234567890123]}))")
notebook("images", "import base64, struct, zlib\ndef chunk(kind, data): return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))\n"
         "png = b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 1, 1, 8, 0, 0, 0, 0)) + chunk(b'IDAT', zlib.compress(b'\\0\\0')) + chunk(b'IEND', b'')\n"
         + DISPLAY + "display(Image(png))", "Image(png, width=30)", "display({'image/jpeg': base64.encodebytes(bytes(200)).decode()}, raw=True)")
notebook("errors-expected", code("print('before')\n1 / 0", ["raises-exception"]), "print('still here')",
         code("def f(): raise ValueError('über\\nzwei')\ntry: {}['k']\nexcept KeyError: f()", ["raises-exception"]),
         code("import sys\nsys.exit(3)", ["raises-exception"]), code("if:", ["raises-exception"]), code("%nomagic", ["raises-exception"]), "1 + 1")
notebook("error", "print('fine')", "raise RuntimeError('ends the run')", "print('never')")
notebook("input", "print('asking')", "input('name? ')")
notebook("clear", DISPLAY + "print('gone')\nclear_output()\nprint('stays')", DISPLAY + "print('stays until more comes')\nclear_output(wait=True)",
         DISPLAY + "for i in range(5):\n    clear_output(wait=True)\n    print(i)", DISPLAY + "print('all gone')\nclear_output()",
         DISPLAY + "clear_output(wait=True)\ndisplay('a')\ndisplay('b')")
notebook("display-ids", DISPLAY + "h = display('first', display_id='a')\nprint('between')\ndisplay('again', display_id='a')", "h.update('second')",
         DISPLAY + "update_display('third', display_id='a')\nupdate_display('never shown', display_id='unknown')",
         DISPLAY + "g = display(display_id=True)\ng.update(HTML('<b>b</b>'))", DISPLAY + "k = display('x', display_id='k')\nclear_output()\ndisplay('y')\nk.update('z')")
notebook("counts", "1", "", "   \n\t", "2", text("text"), "get_ipython().execution_count", code("3", ["skip-execution"]), "4")
notebook("skipped", code("print('left as it is')", ["skip-execution"]), "x = 1", code("1/0", ["skip-execution", "other"]), "x")
notebook("text-cells", text("# Title\n\n![x](attachment:a.png)", attachments={"a.png": {"image/png": "iVBO"}}), text("raw\ntext", "raw"),
         "print(1)", text("", "raw"), {**text("<b>x</b>"), "metadata": {"editable": False, "tags": ["raises-exception"]}})
notebook("unicode", "print('äöü 日本語 🎉 e\\u0301')", "print('\\x0b\\x0c\\x1c\\x1d\\x1e\\x85\\u2028\\u2029 ends')", "print('nul \\x00 bell \\x07 del \\x7f esc \\x1b[31mred\\x1b[0m')",
         "'\\\\ \" / \\t'", "# 日本語のコメント\n'ok'", "print('\\r\\nx\\ry')")
notebook("magics", "!echo from a shell", "%%bash\necho one\necho two >&2", "%%capture c\nprint('caught')", "c.stdout", "%env GALLEY_TEST=1", "x = !echo lines\nx")
notebook("processes", "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'print(5)'], capture_output=True, text=True).stdout)",
         "import os\nos.system('exit 3')", "import time\ntime.sleep(0.2)\nprint('later')")
notebook("many-lines", "for i in range(20000): print(i)", "print('x' * 100000)")
notebook("many-displays", DISPLAY + "for i in range(300): display(i)")
notebook("progress", "for i in range(5): print(f'\\r{i}', end='')", "import sys\nfor i in range(3): sys.stdout.write('\\b' + str(i))", "print('50%\\r100%')")
notebook("awaiting", "import asyncio\nawait asyncio.sleep(0.05)\nprint('awaited')", "async def f(): return 3\nawait f()")
notebook("history", "In[1], len(Out)", "7", "_, _2", "print(_i)")
notebook("functions", "def shown(x):\n    display(x)\n    return x\nshown('a'), shown('b')", "for i in range(3):\n    print(i)\n    display(i)")
notebook("custom-types", "class Bundle:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n        return {'text/plain': 'p', 'text/x-own': 'a\\nb', 'application/x-own': 'not\\nsplit'}, {'text/x-own': {'k': 1}}\nBundle()", "display(Bundle())")
notebook("cell-metadata", code("1", scrolled=True, collapsed=False, jupyter={"outputs_hidden": True}, own={"a": [1, 2]}), code("2", ["a", "b"]))
notebook("notebook-metadata", "1", authors=[{"name": "Ada"}], title="ünï", toc={"base": 1.0, "big": 1e100, "on": True, "off": None})
notebook("minor-4", "print(1)", "2", minor=4)
notebook("minor-2", "print(1)", text("t"), minor=2)
notebook("indented-by-four", "print('x')\n2", "display('y')", style={"indent": 4})
notebook("on-one-line", "print('x')", style={"separators": (",", ":")})
notebook("comms", "from comm import create_comm\nc = create_comm(target_name='of nobody', data={'x': 1}, buffers=[b'abc'])\nc.send({'y': 2})\nc.close()", "print('after')")
notebook("widgets", "import ipywidgets as w\ns = w.IntSlider(value=3, description='s')\ns", "s.value = 7\nt = w.Text('text')\nbox = w.VBox([s, t])\nbox", "display(w.HTML('<b>x</b>'))\ns.close()")
notebook("widget-bytes", "import ipywidgets as w\ni = w.Image(value=bytes(range(256)), format='png')\ni", "i.value = b'other'", "u = w.Image(value=b'', format='png')\nu")
notebook("widget-outputs", "import ipywidgets as w\no = w.Output()\no", "with o:\n    print('caught')\n    print('too')\n    display('shown')\nprint('free')",
         "with o:\n    import sys\n    print('err', file=sys.stderr)\nlen(o.outputs)", "o.clear_output()", "with o: print('new')", "@o.capture()\ndef f(): print('in f')\nf()")
notebook("widget-outputs-nested", "import ipywidgets as w\na, b = w.Output(), w.Output()\na", "with a:\n    print('a1')\n    with b:\n        print('b')\n    print('a2')\n    display(b)",
         "with a:\n    a.clear_output(wait=True)\n    print('a3')", "c = w.Output()\nc.append_stdout('appended')\nc.append_display_data('x')\nc", code("with b: 1/0", ["raises-exception"]), "len(a.outputs), len(b.outputs)")
notebook("widget-outputs-set", "import ipywidgets as w\no = w.Output()\no", "with o: print('b')\no.outputs = ()\no.append_stdout('z')", "p = w.Output()\nwith p: print('b')\np.clear_output()\np.append_stdout('z')\np",
         "q = w.Output()\nwith q: print('b')\nq.outputs = ({'name': 'stdout', 'output_type': 'stream', 'text': 'set'},)\nq")
notebook("widget-interaction", "import ipywidgets as w\n@w.interact(x=(0, 5))\ndef f(x=2): return x * 2", "print('after')")
notebook("bash", "echo hello", "x=5; echo $((x * 2))", "echo err >&2", kernel={"display_name": "Bash", "language": "bash", "name": "bash"})
notebook("r", "1:3", "print('x')\ncat('y\\n')\nmessage('z')", "data.frame(a = 1:2)", kernel={"display_name": "R", "language": "R", "name": "ir"})
