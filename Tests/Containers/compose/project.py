"""The Compose file as a project of this check's own: its name and ports disturb no other installation of the machine."""

import datetime
import json
import os
import pathlib
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
FILE = ROOT / "deploy" / "compose.yaml"
SERVICES = ["registry", "notifier", "image-store", "provisioner"]


def say(text):
    print(f"==> {text}", flush=True)


def run(*command, timeout=400, **options):
    """What a command prints; its failure is the check's."""
    words = [str(word) for word in command]
    result = subprocess.run(words, capture_output=True, text=True, check=False, timeout=timeout, **options)
    if result.returncode != 0:
        raise SystemExit(f"error: {' '.join(words)} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
    return result.stdout


def await_that(what, condition, seconds):
    """Waits until the condition has a value, and gives that."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise SystemExit(f"error: {what} did not come true within {seconds} s")
        # Sleeps: a look at the condition every now and then, with a bound.
        time.sleep(0.2)


def free_ports(count):
    """Below the kernel's own range."""
    ports = []
    for port in range(10_000 + os.getpid() * 7 % 20_000, 32_000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                ports.append(port)
        if len(ports) == count:
            return ports
    raise SystemExit("error: no free ports")


def moment(text):
    """Seconds of a time as Docker writes it, with nanoseconds."""
    return datetime.datetime.fromisoformat(text[:26].rstrip("Z") + "+00:00").timestamp()


class Project:
    """`docker compose` with this project's name, ports and public host."""

    def __init__(self, name):
        names = ["registry", "provisioner", "image-store", "mqtt"]
        self.name, self.ports = name, dict(zip(names, free_ports(len(names))))
        variables = {f"XTBLISH_{service.upper().replace('-', '_')}_PORT": str(port) for service, port in self.ports.items()}
        self.environment = {**os.environ, **variables, "COMPOSE_PROJECT_NAME": name}

    def compose(self, *words, timeout=400, **options):
        command = ["docker", "compose", "--progress", "quiet", "--file", FILE, *words]
        return run(*command, timeout=timeout, env=self.environment, **options)

    def refused(self, *words):
        """What is printed by a command that must fail."""
        words = ["docker", "compose", "--progress", "quiet", "--file", str(FILE), *words]
        result = subprocess.run(words, capture_output=True, text=True, check=False, timeout=180, env=self.environment)
        if result.returncode == 0:
            raise SystemExit(f"error: {' '.join(words)} should have failed")
        return result.stdout + result.stderr

    def up(self, *words, **options):
        """Seconds until everything is healthy."""
        begin = time.monotonic()
        self.compose(*options.pop("profile", []), "up", "--detach", "--wait", *words, **options)
        return time.monotonic() - begin

    def operator(self, *words, service="operator", options=(), **more):
        """What a command prints; what ends with 75 is worth another try, on a machine that is busy."""
        command = ["docker", "compose", "--progress", "quiet", "--file", FILE, "run", "--rm", "-T", *options, service, *words]
        for _ in range(5):
            result = subprocess.run(
                [str(word) for word in command], capture_output=True, text=True, check=False, timeout=180, env=self.environment, **more
            )
            if result.returncode != 75:
                break
        if result.returncode != 0:
            raise SystemExit(f"error: {' '.join(words)} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
        return result.stdout

    def containers(self, service):
        return self.compose("ps", "--quiet", service).split()

    def all_containers(self):
        return set(run("docker", "ps", "--quiet", "--no-trunc", "--filter", f"label=com.docker.compose.project={self.name}").split())

    def inspect(self, container):
        return json.loads(run("docker", "inspect", container))[0]

    def starts(self):
        """When each container began, in seconds after the first."""
        names = run("docker", "ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={self.name}").split()
        states = [self.inspect(name) for name in names]
        moments = {state["Config"]["Labels"]["com.docker.compose.service"]: moment(state["State"]["StartedAt"]) for state in states}
        first = min(moments.values())
        return ", ".join(f"{name} {begin - first:.1f}" for name, begin in sorted(moments.items(), key=lambda item: item[1]))

    def await_healthy(self, service, count, seconds=60):
        def healthy():
            states = [self.inspect(container)["State"]["Health"]["Status"] for container in self.containers(service)]
            return states == ["healthy"] * count

        await_that(f"{count} of {service} are healthy", healthy, seconds)

    def down(self, *words):
        self.compose("--profile", "*", "down", *words)
