"""Deployments and reads without an end, by clients as people write them, and a count of what became of each request.

A request is repeated as client libraries do: after a connection that was refused or cut, or 503 with Retry-After, with
pauses that grow, ten seconds at most; deployments have an Idempotency-Key. One that succeeds only then is "repeated"; one
that never does has failed.
"""

import collections
import http.client
import json
import os
import re
import ssl
import subprocess
import threading
import time
import uuid

PATIENCE_SECONDS = 10


class Failure(Exception):
    """A request that will not succeed by being repeated."""


class Client:
    """One client of one service. Without `keeps`, each request has a connection of its own."""

    def __init__(self, port, context, token, keeps):
        self.port, self.context, self.token, self.keeps = port, context, token, keeps
        self.connection = None

    def attempt(self, method, path, body, headers):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection("localhost", self.port, context=self.context, timeout=PATIENCE_SECONDS)
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            content = answer.read()
        except BaseException:
            self.drop()
            raise
        if not self.keeps:
            self.drop()
        return answer, content

    def drop(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def ask(self, method, path, body=None, headers=None):
        """The answer's content, and why it was asked for more than once."""
        headers = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        end, pause, repeats = time.monotonic() + PATIENCE_SECONDS, 0.1, []
        while True:
            try:
                answer, content = self.attempt(method, path, body, headers)
                if answer.status < 300:
                    return content, repeats
                if answer.status != 503 or not answer.getheader("Retry-After"):
                    raise Failure(f"{answer.status} {content[:300]!r}")
                reason, wait = f"503 {content[:200]!r}", float(answer.getheader("Retry-After"))
            except (OSError, http.client.HTTPException) as error:
                reason, wait = f"{type(error).__name__}: {error}", pause
                pause *= 2
            if time.monotonic() + wait > end:
                raise Failure(f"{reason} for {PATIENCE_SECONDS} s, after {repeats}")
            repeats.append(reason)
            # Sleeps: the pause of a client between two attempts.
            time.sleep(wait)


class Stream:
    """The requests, each kind by a thread of its own, until `stop`."""

    def __init__(self, ports, authorities, token, operator, module, headers, devices):
        self.ports, self.token, self.operator = ports, token, operator
        self.context = ssl.create_default_context(cafile=authorities)
        self.module, self.headers, self.devices = module, headers, devices
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.tried, self.repeated, self.failed = (collections.Counter() for _ in range(3))
        self.slowest = 0.0
        self.reasons = collections.Counter()
        self.versions = {}
        kinds = {
            "deploy": self.deploying(keeps=False),
            "deploy, connection kept": self.deploying(keeps=True),
            "read registry": self.reading("registry", keeps=False),
            "read registry, connection kept": self.reading("registry", keeps=True),
            "read image": self.reading_images(),
            "claim": self.claiming(),
            "bus": self.asking_the_bus(),
        }
        self.threads = [threading.Thread(target=self.repeat, args=item, daemon=True) for item in kinds.items()]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(timeout=30)
            if thread.is_alive():
                raise SystemExit("error: a request has no end")

    def repeat(self, kind, request):
        # Sleeps: the pace of a client.
        while not self.ended.wait(0.1):
            begin, failure, repeats = time.monotonic(), None, []
            try:
                repeats = request()
            except Failure as error:
                failure = str(error)
            with self.lock:
                self.slowest = max(self.slowest, time.monotonic() - begin)
                self.tried[kind] += 1
                self.repeated[kind] += bool(repeats)
                self.failed[kind] += failure is not None
                for reason in [*repeats, *([f"FAILED: {failure}"] if failure else [])]:
                    # What is each time another tells nothing: request IDs, versions.
                    self.reasons[f"{kind}: {re.sub('[0-9a-f]{16,}', '…', reason)}"] += 1

    def take(self):
        """What was counted since the last time: requests tried, repeated and failed, the slowest's seconds, and why."""
        with self.lock:
            counts = {
                name: dict(counter) for name, counter in (("tried", self.tried), ("repeated", self.repeated), ("failed", self.failed))
            }
            taken = counts | {"slowest": self.slowest, "reasons": self.reasons}
            for counter in (self.tried, self.repeated, self.failed):
                counter.clear()
            self.slowest, self.reasons = 0.0, collections.Counter()
        return taken

    def client(self, service, keeps):
        return Client(self.ports[service], self.context, self.token, keeps)

    # Each of these makes a function that sends the next request, and says why it was repeated.

    def deploying(self, keeps):
        client, number = self.client("image-store", keeps), 0

        def deploy():
            nonlocal number
            device = self.devices[number % len(self.devices)]
            number += 1
            content, repeats = client.ask(
                "POST", f"/firmware/{device}", self.module, self.headers | {"Idempotency-Key": str(uuid.uuid4())}
            )
            with self.lock:
                version = json.loads(content)["version"]
                self.versions[device] = max(version, self.versions.get(device, 0))
            return repeats

        return deploy

    def reading(self, service, keeps):
        client = self.client(service, keeps)
        return lambda: client.ask("GET", "/v1/devices")[1]

    def reading_images(self):
        client = self.client("image-store", False)

        def read():
            with self.lock:
                known = dict(self.versions)
            if not known:
                return []
            device, version = next(iter(known.items()))
            return client.ask("GET", f"/firmware/{device}/{version}")[1]

        return read

    def claiming(self):
        client = self.client("provisioner", False)
        body = json.dumps({"count": 1, "lifetimeSeconds": 600})
        return lambda: client.ask("POST", "/v1/claims", body, {"Content-Type": "application/json"})[1]

    def asking_the_bus(self):
        """Commands in the operator's container, which ask over the bus."""
        commands = [
            ["xtblish-registry", "devices", "show", self.devices[0]],
            ["xtblish-provisioner", "claim", "list", "--limit", "1"],
            ["xtblish-notifier", "status"],
            ["xtblish-image-store", "list"],
        ]
        number = 0

        def ask():
            nonlocal number
            command = commands[number % len(commands)]
            number += 1
            result = subprocess.run(
                ["docker", "exec", self.operator, *command], capture_output=True, text=True, check=False, timeout=30, env=os.environ
            )
            if result.returncode != 0:
                raise Failure(f"{' '.join(command[:3])} ended with {result.returncode}: {result.stderr[-300:]}")
            return []

        return ask
