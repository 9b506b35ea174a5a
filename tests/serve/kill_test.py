#!/usr/bin/env python3
"""Kills `writ serve` under load, at random moments, when every permit waits for its record: after each kill the ledger is
whole and has every permit that was answered, and the service starts again.

usage: kill_test.py WRIT EXAMPLES LOAD [--rounds N] [--seed N]
"""
import argparse
import atexit
import json
import os
import pathlib
import random
import shutil
import subprocess
import time

from harness import check, end, new_folder

parser = argparse.ArgumentParser()
parser.add_argument("writ", type=os.path.abspath)
parser.add_argument("examples", type=pathlib.Path)
parser.add_argument("load", type=os.path.abspath)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--seed", type=int, default=1)
args = parser.parse_args()
refund = args.examples.resolve() / "refund"
rng = random.Random(args.seed)
folder = new_folder()
ledger = folder / "writ-serve/ledger"


def start():
    log = open(folder / "log", "a")
    process = subprocess.Popen([args.writ, "serve", refund, "--durability", "required", "--admin", "unix:admin.sock"],
                               cwd=folder, stdout=log, stderr=log)
    atexit.register(process.kill)  # also if this test ends early
    for _ in range(400):
        ready = subprocess.run([args.writ, "healthcheck", "--admin", "unix:admin.sock"], cwd=folder, capture_output=True)
        if ready.returncode == 0 and process.poll() is None:
            return process
        time.sleep(0.05)
    check("the service starts", False, (folder / "log").read_text()[-300:])
    end()


def records_from(number):
    """All records from this number on, by number."""
    out = {}
    exported = subprocess.Popen([args.writ, "ledger", "export", "-L", ledger], stdout=subprocess.PIPE, text=True)
    for line in exported.stdout:
        record = json.loads(line)
        if record["sequence"] >= number:
            out[record["sequence"]] = record
    check("the ledger is exported", exported.wait() == 0)
    return out


total, next_record = 0, 0
for turn in range(args.rounds):
    if turn % 20 == 0:  # so that a ledger does not become too long to be read
        shutil.rmtree(folder / "writ-serve", ignore_errors=True)
        next_record = 0
    service = start()
    permits = folder / "permits"
    load = subprocess.Popen([args.load, "--to", f"unix:{folder}/writ.sock", "--connections", "16", "--seconds", "30", "--warm", "0",
                             "--ids", f"turn{turn}", "--permits", permits,
                             "--request", f'{refund}/requests/permit.json="effect":"permit"',
                             "--request", f'{refund}/requests/deny.json="effect":"deny"',
                             *(["--batch", "5"] if turn % 2 else [])], stdout=subprocess.PIPE)
    time.sleep(rng.uniform(0.05, 0.4))
    service.kill()
    service.wait()
    result = json.loads(load.communicate(timeout=60)[0])
    check("until the kill, every answer is right", set(result["errors"]) <= {"closed"}, result)
    answered = [line.split() for line in permits.read_text().splitlines()]
    verified = subprocess.run([args.writ, "ledger", "verify", "-L", ledger], capture_output=True, text=True)
    check(f"turn {turn}: the ledger is whole", verified.returncode == 0, verified.stdout + verified.stderr)
    records = records_from(next_record)
    missing = [(name, number) for name, number in answered
               if (record := records.get(int(number))) is None or record["decision"]["effect"] != "permit"
               or record["request_id"] != name]
    check(f"turn {turn}: every permit that was answered is in the ledger", not missing, (len(missing), missing[:3]))
    check(f"turn {turn}: no two answers have one record", len({number for _, number in answered}) == len(answered))
    total += len(answered)
    next_record = max(records, default=next_record - 1) + 1
service = start()
service.terminate()
check("it ends well after the kills", service.wait(30) == 0)
check("permits were answered", total > 0)
print(f"{args.rounds} kills, {total} permits")
shutil.rmtree(folder)
end()
