"""Converts the notebooks of a folder with nbconvert, and prints the results as JSON.

Beside each NAME.ipynb may lie a NAME.json with command-line options, and a NAME.html by Galley, whose text and pictures
are printed, too. A file cells.json holds the sources of cells to convert from IPython's syntax to Python's.
"""

import base64
import json
import re
import sys
import warnings
from pathlib import Path

from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter, MarkdownExporter, PythonExporter, ScriptExporter
from nbconvert.filters.strings import ipython2python
from traitlets.config import Config

warnings.simplefilter("ignore")


# Anchors of headings, and prompts, which Galley spells another way.
UNSEEN = ".anchor-link, .nb-count, .jp-InputPrompt, .jp-OutputPrompt"


def seen(page):
    """The words of a page that a reader sees, and its pictures."""
    soup = BeautifulSoup(page, "html.parser")
    for part in soup(["script", "style", "head"]) + soup.select(UNSEEN):
        part.extract()
    # Galley shows formulas as MathML with the TeX beside it, and nbconvert leaves the TeX to a script.
    for part in soup("math"):
        part.replace_with(part.annotation.get_text())
    pictures = []
    for part in soup(["svg", "img"]):
        source = part.get("src", "")
        data = re.fullmatch(r"data:([^;,]*);base64,(.*)", source, re.S)
        kind = data.group(1) if data else "image/svg+xml" if part.name == "svg" else "other"
        content = base64.b64decode(data.group(2)) if data and kind != "image/svg+xml" else b""
        pictures.append([kind, base64.b64encode(content).decode()])
        part.extract()
    return {"words": re.sub(r"[\s$]+", "", soup.get_text()), "pictures": pictures}


def files(resources):
    found = resources.get("outputs") or {}
    return {name: base64.b64encode(data).decode() for name, data in found.items()}


def convert(path):
    options = path.with_suffix(".json")
    config = Config(json.loads(options.read_text())) if options.exists() else Config()
    resources = {"unique_key": path.stem, "output_files_dir": path.stem + "_files"}
    result = {}
    for name, exporter in {"script": ScriptExporter, "python": PythonExporter, "markdown": MarkdownExporter}.items():
        text, found = exporter(config=config).from_filename(str(path), resources=dict(resources))
        result[name] = {"text": text, "extension": found["output_extension"], "files": files(found)}
    page, _ = HTMLExporter(config=config).from_filename(str(path), resources=dict(resources))
    result["html"] = seen(page)
    own = path.with_suffix(".html")
    if own.exists():
        result["galley"] = seen(own.read_text(encoding="utf-8"))
    return result


def python(cell):
    try:
        return ipython2python(cell)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


folder = Path(sys.argv[1])
results = {path.stem: convert(path) for path in sorted(folder.glob("*.ipynb"))}
cells = folder / "cells.json"
sources = json.loads(cells.read_text(encoding="utf-8")) if cells.exists() else []
json.dump({"notebooks": results, "cells": [python(cell) for cell in sources]}, sys.stdout)
