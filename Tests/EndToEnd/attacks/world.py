"""The stack under attack, and what an attacker may hold: addresses, stolen files, certificates made to order."""

import datetime
import ipaddress
import json
import os
import pathlib
import shlex
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.request
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROOT = pathlib.Path(__file__).resolve().parents[3]


def read_environment(path):
    values = {}
    for line in pathlib.Path(path).read_text().splitlines():
        key, _, value = line.partition("=")
        values[key] = shlex.split(value)[0] if value else ""
    return values


class World:
    def __init__(self, environment_path):
        self.environment_path = environment_path
        self.env = read_environment(environment_path)
        self.data = pathlib.Path(self.env["XTBLISH_STACK_DATA"])
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="xtblish-attacks."))
        self.devices = self.env["XTBLISH_DEVICE_IDS"].split()
        self.directories = [pathlib.Path(path) for path in self.env["XTBLISH_DEVICE_DIRECTORIES"].split()]
        self.ca_file = self.env["XTBLISH_CA_FILE"]
        self.token = pathlib.Path(self.env["XTBLISH_TOKEN_FILE"]).read_text().strip()
        self.store, self.registry, self.provisioner = (
            self.env[f"XTBLISH_{name}_URL"] for name in ("IMAGE_STORE", "REGISTRY", "PROVISIONER")
        )
        identity = json.loads((self.directories[0] / "identity.json").read_text())
        self.device_port = int(identity["mqttPort"])
        self.service_port = int(self.env["XTBLISH_MQTT_PORT"])
        # What an attack itself has stopped.
        self.away = set()
        self.binaries = os.environ.get("XTBLISH_BINARIES", str(ROOT / ".build" / "release"))

    # What a device keeps to itself; an attacker has it of a device that was taken apart.
    def device_files(self, number):
        folder = self.directories[number] / "identity"
        return str(folder / "device.pem"), str(folder / "device.key")

    def service_files(self, name):
        return str(self.data / "tls" / f"{name}.pem"), str(self.data / "tls" / f"{name}.key")

    def admin(self, service, *arguments, check=True, environment=None):
        """Runs an admin command as the stack's operator; its standard output."""
        values = {**os.environ, **self.env, **(environment or {})}
        result = subprocess.run(
            [f"{self.binaries}/xtblish-{service}", *arguments], env=values, capture_output=True, text=True, timeout=60
        )
        if check and result.returncode != 0:
            raise AssertionError(f"xtblish-{service} {' '.join(arguments)}: {result.stderr}")
        return result.stdout if check else result

    def stack(self, *arguments):
        subprocess.run(
            [str(ROOT / "deploy" / "stack"), arguments[0], "--data", str(self.data), *arguments[1:]],
            env={**os.environ, "XTBLISH_BINARIES": self.binaries},
            check=True,
            capture_output=True,
            timeout=120,
        )
        self.env = read_environment(self.environment_path)

    def enroll(self, name):
        """Another device of this stack, which is not run; its directory."""
        claim = self.folder / f"{name}.claim"
        claim.write_text(self.admin("provisioner", "claim", "create", "--count", "1", "--quiet"))
        directory = self.folder / name
        self.admin("device", "enroll", "--claim-file", str(claim), "--serial", name, "--directory", str(directory))
        return directory

    def token_with(self, name, *scopes, expires=None):
        path = self.folder / f"{name}.token"
        arguments = ["token", "create", name, "--out", str(path)]
        for scope in scopes:
            arguments += ["--scope", scope]
        if expires:
            arguments += ["--expires", expires]
        self.admin("registry", *arguments)
        return path.read_text().strip()

    def services_alive(self):
        for name in {"REGISTRY_1", "NOTIFIER_1", "IMAGE_STORE_1", "PROVISIONER_1"} - self.away:
            try:
                with urllib.request.urlopen(self.env[f"XTBLISH_OPERATIONS_URL_{name}"] + "/livez", timeout=5) as answer:
                    if answer.status != 200:
                        return f"{name} answers /livez with {answer.status}"
            except OSError as error:
                return f"{name} does not answer /livez: {error}"
        for key, value in self.env.items():
            if key.startswith("XTBLISH_PID_") and key[12:] not in self.away and not pathlib.Path(f"/proc/{value}").exists():
                return f"{key[12:]} is gone"
        return None


def wait_until(condition, seconds, interval=0.05):
    """The first true value of the condition, or its last value when the time is over."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        # Sleeps: a look every now and then, with a bound.
        time.sleep(interval)


class Authority:
    """An issuer whose key is at hand: the stack's own for certificates made to order, or one that nobody trusts."""

    def __init__(self, certificate, key, chain):
        self.certificate, self.key, self.chain = certificate, key, chain

    @classmethod
    def of_stack(cls, world, kind):
        folder = world.data / "authority"
        name = {"devices": "intermediate", "services": "services"}[kind]
        certificate = x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
        passphrase = (world.data / "secrets" / "authority").read_text().strip().encode()
        key = serialization.load_pem_private_key((folder / f"{name}.key").read_bytes(), passphrase)
        return cls(certificate, key, [certificate])

    @classmethod
    def like(cls, original):
        """Another key under the same name."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(original.certificate.subject)
            .issuer_name(original.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - datetime.timedelta(days=1))
            .not_valid_after(now() + datetime.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key, [certificate])

    def issue(
        self, folder, name, common_name, uri=None, usages=(ExtendedKeyUsageOID.CLIENT_AUTH,), starts_days=-1, days=10
    ):
        """Paths of a chain and its key, with whatever is asked for in the certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        if uri:
            names.append(x509.UniformResourceIdentifier(uri))
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() + datetime.timedelta(days=starts_days))
            .not_valid_after(now() + datetime.timedelta(days=starts_days + days))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.certificate.public_key()), critical=False
            )
            .sign(self.key, hashes.SHA256())
        )
        return write_identity(folder, name, [certificate, *self.chain], key)


def write_identity(folder, name, certificates, key):
    chain, secret = folder / f"{name}.pem", folder / f"{name}.key"
    chain.write_bytes(b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    secret.chmod(0o600)
    return str(chain), str(secret)


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def device_uri(device):
    return f"urn:xtblish:device:{device}"


def random_device():
    return str(uuid.uuid4())


def tls_context(world, identity=None, maximum=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(world.ca_file)
    if identity:
        context.load_cert_chain(*identity)
    if maximum:
        # The attacker's library would refuse by itself what the server has to.
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = maximum
    return context


def connect(world, port, identity=None, maximum=None, timeout=10, source=None):
    """A TLS connection to a port of this machine."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=timeout, source_address=source)
    try:
        return tls_context(world, identity, maximum).wrap_socket(plain, server_hostname="localhost")
    except OSError:
        plain.close()
        raise
