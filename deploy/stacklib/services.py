"""The four services and their replicas: ports, environment, start and readiness."""

import os
import urllib.error
import urllib.request

import broker
import database
import processes
import trust
from errors import StackError

# Service, and the ports it listens on.
SERVICES = {
    "registry": ("http", "rpc", "operations"),
    "notifier": ("rpc", "operations"),
    "image-store": ("http", "rpc", "operations"),
    "provisioner": ("http", "rpc", "operations"),
}

# What comes from the environment of whoever starts the stack.
PASSED_ON = (
    "PATH",
    "HOME",
    "XTBLISH_LOG_LEVEL",
    "XTBLISH_LOG_FORMAT",
    "XTBLISH_SHUTDOWN_DELAY_SECONDS",
    "XTBLISH_TRACE_OTLP_URL",
    "XTBLISH_TRACE_SAMPLE_RATIO",
)


def replicas(state, service):
    return [f"{service}-{number}" for number in range(1, state.values["replicas"] + 1)]


def instances(state):
    """Name and service of each replica."""
    return [(name, service) for service in SERVICES for name in replicas(state, service)]


def names(state):
    return [name for service in SERVICES for name in replicas(state, service)]


def service_of(name):
    return name.rsplit("-", 1)[0]


def prefix(service):
    return "XTBLISH_" + service.upper().replace("-", "_")


def addresses(state, service, purpose, scheme):
    return [f"{scheme}://127.0.0.1:{state.port(f'{name}.{purpose}')}" for name in replicas(state, service)]


def shared_environment(state):
    """What every process and every admin command of this stack is told."""
    values = {
        "XTBLISH_REGISTRY_URL": addresses(state, "registry", "http", "https")[0],
        "XTBLISH_IMAGE_STORE_URL": addresses(state, "image-store", "http", "https")[0],
        "XTBLISH_IMAGE_STORE_URLS": ",".join(addresses(state, "image-store", "http", "https")),
        "XTBLISH_PROVISIONER_URL": addresses(state, "provisioner", "http", "https")[0],
        "XTBLISH_PROVISIONER_URLS": ",".join(addresses(state, "provisioner", "http", "https")),
        "XTBLISH_MQTT_HOST": "127.0.0.1",
        "XTBLISH_MQTT_PORT": str(state.port(broker.NAME)),
        "XTBLISH_DATABASE_URL": database.url(state),
    }
    for service in SERVICES:
        values[f"{prefix(service)}_ENDPOINTS"] = ",".join(addresses(state, service, "rpc", "tcp"))
    return values


def environment(state, name):
    """The settings of one replica; nothing of the caller's own environment but what is passed on."""
    service = service_of(name)
    values = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
    values.update(shared_environment(state))
    for purpose in SERVICES[service]:
        scheme = "tcp://" if purpose == "rpc" else ""
        values[f"{prefix(service)}_{purpose.upper()}_LISTEN"] = f"{scheme}127.0.0.1:{state.port(f'{name}.{purpose}')}"
    values.update(trust.service_environment(state, name, service))
    if service == "notifier":
        values["XTBLISH_MQTT_PORT"] = str(state.port(broker.NOTIFIERS))
    if service == "provisioner":
        # As devices reach it: on the listener that is for them alone.
        values["XTBLISH_DEVICE_MQTT_PORT"] = str(state.port(broker.DEVICES))
    if service == "image-store":
        values["XTBLISH_IMAGE_STORE_DIRECTORY"] = state.folder("images")
    return values


def start(state, name, binaries):
    program = os.path.join(binaries, f"xtblish-{service_of(name)}")
    processes.spawn(state, name, [program, "serve"], environment(state, name))


def is_ready(state, name):
    url = f"http://127.0.0.1:{state.port(f'{name}.operations')}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def await_ready(state, waiting):
    """Waits until all the named replicas say they are ready; ends early when one of them ends."""
    ended = []

    def settled():
        for name in list(waiting):
            if not processes.is_running(state.values["processes"].get(name)):
                ended.append(name)
            elif is_ready(state, name):
                waiting.remove(name)
        return ended or not waiting

    processes.wait_until(settled, 60.0)
    if ended or waiting:
        name = (ended or waiting)[0]
        lines = "\n  ".join(processes.last_lines(processes.log_path(state, name), 8))
        verb = "ended" if ended else "did not get ready"
        raise StackError(f"{name} {verb}; the end of its log:\n  {lines}")
