"""The bus: whoever has no key gets nothing, and a key is good for its own role alone."""

import json
import os
import uuid

import zmq
from bus import Keys, exchange, load_protocol, public_keys, request

SERVICES = {"registry": "REGISTRY", "notifier": "NOTIFIER", "image-store": "IMAGE_STORE", "provisioner": "PROVISIONER"}


def run(report):
    world = report.world
    envelopes, registry, notifier, provisioner, images = load_protocol()
    peers = world.env["XTBLISH_BUS_PEERS_DIRECTORY"]
    endpoints = {role: world.env[f"XTBLISH_{name}_ENDPOINTS"].split(",")[0] for role, name in SERVICES.items()}
    status = request(envelopes, envelopes.GetStatus()).SerializeToString()

    def key_of(role):
        return public_keys(peers, role)[0]

    def silent(role, keys):
        answer = exchange(endpoints[role], [status], keys, seconds=2.0)
        return None if answer is None else f"it answered {answer[0][:80]!r}"

    for role in SERVICES:
        report.attack(f"bus: {role}: a plain peer", silent, role, None)
        report.attack(f"bus: {role}: an unknown key", silent, role, Keys.fresh(key_of(role)))

    def answers(role, keys, message):
        frames = exchange(endpoints[role], [request(envelopes, message).SerializeToString()], keys)
        if frames is None:
            return None, "no answer at all"
        answer = envelopes.Envelope.FromString(frames[-1])
        return answer, None

    def denied(role, holder, message):
        keys = Keys.of_file(world.data / "bus" / f"{holder}.bus-key", key_of(role))
        answer, fault = answers(role, keys, message)
        if fault:
            return fault
        if answer.role != envelopes.Envelope.ROLE_FAILURE or answer.failure.code != envelopes.Failure.CODE_PERMISSION_DENIED:
            return f"it was answered {answer}"
        return None

    device = uuid.UUID(world.devices[0]).bytes
    token = registry.CreateToken(name="stolen", scopes=["admin"])
    for role, holder, message in (
        ("registry", "image-store-1", token),
        ("registry", "notifier-1", token),
        ("registry", "provisioner-1", token),
        ("registry", "notifier-1", registry.AssignImage(device_id=device)),
        ("registry", "provisioner-1", registry.AssignImage(device_id=device)),
        ("registry", "image-store-1", registry.RecordReports()),
        ("registry", "image-store-1", registry.DeleteDevice(id=device)),
        ("registry", "notifier-1", registry.UpdateDevice(id=device)),
        ("registry", "image-store-1", registry.PublishRootDocument(document=b"{}")),
        ("registry", "notifier-1", registry.DecommissionDevice(id=device)),
        ("registry", "image-store-1", registry.ListAudit()),
        ("provisioner", "image-store-1", provisioner.CreateClaim(count=1, lifetime_seconds=60)),
        ("provisioner", "notifier-1", provisioner.RevokeDevice(device_id=device)),
        ("provisioner", "image-store-1", provisioner.RevokeDevice(device_id=device)),
        ("notifier", "image-store-1", notifier.Notify()),
        ("notifier", "image-store-1", notifier.DisconnectDevice(device_id=device)),
        ("image-store", "notifier-1", images.ListImages()),
        ("image-store", "registry-1", images.VerifyImage(digest=bytes(32))),
    ):
        kind = message.DESCRIPTOR.name
        report.attack(f"bus: {holder} asks {role} for {kind}", denied, role, holder, message)

    def pretends_to_be_served():
        # A stranger that listens where a service should: our own programs must not talk to it.
        context = zmq.Context.instance()
        router = context.socket(zmq.ROUTER)
        router.setsockopt(zmq.LINGER, 0)
        public, secret = zmq.curve_keypair()
        router.curve_secretkey, router.curve_publickey, router.curve_server = secret, public, True
        port = router.bind_to_random_port("tcp://127.0.0.1", min_port=20000, max_port=32000)
        try:
            result = world.admin(
                "registry", "devices", "list", "--endpoint", f"tcp://127.0.0.1:{port}", "--timeout", "2", check=False)
            if result.returncode == 0 or router.poll(0):
                return f"it was told something: {result.stdout} {result.stderr}"
        finally:
            router.close()
        return None

    report.attack("bus: a stranger in a service's place", pretends_to_be_served)

    def kept_in_audit():
        # The Notifier asks the Registry for it, and the operator is who wanted it.
        target = world.devices[1]
        world.admin("image-store", "push", os.environ["ATTACK_APP"], "--device", target, "--name", "resent")
        world.admin("notifier", "resend", target)
        entries = json.loads(world.admin("registry", "audit", "--action", "renotify-device", "--limit", "1", "--json"))
        entry = entries["entries"][0] if isinstance(entries, dict) else entries[0]
        if entry["principal"] != "notifier:notifier-1" or entry.get("claimed") != "operator:stack" or target not in entry["target"]:
            return f"the audit log says {entry}"
        return None

    report.attack("bus: an operator behind the Notifier is named in the audit log, as the Notifier's word", kept_in_audit)
