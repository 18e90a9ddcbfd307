"""Makes the records of a release: see ../record."""

import base64
import collections
import glob
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tarfile
import time
import urllib.request

from relay import Relays
from release import ReleaseError

SERVICES = ("registry", "provisioner", "image-store", "notifier")
# Of each kind, the shortest and the longest, and as many between.
KEPT = 4
ROLES = {2: "response", 3: "failure"}
SECRETS = ("key", "secret", "password", "passphrase", "token")


class Recording:
    def __init__(self, release, folder, out):
        self.release = release
        self.folder = folder
        self.out = out
        self.data = os.path.join(folder, "stack")
        self.bus = collections.defaultdict(set)
        self.relays = Relays(self.take)
        self.processes = []
        self.endpoints = {}

    # A frame that passed.

    def take(self, frame, client, is_answer):
        envelope = self.envelope.FromString(frame)
        role = ROLES.get(envelope.role) if is_answer else ("request" if envelope.role == 1 else None)
        if role:
            self.bus[(envelope.kind, role)].add((client.rsplit("-", 1)[0], frame))

    def load_protocols(self):
        protocols = os.path.join(self.release.tree, "Sources", "Shared", "Wire", "Protocols")
        names = [os.path.relpath(path, protocols) for path in glob.glob(f"{protocols}/xtblish/v1/*.proto")]
        generated = os.path.join(self.folder, "python")
        os.makedirs(generated)
        self.descriptors = os.path.join(self.out, "protocols.set")
        command = ["protoc", "-I", protocols, "-I", "/usr/include", f"--python_out={generated}"]
        subprocess.run([*command, f"--descriptor_set_out={self.descriptors}", *sorted(names)], check=True, cwd=protocols)
        sys.path.insert(0, generated)
        from xtblish.v1 import envelope_pb2

        self.envelope = envelope_pb2.Envelope

    # The stack.

    def stack(self, *arguments):
        values = {key: value for key, value in os.environ.items() if not key.startswith("XTBLISH_")}
        values.update(XTBLISH_BINARIES=self.release.binaries, XTBLISH_DEVICE_HEARTBEAT_SECONDS="1")
        command = [self.release.stack, arguments[0], "--data", self.data, *arguments[1:]]
        result = subprocess.run(command, env=values, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise ReleaseError(f"{' '.join(command)} failed: {result.stdout}{result.stderr}")
        return result.stdout

    def environment(self):
        with open(os.path.join(self.data, "stack.env"), encoding="utf-8") as file:
            return dict(line.strip().replace("'", "").split("=", 1) for line in file)

    def put_relays(self):
        values = self.environment()
        for client in ("registry-1", "provisioner-1", "image-store-1", "notifier-1", "stack"):
            for service in SERVICES:
                key = f"XTBLISH_{service.upper().replace('-', '_')}_ENDPOINTS"
                bus = os.path.join(self.data, "bus")
                address = self.relays.add(
                    client, f"{bus}/{client}.bus-key", f"{bus}/{service}-1.bus-key", values[key])
                self.endpoints.setdefault(client, {})[key] = address
        self.relays.start()

    def restart_behind_relays(self):
        values = self.environment()
        for service in SERVICES:
            name = f"{service}-1"
            pid = values[f"XTBLISH_PID_{name.upper().replace('-', '_')}"]
            with open(f"/proc/{pid}/environ", encoding="utf-8") as file:
                own = dict(pair.split("=", 1) for pair in file.read().split("\0") if pair)
            self.stack("stop", name)
            own.update(self.endpoints[name])
            with open(os.path.join(self.folder, f"{name}.log"), "ab") as log:
                program = os.path.join(self.release.binaries, f"xtblish-{service}")
                self.processes.append(subprocess.Popen([program, "serve"], env=own, stdout=log, stderr=log))
            url = values[f"XTBLISH_OPERATIONS_URL_{name.upper().replace('-', '_')}"] + "/readyz"
            self.until(f"{name} is ready", lambda url=url: urllib.request.urlopen(url, timeout=2).status == 200)

    def until(self, what, condition, seconds=60.0):
        end = time.monotonic() + seconds
        while True:
            try:
                if condition():
                    return
            except (OSError, ReleaseError):
                pass
            if time.monotonic() > end:
                raise ReleaseError(f"{what}: not within {seconds:g} s")
            # Sleeps: a look every now and then, with a bound.
            time.sleep(0.1)

    def ask(self, command, refused=False, seconds=None, more=None):
        """One command as an operator gives it. Its answer."""
        program, *arguments = command.split() if isinstance(command, str) else command
        values = {"PATH": os.environ["PATH"], **self.environment(), **self.endpoints["stack"], **(more or {})}
        full = [os.path.join(self.release.binaries, f"xtblish-{program}"), *arguments]
        try:
            result = subprocess.run(full, env=values, capture_output=True, text=True, check=False, timeout=seconds)
        except subprocess.TimeoutExpired:
            return ""
        if (result.returncode == 0) == refused:
            raise ReleaseError(f"{command} ended with {result.returncode}: {result.stdout}{result.stderr}")
        return result.stdout

    # All of it.

    def run(self):
        shutil.rmtree(self.out, ignore_errors=True)
        os.makedirs(self.out)
        self.load_protocols()
        try:
            self.stack("up", "--quiet", "--devices", "2", "--replicas", "1")
            self.put_relays()
            self.restart_behind_relays()
            self.values = self.environment()
            self.listen_to_broker()
            from life import Life

            Life(self).live()
            self.write()
        finally:
            for process in self.processes:
                process.terminate()
            for process in self.processes:
                process.wait()
            if os.path.exists(os.path.join(self.data, "stack.json")):
                self.stack("down")
        return 0

    def listen_to_broker(self):
        values = self.values
        command = ["mosquitto_sub", "--host", values["XTBLISH_MQTT_HOST"], "--port", values["XTBLISH_MQTT_PORT"]]
        command += ["--cafile", values["XTBLISH_CA_FILE"], "--cert", values["XTBLISH_MQTT_CERT_FILE"]]
        command += ["--key", values["XTBLISH_MQTT_KEY_FILE"], "--topic", "/#", "-F", "%t %x"]
        self.broker_file = os.path.join(self.folder, "broker")
        with open(self.broker_file, "wb") as file:
            self.processes.append(subprocess.Popen(command, stdout=file))

    def get(self, service, path):
        """A document over HTTP, as whoever holds the administrator's token gets it."""
        base = self.values[f"XTBLISH_{service.upper().replace('-', '_')}_URL"]
        with open(self.values["XTBLISH_TOKEN_FILE"], encoding="utf-8") as file:
            headers = {"Authorization": f"Bearer {file.read().strip()}"}
        context = ssl.create_default_context(cafile=self.values["XTBLISH_CA_FILE"])
        request = urllib.request.Request(base + path, headers=headers)
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            return answer.read()

    # What is kept.

    def write(self):
        self.write_bus()
        self.write_broker()
        self.write_documents()
        self.write_database()
        self.write_flash()

    def write_json(self, name, value):
        with open(os.path.join(self.out, name), "w", encoding="utf-8") as file:
            json.dump(value, file, indent=1)
            file.write("\n")

    @staticmethod
    def some(items, size):
        ordered = sorted(items, key=lambda item: (size(item), item))
        if len(ordered) <= KEPT:
            return ordered
        return [ordered[round(place * (len(ordered) - 1) / (KEPT - 1))] for place in range(KEPT)]

    def write_bus(self):
        entries = []
        for (kind, role), found in sorted(self.bus.items()):
            for client, frame in self.some(found, lambda item: len(item[1])):
                entries.append(
                    {"kind": kind, "role": role, "client": client, "frame": base64.b64encode(frame).decode()})
        self.write_json("bus.json", entries)
        recorded = {kind for kind, role in self.bus if role == "request"}
        missing = sorted(set(self.requests()) - recorded)
        print(f"{len(recorded)} kinds of request; of {', '.join(missing) or 'none'} there is the definition alone")

    def requests(self):
        """The kinds of request that the services declare."""
        from google.protobuf import descriptor_pb2

        with open(self.descriptors, "rb") as file:
            files = descriptor_pb2.FileDescriptorSet.FromString(file.read()).file
        return [method.input_type.lstrip(".") for file in files for service in file.service for method in service.method]

    def write_broker(self):
        found = collections.defaultdict(set)
        with open(self.broker_file, encoding="utf-8") as file:
            for line in file:
                topic, _, payload = line.rstrip("\n").partition(" ")
                kind = re.sub(r"[0-9a-f-]{36}", "DEVICE", re.sub(r"/\d+$", "/VERSION", topic))
                found[kind].add((topic, payload))
        entries = []
        for _, messages in sorted(found.items()):
            for topic, payload in self.some(messages, lambda item: len(item[1])):
                entries.append({"topic": topic, "payload": base64.b64encode(bytes.fromhex(payload)).decode()})
        self.write_json("broker.json", entries)

    def write_documents(self):
        documents = {}
        for name, (service, path) in self.documents.items():
            documents[name] = json.loads(self.get(service, path))
        self.write_json("documents.json", documents)

    def write_database(self):
        command = ["pg_dump", "--no-owner", "--no-privileges", "--inserts", "--dbname", self.values["XTBLISH_DATABASE_URL"]]
        dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        with open(os.path.join(self.out, "database.sql"), "w", encoding="utf-8") as file:
            # Marks of one run of newer tools, which older ones do not know.
            file.write("\n".join(line for line in dump.split("\n") if not line.startswith(("\\restrict", "\\unrestrict"))))

    def write_flash(self):
        """The folder of a device that is off, without what it keeps secret."""
        name = "device-1"
        self.stack("stop", name)
        directory = self.values["XTBLISH_DEVICE_DIRECTORIES"].split()[0]

        def kept(member):
            base = os.path.basename(member.name)
            # What the engine made of an app is for one version of it, and made again.
            is_left_out = any(word in base for word in SECRETS) or base.endswith(".compiled")
            return member if (member.isfile() or member.isdir()) and not is_left_out else None

        with tarfile.open(os.path.join(self.out, "flash.tar"), "w") as archive:
            archive.add(directory, "flash", filter=kept)

