"""The devices of the stack: enrolled with a claim the first time, then run."""

import json
import os

import processes
import services
import trust
from errors import StackError


def names(state):
    return [f"device-{number}" for number in range(1, state.values["devices"] + 1)]


def directory(state, name):
    return state.folder("devices", name.rsplit("-", 1)[1])


def environment(state, name):
    values = {
        key: os.environ[key]
        for key in (
            "PATH",
            "HOME",
            "XTBLISH_ENGINE",
            "XTBLISH_LOG_LEVEL",
            "XTBLISH_LOG_FORMAT",
            "XTBLISH_DEVICE_HEARTBEAT_SECONDS",
            "XTBLISH_DEVICE_TRIAL_SECONDS",
        )
        if key in os.environ
    }
    values["XTBLISH_DEVICE_DIRECTORY"] = directory(state, name)
    values["XTBLISH_PROVISIONER_URL"] = services.shared_environment(state)["XTBLISH_PROVISIONER_URL"]
    return values


def enroll(state, binaries):
    """Enrols the devices that have no identity yet, all with one claim."""
    new = [name for name in names(state) if not os.path.exists(os.path.join(directory(state, name), "identity.json"))]
    if not new:
        return
    shared = {**services.shared_environment(state), **trust.operator_environment(state)}
    arguments = ["claim", "create", "--count", str(len(new)), "--lifetime", "1h", "--name-prefix", "device", "--quiet"]
    token = trust.run(binaries, "provisioner", arguments, shared).strip()
    for name in new:
        # The claim travels in the environment: arguments can be read by every user.
        values = {**environment(state, name), "XTBLISH_CLAIM": token}
        trust.run(binaries, "device", ["enroll", "--serial", f"stack-{name}"], values)


def identity(state, name):
    with open(os.path.join(directory(state, name), "identity.json"), encoding="utf-8") as file:
        return json.load(file)


def start(state, name, binaries):
    processes.spawn(state, name, [os.path.join(binaries, "xtblish-device"), "run"], environment(state, name))


def await_ready(state, waiting, binaries):
    """Waits until each says it is connected to the broker."""
    for name in waiting:

        def settled(name=name):
            if not processes.is_running(state.values["processes"].get(name)):
                return True
            try:
                status = trust.run(binaries, "device", ["status", "--json"], environment(state, name))
            except StackError:
                return False
            return json.loads(status).get("connected") is True

        if not processes.wait_until(settled, 30.0, 0.05) or not processes.is_running(state.values["processes"].get(name)):
            lines = "\n  ".join(processes.last_lines(processes.log_path(state, name), 8))
            raise StackError(f"{name} did not connect; the end of its log:\n  {lines}")
