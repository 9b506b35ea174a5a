"""Another service for serve.py. The function writes what it needs to a folder, and tells how to start it there so that it
answers at the socket `writ.sock`, which requests to send it, and at which path.

It gets the requests and the policy of examples/refund without the digest of what was approved, makes no attribution, and
records nothing.
"""
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent / "peers"


def documents(refund, effects):
    for name, effect in effects.items():
        yield name, effect, json.loads((refund / f"requests/{name}.json").read_text())


def request(folder, name, document, expected):
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document))
    return ["--request", f"{path}={expected}"]


def opa(folder, program, refund, effects):
    requests = []
    for name, effect, document in documents(refund, effects):
        requests += request(folder, name, {"input": document}, f'"effect":"{effect}"')
    command = [str(program), "run", "--server", "--addr", f"unix://{folder}/writ.sock", "--log-level", "error",
               "--disable-telemetry", str(HERE / "opa-server/refund.rego")]
    return command, requests, "/v1/data/refund/decision"
