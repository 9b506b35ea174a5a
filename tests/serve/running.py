"""A service with any options and files, for the tests of what it answers; a certificate and a port for it."""
import atexit
import os
import shutil
import socket
import ssl
import subprocess

from harness import Program, new_folder, read_answer


class Running(Program):
    """`writ serve` in a folder of its own, with copies of files. It listens at writ.sock, and for operators at admin.sock."""

    def __init__(self, writ, options, copies=(), settings=None, variables=None):
        self.folder = new_folder()
        for source in copies:
            if source.is_dir():
                shutil.copytree(source, self.folder / source.name)
            else:
                shutil.copy(source, self.folder)
        self.log = open(self.folder / "log", "w+")
        command = [writ, "serve", *options, "--admin", "unix:admin.sock", "--drain-delay", "0"]
        for name, value in (settings or {}).items():
            command += [f"--{name}", str(value)]
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=self.log,
                                        env={**os.environ, **(variables or {})})
        atexit.register(self.process.kill)  # also if the test ends early
        self.wait_for("listening address=unix:admin.sock")

    def raw(self, data, name="writ.sock"):
        """Sends bytes, and reads one answer."""
        with self.connect(name) as s:
            s.sendall(data)
            return read_answer(s)


def certificate(folder):
    """Makes cert.pem and key.pem for 127.0.0.1. Output: a context that trusts it."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem",
                    "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                   cwd=folder, check=True, capture_output=True)
    return ssl.create_default_context(cafile=folder / "cert.pem")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
