"""Each role as if it was taken over: every cell of the tables in docs/bus.md is tried."""

import hashlib
import json
import os
import re
import subprocess
import urllib.error
import urllib.request
import uuid

from broker_attacks import options
from bus import Keys, exchange, load_protocol, public_keys, request
from world import ROOT, tls_context, wait_until

SERVICES = {"registry": "REGISTRY", "notifier": "NOTIFIER", "image-store": "IMAGE_STORE", "provisioner": "PROVISIONER"}


class Bus:
    """What somebody with a key of a role can ask."""

    def __init__(self, world):
        self.world = world
        self.envelopes, *self.modules = load_protocol()
        self.peers = world.env["XTBLISH_BUS_PEERS_DIRECTORY"]
        self.endpoints = {role: world.env[f"XTBLISH_{name}_ENDPOINTS"].split(",")[0] for role, name in SERVICES.items()}
        monitor = world.folder / "watch.bus-key"
        world.admin(
            "registry", "bus-key", "create", "--role", "monitor", "--name", "watch", "--key-file", str(monitor),
            "--peers-directory", self.peers)
        bus = world.data / "bus"
        self.files = {"operator": bus / "stack.bus-key", "monitor": monitor}
        self.files |= {role: bus / f"{role}-1.bus-key" for role in SERVICES}

    def message(self, kind, **fields):
        for module in (self.envelopes, *self.modules):
            if hasattr(module, kind):
                return getattr(module, kind)(**fields)
        raise AssertionError(f"docs/bus.md names {kind}, which no .proto file has")

    def ask(self, service, role, message):
        """The answer's envelope."""
        keys = Keys.of_file(self.files[role], public_keys(self.peers, service)[0])
        frames = exchange(self.endpoints[service], [request(self.envelopes, message).SerializeToString()], keys, 10.0)
        if frames is None:
            raise AssertionError(f"{service} gives {role} no answer to {message.DESCRIPTOR.name}")
        return self.envelopes.Envelope.FromString(frames[-1])

    def refusal(self, service, role, message):
        """Why it is refused; None if it is not."""
        answer = self.ask(service, role, message)
        return answer.failure.reason if answer.role == self.envelopes.Envelope.ROLE_FAILURE else None


def allowed_kinds():
    """(service, kind) and the roles that may send it, from docs/bus.md."""
    roles = {}
    services = {"Registry": ["registry"], "Provisioner": ["provisioner"], "Image store": ["image-store"],
                "Notifier": ["notifier"], "every service": list(SERVICES)}
    for line in (ROOT / "docs" / "bus.md").read_text().splitlines():
        match = re.match(r"\| ([^|]+) \| `(\w+)` \| ([^|]+) \|$", line)
        if match and match[1] in services:
            for service in services[match[1]]:
                roles[service, match[2]] = set(match[3].split(", "))
    return roles


def newest_audit(world, *arguments):
    answer = json.loads(world.admin("registry", "audit", *arguments, "--limit", "1", "--json"))
    entries = answer["entries"] if isinstance(answer, dict) else answer
    return entries[0] if entries else {}


def run(report):
    world = report.world
    bus = Bus(world)
    device = uuid.UUID(world.devices[0]).bytes
    table = allowed_kinds()

    def answered(service, role):
        # A new key is let in when the servers have read the folder again.
        def is_heard():
            try:
                return bus.refusal(service, role, bus.message("GetStatus")) is None
            except AssertionError:
                return False

        return None if wait_until(is_heard, 15) else "GetStatus is refused"

    def all_refused(service, role):
        kinds = [kind for (asked, kind), roles in table.items() if asked == service and role not in roles]
        if not kinds:
            return "docs/bus.md has no kind that is refused here"
        wrong = [
            f"{kind}: {reason}" for kind in kinds
            if (reason := bus.refusal(service, role, bus.message(kind))) != "role-not-allowed"
        ]
        return f"not refused for its role: {wrong}" if wrong else None

    for role in bus.files:
        for service in SERVICES:
            # The control: this key is heard, and its role is the only reason for what follows.
            report.attack(f"role {role}: the {service} hears it", answered, service, role)
            if any(asked == service and role not in roles for (asked, _), roles in table.items()):
                report.attack(f"role {role}: every kind that the {service} does not take from it", all_refused, service, role)

    spare = json.loads(world.admin("registry", "devices", "create", "spare", "--json"))["id"]
    image_store(report, bus, uuid.UUID(spare).bytes)
    notifier(report, bus, device, uuid.UUID(spare).bytes)
    provisioner(report, bus, device)
    registry(report, bus)
    broker(report, world)


