"""Parses a file of Tests/Fixtures/parameters with a tree-sitter grammar, and prints the nodes that are errors.

grammars.py LANGUAGE
"""

import importlib
import pathlib
import sys

from tree_sitter import Language, Parser

grammars = {
    "C#": ("tree_sitter_c_sharp", "language"),
    "C++": ("tree_sitter_cpp", "language"),
    "F#": ("tree_sitter_fsharp", "language"),
    "Julia": ("tree_sitter_julia", "language"),
    "MATLAB": ("tree_sitter_matlab", "language"),
    "PowerShell": ("tree_sitter_powershell", "language"),
    "Rust": ("tree_sitter_rust", "language"),
    "Scala": ("tree_sitter_scala", "language"),
}

language = sys.argv[1]
module, function = grammars[language]
source = (pathlib.Path(__file__).parent.parent / "parameters" / f"{language}.txt").read_bytes()
if language == "Rust":
    source = b"fn main() {\n" + source + b"}\n"
tree = Parser(Language(getattr(importlib.import_module(module), function)())).parse(source)


def report(node):
    if node.is_error or node.is_missing:
        print(f"line {node.start_point.row + 1}: {node.text.decode()[:200]!r}")
    elif node.has_error:
        for child in node.children:
            report(child)


report(tree.root_node)
