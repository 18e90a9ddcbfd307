"""Who is who in a stack: certificates, bus keys, signing keys and an operator's token; made at the first `up`.

Everything secret is in files that only the owner can read, and every secret is made by the programs themselves.
"""

import os
import subprocess

from errors import StackError
from state import write_private

KEYS = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "keys")
OPERATOR = "stack"
APP_NAMES = "*"


def authority_directory(state):
    return os.path.join(state.directory, "authority")


def authority_file(state):
    return os.path.join(authority_directory(state), "ca.pem")


def passphrase_file(state):
    return os.path.join(state.folder("secrets"), "authority")


def certificate_file(state, name):
    return os.path.join(state.folder("tls"), f"{name}.pem")


def key_file(state, name):
    return os.path.join(state.folder("tls"), f"{name}.key")


def revocation_directory(state, audience):
    """Revocation lists of one issuer, "devices" or "services", as OpenSSL looks for them."""
    return os.path.join(state.directory, "revocations", audience)


def revocation_file(state, audience):
    return os.path.join(revocation_directory(state, audience), "ca.crl.pem")


def broker_passwords_file(state):
    return os.path.join(state.folder("mosquitto"), "passwords")


def bus_key_file(state, name):
    return os.path.join(state.folder("bus"), f"{name}.bus-key")


def peers_directory(state):
    return state.folder("bus", "peers")


def director_directory(state):
    return state.folder("director")


def publisher_key_file(state):
    return os.path.join(state.folder("signing"), "publisher.key")


def root_key_directory(state):
    return state.folder("signing", "root")


def token_file(state):
    return os.path.join(state.folder("secrets"), "admin.token")


def curl_file(state):
    """Options for curl: whom to trust, and the token, which is no business of a process's arguments."""
    return os.path.join(state.folder("secrets"), "curl.conf")


def run(binaries, service, arguments, environment=None):
    """Runs an admin command and gives its standard output."""
    program = os.path.join(binaries, f"xtblish-{service}")
    values = {"PATH": os.environ.get("PATH", ""), **(environment or {})}
    result = subprocess.run([program, *arguments], env=values, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise StackError(f"'xtblish-{service} {' '.join(arguments)}' failed: {result.stderr.strip()}")
    return result.stdout


def make_keys(state, binaries, instances):
    """Everything that needs no running service.

    instances: of the services, name and role each.
    """
    command = [KEYS, state.directory, "--host", "localhost", "--host", "127.0.0.1"]
    command += [f"{name}={role}" for name, role in instances]
    values = {"PATH": os.environ.get("PATH", ""), "XTBLISH_BINARIES": binaries}
    result = subprocess.run(command, env=values, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise StackError(f"the keys of the stack could not be made: {result.stderr.strip()}")


def make_operator(state, binaries, environment):
    """What takes a running Registry: the first root document, and an administrator's token."""
    if not os.path.exists(os.path.join(root_key_directory(state), "published")):
        command = ["root", "init", "--out-keys", root_key_directory(state), "--keys", "3", "--threshold", "2"]
        command += ["--add-publisher", f"{publisher_key_file(state)}.pub", "--app", APP_NAMES]
        run(binaries, "registry", command, environment)
        write_private(os.path.join(root_key_directory(state), "published"), "")
    if not os.path.exists(token_file(state)):
        command = ["token", "create", "stack-admin", "--scope", "admin", "--out", token_file(state)]
        run(binaries, "registry", command, environment)
    with open(token_file(state), encoding="utf-8") as file:
        token = file.read().strip()
    write_private(
        curl_file(state),
        f'cacert = "{authority_file(state)}"\nheader = "Authorization: Bearer {token}"\nno-progress-meter\n',
    )


def operator_environment(state):
    """What an operator's commands need besides addresses."""
    return {
        "XTBLISH_CA_FILE": authority_file(state),
        "XTBLISH_TOKEN_FILE": token_file(state),
        "XTBLISH_BUS_KEY_FILE": bus_key_file(state, OPERATOR),
        "XTBLISH_BUS_PEERS_DIRECTORY": peers_directory(state),
        "XTBLISH_MQTT_CERT_FILE": certificate_file(state, OPERATOR),
        "XTBLISH_MQTT_KEY_FILE": key_file(state, OPERATOR),
        "XTBLISH_PUBLISHER_KEY_FILE": publisher_key_file(state),
        "XTBLISH_CURL_CONFIG": curl_file(state),
    }


def service_environment(state, name, service):
    """What one replica is told: its own certificate and key, and whom to trust."""
    values = {
        "XTBLISH_TLS_CERTIFICATE_FILE": certificate_file(state, name),
        "XTBLISH_TLS_KEY_FILE": key_file(state, name),
        "XTBLISH_TLS_CA_FILE": authority_file(state),
        "XTBLISH_BUS_KEY_FILE": bus_key_file(state, name),
        "XTBLISH_BUS_PEERS_DIRECTORY": peers_directory(state),
    }
    if service == "notifier":
        values["XTBLISH_MQTT_USERNAME"] = "notifier"
        values["XTBLISH_MQTT_PASSWORD_FILE"] = os.path.join(state.folder("secrets"), "notifier.mqtt-password")
    if service == "registry":
        values["XTBLISH_REGISTRY_DIRECTOR_DIRECTORY"] = director_directory(state)
    if service == "provisioner":
        values["XTBLISH_PROVISIONER_AUTHORITY_DIRECTORY"] = authority_directory(state)
        values["XTBLISH_PROVISIONER_AUTHORITY_PASSPHRASE_FILE"] = passphrase_file(state)
        values["XTBLISH_PROVISIONER_CRL_DIRECTORY"] = revocation_directory(state, "devices")
    if service == "image-store":
        values["XTBLISH_IMAGE_STORE_PUBLISHER_KEY_FILE"] = publisher_key_file(state)
    return values
