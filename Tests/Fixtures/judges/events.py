"""Validates each line of a file of events by its schema.

    python3 events.py SCHEMA EVENTS
"""
import json
import sys

import jsonschema

schema = json.load(open(sys.argv[1]))
for line in open(sys.argv[2]):
    jsonschema.Draft202012Validator(schema).validate(json.loads(line))
