"""What an operator and a device do in the life of which the records are taken: each kind of request at least once."""

import glob
import json
import os
import subprocess

from release import ROOT


class Life:
    def __init__(self, recording):
        self.recording = recording
        self.ask = recording.ask
        self.device, self.other = recording.values["XTBLISH_DEVICE_IDS"].split()
        self.apps = os.path.join(ROOT, "Tests", "EndToEnd", "Apps")

    def live(self):
        self.deploy()
        self.administer_devices()
        self.administer_people()
        self.administer_enrolment()
        self.administer_trust()
        self.talk_to_apps()
        self.crash()
        for service in ("registry", "provisioner", "image-store", "notifier"):
            self.ask(f"{service} status")
        self.recording.documents = self.documents()

    def module(self, name, label=""):
        path = os.path.join(self.recording.folder, f"{name}{label}.wasm")
        subprocess.run(["wat2wasm", os.path.join(self.apps, f"{name}.wat"), "-o", path], check=True)
        if label:
            body = b"\x05label" + label.encode()
            with open(path, "ab") as file:
                file.write(b"\x00" + bytes([len(body)]) + body)
        return path

    def push(self, path, device, *more):
        return self.ask(["image-store", "push", path, "--device", device, *more])

    def until(self, what, command, word):
        self.recording.until(what, lambda: word in self.ask(command))

    def deploy(self):
        for version in ("1.0", "2.0"):
            self.push(self.module("quick", version), self.device, "--name", "quick", "--app-version", version, "--wait")
        self.ask(f"registry firmware list {self.device}")
        self.ask(f"registry firmware show {self.device} 1")
        self.ask(f"registry firmware rollback {self.device}")
        self.until("it is rolled back", f"registry devices show {self.device} --json", '"version" : 3')
        self.ask("image-store list")
        digest = json.loads(self.ask(f"registry firmware show {self.device} 1 --json"))["digest"]
        self.ask(f"image-store stat {digest}")
        self.ask(f"image-store verify {digest}")
        self.ask("image-store verify --all")
        self.digest = digest

    def administer_devices(self):
        made = json.loads(self.ask("registry devices create spare --tag north --serial SN-9 --json"))["id"]
        self.ask(f"registry devices create spare --id {made}", refused=True)
        self.ask(f"registry devices update {made} --name spare-2 --tag south")
        self.ask("registry devices list")
        self.ask(f"registry devices show {made}")
        self.ask("registry devices show 00000000-0000-4000-8000-000000000000", refused=True)
        self.ask(f"registry devices notify {self.device}")
        self.ask(f"registry devices logs {self.device} --last 5")
        self.ask(f"registry devices decommission {made} --yes --reason lost")
        self.ask(f"registry devices recommission {made} --reason found")
        self.ask(f"registry devices delete {made} --yes")
        self.ask("registry events list")
        self.ask(f"notifier resend {self.device}")

    def administer_people(self):
        self.ask("registry token create recorded --scope read --expires 1d --json")
        self.ask("registry token list")
        self.ask("registry token revoke recorded --yes")
        self.ask("registry audit --limit 5")

    def administer_enrolment(self):
        claim = json.loads(self.ask("provisioner claim create --count 2 --lifetime 1h --json"))
        self.ask("provisioner claim list")
        self.ask(f"provisioner claim show {claim['id']}")
        self.ask(f"provisioner claim revoke {claim['id']} --yes")
        self.enrol()
        self.ask("provisioner devices register SN-77 --name seven")
        self.ask("provisioner devices list")
        self.ask("provisioner devices unregister SN-77")
        authority = os.path.join(self.recording.folder, "factory.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
             authority + ".key", "-out", authority, "-days", "30", "-subj", "/CN=Factory"],
            check=True, capture_output=True)
        self.ask(["provisioner", "factory-ca", "add", authority, "--tag", "factory"])
        listed = json.loads(self.ask("provisioner factory-ca list --json"))
        self.ask(["provisioner", "factory-ca", "remove", str(listed[0]["id"]), "--yes"])

    def enrol(self):
        """A device that comes with a claim, and another board in its place."""
        claim = self.ask("provisioner claim create --name-prefix press --tag hall --quiet").strip()
        directory = os.path.join(self.recording.folder, "third")
        self.ask(["device", "enroll", "--serial", "SN-3", "--directory", directory], more={"XTBLISH_CLAIM": claim})
        self.ask("registry devices show press-1")
        self.ask("provisioner devices reset SN-3 --yes")
        self.ask("provisioner revoke press-1 --yes --reason stolen")

    def administer_trust(self):
        self.ask("registry director list")
        self.ask("registry director rotate")
        keys = sorted(glob.glob(os.path.join(self.recording.data, "signing", "root", "*.key")))[:2]
        self.ask(["registry", "root", "update", *(word for key in keys for word in ("--key", key))])
        self.ask("registry root show")

    def talk_to_apps(self):
        self.ask(f"registry apps send {self.device} greeting hello")
        self.ask(["registry", "apps", "listen", self.device, "#"], seconds=2.0)
        directory = self.recording.values["XTBLISH_DEVICE_DIRECTORIES"].split()[0]
        for command in ("status", "slots", "logs -n 3", "crashes", "pin list", "sensor list"):
            self.ask(["device", *command.split(), "--directory", directory])

    def crash(self):
        examples = os.environ.get("XTBLISH_EXAMPLES", os.path.join(ROOT, ".build-examples"))
        self.push(os.path.join(examples, "crash-c.wasm"), self.other, "--name", "crash")
        self.until("the crash is known", f"registry crashes list --device {self.other} --json", "crash")
        self.number = json.loads(self.ask(f"registry crashes list --device {self.other} --json"))[0]["number"]
        self.ask(["registry", "crashes", "show", str(self.number)])
        self.until("it was given up", f"registry devices show {self.other} --json", "rolled-back")
        self.ask(f"registry firmware retry {self.other}")

    def documents(self):
        device, other = self.device, self.other
        return {
            "devices": ("registry", "/v1/devices"),
            "device": ("registry", f"/v1/devices/{device}"),
            "device that gave a version up": ("registry", f"/v1/devices/{other}"),
            "firmware": ("registry", f"/v1/devices/{device}/firmware"),
            "events": ("registry", f"/v1/devices/{device}/events"),
            "logs": ("registry", f"/v1/devices/{device}/logs"),
            "crashes": ("registry", f"/v1/devices/{other}/crashes"),
            "crash": ("registry", f"/v1/crashes/{self.number}"),
            "tokens": ("registry", "/v1/tokens"),
            "audit": ("registry", "/v1/audit"),
        }

