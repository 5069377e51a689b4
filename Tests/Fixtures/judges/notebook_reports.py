"""Validates reports of single notebooks by the schema of reports.

    python3 notebook_reports.py SCHEMA REPORT...
"""
import json
import sys

import jsonschema

whole = json.load(open(sys.argv[1]))
one = jsonschema.Draft202012Validator({"$ref": "#/$defs/notebook", "$defs": whole["$defs"]})
for path in sys.argv[2:]:
    one.validate(json.load(open(path)))
