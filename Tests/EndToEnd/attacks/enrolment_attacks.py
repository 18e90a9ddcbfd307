"""The door through which devices come: claims, keys and certificates."""

import base64
import concurrent.futures
import json
import subprocess
import time
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from broker_attacks import refuses
from http_attacks import expect, handshake_fails, port_of, request
from world import wait_until

JSON = ["Content-Type: application/json"]


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def csr(key, name="board", extensions=()):
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def enroll(world, claim, serial, der, source=None):
    body = {"claim": claim, "serial": serial, "certificateRequest": base64.b64encode(der).decode()}
    return request(
        world, world.provisioner, "POST", "/v1/enroll", json.dumps(body).encode(), headers=JSON, source=source)


def claim(world, count=1, lifetime="10m", *more):
    return world.admin(
        "provisioner", "claim", "create", "--count", str(count), "--lifetime", lifetime, "--quiet", *more).strip()


def run(report):
    world = report.world

    def refused(name, check, attempt):
        report.attack(name, lambda: check(attempt()))

    refused("enrol: an unknown claim", expect((400, 401, 403)),
            lambda: enroll(world, "x" * 43 + ".0123456789abcdef0123456789abcdef", "s1", csr(new_key())))

    def expired():
        # Nothing but its age speaks against it: the device hears only that it is refused, the operator's log says why.
        short, serial = claim(world, 1, "1s"), "late-" + uuid.uuid4().hex[:8]
        # Sleeps: the claim's second has to be over, which nothing but the clock makes it.
        time.sleep(1.5)
        fault = expect((403,), "claim-refused")(enroll(world, short, serial, csr(new_key())))
        log = world.data / "logs" / "provisioner-1.log"

        def logged():
            return any(
                serial in line and "claim-expired" in line for line in log.read_text(errors="replace").splitlines())

        return fault or (None if wait_until(logged, 5) else "the Provisioner's log does not say that the claim expired")

    report.attack("enrol: an expired claim", expired)

    def reused():
        once = claim(world, 1)
        first = enroll(world, once, "once-1", csr(new_key()))
        if first[0] not in (200, 201):
            return f"the claim itself does not work: {first}"
        return expect((403, 409))(enroll(world, once, "once-2", csr(new_key())))

    report.attack("enrol: a claim used up", reused)

    # 20 failures in a minute are what an address may have; the rows below are refused for reasons of their own.
    racers = ("127.0.0.23", 0)

    def raced():
        five = claim(world, 5)
        keys = [new_key() for _ in range(40)]
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(
                lambda pair: enroll(world, five, f"race-{pair[0]}", csr(pair[1]), racers), enumerate(keys)))
        granted = [json.loads(body)["deviceID"] for status, body in answers if status in (200, 201)]
        return None if len(granted) == len(set(granted)) == 5 else f"{len(granted)} of 5 were granted"

    report.attack("enrol: 40 devices race for a claim of 5", raced)
    refused("enrol: an address that failed too often", expect((429,), "too-many-attempts"),
            lambda: enroll(world, "x" * 43 + ".0123456789abcdef0123456789abcdef", "s2", csr(new_key()), racers))

    def good_claim():
        status, body = enroll(world, claim(world), "behind-one-router", csr(new_key()), racers)
        return None if status in (200, 201) else f"{status}: {body[:200]!r}"

    report.attack("enrol: a good claim gets in from there all the same", good_claim)

    def cloned():
        two = claim(world, 2)
        good = enroll(world, two, "clone", csr(new_key()))
        if good[0] not in (200, 201):
            return f"the claim itself does not work: {good}"
        return expect((403, 409), "serial")(enroll(world, two, "clone", csr(new_key())))

    report.attack("enrol: another key under a serial that has one", cloned)

    def forged_request():
        der = bytearray(csr(new_key()))
        der[-5] ^= 1
        return expect((400, 403, 422))(enroll(world, claim(world), "forged", bytes(der)))

    report.attack("enrol: a request that its key did not sign", forged_request)

    def foreign_key():
        weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
        return expect((400, 403, 422))(enroll(world, claim(world), "weak", csr(weak)))

    report.attack("enrol: a weak key of another kind", foreign_key)

    def wishes():
        # The request's own wishes count for nothing: neither the name nor what it may be used for.
        other = world.devices[1]
        der = csr(new_key(), other, [
            x509.BasicConstraints(ca=True, path_length=3),
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier("urn:xtblish:service:registry")]),
        ])
        status, body = enroll(world, claim(world), "wishes", der)
        if status not in (200, 201):
            return None if status in (400, 403, 422) else f"{status}: {body[:200]!r}"
        answer = json.loads(body)
        leaf = x509.load_pem_x509_certificates(answer["certificateChain"].encode())[0]
        name = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        uris = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
            x509.UniformResourceIdentifier)
        basic = leaf.extensions.get_extension_for_class(x509.BasicConstraints).value
        if name == other or basic.ca or uris != [f"urn:xtblish:device:{answer['deviceID']}"]:
            return f"it was granted {name}, CA {basic.ca}, {uris}"
        return None

    report.attack("enrol: a request that asks to be another, a service and an authority", wishes)

    def renewal(identity, der, says=None):
        body = json.dumps({"certificateRequest": base64.b64encode(der).decode()}).encode()
        return request(world, world.provisioner, "POST", "/v1/renew", body, identity=identity, headers=JSON)

    refused("renew: with a new key", expect((400, 403, 409, 422)),
            lambda: renewal(world.device_files(0), csr(new_key())))
    refused("renew: by a service", expect((401, 403)),
            lambda: renewal(world.service_files("image-store-1"), csr(new_key())))
    refused("renew: another device's key", expect((400, 403, 409, 422)), lambda: renewal(
        world.device_files(0),
        csr(serialization.load_pem_private_key(open(world.device_files(1)[1], "rb").read(), None))))
    polling(report, world)
    revocation(report, world)


