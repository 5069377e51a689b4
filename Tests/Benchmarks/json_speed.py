"""Measures Python's json: prints the seconds to read and parse a notebook, to parse it, and to edit a cell and write it.

    python3 json_speed.py NOTEBOOK RESULT
"""
import json, sys, time
start = time.perf_counter()
with open(sys.argv[1], encoding="utf-8") as file:
    notebook = json.load(file)
loaded = time.perf_counter()
with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()
read = time.perf_counter()
json.loads(text)
parsed = time.perf_counter()
notebook["cells"][17]["source"] = ["edited"]
again = time.perf_counter()
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump(notebook, file, indent=1)
print(loaded - start, parsed - read, time.perf_counter() - again)