def signed_image(bus, name, epoch=0, key=None):
    """An app as its upload describes it, signed with the stack's publisher's key or another one."""
    world = bus.world
    folder = world.folder / name
    folder.mkdir(exist_ok=True)
    wasm = folder / "app.wasm"
    wasm.write_bytes(open(os.environ["ATTACK_APP"], "rb").read())
    key = key or world.env["XTBLISH_PUBLISHER_KEY_FILE"]
    world.admin("image-store", "sign", str(wasm), "--key", key, "--name", name, "--app-version", "1", "--epoch", str(epoch))
    headers = dict(line.split(": ", 1) for line in (folder / "app.wasm.headers").read_text().splitlines())
    public = bytes.fromhex(headers["X-Publisher-Key"])
    return dict(
        digest=hashlib.sha256(wasm.read_bytes()).digest(), length_bytes=wasm.stat().st_size, app_name=name,
        app_version="1", security_epoch=epoch, publisher_key_id=hashlib.sha256(public).digest()[:8],
        publisher_signature=bytes.fromhex(headers["X-Publisher-Signature"]))


def image_store(report, bus, device):
    world = bus.world
    deploy = world.token_with("role-deploy", "deploy")
    reader = world.token_with("role-reader", "read")
    image = signed_image(bus, "replayed")
    stranger = world.folder / "role-stranger.key"
    world.admin("image-store", "keygen", "--out", str(stranger))
    forged = signed_image(bus, "forged", key=str(stranger))

    def assign(token, level=1, principal="operator:stack", **changes):
        wire = bus.message("AppImage", **{**image, "host_api_level": level, **changes})
        return bus.message(
            "AssignImage", device_id=device, image=wire, idempotency_key=str(uuid.uuid4()), bearer_token=token,
            requester=bus.message("Requester", principal=principal, source="192.0.2.1"))

    def refused(reason, message):
        found = bus.refusal("registry", "image-store", message)
        return None if found == reason else f"it was refused for {found}, not {reason}"

    report.attack("role image-store: assigns in an operator's name", refused, "missing-token", assign(""))
    report.attack(
        "role image-store: assigns in a token's name that it was not shown", refused, "missing-token",
        assign("", principal="token:stack-admin"))
    report.attack("role image-store: assigns with a guessed token", refused, "unknown-token", assign("xtb_guess"))
    report.attack("role image-store: assigns with a token that only reads", refused, "missing-scope", assign(reader))
    report.attack(
        "role image-store: assigns an app of its own with a live token", refused, "image-publisher-key-unknown",
        assign(deploy, publisher_key_id=forged["publisher_key_id"], publisher_signature=forged["publisher_signature"]))
    report.attack(
        "role image-store: assigns an unsigned app with a live token", refused, "image-publisher-signature-missing",
        assign(deploy, publisher_key_id=b"", publisher_signature=b""))
    report.attack(
        "role image-store: assigns changed bytes under a publisher's signature", refused,
        "image-publisher-signature-wrong", assign(deploy, digest=os.urandom(32)))

    def replays():
        # What remains: a live token that passes by is good for what its owner may do, and the log says through whom.
        for level in range(0, 10):
            answer = bus.ask("registry", "image-store", assign(deploy, level=level))
            if answer.role == bus.envelopes.Envelope.ROLE_RESPONSE:
                break
        else:
            return f"not even with a live token: {answer}"
        entry = newest_audit(world, "--principal", "token:role-deploy", "--action", "assign-image")
        if entry.get("principal") != "token:role-deploy" or entry.get("via") != "image-store:image-store-1":
            return f"the audit log says {entry}"
        world.admin("registry", "token", "revoke", "role-deploy", "--yes")
        return refused("revoked-token", assign(deploy, level=level))

    report.attack("role image-store: replays a live token, which the log shows and a revocation ends", replays)

    def claims(role):
        answer = bus.ask("registry", role, bus.message("RecordAudit", entry=bus.message(
            "AuditEntry", principal="operator:victim", action=f"fabricated-by-{role}", outcome="allowed")))
        if answer.role != bus.envelopes.Envelope.ROLE_RESPONSE:
            return f"it was answered {answer}"
        entry = newest_audit(world, "--action", f"fabricated-by-{role}")
        right = entry.get("principal") == f"{role}:{role}-1" and entry.get("claimed") == "operator:victim"
        return None if right else f"the audit log says {entry}"

    for role in ("image-store", "provisioner", "notifier"):
        report.attack(f"role {role}: what it writes into the audit log is its own word", claims, role)

    def locks_out(role):
        for number in range(30):
            bus.ask("registry", role, bus.message(
                "AuthorizeRequest", bearer_token=f"guess {number}", scope="read", source="127.0.0.1"))
        fresh = world.token_with(f"fresh-{role}", "read")
        call = urllib.request.Request(world.registry + "/v1/devices", headers={"Authorization": f"Bearer {fresh}"})
        try:
            with urllib.request.urlopen(call, context=tls_context(world), timeout=10) as answer:
                return None if answer.status == 200 else f"the Registry answers {answer.status}"
        except urllib.error.HTTPError as error:
            return f"the Registry answers {error.code}"

    for role in ("image-store", "provisioner"):
        report.attack(f"role {role}: failed attempts that it makes up lock nobody out", locks_out, role)


