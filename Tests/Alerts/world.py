"""A stack to make faults in: its processes, its files, and what an operator does."""

import glob
import json
import os
import re
import shlex
import signal
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
SERVICES = ("registry", "notifier", "image-store", "provisioner")
DEVICES = 5
# The image store's disk, in MiB: small, so that it is soon full.
DISK = 64


class World:
    def __init__(self, directory):
        self.directory = directory
        self.data = os.path.join(directory, "stack")
        self.backup_file = os.path.join(directory, "last-backup.prom")
        self.binaries = os.path.realpath(os.environ.get("XTBLISH_BINARIES", os.path.join(ROOT, ".build", "release")))
        self.examples = self.examples_beside(self.binaries)
        self.images = os.path.join(self.data, "images")
        self.own = {}
        self.loads = []
        self.mounted = False

    def __enter__(self):
        os.makedirs(self.images, mode=0o700)
        os.chmod(self.data, 0o711)
        self.run("mount", "-t", "tmpfs", "-o", f"size={DISK}m,mode=700", "xtblish-alerts", self.images)
        self.mounted = True
        # A device whose report is late by a heartbeat is late by little.
        os.environ["XTBLISH_DEVICE_HEARTBEAT_SECONDS"] = "3"
        os.environ["XTBLISH_BINARIES"] = self.binaries
        try:
            self.stack("up", "--quiet", "--devices", str(DEVICES))
            self.loops = os.path.join(self.directory, "loops.wasm")
            self.run("wat2wasm", os.path.join(ROOT, "Tests", "Alerts", "loops.wat"), "-o", self.loops)
            for number in range(1, DEVICES + 1):
                self.push("sensor-c-1.0.wasm", number, "sensor", "1.0", must=True)
                self.push("sensor-c.wasm", number, "sensor", "1.1", must=True)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in self.own.values():
            process.kill()
            process.wait()
        for load in self.loads:
            load.set()
        for name in (*SERVICES, "device"):
            for pid in self.pids(name):
                self.signal(pid, signal.SIGCONT)
        subprocess.run([os.path.join(ROOT, "deploy", "stack"), "down", "--data", self.data], check=False)
        if self.mounted:
            subprocess.run(["umount", self.images], check=False)

    @staticmethod
    def examples_beside(folder):
        """The example apps of the project that the programs were built in."""
        while folder != "/":
            folder = os.path.dirname(folder)
            found = os.path.join(folder, ".build-examples")
            if os.path.isdir(found):
                return found
        return os.path.join(ROOT, ".build-examples")

    # Programs.

    def run(self, *command, environment=None, check=True):
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
        if check and result.returncode:
            raise RuntimeError(f"{' '.join(command)}: {result.stderr.strip() or result.stdout.strip()}")
        return result.stdout

    def stack(self, *arguments):
        action, rest = arguments[0], arguments[1:]
        return self.run(os.path.join(ROOT, "deploy", "stack"), action, "--data", self.data, *rest)

    def environment(self):
        with open(os.path.join(self.data, "stack.env"), encoding="utf-8") as file:
            pairs = (line.rstrip("\n").split("=", 1) for line in file if "=" in line)
            return {"PATH": os.environ["PATH"], "HOME": "/root", **{key: " ".join(shlex.split(value)) for key, value in pairs}}

    def admin(self, service, *arguments, check=True, **changes):
        program = os.path.join(self.binaries, f"xtblish-{service}")
        return self.run(program, *arguments, environment={**self.environment(), **changes}, check=check)

    def push(self, module, number, name, version, wait=True, must=False):
        path = module if os.path.isabs(module) else os.path.join(self.examples, module)
        arguments = ["push", path, "--device", f"device-{number}", "--name", name, "--app-version", version]
        # A version that is not kept ends the command with a status of its own.
        return self.admin("image-store", *arguments, *(["--wait"] if wait else []), check=must)

    def sql(self, *statements):
        command = ["psql", self.environment()["XTBLISH_DATABASE_URL"], "--quiet", "--set", "ON_ERROR_STOP=1"]
        for statement in statements:
            command += ["--command", statement]
        return command

    # Processes.

    def ports(self):
        with open(os.path.join(self.data, "stack.json"), encoding="utf-8") as file:
            return json.load(file)["ports"]

    def targets(self):
        ports = self.ports()
        return [(f"{each}-1", each, f"127.0.0.1:{ports[f'{each}-1.operations']}") for each in SERVICES]

    def address(self, service):
        return next(address for _, each, address in self.targets() if each == service)

    def record(self, name):
        with open(os.path.join(self.data, "stack.json"), encoding="utf-8") as file:
            return json.load(file)["processes"].get(name)

    def pids(self, prefix):
        if not os.path.exists(os.path.join(self.data, "stack.json")):
            return []
        with open(os.path.join(self.data, "stack.json"), encoding="utf-8") as file:
            return [record["pid"] for name, record in json.load(file)["processes"].items() if name.startswith(prefix)]

    def pid(self, name):
        return self.own[name].pid if name in self.own else self.record(name)["pid"]

    @staticmethod
    def signal(pid, number):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    def kill(self, name):
        self.signal(self.pid(name), signal.SIGKILL)
        if name in self.own:
            self.own.pop(name).wait()
        self.until(lambda: not self.runs(name), 20, f"the end of {name}")

    def runs(self, name):
        record = self.record(name)
        try:
            with open(f"/proc/{record['pid']}/stat", encoding="utf-8", errors="replace") as file:
                return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
        except OSError:
            return False

    def start(self, name):
        if not self.runs(name):
            self.stack("start", name)

    def restart_with(self, name, **changes):
        """Starts a service anew with other variables beside its own. `restart` ends that."""
        with open(f"/proc/{self.pid(name)}/environ", "rb") as file:
            values = dict(each.split("=", 1) for each in file.read().decode().split("\0") if "=" in each)
        self.kill(name)
        program = os.path.join(self.binaries, f"xtblish-{name.rsplit('-', 1)[0]}")
        log = open(os.path.join(self.data, "logs", f"{name}.log"), "ab")
        self.own[name] = subprocess.Popen(
            [program, "serve"], env={**values, **changes}, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.data
        )
        self.await_ready(name)

    def restart(self, name):
        if name in self.own:
            process = self.own.pop(name)
            process.terminate()
            process.wait(30)
        elif self.runs(name):
            self.stack("stop", name)
        self.start(name)

    def await_ready(self, name):
        address = self.address(name.rsplit("-", 1)[0])

        def is_ready():
            try:
                return urllib.request.urlopen(f"http://{address}/readyz", timeout=2).status == 200
            except OSError:
                return False

        self.until(is_ready, 60, f"readiness of {name}")

    def until(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise RuntimeError(f"{what} did not come within {seconds} s")
            # Sleeps: a look every now and then, with a bound.
            time.sleep(0.1)

    # Requests.

    def get(self, url, timeout=10, context=None):
        """The status of an answer; 0 if there was none."""
        values = self.environment()
        with open(values["XTBLISH_TOKEN_FILE"], encoding="utf-8") as file:
            request = urllib.request.Request(url, headers={"Authorization": f"Bearer {file.read().strip()}"})
        context = context or ssl.create_default_context(cafile=values["XTBLISH_CA_FILE"])
        try:
            with urllib.request.urlopen(request, timeout=timeout, context=context) as answer:
                answer.read()
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def load(self, path, threads):
        """Requests to the Registry from that many threads, until the event that it returns is set."""
        over, url = threading.Event(), self.environment()["XTBLISH_REGISTRY_URL"] + path

        def ask():
            while not over.wait(0.05):
                self.get(url)

        for _ in range(threads):
            threading.Thread(target=ask, daemon=True).start()
        self.loads.append(over)
        return over

    def device_files(self, number):
        """Certificate chain and key of a device."""
        folder = self.environment()["XTBLISH_DEVICE_DIRECTORIES"].split()[number - 1]
        return folder, self.environment()["XTBLISH_DEVICE_IDS"].split()[number - 1]

    def blob(self):
        """The file of the blob that is the image of a device."""
        found = [path for path in glob.glob(f"{self.images}/**/*", recursive=True) if re.search(r"[0-9a-f]{60,64}$", path) and os.path.isfile(path)]
        return sorted(found)[0]
