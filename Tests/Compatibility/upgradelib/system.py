"""The system under test: a stack of two replicas, and one entry in front of each HTTP service, as users have it."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request

from release import ROOT, ReleaseError

sys.path.insert(0, os.path.join(ROOT, "deploy", "stacklib"))

import ports  # noqa: E402

STACK = os.path.join(ROOT, "deploy", "stack")
SERVICES = ("registry", "notifier", "image-store", "provisioner")
ENTRIES = ("registry", "image-store", "provisioner")
REPLICAS = 2
# For so long today's programs still take requests after SIGTERM: more than the entry needs to notice.
DELAY_SECONDS = 2


class System:
    def __init__(self, folder, release, binaries, devices):
        self.folder = folder
        self.release = release
        self.binaries = os.path.abspath(binaries)
        self.devices = devices
        self.taken = set()
        self.entries = {service: ports.choose(self.taken) for service in ENTRIES}
        self.entry = None

    @property
    def data(self):
        return os.path.join(self.folder, "stack")

    def replicas(self, service):
        return [f"{service}-{number}" for number in range(1, REPLICAS + 1)]

    def device_names(self):
        return [f"device-{number}" for number in range(1, self.devices + 1)]

    def call(self, old, action, *arguments):
        """deploy/stack, that of the release for its programs: it knows their settings."""
        tool, binaries = (self.release.stack, self.release.binaries) if old else (STACK, self.binaries)
        values = {key: value for key, value in os.environ.items() if not key.startswith("XTBLISH_")}
        values.update(XTBLISH_BINARIES=binaries, XTBLISH_DEVICE_HEARTBEAT_SECONDS="1", XTBLISH_DEVICE_TRIAL_SECONDS="5")
        if not old:
            values["XTBLISH_SHUTDOWN_DELAY_SECONDS"] = str(DELAY_SECONDS)
        command = [tool, action, "--data", self.data, *arguments]
        result = subprocess.run(command, env=values, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise ReleaseError(f"{' '.join(command)} failed: {result.stdout.strip()} {result.stderr.strip()}")
        return result.stdout

    def environment(self):
        with open(os.path.join(self.data, "stack.env"), encoding="utf-8") as file:
            pairs = [shlex.split(line)[0].partition("=") for line in file]
        return {key: value for key, _, value in pairs}

    def pid(self, name):
        return int(self.environment()[f"XTBLISH_PID_{name.upper().replace('-', '_')}"])

    def operations(self, name):
        return self.environment()[f"XTBLISH_OPERATIONS_URL_{name.upper().replace('-', '_')}"]

    def is_ready(self, name):
        try:
            with urllib.request.urlopen(f"{self.operations(name)}/readyz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def kill(self, name):
        os.kill(self.pid(name), signal.SIGKILL)

    def __enter__(self):
        try:
            self.call(True, "up", "--quiet", "--devices", str(self.devices), "--replicas", str(REPLICAS))
            self.start_entry()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.entry:
            self.entry.terminate()
            self.entry.wait()
        if os.path.exists(self.data):
            self.call(False, "down")

    # The entry: haproxy, which passes TLS through and asks each replica whether it is ready.

    def start_entry(self):
        values = self.environment()
        lines = [
            "defaults",
            "  mode tcp",
            "  timeout connect 1s",
            "  timeout client 60s",
            "  timeout server 60s",
            "  option redispatch 1",
            "  retries 3",
        ]
        for service, port in self.entries.items():
            urls = values[f"XTBLISH_{service.upper().replace('-', '_')}_URLS"].split(",")
            lines += [f"listen {service}", f"  bind 127.0.0.1:{port}", "  balance roundrobin"]
            lines += ["  option httpchk GET /readyz", "  http-check expect status 200"]
            for name, url in zip(self.replicas(service), urls):
                address = url.removeprefix("https://")
                check = self.operations(name).rsplit(":", 1)[1]
                lines.append(f"  server {name} {address} check port {check} inter 500ms fall 1 rise 1")
        path = os.path.join(self.folder, "entry.cfg")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        with open(os.path.join(self.folder, "entry.log"), "wb") as log:
            path_of_tools = f"{os.environ.get('PATH', '')}:/usr/sbin"
            self.entry = subprocess.Popen(
                ["haproxy", "-db", "-f", path], stdout=log, stderr=log, env={"PATH": path_of_tools}
            )
        self.await_condition("the entry listens", lambda: all(map(self.listens, self.entries.values())))

    @staticmethod
    def listens(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    @staticmethod
    def await_condition(what, condition, seconds=60.0, interval=0.02):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise ReleaseError(f"{what}: not within {seconds:g} s")
            # Sleeps: a look every now and then, with a bound.
            time.sleep(interval)
