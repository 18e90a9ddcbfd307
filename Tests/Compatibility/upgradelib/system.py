"""The system under test: a stack of two replicas, and one entry in front of each HTTP service, as users have it."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
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

    def begin(self, old, action, *arguments):
        """deploy/stack, that of the release for its programs: it knows their settings."""
        tool, binaries = (self.release.stack, self.release.binaries) if old else (STACK, self.binaries)
        values = {key: value for key, value in os.environ.items() if not key.startswith("XTBLISH_")}
        values.update(XTBLISH_BINARIES=binaries, XTBLISH_DEVICE_HEARTBEAT_SECONDS="1", XTBLISH_DEVICE_TRIAL_SECONDS="5")
        if not old:
            values["XTBLISH_SHUTDOWN_DELAY_SECONDS"] = str(DELAY_SECONDS)
        command = [tool, action, "--data", self.data, *arguments]
        return subprocess.Popen(command, env=values, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def call(self, old, action, *arguments):
        process = self.begin(old, action, *arguments)
        output = process.communicate()[0]
        if process.returncode != 0:
            raise ReleaseError(f"deploy/stack {action} {' '.join(arguments)} failed: {output.strip()}")
        return output

    def environment(self):
        with open(os.path.join(self.data, "stack.env"), encoding="utf-8") as file:
            pairs = [shlex.split(line)[0].partition("=") for line in file]
        return {key: value for key, _, value in pairs}

    def pid(self, name):
        with open(os.path.join(self.data, "stack.json"), encoding="utf-8") as file:
            return json.load(file)["processes"][name]["pid"]

    def log_has(self, name, text):
        with open(os.path.join(self.data, "logs", f"{name}.log"), encoding="utf-8", errors="replace") as file:
            return text in file.read()

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


class Backup:
    """Reads all tables of the Registry at once, as pg_dump does, for as long as it is entered."""

    LOCK = """begin;
    do $$ declare name regclass; begin
      for name in select oid::regclass from pg_class where relnamespace = 'registry'::regnamespace and relkind = 'r' loop
        execute format('lock table %s in access share mode', name);
      end loop;
    end $$;
    select 'locked';
    """

    def __init__(self, system):
        self.url = system.environment()["XTBLISH_DATABASE_URL"]

    def __enter__(self):
        parts = urllib.parse.urlsplit(self.url)
        # In the environment: arguments can be read by every user.
        values = {**os.environ, "PGHOST": parts.hostname, "PGPORT": str(parts.port), "PGUSER": parts.username}
        values.update(PGPASSWORD=parts.password, PGDATABASE=parts.path.lstrip("/"))
        command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        self.psql = subprocess.Popen(command, env=values, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.psql.stdin.write(self.LOCK)
        self.psql.stdin.flush()
        if "locked" not in self.psql.stdout.readline():
            raise ReleaseError("the Registry's tables can't be read with psql")
        return self

    def __exit__(self, *_):
        self.psql.stdin.close()
        self.psql.wait()
