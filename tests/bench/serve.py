#!/usr/bin/env python3
"""Measures `writ serve` and its peers under load. Called by serve.sh, which explains it, and by the tests.

usage: serve.py BUILD [--quick] [--only TEXT] [--peer PROGRAM] [--results DIR]
"""
import argparse
import atexit
import json
import os
import re
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True  # no folder beside the sources
import serve_peers
import serve_report

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
REFUND = ROOT / "examples/refund"
EFFECTS = {"permit": "permit", "deny": "deny", "deny_no_role": "deny", "needs_approval": "needs_approval"}
TICKS = os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count()


def busy():
    """Seconds of processor time that the machine has used, and that could not be used because others had it."""
    fields = [int(each) for each in pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    return (sum(fields) - fields[3] - fields[4] - sum(fields[8:])) / TICKS


def used_by(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident(pid):
    """Bytes of memory that no file has."""
    lines = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(lines["RssAnon"].split()[0]) << 10


class Program:
    """A service that runs in a folder of its own."""

    def __init__(self, folder, command, sockets):
        self.folder = folder
        self.log = open(folder / "log", "w")
        self.process = subprocess.Popen(command, cwd=folder, stdout=self.log, stderr=self.log)
        atexit.register(self.process.kill)  # also if this program ends early
        for _ in range(600):
            if self.process.poll() is not None:
                break
            if all(self.answers(each) for each in sockets):
                return
            time.sleep(0.05)
        self.process.kill()
        sys.exit(f"serve.py: {command[0]} does not start: {(folder / 'log').read_text()[-2000:]}")

    def answers(self, where):
        try:
            with socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET) as s:
                s.connect(str(self.folder / where) if isinstance(where, str) else where)
            return True
        except OSError:
            return False

    def dropped(self):
        """Records that best effort has dropped."""
        if not self.answers("admin.sock"):
            return 0
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(self.folder / "admin.sock"))
            s.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            text = b"".join(iter(lambda: s.recv(1 << 16), b"")).decode()
        return int(re.search(r"^writ_ledger_dropped_total (\d+)", text, re.M)[1])

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(60) not in (0, -signal.SIGTERM):
            sys.exit(f"serve.py: ended badly: {(self.folder / 'log').read_text()[-2000:]}")
        self.log.close()
        shutil.rmtree(self.folder)


def new_folder():
    return pathlib.Path(tempfile.mkdtemp(prefix="writ-", dir="/tmp"))  # the path of a socket must be short


