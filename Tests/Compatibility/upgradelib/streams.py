"""What users and devices do meanwhile, and what became of it."""

import http.client
import json
import os
import ssl
import subprocess
import threading
import time
import uuid

from release import ReleaseError


class Tally:
    """What one kind of request came to."""

    def __init__(self, name):
        self.name = name
        self.lock = threading.Lock()
        self.tried = 0
        self.failures = []
        self.again = 0
        self.seconds = []

    def note(self, started, error=None, again=0):
        with self.lock:
            self.tried += 1
            self.again += again
            self.seconds.append(time.monotonic() - started)
            if error:
                self.failures.append((time.time(), error))

    def values(self):
        times = sorted(self.seconds) or [0.0]
        return {
            "tried": self.tried,
            "failed": len(self.failures),
            "sent again on a new connection": self.again,
            "median ms": round(times[len(times) // 2] * 1e3, 1),
            "slowest ms": round(times[-1] * 1e3, 1),
        }


class Stream:
    """Tasks that go on until they are stopped."""

    def __init__(self):
        self.stopping = threading.Event()
        self.threads = []

    def start(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(90)


class Connection:
    """A connection that is kept, as every HTTP client keeps it."""

    def __init__(self, port, authority, attempts=1):
        """attempts: how often a request is sent whose new connection breaks."""
        self.port = port
        self.attempts = attempts
        self.context = ssl.create_default_context(cafile=authority)
        self.connection = None
        self.answers = 0

    def ask(self, method, path, body=None, headers=None):
        """Status, body, and how often it was sent again: once, if a connection that was kept ended before any answer."""
        attempt = broken = 0
        while True:
            if self.connection is None:
                self.connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=self.context)
                self.answers = 0
            try:
                self.connection.request(method, path, body, headers or {})
                answer = self.connection.getresponse()
                text = answer.read()
                if answer.will_close:
                    self.close()
                self.answers += 1
                return answer.status, text, attempt
            except (OSError, http.client.HTTPException):
                broken += 0 if self.answers else 1
                self.close()
                if broken >= self.attempts:
                    raise
                attempt += 1
                # Sleeps: as clients do before they try again.
                time.sleep(0.1 * broken)

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class Traffic(Stream):
    def __init__(self, system, module, attempts):
        super().__init__()
        self.system = system
        self.attempts = attempts
        self.module = module
        values = system.environment()
        self.values = values
        self.devices = values["XTBLISH_DEVICE_IDS"].split()
        with open(values["XTBLISH_TOKEN_FILE"], encoding="utf-8") as file:
            self.authorization = {"Authorization": f"Bearer {file.read().strip()}"}
        self.deployments = Tally("deployments")
        self.readings = Tally("readings over HTTP")
        self.commands = Tally("commands over the bus")
        # When each version of each device was acknowledged.
        self.acknowledged = {}
        self.lock = threading.Lock()

    def begin(self):
        for number in range(2):
            self.start(self.deploy, number)
        for service in ("registry", "provisioner"):
            self.start(self.read, service)
        self.start(self.command)

    def connection(self, service):
        return Connection(self.system.entries[service], self.values["XTBLISH_CA_FILE"], self.attempts)

    def deploy(self, number):
        connection = self.connection("image-store")
        count = 0
        while not self.stopping.is_set():
            count += 1
            device = self.devices[(count + number) % len(self.devices)]
            body = labelled(self.module, uuid.uuid4().bytes)
            headers = {**self.authorization, "Idempotency-Key": str(uuid.uuid4()), "X-App-Name": "stream"}
            started = time.monotonic()
            try:
                status, text, again = connection.ask("POST", f"/firmware/{device}", body, headers)
            except (OSError, http.client.HTTPException) as error:
                self.deployments.note(started, f"POST to {device}: {error!r}")
                continue
            problem = None if status == 201 else f"POST to {device}: {status} {text.decode(errors='replace')[:300]}"
            self.deployments.note(started, problem, again)
            if not problem:
                answer = json.loads(text)
                with self.lock:
                    self.acknowledged[(device, answer["version"])] = time.monotonic()
            self.stopping.wait(0.2)

    def read(self, service):
        path = f"/v1/devices/{self.devices[0]}" if service == "registry" else "/openapi.json"
        connection = self.connection(service)
        while not self.stopping.is_set():
            started = time.monotonic()
            try:
                status, text, again = connection.ask("GET", path, headers=self.authorization)
                problem = None if status == 200 else f"GET {path}: {status} {text.decode(errors='replace')[:300]}"
                self.readings.note(started, problem, again)
            except (OSError, http.client.HTTPException) as error:
                self.readings.note(started, f"GET {path}: {error!r}")
            self.stopping.wait(0.02)

    def command(self):
        """What operators ask over the bus, with the programs of both releases in turns."""
        asked = [("registry", ["devices", "list", "--json"]), ("provisioner", ["devices", "list", "--json"])]
        count = 0
        while not self.stopping.is_set():
            service, arguments = asked[count % 2]
            folder = (self.system.release.binaries, self.system.binaries)[count // 2 % 2]
            count += 1
            started = time.monotonic()
            command = [os.path.join(folder, f"xtblish-{service}"), *arguments]
            values = {"PATH": os.environ.get("PATH", ""), **self.values}
            result = subprocess.run(command, env=values, capture_output=True, text=True, check=False)
            problem = None if result.returncode == 0 else f"xtblish-{service} {' '.join(arguments)}: {result.stderr.strip()}"
            self.commands.note(started, problem)
            self.stopping.wait(0.2)

    def tallies(self):
        return [self.deployments, self.readings, self.commands]


def labelled(module, label):
    """The module with a custom section, which engines pass over: another digest, and nothing else."""
    body = b"\x05label" + label
    return module + b"\x00" + bytes([len(body)]) + body


class Followers:
    """Commands that go on until they are interrupted: an upgrade ends none of them."""

    COMMANDS = (["events", "follow"], ["audit", "--follow"], ["apps", "listen", "DEVICE", "#"])

    def __init__(self, system):
        values = {"PATH": os.environ.get("PATH", ""), **system.environment()}
        device = values["XTBLISH_DEVICE_IDS"].split()[0]
        program = os.path.join(system.binaries, "xtblish-registry")
        self.tally = Tally("commands that follow")
        self.running = []
        for command in self.COMMANDS:
            arguments = [device if word == "DEVICE" else word for word in command]
            errors = open(os.path.join(system.folder, f"follower-{command[0]}"), "w+", encoding="utf-8")
            process = subprocess.Popen([program, *arguments], env=values, stdout=subprocess.DEVNULL, stderr=errors)
            self.running.append((" ".join(command), process, errors))

    def stop(self):
        for command, process, errors in self.running:
            ended = process.poll()
            if ended is None:
                process.terminate()
                process.wait()
            errors.seek(0)
            problem = f"xtblish-registry {command} ended with {ended}: {errors.read().strip()}"
            self.tally.note(time.monotonic(), None if ended is None else problem)
            errors.close()


class Notifications(Stream):
    """What the broker was given for devices, as an operator who may read everything sees it."""

    def __init__(self, system):
        super().__init__()
        values = system.environment()
        command = ["mosquitto_sub", "--host", values["XTBLISH_MQTT_HOST"], "--port", values["XTBLISH_MQTT_PORT"]]
        command += ["--cafile", values["XTBLISH_CA_FILE"], "--cert", values["XTBLISH_MQTT_CERT_FILE"]]
        command += ["--key", values["XTBLISH_MQTT_KEY_FILE"], "--qos", "1"]
        command += ["--topic", "/firmware/+/+", "--topic", "/devices/+/state", "-F", "%t"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.seen = {}
        self.is_listening = threading.Event()
        self.start(self.follow)
        # Devices say every second how they are.
        if not self.is_listening.wait(60):
            raise ReleaseError("nothing is heard at the broker: see mosquitto.log of the stack")

    def follow(self):
        for line in self.process.stdout:
            self.is_listening.set()
            _, kind, device, version = line.strip().split("/")
            if kind == "firmware":
                self.seen.setdefault((device, int(version)), time.monotonic())

    def stop(self):
        self.process.terminate()
        self.process.wait()
        super().stop()
