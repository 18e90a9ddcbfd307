"""Where a backup is restored to."""

import json
import os
import subprocess

import files
import installation
from failure import Failure

STACK = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "stack")


class Target:
    """A stack's folder, or the places that the options name."""

    def __init__(self, options, parts):
        self.parts = parts
        self.force = options.force
        self.stack = os.path.abspath(options.data) if options.data else None
        self.started = False
        if self.stack:
            self.images = os.path.join(self.stack, "images")
            self.keys = installation.stack_keys(self.stack)
            # What is there knows the ports as well, and what runs on this machine.
            self.is_known = os.path.exists(os.path.join(self.stack, "stack.json"))
            if self.is_known:
                self.keys["stack.json"] = None
            return
        images = options.images or os.environ.get("XTBLISH_IMAGE_STORE_DIRECTORY", "")
        self.images = os.path.abspath(images)
        self.keys = installation.named_keys(options.keys)
        if "images" in parts and not images:
            raise Failure("say where the blobs go with --images, or leave them out: --only", 64)
        if "keys" in parts and not self.keys:
            raise Failure("say where each folder of keys goes with --keys, or leave them out: --only", 64)
        if "database" in parts and not os.environ.get("XTBLISH_DATABASE_URL"):
            raise Failure("say where the database is: XTBLISH_DATABASE_URL in the environment", 64)

    def url(self):
        if not self.stack:
            return os.environ["XTBLISH_DATABASE_URL"]
        return installation.stack_url(self.stack, self.read_stack())

    def read_stack(self):
        try:
            with open(os.path.join(self.stack, "stack.json"), encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            raise Failure(f"there is no stack in {self.stack}: restore its keys too", 66) from None

    def require_room(self, entries):
        """Refuses what would replace anything, unless it was said that it may."""
        unknown = sorted({entry.name.split("/")[0] for entry, _ in entries} - set(self.keys))
        if "keys" in self.parts and unknown:
            raise Failure(
                f"the backup has keys named {', '.join(unknown)}, and nothing says where they go: name a folder of that name "
                f"with --keys, such as --keys /etc/{unknown[0]}", 64
            )
        if self.stack and "database" in self.parts and self.is_known:
            self.require_stopped()
        if self.force:
            return
        places = [path for path in self.keys.values() if path] if "keys" in self.parts else []
        if "images" in self.parts:
            places.append(os.path.join(self.images, "images"))
        if self.stack and "database" in self.parts:
            places.append(os.path.join(self.stack, "postgres"))
        for path in places:
            if is_filled(path):
                raise Failure(f"{path} is not empty, and nothing is replaced without --force", 73)

    def call_stack(self, *arguments):
        return subprocess.run([STACK, *arguments, "--data", self.stack], capture_output=True, text=True, check=False)

    def require_stopped(self):
        """PostgreSQL alone may run, as nobody may use the database while it is replaced."""
        rows = [line.split() for line in self.call_stack("status").stdout.splitlines()[1:]]
        left = [row[0] for row in rows if row[1] != "-" and row[0].startswith(("registry-", "provisioner-"))]
        if left:
            raise Failure(f"{', '.join(left)} of this stack still runs: stop it with 'deploy/stack stop', or all with 'down'", 75)

    def prepare(self):
        """A stack's PostgreSQL is started, and stopped again by `finish`."""
        if "images" in self.parts:
            os.makedirs(self.images, mode=0o700, exist_ok=True)
        if self.stack and not self.is_known:
            self.forget_the_machine()
        if self.stack and "database" in self.parts:
            result = self.call_stack("start", "postgres")
            if result.returncode != 0:
                raise Failure(f"PostgreSQL of the stack did not start: {result.stderr.strip()}", 69)
            self.started = "runs already" not in result.stdout

    def finish(self):
        if self.started:
            self.call_stack("stop", "postgres")

    def forget_the_machine(self):
        """Takes what was on the machine alone out of stack.json: processes, the database's folder, devices."""
        values = self.read_stack()
        values["processes"] = {}
        values.pop("cluster", None)
        numbers = range(1, values["devices"] + 1)
        identity = os.path.join(self.stack, "devices", "{}", "identity.json")
        there = [number for number in numbers if os.path.exists(identity.format(number))]
        if len(there) < values["devices"]:
            print(f"devices that the stack ran itself are not in the backup: it starts {max(there, default=0)} of {values['devices']}")
            values["devices"] = max(there, default=0)
        text = json.dumps(values, indent=2, sort_keys=True) + "\n"
        files.write(os.path.join(self.stack, "stack.json"), text.encode())

    def require_database(self, found):
        present = found.present()
        if present and not self.force:
            raise Failure(f"the database has the schema {present[0]} already, and nothing is replaced without --force", 73)
        users = found.users() if present else []
        if users:
            raise Failure(f"{len(users)} others use the database, such as {users[0]}: stop the services first", 75)


def is_filled(path):
    if os.path.isdir(path):
        return any(is_filled(os.path.join(path, name)) for name in os.listdir(path))
    return os.path.lexists(path)
