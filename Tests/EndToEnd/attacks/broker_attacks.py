"""The broker: who gets in, and what may be read and written there."""

import socket
import ssl
import subprocess
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID
from world import Authority, connect, device_uri, wait_until


def options(world, port, identity, client=None):
    arguments = ["-h", "localhost", "-p", str(port), "-V", "mqttv5", "--cafile", world.ca_file]
    if identity:
        arguments += ["--cert", identity[0], "--key", identity[1]]
    return arguments + (["-i", client] if client else [])


def publish(world, port, identity, topic, message="forged", client=None, retain=False):
    arguments = ["mosquitto_pub", *options(world, port, identity, client), "-q", "1", "-t", topic, "-m", message]
    return subprocess.run(
        arguments + (["-r"] if retain else []), capture_output=True, text=True, timeout=120
    )


def refuses(world, port, identity):
    """A fault if the broker lets this identity connect."""
    result = publish(world, port, identity, "/attack", "x")
    # 5 would be: connected, and refused by the access rules alone.
    said = result.stdout + result.stderr
    if result.returncode == 0 or "not authorized" in said.lower():
        return f"it was let in: {result.returncode} {said.strip()}"
    return None


class Listener:
    """A subscriber that notes what it is sent."""

    def __init__(self, world, port, identity, *filters):
        arguments = ["mosquitto_sub", *options(world, port, identity), "-q", "1", "-v", "-W", "300"]
        for one in filters:
            arguments += ["-t", one]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def stop(self):
        """What it was sent."""
        self.process.terminate()
        return self.process.communicate(timeout=10)[0]


def seen_by_operator(world, action, topic, message):
    """Does something while an operator listens; a fault if the message was seen on the topic.

    What others say on it meanwhile, such as the acknowledgement of a device's own report, is no fault.
    """
    operator = (world.env["XTBLISH_MQTT_CERT_FILE"], world.env["XTBLISH_MQTT_KEY_FILE"])
    mark = f"mark-{time.monotonic_ns()}"
    notifier = world.service_files("notifier-1")
    listener = Listener(world, world.service_port, operator, "#")
    try:
        # The listener is there when it hears what may be said; the end of the wait is heard the same way.
        heard = []

        def say(text):
            publish(world, world.service_port, notifier, "/firmware/mark/1", text)

        reader = threading.Thread(target=lambda: heard.extend(listener.process.stdout), daemon=True)
        reader.start()

        def is_heard(text):
            say(text)
            return wait_until(lambda: any(text in line for line in heard), 0.5)

        if not wait_until(lambda: is_heard(mark), 120):
            return "the operator hears nothing at all"
        # What the broker kept has come before the mark.
        before = len(heard)
        action()
        if not wait_until(lambda: is_heard(mark + "-end"), 120):
            return "the operator hears nothing any more"
        was_seen = any(line.rstrip("\n") == f"{topic} {message}" for line in heard[before:])
        return f"{message!r} was seen on {topic}: {heard}" if was_seen else None
    finally:
        listener.process.terminate()
        listener.process.wait(timeout=10)


def plain(port):
    """A fault if a CONNECT without TLS is answered by CONNACK."""
    packet = b"\x10\x11\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x04evil"
    with socket.create_connection(("127.0.0.1", port), timeout=5) as peer:
        peer.sendall(packet)
        peer.settimeout(3)
        try:
            answer = peer.recv(16)
        except (TimeoutError, ConnectionResetError):
            return None
    return f"it answered {answer!r}" if answer[:1] == b"\x20" else None


def old_tls(world, port, identity):
    try:
        connect(world, port, identity, maximum=ssl.TLSVersion.TLSv1_1).close()
    except (ssl.SSLError, ConnectionResetError):
        return None
    return "it speaks TLS 1.1"


