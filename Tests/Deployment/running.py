"""A stack, devices beside it and apps for them, for the checks in this folder that run whole systems."""

import hashlib
import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARIES = pathlib.Path(os.environ.get("XTBLISH_BINARIES", ROOT / ".build" / "release")).resolve()
DEPLOY = ROOT / "deploy"


# Whoever ends a check lets it take its stack down.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


class Fault(Exception):
    """What must hold and does not."""


def run(*command, environment=None, check=True, stdin=subprocess.DEVNULL):
    """Runs a program to its end; a failure is a fault with what it said."""
    values = {**os.environ, "XTBLISH_BINARIES": str(BINARIES), **(environment or {})}
    result = subprocess.run([str(word) for word in command], env=values, stdin=stdin, capture_output=True, text=True, check=False)
    if check and result.returncode != 0:
        raise Fault(f"{' '.join(map(str, command))} ended with {result.returncode}: {(result.stderr or result.stdout).strip()}")
    return result


def await_true(what, seconds, condition, interval=0.1):
    """Looks until the condition gives something, and gives that; says how long it may take."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise Fault(f"{what} did not come true within {seconds} s")
        # Sleeps: a look every now and then, with a bound.
        time.sleep(interval)


def work_folder(name):
    """A folder that PostgreSQL's user can pass through, too."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"xtblish-{name}."))
    folder.chmod(0o711)
    return folder


def quick_app(folder, label, padding=0):
    """The smallest app that confirms itself, with its label in a custom section (id 0), so that each has its own digest."""
    base = folder / "quick.wasm"
    if not base.exists():
        run("wat2wasm", ROOT / "Tests" / "EndToEnd" / "Apps" / "quick.wat", "-o", base)
    content = label.encode() + bytes(padding)
    body = leb(len(b"label")) + b"label" + content
    path = folder / f"{label}.wasm"
    path.write_bytes(base.read_bytes() + b"\0" + leb(len(body)) + body)
    return path


def leb(value):
    """Unsigned LEB128, as WebAssembly writes numbers."""
    result = b""
    while True:
        low, value = value & 0x7F, value >> 7
        result += bytes([low | (0x80 if value else 0)])
        if not value:
            return result


class Stack:
    """A stack of deploy/stack, in a folder of its own."""

    def __init__(self, folder, environment=None):
        self.folder = folder
        self.settings = environment or {}

    def call(self, *arguments, check=True):
        action, *rest = arguments
        return run(DEPLOY / "stack", action, "--data", self.folder, *rest, environment=self.settings, check=check)

    def up(self, devices=0):
        self.call("up", "--quiet", "--devices", devices)

    def environment(self):
        """stack.env as it is now."""
        values = {}
        for word in shlex.split((self.folder / "stack.env").read_text()):
            key, _, value = word.partition("=")
            values[key] = value
        return values

    def pid(self, name):
        return int(self.environment()["XTBLISH_PID_" + name.upper().replace("-", "_")])

    def admin(self, program, *arguments, check=True):
        return run(BINARIES / f"xtblish-{program}", *arguments, environment=self.environment(), check=check)

    def json(self, program, *arguments):
        text = self.admin(program, *arguments, "--json").stdout
        return json.loads(text) if text.startswith(("[", "{\n")) else [json.loads(line) for line in text.splitlines()]

    def device(self, identifier):
        return json.loads(self.admin("registry", "devices", "show", identifier, "--json").stdout)

    def is_ready(self, name):
        url = self.environment()[f"XTBLISH_OPERATIONS_URL_{name.upper().replace('-', '_')}"]
        return run("curl", "-s", "--max-time", "5", "-o", "/dev/null", "-w", "%{http_code}", f"{url}/readyz", check=False).stdout == "200"

    def readiness(self, name):
        """The checks of /readyz."""
        url = self.environment()[f"XTBLISH_OPERATIONS_URL_{name.upper().replace('-', '_')}"]
        return run("curl", "-s", "--max-time", "5", f"{url}/readyz", check=False).stdout

    def metric(self, name, metric):
        """The lines of a metric."""
        url = self.environment()[f"XTBLISH_OPERATIONS_URL_{name.upper().replace('-', '_')}"]
        text = run("curl", "-s", "--max-time", "5", f"{url}/metrics", check=False).stdout
        return [line for line in text.splitlines() if line.startswith(metric)]

    def log(self, name):
        return (self.folder / "logs" / f"{name}.log").read_text(errors="replace")

    def post(self, app, device, key=None):
        """One upload; the status, and the answer's text."""
        values = self.environment()
        digest = hashlib.sha256(app.read_bytes()).hexdigest()
        command = ["curl", "--silent", "--config", values["XTBLISH_CURL_CONFIG"], "--max-time", "20", "--write-out", "\n%{http_code}"]
        command += ["--header", f"X-App-Name: {app.stem}", "--header", "X-App-Version: 1.0"]
        command += ["--header", f"Idempotency-Key: {key or digest + device}", "--data-binary", f"@{app}"]
        result = run(*command, f"{values['XTBLISH_IMAGE_STORE_URL']}/firmware/{device}", environment=values, check=False)
        text, _, status = result.stdout.rpartition("\n")
        return int(status or 0), text

    def deploy(self, app, device):
        """An upload that must be taken; the version and the digest."""
        status, text = self.post(app, device)
        if status not in (200, 201):
            raise Fault(f"a deployment to {device} was answered with {status}: {text}")
        answer = json.loads(text)
        return answer["version"], answer["digest"]

    def await_confirmed(self, device, digest, seconds=30):
        def confirmed():
            reported = self.device(device).get("reported") or {}
            return reported.get("digest") == digest and reported.get("status") == "confirmed"

        await_true(f"device {device} running {digest}", seconds, confirmed)

    def kill_all(self):
        """As when the machine is gone."""
        for key, value in self.environment().items():
            if key.startswith("XTBLISH_PID_"):
                try:
                    os.kill(int(value), signal.SIGKILL)
                except ProcessLookupError:
                    pass

    def remove(self):
        self.call("down", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


class Device:
    """A device that has nothing to do with the stack's folder, as one in the field."""

    def __init__(self, stack, folder, name, environment=None):
        self.folder, self.log_file = folder, folder.with_suffix(".log")
        claim = stack.admin("provisioner", "claim", "create", "--count", "1", "--name-prefix", name, "--quiet").stdout.strip()
        addresses = stack.environment()
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("XTBLISH_")},
            "XTBLISH_DEVICE_DIRECTORY": str(folder), "XTBLISH_PROVISIONER_URL": addresses["XTBLISH_PROVISIONER_URL"],
            "XTBLISH_DEVICE_HEARTBEAT_SECONDS": "5", **(environment or {}),
        }
        run(BINARIES / "xtblish-device", "enroll", "--serial", name, environment={**self.environment, "XTBLISH_CLAIM": claim})
        self.identifier = json.loads((folder / "identity.json").read_text())["id"]
        self.process = None

    def start(self, program=None):
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [str(program or BINARIES / "xtblish-device"), "run"], env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder.parent, start_new_session=True,
            )

    def status(self):
        result = run(BINARIES / "xtblish-device", "status", "--json", environment=self.environment, check=False)
        return json.loads(result.stdout) if result.returncode == 0 else {}

    def log(self):
        return self.log_file.read_text(errors="replace")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
