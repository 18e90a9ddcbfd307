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
    """Enrols the devices that have no identity yet, each registered under its own name.

    With a claim they would be counted from 1 again whenever the stack grows.
    """
    new = [name for name in names(state) if not os.path.exists(os.path.join(directory(state, name), "identity.json"))]
    shared = {**services.shared_environment(state), **trust.operator_environment(state)}
    for name in new:
        serial = f"stack-{name}"
        # What an interrupted start registered, whose secret nobody has.
        trust.run(binaries, "provisioner", ["devices", "unregister", serial], shared)
        arguments = ["devices", "register", serial, "--name", name, "--quiet"]
        secret = trust.run(binaries, "provisioner", arguments, shared).strip()
        # It travels in the environment: arguments can be read by every user.
        values = {**environment(state, name), "XTBLISH_CLAIM": secret}
        trust.run(binaries, "device", ["enroll", "--serial", serial], values)


def out_of_service(state, binaries):
    """The stack's devices that can't connect while nothing is wrong with the stack, each with the reason."""
    shared = {**services.shared_environment(state), **trust.operator_environment(state)}
    listed = json.loads(trust.run(binaries, "provisioner", ["devices", "list", "--limit", "0", "--json"], shared))
    reasons = {
        "revoked": "its certificates were taken back",
        "reset": "its certificates were taken back",
        "reserved": "it may come back, and has to enrol again: xtblish-device enroll --replace --directory {}",
    }
    gone = {entry.get("device"): reasons[entry["state"]] for entry in listed if entry.get("state") in reasons}
    enrolled = [name for name in names(state) if is_enrolled(state, name)]
    return {
        name: gone[identity(state, name)["id"]].format(directory(state, name))
        for name in enrolled
        if identity(state, name)["id"] in gone
    }


def is_enrolled(state, name):
    return os.path.exists(os.path.join(directory(state, name), "identity.json"))


def identity(state, name):
    with open(os.path.join(directory(state, name), "identity.json"), encoding="utf-8") as file:
        return json.load(file)


def start(state, name, binaries):
    processes.spawn(state, name, [os.path.join(binaries, "xtblish-device"), "run"], environment(state, name))


def await_ready(state, waiting, binaries):
    """Waits until each says it is connected to the broker, or has ended, for half a minute in all.

    Gives those that did not connect.
    """
    waiting = list(waiting)

    def is_connected(name):
        try:
            status = trust.run(binaries, "device", ["status", "--json"], environment(state, name))
        except StackError:
            return False
        return json.loads(status).get("connected") is True

    def settled():
        for name in list(waiting):
            if processes.is_running(state.values["processes"].get(name)) and is_connected(name):
                waiting.remove(name)
        return not any(processes.is_running(state.values["processes"].get(name)) for name in waiting)

    processes.wait_until(settled, 30.0, 0.05)
    return waiting
