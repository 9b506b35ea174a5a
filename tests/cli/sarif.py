#!/usr/bin/env python3
"""Fails if a document is not SARIF 2.1.0 as far as code scanning reads it: sarif.py FILE…

Checks the schema's requirements for the objects that writ writes, and GitHub's additional ones. Prints the fingerprints.
"""
import json
import pathlib
import re
import sys

LEVELS = {"error", "warning", "note", "none"}


class Bad(Exception):
    pass


def need(where, value, members):
    """The members are there with a value of the type, and there are no others."""
    if not isinstance(value, dict):
        raise Bad(f"{where} is no object")
    for name, (kind, required) in members.items():
        if required and name not in value:
            raise Bad(f"{where} has no {name}")
        if name in value and not isinstance(value[name], kind):
            raise Bad(f"{where}.{name} is {value[name]!r}")
    if unknown := set(value) - set(members):
        raise Bad(f"{where} has {sorted(unknown)}")


def message(where, value):
    need(where, value, {"text": (str, True), "markdown": (str, False)})
    if not value["text"]:
        raise Bad(f"{where} is empty")


def region(where, value):
    need(where, value, {name: (int, True) for name in ("startLine", "startColumn", "endLine", "endColumn")})
    if min(value.values()) < 1 or (value["startLine"], value["startColumn"]) > (value["endLine"], value["endColumn"]):
        raise Bad(f"{where} is {value}")


def artifact(where, value):
    need(where, value, {"uri": (str, True)})
    if not re.fullmatch(r"(file://)?([A-Za-z0-9\-._~/]|%[0-9A-F]{2})+", value["uri"]):
        raise Bad(f"{where}.uri is {value['uri']}")


def location(where, value):
    need(where, value, {"physicalLocation": (dict, True), "message": (dict, False)})
    place = value["physicalLocation"]
    need(f"{where}.physicalLocation", place, {"artifactLocation": (dict, True), "region": (dict, True)})
    artifact(where, place["artifactLocation"])
    region(f"{where}.region", place["region"])
    if "message" in value:
        message(f"{where}.message", value["message"])


def result(where, value, rules):
    need(where, value, {
        "ruleId": (str, True), "ruleIndex": (int, True), "level": (str, True), "message": (dict, True),
        "locations": (list, True), "relatedLocations": (list, False), "partialFingerprints": (dict, True),
        "suppressions": (list, False), "fixes": (list, False)})
    if rules[value["ruleIndex"]]["id"] != value["ruleId"] or value["level"] not in LEVELS:
        raise Bad(f"{where} is of no rule, or of no level")
    message(f"{where}.message", value["message"])
    if len(value["locations"]) != 1:
        raise Bad(f"{where} has {len(value['locations'])} locations")
    for each in value["locations"] + value.get("relatedLocations", []):
        location(f"{where}.location", each)
    for each in value.get("suppressions", []):
        need(f"{where}.suppression", each, {"kind": (str, True), "status": (str, False), "justification": (str, True)})
        if each["kind"] not in ("inSource", "external"):
            raise Bad(f"{where}.suppression is {each}")
    for each in value.get("fixes", []):
        need(f"{where}.fix", each, {"description": (dict, False), "artifactChanges": (list, True)})
        for change in each["artifactChanges"]:
            need(f"{where}.change", change, {"artifactLocation": (dict, True), "replacements": (list, True)})
            artifact(f"{where}.change", change["artifactLocation"])
            for replacement in change["replacements"]:
                need(f"{where}.replacement", replacement, {"deletedRegion": (dict, True), "insertedContent": (dict, False)})
                region(f"{where}.replacement", replacement["deletedRegion"])


def document(value):
    need("sarif", value, {"$schema": (str, False), "version": (str, True), "runs": (list, True)})
    if value["version"] != "2.1.0" or len(value["runs"]) != 1:
        raise Bad("not one run of version 2.1.0")
    run = value["runs"][0]
    need("run", run, {"tool": (dict, True), "columnKind": (str, False), "results": (list, True)})
    if run["columnKind"] not in ("utf16CodeUnits", "unicodeCodePoints"):
        raise Bad(f"columns are {run['columnKind']}")
    need("tool", run["tool"], {"driver": (dict, True)})
    driver = run["tool"]["driver"]
    need("driver", driver, {"name": (str, True), "rules": (list, True)})
    for each in driver["rules"]:
        need("rule", each, {"id": (str, True), "shortDescription": (dict, True), "defaultConfiguration": (dict, False), "help": (dict, True)})
        message("rule.shortDescription", each["shortDescription"])
        message("rule.help", each["help"])
    ids = [each["id"] for each in driver["rules"]]
    if len(ids) != len(set(ids)):
        raise Bad("a rule is there twice")
    prints = []
    for i, each in enumerate(run["results"]):
        result(f"results[{i}]", each, driver["rules"])
        prints += each["partialFingerprints"].values()
    if len(prints) != len(set(prints)):
        raise Bad("two results have one fingerprint")
    return prints


def main():
    for name in sys.argv[1:]:
        try:
            print("\n".join(sorted(document(json.loads(pathlib.Path(name).read_text())))))
        except (Bad, ValueError, KeyError, IndexError) as problem:
            print(f"{name}: {problem}", file=sys.stderr)
            return 1
    return 0 if sys.argv[1:] else 2


if __name__ == "__main__":
    sys.exit(main())