def polling(report, world):
    """A device without a certificate: its token opens its own polling door and nothing else."""
    body = json.dumps({"claim": claim(world), "serial": "tiny", "pollingOnly": True}).encode()
    status, answer = request(world, world.provisioner, "POST", "/v1/enroll", body, headers=JSON)
    if status not in (200, 201):
        report.row("polling: enrolment", f"{status}: {answer[:300]!r}")
        return
    document = json.loads(answer)
    token, device = document["pollingToken"], document["deviceID"]

    def door():
        status, answer = request(world, world.store, "GET", "/status", token=token)
        return None if status == 200 and json.loads(answer) == {"file_exists": False} else f"{status}: {answer!r}"

    report.attack("polling: its own door opens", door)
    for base, method, path, body in (
        (world.store, "GET", f"/firmware/{world.devices[0]}/latest", b""),
        (world.store, "POST", f"/firmware/{device}", b"\0asm\x01\0\0\0"),
        (world.store, "GET", "/images/sha256:" + 64 * "0", b""),
        (world.registry, "GET", "/v1/devices", b""),
        (world.provisioner, "GET", "/v1/claims", b""),
    ):
        report.attack(
            f"polling: its token at {method} {path.split('/')[1]} of {base[-6:]}",
            lambda base=base, method=method, path=path, body=body: expect((401, 403))(
                request(world, base, method, path, body, token=token)))


def revocation(report, world):
    """A device that was let in, then thrown out: every door closes within five seconds."""
    directory = world.enroll("to-be-revoked")
    identity = (str(directory / "identity" / "device.pem"), str(directory / "identity" / "device.key"))
    device = json.loads((directory / "identity.json").read_text())["id"]
    live = subprocess.Popen(
        ["mosquitto_sub", "-h", "localhost", "-p", str(world.device_port), "-V", "mqttv5", "--cafile", world.ca_file,
         "--cert", identity[0], "--key", identity[1], "-t", f"/firmware/{device}/#"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    log = world.data / "logs" / "mosquitto.log"
    connected = wait_until(lambda: f"u'{device}'" in log.read_text(errors="replace"), 10)
    if not connected:
        report.row("revoke: the device connects before", "it does not")
        return
    if handshake_fails(world, port_of(world.store), identity) is None:
        report.row("revoke: the device is served before", "it is not")
        return
    world.admin("provisioner", "revoke", device, "--reason", "attack", "--yes")
    begun = time.monotonic()

    def within(condition):
        return None if wait_until(condition, max(0.1, begun + 5 - time.monotonic()), 0.1) else "not within 5 s"

    report.attack("revoke: the live session is cut", lambda: within(
        lambda: f"Client {device} already connected" in log.read_text(errors="replace")))
    report.attack("revoke: the broker refuses it", lambda: within(
        lambda: refuses(world, world.device_port, identity) is None))
    for base in (world.store, world.provisioner):
        report.attack(f"revoke: {base[-6:]} refuses it", lambda base=base: within(
            lambda: handshake_fails(world, port_of(base), identity) is None))
    live.terminate()
    live.wait(timeout=10)
