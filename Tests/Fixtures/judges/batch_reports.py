"""Validates the reports of the first batch of BatchTests by their schemas, and reads the JUnit report as a CI server does.

    python3 batch_reports.py ROOT

The reports are in the working directory: `r/j` (JSON), `r/x` (JUnit) and `e` (events). ROOT is Galley's repository.
"""
import json
import sys

import jsonschema
import junitparser
import xmlschema

root = sys.argv[1]


def closed(part):
    # Readers may meet what is new to them; these tests may not.
    if isinstance(part, dict):
        if 'properties' in part and ('required' in part or 'event' in part['properties']) and 'oneOf' not in part:
            part['additionalProperties'] = False
        for value in part.values(): closed(value)
    elif isinstance(part, list):
        for value in part: closed(value)
    return part
schema = lambda path: jsonschema.Draft202012Validator(closed(json.load(open(f'{root}/Sources/{path}.schema.json'))))
schema('Reports/report').validate(json.load(open('r/j')))
events = [json.loads(line) for line in open('e')]
for event in events: schema('CLI/events').validate(event)
assert events[-1]['event'] == 'batch-finished' and events[-1]['failed'] == 5, events[-1]
assert {event['notebook'] for event in events[:-1]} == {n['notebook'] for n in json.load(open('r/j'))['notebooks']}
xmlschema.validate('r/x', f'{root}/Tests/Fixtures/junit.xsd')
report = junitparser.JUnitXml.fromfile('r/x')
assert [suite.name for suite in report] == [n['notebook'] for n in json.load(open('r/j'))['notebooks']]
counts = (report.tests, report.failures, report.errors, report.skipped)
assert counts == (12, 2, 3, 1), counts
suite = list(report)[1]
assert [case.name for case in suite] == ['cell 1: a = 1', "cell 2: print('before')", 'cell 3: 2']
assert list(suite)[2].is_skipped and suite.skipped == 1
case = list(suite)[1]
assert case.system_out == 'before\n' and case.result[0].type == 'ValueError', case.result
assert case.result[0].message == 'line 2: ValueError: no such column', case.result[0].message
assert 'raise ValueError' in case.result[0].text and case.time > 0
assert 'The cell printed:\n    before\n' in case.result[0].text, case.result[0].text