class Bench:
    def __init__(self, args):
        self.args = args
        self.build = pathlib.Path(args.build).resolve()
        self.writ, self.load = self.build / "cli/writ", self.build / "tests/bench/load"
        self.seconds, self.runs = (0.3, 1) if args.quick else (5, 3)
        self.rows = []
        self.requests = []
        for name, effect in EFFECTS.items():
            self.requests += ["--request", f'{REFUND}/requests/{name}.json="effect":"{effect}"']

    def wants(self, name):
        return self.args.only in name

    # --- services

    def serve(self, *options, durability="best-effort", policy=(str(REFUND),)):
        folder = new_folder()
        return Program(folder, [str(self.writ), "serve", *policy, "--durability", durability, "--drain-delay", "0", "--admin", "unix:admin.sock",
                                "--max-connections", "2000", *options], ["writ.sock", "admin.sock"])

    def serve_tls(self):
        """Over TLS, with a certificate and a key that were made for it. Output: the service, and how to reach it."""
        made = new_folder()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", made / "key.pem", "-out", made / "cert.pem", "-days", "1", "-subj", "/CN=writ",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        key = os.urandom(32).hex()
        hashed = subprocess.run([self.writ, "serve", "--hash-key"], input=key, capture_output=True, text=True, check=True)
        (made / "keys").write_text(f"load decide {hashed.stdout}")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        service = self.serve("--listen", f"tls://127.0.0.1:{port}", "--listen", "unix:writ.sock", "--keys", str(made / "keys"),
                             "--tls-certificate", str(made / "cert.pem"), "--tls-key", str(made / "key.pem"))
        shutil.copytree(made, service.folder / "made")
        shutil.rmtree(made)
        return service, ["--to", f"tls:127.0.0.1:{port}", "--ca", str(service.folder / "made/cert.pem"), "--bearer", key]

    # --- measuring

    def once(self, service, options, seconds, requests=None, beside=None):
        to = [] if "--to" in options else ["--to", f"unix:{service.folder}/writ.sock"]
        command = [str(self.load), *to, *(requests or self.requests), "--seconds", str(seconds),
                   "--warm", str(min(0.5, seconds / 3)), *options]
        machine, own, dropped = busy(), used_by(service.process.pid), service.dropped()
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        more = beside(process) if beside else {}
        output = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        elapsed = time.monotonic() - started
        if process.returncode not in (0, 1):
            sys.exit("serve.py: the load generator failed: " + " ".join(command))
        row = json.loads(output)
        ours = used_by(service.process.pid) - own + used.ru_utime + used.ru_stime + more.pop("seconds_beside", 0)
        row["others"] = max(0.0, busy() - machine - ours) / (elapsed * CORES)
        row["service_cores"] = (used_by(service.process.pid) - own) / elapsed
        row["dropped"] = (service.dropped() - dropped) / max(1, row["decisions_per_s"] * elapsed)
        row.update(more)
        return row

    def add(self, name, service, *options, requests=None, beside=None, seconds=None, runs=None):
        """Measures one row: the run with the median throughput."""
        if not self.wants(name):
            return None
        runs = [self.once(service, list(options), seconds or self.seconds, requests, beside) for _ in range(runs or self.runs)]
        runs.sort(key=lambda each: each["decisions_per_s"])
        row = {"name": name, **runs[len(runs) // 2], "runs": [round(each["decisions_per_s"]) for each in runs],
               "p99_runs_us": [each["p99_us"] for each in runs]}
        row["errors"] = {}
        for each in runs:
            for what, count in each["errors"].items():
                row["errors"][what] = row["errors"].get(what, 0) + count
                row["example"] = each.get("example")
        self.rows.append(row)
        print(f"{name}: {row['decisions_per_s']:,.0f} decisions/s, p99 {row['p99_us']:,.0f} µs, errors {row['errors']}",
              file=sys.stderr)
        return row

    def best_effort(self):
        service = self.serve()
        best = 0.0
        for connections in (1, 16, 64, 256):
            row = self.add(f"best effort, {connections} connections", service, "--connections", str(connections))
            best = max(best, row["decisions_per_s"] if row else 0)
        self.add("best effort, batches of 64", service, "--connections", "8", "--batch", "64")
        if best == 0 and self.wants("open loop"):
            best = self.once(service, ["--connections", "64"], self.seconds)["decisions_per_s"]
        self.add("best effort, open loop at 80 % of the most", service, "--connections", "256", "--rate", str(0.8 * best))
        service.end()
        service, how = self.serve_tls()
        for connections in (1, 16, 64, 256):
            self.add(f"best effort, TLS, {connections} connections", service, "--connections", str(connections), *how)
        service.end()
        return best

    def required(self):
        service = self.serve(durability="required")
        for connections in (1, 64, 256):
            self.add(f"durable, {connections} connections", service, "--connections", str(connections))
        self.add("durable, batches of 64", service, "--connections", "8", "--batch", "64")
        service.end()

    def reloads(self, rate):
        """Open loop at half of the most, without and with activations, each of which changes the policy."""
        count, between = (20, 10) if self.args.quick else (1_000, 20)
        undisturbed, disturbed = "open loop at 50 %, without reloads", f"open loop at 50 %, {count:,} reloads"
        if not self.wants(undisturbed) and not self.wants(disturbed):
            return
        seconds = count * between / 1_000
        folder = new_folder()
        shutil.copytree(REFUND / "requests", folder / "requests")
        text = (REFUND / "policy.writ").read_text()
        bundles = []
        for ttl in range(61, 66):
            changed = folder / f"{ttl}.writ"
            changed.write_text(text.replace("} for 2m", f"}} for {ttl}s"))
            bundles.append(str(folder / f"{ttl}.bundle"))
            subprocess.run([self.writ, "compile", changed, "--output", bundles[-1]], check=True, stdout=subprocess.DEVNULL)
        activate = subprocess.Popen([self.build / "tests/bench/activate", folder / "store", "prod", str(count), str(between), *bundles],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        digests = [activate.stdout.readline().strip() for _ in bundles]
        policies = folder / "policies"
        policies.write_text("".join(f'{digest} "ttl":{61 + i},\n' for i, digest in enumerate(digests)))
        service = self.serve(policy=("--store", str(folder / "store"), "--channel", "prod"))
        options = ["--connections", "64", "--rate", str(rate / 2), "--policies", str(policies)]

        def beside(_):
            time.sleep(min(0.5, seconds / 3))
            before = time.monotonic()
            activate.stdin.write("\n")
            activate.stdin.close()
            _, status, used = os.wait4(activate.pid, 0)
            activate.returncode = os.waitstatus_to_exitcode(status)
            return {"activated": count if status == 0 else 0, "activation_seconds": time.monotonic() - before,
                    "seconds_beside": used.ru_utime + used.ru_stime}

        self.add(undisturbed, service, *options, seconds=seconds, runs=1)
        self.add(disturbed, service, *options, seconds=seconds, runs=1, beside=beside)
        service.end()
        shutil.rmtree(folder)

    def memory(self):
        """How the memory of the service grows over many requests."""
        name = "memory"
        if not self.wants(name):
            return
        service = self.serve()
        record = 3_000  # bytes in the ledger, at most
        most = 20_000 if self.args.quick else 10_000_000
        count = min(most, shutil.disk_usage(service.folder).free // 2 // record)
        seen = []

        def beside(process):
            def look():
                while process.returncode is None:
                    seen.append(resident(service.process.pid))
                    time.sleep(0.05 if self.args.quick else 1)
            threading.Thread(target=look, daemon=True).start()
            return {}

        row = self.add(name, service, "--connections", "64", "--count", str(count), "--warm", "0", runs=1, seconds=3_600, beside=beside)
        row["name"] = f"memory, {row['requests']:,} requests"
        tenth = max(1, len(seen) // 10)
        row["rss_early"], row["rss_late"] = statistics.median(seen[tenth:2 * tenth + 1]), statistics.median(seen[-tenth:])
        service.end()

    def peers(self):
        if not self.args.peer:
            return
        folder = new_folder()
        command, requests, path = serve_peers.opa(folder, pathlib.Path(self.args.peer).resolve(), REFUND, EFFECTS)
        service = Program(folder, command, ["writ.sock"])
        for connections in (1, 16, 64, 256):
            self.add(f"OPA, {connections} connections", service, "--connections", str(connections), "--path", path,
                     requests=requests)
        service.end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--peer", help="OPA")
    parser.add_argument("--results", default="build/serve")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    results = pathlib.Path(args.results)
    results.mkdir(parents=True, exist_ok=True)
    bench = Bench(args)
    most = bench.best_effort()
    bench.required()
    bench.reloads(most or 20_000)
    bench.memory()
    bench.peers()
    report = serve_report.report(bench.rows, quick=args.quick, cores=CORES)
    (results / "serve.json").write_text(json.dumps(report, indent=2) + "\n")
    page = serve_report.page(report)
    (results / "serve.md").write_text(page)
    print(page, end="")
    return 1 if report["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
