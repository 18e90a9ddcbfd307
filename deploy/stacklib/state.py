"""What a stack remembers between two calls: ports, counts, secrets; in DIR/stack.json."""

import fcntl
import json
import os
import secrets

import ports
from errors import StackError


class State:
    def __init__(self, directory):
        self.directory = directory
        self.path = os.path.join(directory, "stack.json")
        self.values = {"replicas": 1, "devices": 1, "ports": {}, "processes": {}}
        self.exists = os.path.exists(self.path)
        if self.exists:
            try:
                with open(self.path, encoding="utf-8") as file:
                    self.values = json.load(file)
            except ValueError as error:
                raise StackError(f"{self.path} can't be read ({error}): restore it, or start in a new folder") from None

    def folder(self, *names, mode=0o700):
        path = os.path.join(self.directory, *names)
        os.makedirs(path, mode=mode, exist_ok=True)
        return path

    def port(self, name):
        """The port of that name, chosen the first time it is asked for."""
        known = self.values["ports"]
        if name not in known:
            known[name] = ports.choose(set(known.values()))
        return known[name]

    def secret(self, name):
        path = os.path.join(self.folder("secrets"), name)
        if not os.path.exists(path):
            write_private(path, secrets.token_urlsafe(24) + "\n")
        with open(path, encoding="utf-8") as file:
            return file.read().strip()

    def save(self):
        write_private(self.path, json.dumps(self.values, indent=2, sort_keys=True) + "\n")


def write_private(path, text):
    """Replaces the file in one step, readable by its owner alone."""
    temporary = f"{path}.{os.getpid()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


class Lock:
    """Held while a command changes a stack, so that two at once take turns."""

    def __init__(self, directory):
        self.path = os.path.join(directory, "stack.lock")

    def __enter__(self):
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self.descriptor, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_):
        os.close(self.descriptor)
