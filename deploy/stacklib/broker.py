"""The private mosquitto: one listener for devices, one for services and operators."""

import os
import shutil
import signal
import socket

import processes
import trust
from errors import StackError
from state import write_private

NAME = "mosquitto"
DEVICES = "mosquitto.devices"
NOTIFIERS = "mosquitto.notifiers"

RULES = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "mosquitto")


def device_rules():
    with open(os.path.join(RULES, "devices.acl"), encoding="utf-8") as file:
        return file.read()


def service_rules(state):
    """The rules of the other deployments, with those of the Notifier once for each instance of it."""
    with open(os.path.join(RULES, "services.acl"), encoding="utf-8") as file:
        blocks = file.read().split("\n\n")
    marker = "user notifier\n"
    rules = []
    for block in blocks:
        if marker in block:
            numbers = range(1, state.values["replicas"] + 1)
            rules += [block.replace(marker, f"user notifier-{number}\n") for number in numbers]
        else:
            rules.append(block)
    return "\n\n".join(rules)


def notifier_rules():
    with open(os.path.join(RULES, "notifier.acl"), encoding="utf-8") as file:
        return file.read()


def listener(state, port, audience, rules):
    """One TLS listener that only knows the revocation list of those it is for.

    Certificates of the other kind come from another issuer, whose list is not here: OpenSSL refuses them.
    """
    lists = trust.revocation_directory(state, audience)
    return [
        f"listener {port} 127.0.0.1",
        f"cafile {trust.authority_file(state)}",
        # New lists and roots are found here by the next handshake, without a signal.
        f"capath {lists}",
        f"crlfile {trust.revocation_file(state, audience)}",
        f"certfile {trust.certificate_file(state, 'broker')}",
        f"keyfile {trust.key_file(state, 'broker')}",
        "require_certificate true",
        "allow_anonymous false",
        f"acl_file {rules_path(state, rules)}",
    ]


# The client ID is the name in the certificate: nobody ends another's session by coming with its ID.
NAMED_BY_CERTIFICATE = ["use_identity_as_username true", "use_username_as_clientid true"]


def rules_path(state, name):
    return os.path.join(state.folder("mosquitto"), f"{name}.acl")


def configuration(state):
    directory = state.folder("mosquitto")
    lines = [
        "# Written by deploy/stack at each start.",
        "per_listener_settings true",
        *listener(state, state.port(DEVICES), "devices", "devices"),
        *NAMED_BY_CERTIFICATE,
        *listener(state, state.port(NAME), "services", "services"),
        *NAMED_BY_CERTIFICATE,
        # Notifiers have several connections each, and end a revoked device's session with its ID.
        *listener(state, state.port(NOTIFIERS), "services", "notifier"),
        f"password_file {trust.broker_passwords_file(state)}",
        "persistence true",
        f"persistence_location {directory}/",
        # Every change is on disk within seconds; what a crash still loses, the devices' own
        # reports bring back.
        "autosave_interval 5",
        "max_queued_messages 10000",
        "max_inflight_messages 100",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
    ]
    if os.geteuid() == 0:
        lines.append("user root")
    return "\n".join(lines) + "\n"


def write_configuration(state):
    write_private(rules_path(state, "devices"), device_rules())
    write_private(rules_path(state, "services"), service_rules(state))
    write_private(rules_path(state, "notifier"), notifier_rules())
    path = os.path.join(state.folder("mosquitto"), "mosquitto.conf")
    write_private(path, configuration(state))
    return path


def reload(state):
    """Lets a running broker take new rules; its sessions stay."""
    write_configuration(state)
    record = state.values["processes"].get(NAME)
    if processes.is_running(record):
        os.kill(record["pid"], signal.SIGHUP)


def start(state):
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not program:
        raise StackError("mosquitto is not installed: run 'make setup', or 'apt-get install mosquitto'", 69)
    path = write_configuration(state)
    processes.spawn(state, NAME, [program, "-c", path], {"PATH": os.environ.get("PATH", "")})


def await_ready(state):
    def accepts():
        if not processes.is_running(state.values["processes"].get(NAME)):
            return True
        for port in (state.port(NAME), state.port(DEVICES), state.port(NOTIFIERS)):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) != 0:
                    return False
        return True

    if not processes.wait_until(accepts, 20.0) or not processes.is_running(state.values["processes"].get(NAME)):
        raise StackError("mosquitto does not answer: see 'deploy/stack logs mosquitto'", 69)
