"""Starts a mosquitto with the configuration of the deployments, and tries who gets in at each listener and what they may do.

usage: broker.py [MOSQUITTO [MOSQUITTO_SUB]]    Those of the PATH unless others are named. Prints each fault; exit status 1 if any.
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PORTS = (8883, 8884, 8885)
DEVICE = "6d1f3f5e-7c21-4a8b-9a53-0d1e2f3a4b5c"
OTHER = "0b9c8d7e-6f5a-4b3c-9d2e-1f0a9b8c7d6e"
faults = []


def run(*command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {result.returncode}: {result.stderr or result.stdout}")
    return result.stdout


def free_ports():
    """As many as the broker has listeners, below the kernel's own range."""
    ports = []
    for port in range(10_000 + os.getpid() * 7 % 20_000, 32_000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                ports.append(port)
        if len(ports) == len(PORTS):
            return dict(zip(PORTS, ports))
    raise SystemExit("no free ports")


class Broker:
    """The shipped configuration with other paths and ports, on keys of its own."""

    def __init__(self, folder, program, client):
        self.folder, self.program, self.client = folder, program, client
        self.keys = folder / "keys"
        self.ports = free_ports()

    def make_keys(self):
        run(ROOT / "deploy" / "keys", self.keys, "--host", "localhost", "notifier=notifier", "registry=registry")
        self.issue_device()

    def issue_device(self):
        """A certificate of a device, by the devices' issuer, as the Provisioner makes them."""
        import datetime

        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        authority = self.keys / "authority"
        passphrase = (self.keys / "secrets" / "authority").read_bytes()
        issuer = x509.load_pem_x509_certificate((authority / "intermediate.pem").read_bytes())
        signer = serialization.load_pem_private_key((authority / "intermediate.key").read_bytes(), passphrase)
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, DEVICE)]))
            .issuer_name(issuer.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .sign(signer, hashes.SHA256())
        )
        chain = [certificate.public_bytes(serialization.Encoding.PEM), (authority / "intermediate.pem").read_bytes()]
        (self.keys / "tls" / "device.pem").write_bytes(b"".join(chain))
        (self.keys / "tls" / "device.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    def path(self, inside):
        """Where a file of the container is here, as compose.yaml mounts them."""
        for prefix, place in (
            ("/mosquitto/config/", self.folder / "config"),
            ("/mosquitto/keys/ca.pem", self.keys / "authority" / "ca.pem"),
            ("/mosquitto/keys/", self.keys / "tls"),
            ("/mosquitto/passwords", self.keys / "mosquitto" / "passwords"),
            ("/mosquitto/revocations/", self.keys / "revocations"),
            ("/mosquitto/data/", self.folder / "data"),
        ):
            if inside.startswith(prefix):
                rest = inside[len(prefix) :] if prefix.endswith("/") else ""
                return str(place / rest) + ("/" if inside.endswith("/") else "")
        raise SystemExit(f"nothing is mounted at {inside}")

    def translate(self, text):
        text = re.sub(r"/mosquitto/[\w./-]*", lambda match: self.path(match.group()), text)
        return re.sub(r"^listener (\d+)$", lambda match: f"listener {self.ports[int(match[1])]} 127.0.0.1", text, flags=re.M)

    def start(self):
        (self.folder / "data").mkdir()
        shutil.copytree(ROOT / "deploy" / "mosquitto", self.folder / "config")
        configuration = self.translate((ROOT / "deploy" / "mosquitto" / "mosquitto.conf").read_text())
        if os.geteuid() == 0:
            # In the container it is nobody's root, so it changes to no other user.
            configuration += "user root\n"
        file = self.folder / "mosquitto.conf"
        file.write_text(configuration)
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen([self.program, "-c", file], stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        for port in self.ports.values():
            with socket.socket() as probe:
                while probe.connect_ex(("127.0.0.1", port)) != 0:
                    if self.process.poll() is not None or time.monotonic() > deadline:
                        raise SystemExit(f"the broker did not start: {(self.folder / 'log').read_text()}")
                    # Sleeps: a look every now and then, with a bound.
                    time.sleep(0.05)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=20)
        if status != 0:
            faults.append(f"the broker ended with {status}: {(self.folder / 'log').read_text()}")

    def ask(self, port, name, password, program, *words):
        """Whether somebody may do it there: "yes", "no" (refused by the rules) or "out" (not even connected)."""
        command = [program, "-V", "5", "-h", "localhost", "-p", str(self.ports[port]), *words]
        command += ["--cafile", self.keys / "authority" / "ca.pem"]
        if name:
            command += ["--cert", self.keys / "tls" / f"{name}.pem", "--key", self.keys / "tls" / f"{name}.key"]
        secret = (self.keys / "secrets" / "notifier.mqtt-password").read_text()
        # Options of a file are no arguments that others can read.
        for client in ("mosquitto_sub", "mosquitto_pub"):
            (self.folder / client).write_text(f"-u notifier\n-P {secret}\n" if password else "")
        values = dict(os.environ, XDG_CONFIG_HOME=str(self.folder))
        result = subprocess.run(command, env=values, capture_output=True, text=True, check=False, timeout=30)
        said = (result.stdout + result.stderr).lower()
        if "publish" in said and "not authorized" in said:
            return "no"
        return "yes" if result.returncode == 0 else "out"

    def subscribe(self, port, name, topic, password):
        # The broker grants every subscription and holds back what may not be read.
        return self.ask(port, name, password, self.client, "-E", "-q", "1", "-t", topic)

    def publish(self, port, name, topic, password):
        return self.ask(port, name, password, f"{self.client[:-3]}pub", "-q", "1", "-n", "-t", topic)


def check_probe(broker):
    """The broker's health check, but for its paths, its port and whom it tells of a renewed certificate."""
    asked = broker.folder / "asked"
    text = (ROOT / "deploy" / "mosquitto" / "health").read_text()
    text = text.replace("asked=/tmp/asked", f"asked={asked}").replace("kill -HUP 1", f"kill -HUP {broker.process.pid}")
    text = text.replace("keys=/mosquitto/keys", f"keys={broker.folder / 'keys' / 'tls'}").replace("mosquitto_sub ", f"{broker.client} ")
    text = text.replace("$keys/ca.pem", str(broker.keys / "authority" / "ca.pem"))
    text = text.replace(" -p 8884 ", f" -p {broker.ports[8884]} ").replace(":22B4 ", f":{broker.ports[8884]:04X} ")
    probe = broker.folder / "health"
    probe.write_text(text)

    def told():
        """How many lines the broker has in its log when the probe has been there."""
        result = subprocess.run(["sh", str(probe)], capture_output=True, text=True, check=False, timeout=30)
        if result.returncode != 0:
            faults.append(f"the broker's probe ended with {result.returncode}: {result.stdout}{result.stderr}")
        return len((broker.folder / "log").read_text().splitlines())

    before = len((broker.folder / "log").read_text().splitlines())
    first = told()
    if first == before:
        faults.append("the broker's first probe did not ask the broker")
    if told() != told():
        faults.append("the broker's probe fills its log")
    check_renewal(broker, probe, asked)
    broker.process.send_signal(signal.SIGSTOP)
    try:
        os.utime(asked, (0, 0))
        result = subprocess.run(["sh", str(probe)], capture_output=True, text=True, check=False, timeout=30)
        if result.returncode == 0:
            faults.append("the broker's probe takes one that does not answer for well")
    finally:
        broker.process.send_signal(signal.SIGCONT)


def check_renewal(broker, probe, asked):
    """Certificates for another host are made by --renew alone, and the broker shows them after its next health check."""
    names = ["notifier=notifier", "registry=registry"]
    served = ssl.get_server_certificate(("127.0.0.1", broker.ports[8883]))
    run(ROOT / "deploy" / "keys", broker.keys, "--host", "localhost", "--host", "elsewhere", *names)
    written = (broker.keys / "tls" / "broker.pem").read_text()
    if not written.startswith(served):
        faults.append("deploy/keys makes another certificate without --renew")
    run(ROOT / "deploy" / "keys", broker.keys, "--renew", "--host", "localhost", *names)
    if (broker.keys / "tls" / "broker.pem").read_text() != written:
        faults.append("deploy/keys --renew makes another certificate where the one that is there is good")
    run(ROOT / "deploy" / "keys", broker.keys, "--renew", "--host", "localhost", "--host", "elsewhere", *names)
    os.utime(asked, (0, 0))
    subprocess.run(["sh", str(probe)], capture_output=True, check=False, timeout=30)
    if ssl.get_server_certificate(("127.0.0.1", broker.ports[8883])) == served:
        faults.append("the broker does not show its renewed certificate")


def check_listeners(broker):
    for port, name, topic, password, expected in (
        (8883, "device", f"/firmware/{DEVICE}/#", False, "yes"),
        (8883, "notifier", "/devices/+/state", False, "out"),
        (8883, "stack", "#", False, "out"),
        (8883, None, f"/firmware/{DEVICE}/#", False, "out"),
        (8884, "device", f"/firmware/{DEVICE}/#", False, "out"),
        (8884, "notifier", "/devices/+/state", False, "yes"),
        (8884, "stack", "#", False, "yes"),
        (8884, "health", "$SYS/broker/uptime", False, "yes"),
        (8884, None, "#", False, "out"),
        (8885, "notifier", "/devices/+/state", True, "yes"),
        (8885, "notifier", "/devices/+/state", False, "out"),
        (8885, "device", "/devices/+/state", True, "out"),
        (8885, None, "/devices/+/state", True, "out"),
    ):
        seen = broker.subscribe(port, name, topic, password)
        if seen != expected:
            who = f"{name or 'nobody'}{' with the password' if password else ''}"
            faults.append(f"listener {port}: {who} on {topic}: {seen}, not {expected}")
    for port, name, topic, password, expected in (
        (8883, "device", f"/devices/{DEVICE}/state", False, "yes"),
        (8883, "device", f"/devices/{OTHER}/state", False, "no"),
        (8883, "device", f"/firmware/{DEVICE}/1", False, "no"),
        (8884, "stack", f"/firmware/{DEVICE}/1", False, "no"),
        (8884, "health", f"/firmware/{DEVICE}/1", False, "no"),
        (8885, "notifier", f"/firmware/{DEVICE}/1", True, "yes"),
        (8885, "notifier", f"/devices/{DEVICE}/state", True, "no"),
    ):
        seen = broker.publish(port, name, topic, password)
        if seen != expected:
            faults.append(f"listener {port}: {name} publishes to {topic}: {seen}, not {expected}")


def main():
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    program = sys.argv[1] if len(sys.argv) > 1 else shutil.which("mosquitto", path=path)
    client = sys.argv[2] if len(sys.argv) > 2 else shutil.which("mosquitto_sub", path=path)
    if not program or not client:
        raise SystemExit("mosquitto and its clients are not installed: run 'deploy/setup run test'")
    with tempfile.TemporaryDirectory(prefix="xtblish-broker") as folder:
        broker = Broker(pathlib.Path(folder), program, client)
        broker.make_keys()
        broker.start()
        try:
            check_probe(broker)
            check_listeners(broker)
        finally:
            broker.stop()
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
