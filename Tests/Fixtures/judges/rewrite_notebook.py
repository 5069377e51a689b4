"""Writes a notebook anew: as nbformat writes it, or as other programs might.

    python3 rewrite_notebook.py canonical|other NOTEBOOK
"""
import json
import sys

import nbformat

style, path = sys.argv[1:]
if style == "canonical":
    nbformat.write(nbformat.read(path, 4), path)
else:
    notebook = json.load(open(path))
    notebook = {key: notebook[key] for key in reversed(notebook)}
    for cell in notebook["cells"]:
        cell["metadata"].pop("execution", None)
    open(path, "w").write(json.dumps(notebook, indent=4, ensure_ascii=True))