def notifier(report, bus, device, spare):
    world = bus.world

    def renotifies():
        reason = bus.refusal("registry", "notifier", bus.message(
            "RenotifyDevice", device_id=spare, requester=bus.message("Requester", principal="operator:victim")))
        if reason:
            return f"it was refused: {reason}"
        entry = newest_audit(world, "--action", "renotify-device")
        right = entry.get("principal") == "notifier:notifier-1" and entry.get("claimed") == "operator:victim"
        return None if right else f"the audit log says {entry}"

    report.attack("role notifier: a repeated notification is in the log as its own", renotifies)

    def moves_nothing():
        # It can say what it likes of what devices run; what they should run stays.
        before = json.loads(world.admin("registry", "devices", "show", world.devices[0], "--json"))
        state = bus.message("ReportedState", status="confirmed", slot="A")
        bus.ask("registry", "notifier", bus.message("RecordReports", reports=[
            bus.message("DeviceReport", device_id=device, sequence=1, state=state)]))
        after = json.loads(world.admin("registry", "devices", "show", world.devices[0], "--json"))
        same = all(before.get(field) == after.get(field) for field in ("desired", "name", "tags", "serial"))
        return None if same else f"it was {before}, and is {after}"

    report.attack("role notifier: reports move nothing of what a device should run", moves_nothing)


def provisioner(report, bus, device):
    world = bus.world

    def changes_nothing():
        before = json.loads(world.admin("registry", "devices", "show", world.devices[0], "--json"))
        bus.ask("registry", "provisioner", bus.message(
            "CreateDevice", id=device, name="mine", serial="another", tags=["mine"]))
        bus.ask("registry", "provisioner", bus.message("CreateDevices", devices=[
            bus.message("CreateDevice", id=device, name="mine", serial="another", tags=["mine"])]))
        after = json.loads(world.admin("registry", "devices", "show", world.devices[0], "--json"))
        same = all(before.get(field) == after.get(field) for field in ("name", "tags", "serial"))
        return None if same else f"it was {before}, and is {after}"

    report.attack("role provisioner: making a device that there is changes nothing of it", changes_nothing)

    def brings_nobody_back():
        gone = str(uuid.uuid4())
        world.admin("registry", "devices", "create", "gone", "--id", gone)
        world.admin("registry", "devices", "decommission", gone, "--reason", "tried", "--yes")
        bus.ask("registry", "provisioner", bus.message("CreateDevice", id=uuid.UUID(gone).bytes, name="gone"))
        shown = world.admin("registry", "devices", "show", gone, "--json")
        return None if "decommissioned" in shown else f"it is back: {shown}"

    report.attack("role provisioner: a device out of service stays out of it", brings_nobody_back)


def registry(report, bus):
    def revokes():
        # It may; the certificates are gone for good, and the Provisioner's record names it.
        victim = json.loads((bus.world.enroll("role-victim") / "identity.json").read_text())["id"]
        reason = bus.refusal("provisioner", "registry", bus.message(
            "RevokeDevice", device_id=uuid.UUID(victim).bytes, reason="tried"))
        return f"it was refused: {reason}" if reason else None

    report.attack("role registry: takes a device's certificates back, as the table says", revokes)


def broker(report, world):
    """No certificate of the services cuts a device off, whatever client ID it comes with."""
    victim = world.devices[1]
    with open(world.data / "mosquitto" / "mosquitto.conf", encoding="utf-8") as file:
        ports = [int(line.split()[1]) for line in file if line.startswith("listener ")]
    notifiers = next(port for port in ports if port not in (world.device_port, world.service_port))

    def takeovers():
        return (world.data / "logs" / "mosquitto.log").read_text(errors="replace").count(
            f"Client {victim} already connected")

    def cuts(identity, port, *more):
        before = takeovers()
        arguments = ["mosquitto_pub", *options(world, port, identity, victim), *more, "-q", "1", "-t", "/x", "-m", "x"]
        subprocess.run(arguments, capture_output=True, text=True, timeout=20)
        return None if takeovers() == before else "the device's session was taken over"

    holders = {name: world.service_files(name) for name in (
        "registry-1", "provisioner-1", "image-store-1", "notifier-1", "broker", "stack", "health")}
    for name, identity in holders.items():
        report.attack(f"role broker's {name}: a device's client ID at the services' listener", cuts, identity, world.service_port)
        report.attack(f"role broker's {name}: a device's client ID at the Notifiers' listener", cuts, identity, notifiers)
        report.attack(
            f"role broker's {name}: the same with a guessed password", cuts, identity, notifiers, "-u", "notifier", "-P", "x")
