#!/usr/bin/env python3
"""Reads the output of `writ test` for other programs as strictly as they do, and summarizes it.

usage: … | formats.py junit|tap       prints `tests N, failures N`, and then the names of the failed tests
"""
import re
import sys
import xml.etree.ElementTree as xml


def junit(text):
    root = xml.fromstring(text)
    assert root.tag == "testsuites", root.tag
    tests, failed = 0, []
    for suite in root:
        assert suite.tag == "testsuite", suite.tag
        cases = suite.findall("testcase")
        wrong = [case for case in cases if case.find("failure") is not None]
        assert int(suite.get("tests")) == len(cases), suite.attrib
        assert int(suite.get("failures")) == len(wrong), suite.attrib
        for case in cases:
            assert case.get("name") and case.get("classname") and float(case.get("time")) >= 0, case.attrib
            assert (case.get("file") is None) == (case.get("line") is None), case.attrib
        tests += len(cases)
        failed += [case.get("name") for case in wrong]
    assert int(root.get("tests")) == tests and int(root.get("failures")) == len(failed), root.attrib
    return tests, failed


def tap(text):
    lines = text.split("\n")
    assert lines.pop() == "", "no line end at the end"
    assert lines[0] == "TAP version 14", lines[0]
    plan = re.fullmatch(r"1\.\.(\d+)", lines[1])
    assert plan, lines[1]
    number, failed, inside = 0, [], False
    for line in lines[2:]:
        if inside:
            assert line.startswith("  "), line
            inside = line != "  ..."
        elif line == "  ---":
            inside = True
        elif point := re.fullmatch(r"(not )?ok (\d+) - (.*)", line):
            number += 1
            assert int(point[2]) == number, line
            assert not re.search(r"(?<!\\)(\\\\)*#", point[3]), f"a directive: {line}"
            if point[1]:
                failed.append(re.sub(r"\\([#\\])", r"\1", point[3]))
        else:
            assert line.startswith("#"), line
    assert not inside and number == int(plan[1]), number
    return number, failed


total, wrong = {"junit": junit, "tap": tap}[sys.argv[1]](sys.stdin.buffer.read().decode())
print(f"tests {total}, failures {len(wrong)}", *wrong, sep="\n")
