"""Writes two large notebooks, images.ipynb and cells.ipynb, into a folder.

    python3 large_notebooks.py FOLDER
"""
import base64, json, os, random, sys
random.seed(1)
def notebook(name, cells):
    with open(f"{sys.argv[1]}/{name}.ipynb", "w") as file:
        json.dump({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, file, indent=1, sort_keys=True)
        file.write("\n")
def cell(i, source, outputs):
    return {"cell_type": "code", "execution_count": i, "id": f"c{i}", "metadata": {}, "outputs": outputs, "source": source}
notebook("images", [cell(i, ["plot()"], [{"output_type": "display_data", "metadata": {}, "data": {
    "image/png": base64.b64encode(random.randbytes(1_000_000)).decode() + "\n", "text/plain": ["<Figure>"]}}]) for i in range(45)])
notebook("cells", [cell(i, ["total = 1\n", f"total + {i}"], [{"output_type": "stream", "name": "stdout",
    "text": [f"line {n} of the output\n" for n in range(8)]}]) for i in range(20_000)])
