"""Checks the number of skipped tests in a JUnit report.

    python3 skipped_tests.py REPORT NUMBER
"""
import sys

import junitparser

found = junitparser.JUnitXml.fromfile(sys.argv[1]).skipped
assert found == int(sys.argv[2]), found