def run(report):
    world = report.world
    first, second = world.devices[:2]
    mine, other = world.device_files(0), world.device_files(1)
    ports = {"devices": world.device_port, "services": world.service_port}
    operator = (world.env["XTBLISH_MQTT_CERT_FILE"], world.env["XTBLISH_MQTT_KEY_FILE"])
    let_in = {"devices": mine, "services": operator}
    own = Authority.of_stack(world, "devices")
    services = Authority.of_stack(world, "services")

    for audience, port in ports.items():
        report.attack(f"broker, {audience}: no certificate", refuses, world, port, None)
        report.attack(f"broker, {audience}: downgrade to plain MQTT", plain, port)
        report.attack(f"broker, {audience}: downgrade to TLS 1.1", old_tls, world, port, let_in[audience])
    made = {
        "self-signed, in a device's name": Authority.like(own).issue(
            world.folder, "self", first, device_uri(first)),
        "expired": own.issue(world.folder, "expired", first, device_uri(first), starts_days=-20, days=10),
        "not valid yet": own.issue(world.folder, "early", first, device_uri(first), starts_days=5),
        "wrong usage: for servers only": own.issue(
            world.folder, "usage", first, device_uri(first), usages=(ExtendedKeyUsageOID.SERVER_AUTH,)),
    }
    leaf = Authority.of_stack(world, "devices")
    made["signed by a device"] = signed_by_leaf(world, leaf, first)
    for name, identity in made.items():
        report.attack(f"broker: certificate {name}", refuses, world, world.device_port, identity)
    stolen = services.issue(world.folder, "self2", "operator-evil", "urn:xtblish:operator:evil", starts_days=-30)
    report.attack("broker: an operator's expired certificate", refuses, world, world.service_port, stolen)
    report.attack("broker: a device at the services' listener", refuses, world, world.service_port, mine)
    report.attack("broker: an operator at the devices' listener", refuses, world, world.device_port, operator)

    def forged(topic, identity=mine, port=world.device_port, **more):
        message = f"forged-{time.monotonic_ns()}"
        return lambda: seen_by_operator(
            world, lambda: publish(world, port, identity, topic, message, **more), topic, message)

    for name, topic in {
        "another device's state": f"/devices/{second}/state",
        "another device's presence": f"/devices/{second}/presence",
        "another device's log": f"/devices/{second}/log",
        "another device's crash": f"/devices/{second}/crash",
        "another device's app messages": f"/apps/{second}/hello",
        "firmware for another device": f"/firmware/{second}/99",
        "firmware for itself": f"/firmware/{first}/99",
        "an acknowledgement to another device": f"/devices/{second}/ack",
        "an acknowledgement to itself": f"/devices/{first}/ack",
        "a topic of nobody's": "/anything",
    }.items():
        report.attack(f"broker: a device publishes {name}", forged(topic))
    report.attack(
        "broker: a device publishes with another's client ID",
        forged(f"/devices/{second}/state", client=second))
    report.attack(
        "broker: an operator publishes firmware",
        forged(f"/firmware/{first}/98", identity=operator, port=world.service_port))
    report.attack(
        "broker: the registry's certificate publishes firmware",
        forged(f"/firmware/{first}/97", identity=world.service_files("registry-1"), port=world.service_port))

    report.attack("broker: a device reads another's firmware", reads_nothing, world, mine, first, second)
    report.attack("broker: a device ends another's session with its client ID", takes_over, world, mine, second)


def signed_by_leaf(world, authority, device):
    """A device uses its own key as an authority's."""
    chain, key = authority.issue(world.folder, "leaf", "11111111-1111-4111-8111-111111111111", device_uri(
        "11111111-1111-4111-8111-111111111111"))
    certificates = x509.load_pem_x509_certificates(open(chain, "rb").read())
    secret = serialization.load_pem_private_key(open(key, "rb").read(), None)
    return Authority(certificates[0], secret, certificates).issue(world.folder, "child", device, device_uri(device))


def reads_nothing(world, identity, first, second):
    """Subscribes to everything as one device; what is sent to another must not come."""
    listener = Listener(world, world.device_port, identity, "#", f"/firmware/{second}/#", f"/devices/{second}/#")
    heard = []
    threading.Thread(target=lambda: heard.extend(listener.process.stdout), daemon=True).start()
    notifier = world.service_files("notifier-1")

    def hears_own():
        publish(world, world.service_port, notifier, f"/devices/{second}/ack", "not-yours")
        publish(world, world.service_port, notifier, f"/devices/{first}/ack", '{"sequences":[]}')
        return any(f"/devices/{first}/ack" in line for line in heard)

    try:
        if not wait_until(hears_own, 120):
            return f"it does not even hear what is its own: {heard}"
    finally:
        listener.process.terminate()
        listener.process.wait(timeout=10)
    strange = [line for line in heard if second in line]
    return f"it heard {strange}" if strange else None


def takes_over(world, identity, victim):
    """Comes with the other device's client ID; that one must stay connected."""
    directory = str(world.directories[1])

    def sessions():
        log = (world.data / "logs" / "mosquitto.log").read_text(errors="replace")
        return log.count(f"Client {victim} already connected")

    before = sessions()
    publish(world, world.device_port, identity, "/attack", client=victim)
    state = world.admin("device", "status", "--json", "--directory", directory)
    if '"connected" : true' not in state and '"connected":true' not in state:
        return f"the victim is not connected: {state}"
    return None if sessions() == before else "the victim's session was taken over"
