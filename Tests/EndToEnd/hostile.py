"""Sends a running stack what no friend would send, and checks each answer and that everybody is still there.

usage: hostile.py STACK_ENV APP_WASM        (with the tests' Python: pyzmq and protobuf; needs protoc, curl, mosquitto_pub)

Those who send it were let in: they have a token, a key of the bus or a device's certificate. Each row of the tables
says what is sent and what must come back. Prints a line a row; exit status 1 if a row failed. Shares no code with the
project but its .proto files.
"""

import hashlib
import json
import os
import pathlib
import re
import ssl
import subprocess
import sys
import time
import urllib.request
import uuid

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "attacks"))

import bus  # noqa: E402
from http_attacks import port_of  # noqa: E402
from report import Report  # noqa: E402
from world import Authority, World, connect, device_uri, tls_context  # noqa: E402

WORLD = World(sys.argv[1])
ENV = WORLD.env
STORE, REGISTRY, PROVISIONER = (ENV[f"XTBLISH_{name}_URL"] for name in ("IMAGE_STORE", "REGISTRY", "PROVISIONER"))
DEVICE = ENV["XTBLISH_DEVICE_IDS"].split()[0]
STRANGER = str(uuid.uuid4())
# The smallest app: a memory of one page and a _start that returns.
WASM = bytes.fromhex("0061736d01000000010401600000030201000503010001071302066d656d6f72790200065f737461727400000a040102000b")
REPORT = Report(WORLD)
row = REPORT.row


# HTTP


def exchange(base, data, timeout=15.0, half_close=False):
    """Sends raw bytes to a server and returns what it answers until it closes or has answered in full."""
    with connect(WORLD, port_of(base), timeout=timeout) as peer:
        try:
            peer.sendall(data)
            if half_close:
                peer.unwrap()
        except OSError:
            pass  # it may close before it has read all: its answer counts
        answer = b""
        try:
            while True:
                head, separator, body = answer.partition(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: *(\d+)", head)
                if separator and length and len(body) >= int(length[1]):
                    return answer
                part = peer.recv(65536)
                if not part:
                    return answer
                answer += part
        except (TimeoutError, ssl.SSLError, OSError):
            return answer


def http(method, path, body=b"", headers=None, length=None):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", f"Authorization: Bearer {WORLD.token}"]
    lines += [f"{key}: {value}" for key, value in (headers or {}).items()]
    if body or length is not None or method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def check_answer(answer, statuses, says=None, problem=True):
    if not answer:
        return None if None in statuses else "no answer"
    match = re.match(rb"HTTP/1\.[01] (\d{3})", answer)
    if not match:
        return f"not HTTP: {answer[:80]!r}"
    status = int(match[1])
    if status not in statuses:
        return f"{status}, not {statuses}: {answer[-300:]!r}"
    head, _, body = answer.partition(b"\r\n\r\n")
    if problem and status >= 400:
        if b"application/problem+json" not in head.lower():
            return f"{status} without a problem document: {answer[:300]!r}"
        if b"transfer-encoding: chunked" in head.lower():
            body = re.sub(rb"(?:^|\r\n)[0-9a-fA-F]+\r\n", b"", body)
        document = json.loads(body[: body.rfind(b"}") + 1])
        if document.get("status") != status or not document.get("title"):
            return f"a problem document without status and title: {document}"
        if says and not re.search(says, json.dumps(document), re.IGNORECASE):
            return f"it does not say '{says}': {document}"
    return None


def image(device, wasm, **changes):
    """A whole plain image of the wasm, with the changes that a row asks for."""
    rest = uuid.UUID(device).bytes + bytes(496) + wasm
    whole = hashlib.sha256(rest).digest() + rest
    if "flip" in changes:
        at = changes["flip"]
        whole = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    return whole


def post(body, device=DEVICE, **options):
    return http("POST", f"/firmware/{device}", body, **options)


JSON = {"Content-Type": "application/json"}
NOBODY = "00000000-0000-0000-0000-000000000000"
DIGEST = "sha256:" + hashlib.sha256(WASM).hexdigest()

# name, server, request, statuses, what the problem must say
HTTP_ROWS = [
    ("an empty body", STORE, post(b""), {400, 415, 422}, "wasm|WebAssembly|empty"),
    ("a body that is text", STORE, post(b"hello, this is no module"), {415, 422}, "WebAssembly"),
    ("an ELF program", STORE, post(b"\x7fELF" + bytes(600)), {415, 422}, "WebAssembly"),
    ("a component instead of a module", STORE, post(b"\0asm\x0d\0\x01\0"), {415, 422}, "component|version"),
    ("a module of WebAssembly version 7", STORE, post(b"\0asm\x07\0\0\0"), {415, 422}, "version"),
    ("a section longer than the module", STORE, post(WASM + b"\x01\xff\xff\x03"), {422}, None),
    ("a section length that never ends", STORE, post(WASM + b"\x01" + b"\xff" * 20), {422}, None),
    ("bytes after the last section", STORE, post(WASM + b"\x63\x01\x00"), {422}, "section"),
    ("a device that nobody made", STORE, post(WASM, STRANGER), {404}, "device"),
    ("a device ID that is none", STORE, post(WASM, "not-a-uuid"), {400, 404, 422}, "device|UUID"),
    ("a device ID with a path in it", STORE, post(WASM, "..%2f..%2fetc%2fpasswd"), {400, 404, 422}, None),
    ("SQL as a device ID", STORE, post(WASM, "'%3B%20drop%20table%20devices%3B--"), {400, 404, 422}, None),
    ("a length of 10 TB", STORE, post(WASM, length=10**13), {413}, "large|limit|bytes"),
    ("a negative length", STORE, post(WASM, length=-5), {400, None}, None),
    ("a length that is a word", STORE, post(WASM, length="many"), {400, None}, None),
    ("two lengths that differ", STORE, post(WASM, headers={"content-length": "3"}), {400, None}, None),
    ("a whole image with a wrong hash", STORE, post(image(DEVICE, WASM, flip=3)), {422}, "hash|digest"),
    ("a whole image changed in its body", STORE, post(image(DEVICE, WASM, flip=546)), {415, 422}, None),
    ("a whole image of another device", STORE, post(image(STRANGER, WASM)), {422}, "device"),
    ("an app name of 33 bytes", STORE, post(WASM, headers={"X-App-Name": "n" * 33}), {400, 422}, "name|32"),
    ("an app name with a control character", STORE, post(WASM, headers={"X-App-Name": "a\x01b"}), {400, 422, None}, None),
    ("an idempotency key of 10,000 bytes", STORE, post(WASM, headers={"Idempotency-Key": "k" * 10000}), {400, 422, 431}, None),
    ("a header of 1 MB", STORE, post(WASM, headers={"X-Long": "h" * 1_000_000}), {400, 413, 431, None}, None),
    ("10,000 headers", STORE, post(WASM, headers={f"X-{number}": "v" for number in range(10_000)}), {400, 413, 431, None}, None),
    ("a method that is none", STORE, http("BREW", f"/firmware/{DEVICE}"), {400, 404, 405, 501, None}, None),
    ("a line that is no HTTP", STORE, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400, None}, None),
    ("a path of 100,000 characters", STORE, http("GET", "/" + "a" * 100_000), {400, 404, 414, 431, None}, None),
    ("a path that climbs", STORE, http("GET", "/images/../../../../etc/passwd"), {400, 404, 422}, None),
    ("a path with a NUL", STORE, http("GET", "/images/%00"), {400, 404, 422}, None),
    ("a digest that is none", STORE, http("GET", "/images/sha256:xyz"), {400, 404, 422}, "digest|sha256"),
    ("a digest nobody stored", STORE, http("GET", f"/images/sha256:{'0' * 64}"), {404}, None),
    ("a PUT under a wrong digest", STORE, http("PUT", f"/images/sha256:{'0' * 64}", WASM), {400, 409, 422}, "digest|sha256"),
    ("a version that is none", STORE, http("GET", f"/firmware/{DEVICE}/newest"), {400, 404, 422}, None),
    ("version 2^64", STORE, http("GET", f"/firmware/{DEVICE}/18446744073709551616"), {400, 404, 422}, None),
    ("version -1", STORE, http("GET", f"/firmware/{DEVICE}/-1"), {400, 404, 422}, None),
    ("a version that is not there yet", STORE, http("GET", f"/firmware/{DEVICE}/999999"), {404}, None),
    ("JSON cut short", REGISTRY, http("POST", "/v1/devices", b'{"name": "x', headers=JSON), {400, 422}, None),
    ("JSON nested 100,000 deep", REGISTRY, http("POST", "/v1/devices", b"[" * 100_000, headers=JSON), {400, 413, 422}, None),
    ("a name of 1 MB", REGISTRY, http("POST", "/v1/devices", json.dumps({"name": "n" * 10**6}).encode(), headers=JSON), {400, 413, 422}, None),
    ("a name with a NUL", REGISTRY, http("POST", "/v1/devices", b'{"name": "a\\u0000b"}', headers=JSON), {400, 422}, "name|control|character"),
    ("a name that is a number", REGISTRY, http("POST", "/v1/devices", b'{"name": 7}', headers=JSON), {400, 422}, "name"),
    ("bad UTF-8 in JSON", REGISTRY, http("POST", "/v1/devices", b'{"name": "\xff\xfe"}', headers=JSON), {400, 422}, None),
    ("a cursor made up", REGISTRY, http("GET", "/v1/devices?cursor=AAAA"), {400, 422}, "cursor"),
    ("a page of a billion", REGISTRY, http("GET", "/v1/devices?limit=1000000000"), {400, 422}, "limit"),
    ("a state that is none", REGISTRY, http("GET", "/v1/devices?state=happy"), {400, 422}, "state"),
    ("SQL in a filter", REGISTRY, http("GET", "/v1/devices?name=%27%20or%201%3D1%20--"), {200, 400, 422}, None),
    ("a percent sign alone", REGISTRY, http("GET", "/v1/devices/%"), {400, 404, 422}, None),
    ("a device that is not there", REGISTRY, http("DELETE", f"/v1/devices/{NOBODY}"), {404}, "device"),
    ("a claim made up", PROVISIONER, http("POST", "/v1/enroll", b'{"claim": "x", "token": "x", "serial": "s"}', headers=JSON), {400, 401, 403, 422}, None),
    ("an enrolment that is a list", PROVISIONER, http("POST", "/v1/enroll", b"[]", headers=JSON), {400, 422}, None),
    ("a claim for minus one device", PROVISIONER, http("POST", "/v1/claims", b'{"count": -1, "lifetimeSeconds": 60}', headers=JSON), {400, 422}, "count"),
    ("a claim for a trillion devices", PROVISIONER, http("POST", "/v1/claims", b'{"count": 1000000000000, "lifetimeSeconds": 60}', headers=JSON), {400, 422}, "count"),
]


def http_rows():
    for name, base, request, statuses, says in HTTP_ROWS:
        # What the HTTP parser itself refuses has no problem document: the connection is answered and closed.
        by_parser = None in statuses or 431 in statuses
        row(f"HTTP: {name}", check_answer(exchange(base, request), statuses, says, problem=not by_parser))
    cut = post(WASM + bytes(1000), length=100_000)
    row("HTTP: a body cut short", check_answer(exchange(STORE, cut, half_close=True), {400, 422, None}, problem=False))
    smuggled = (
        f"POST /firmware/{DEVICE} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\n\r\nGET /images/x HTTP/1.1\r\n\r\n"
    ).encode()
    row("HTTP: a length and chunks at once", check_answer(exchange(STORE, smuggled), {400, 415, 422, None}, problem=False))


# ZeroMQ


# Who may ask each of them for most things.
HOLDERS = {"REGISTRY": "stack", "NOTIFIER": "registry-1", "IMAGE_STORE": "stack", "PROVISIONER": "stack"}


def bus_rows():
    envelopes, registry, notifier, provisioner, _ = bus.load_protocol()
    envelope = envelopes.Envelope
    code = envelopes.Failure
    peers = ENV["XTBLISH_BUS_PEERS_DIRECTORY"]
    endpoints = {name: ENV[f"XTBLISH_{name}_ENDPOINTS"].split(",")[0] for name in HOLDERS}
    keys = {
        endpoints[name]: bus.Keys.of_file(
            WORLD.data / "bus" / f"{holder}.bus-key", bus.public_keys(peers, name.lower().replace("_", "-"))[0])
        for name, holder in HOLDERS.items()
    }

    # Images are assigned by image stores alone.
    store_keys = bus.Keys.of_file(WORLD.data / "bus" / "image-store-1.bus-key", keys[endpoints["REGISTRY"]].server)

    def bus_call(endpoint, frames, holder=None, **options):
        return bus.exchange(endpoint, frames, holder or keys[endpoint], **options)

    def request(message, **changes):
        return bus.request(envelopes, message, **changes)

    def refused(endpoint, frame, codes, says=None):
        holder = store_keys if frame.kind.endswith(".AssignImage") else None
        answer = bus_call(endpoint, [frame.SerializeToString()], holder)
        if answer is None:
            return "no answer"
        reply = envelope.FromString(answer[-1])
        if reply.role != envelope.ROLE_FAILURE:
            return f"not refused: role {reply.role}"
        if reply.failure.code not in codes:
            return f"{code.Code.Name(reply.failure.code)}: {reply.failure.message}"
        if not reply.failure.message or (says and not re.search(says, reply.failure.message, re.IGNORECASE)):
            return f"it says: {reply.failure.message!r}"
        return None

    device = uuid.UUID(DEVICE).bytes
    good = registry.GetDevice(id=device)
    for name, endpoint in endpoints.items():
        for what, frames in (
            ("an empty frame", [b""]),
            ("random bytes", [os.urandom(300)]),
            ("20 frames at once", [b"x"] * 20),
            ("a frame of 80 MB", [bytes(80_000_000)]),
        ):
            answer = bus_call(endpoint, frames, expects_answer=False)
            parsed = None
            if answer:
                try:
                    parsed = envelope.FromString(answer[-1])
                except Exception as error:
                    row(f"ZeroMQ: {what} to {name}", f"an answer that can't be read: {error}")
                    continue
            wrong = parsed is not None and parsed.role != envelope.ROLE_FAILURE
            row(f"ZeroMQ: {what} to {name}", "it was not refused" if wrong else None)
        row(f"ZeroMQ: an unknown kind to {name}", refused(endpoint, request(good, kind="xtblish.v9.Fly"), {code.CODE_UNSUPPORTED}, "Fly"))
        row(f"ZeroMQ: envelope version 99 to {name}", refused(endpoint, request(good, version=99), {code.CODE_UNSUPPORTED}))
    target = endpoints["REGISTRY"]
    invalid = {code.CODE_INVALID}
    row("ZeroMQ: a payload that is no message", refused(target, request(good, payload=b"\xff\xff\xff\xff"), invalid))
    row("ZeroMQ: a device ID of 3 bytes", refused(target, request(registry.GetDevice(id=b"abc")), invalid))
    row("ZeroMQ: a device nobody made", refused(target, request(registry.GetDevice(id=uuid.uuid4().bytes)), {code.CODE_NOT_FOUND}))
    row("ZeroMQ: a digest of 5 bytes", refused(target, request(registry.AssignImage(bearer_token=WORLD.token,
        device_id=device, image=registry.AppImage(digest=b"12345", length_bytes=8), idempotency_key="h1")), invalid))
    row("ZeroMQ: an assignment without a key", refused(target, request(registry.AssignImage(bearer_token=WORLD.token,
        device_id=device, image=registry.AppImage(digest=bytes(32), length_bytes=8))), invalid))
    row("ZeroMQ: an app name of 1,000 bytes", refused(target, request(registry.AssignImage(bearer_token=WORLD.token,
        device_id=device, image=registry.AppImage(digest=bytes(32), length_bytes=8, app_name="n" * 1000), idempotency_key="h2")), invalid))
    row("ZeroMQ: a name with a NUL", refused(target, request(registry.CreateDevice(name="a\0b")), invalid))
    row("ZeroMQ: a claim that nobody made", refused(endpoints["PROVISIONER"], request(provisioner.EnrollDevice(
        token="made-up", serial="s")), {code.CODE_PERMISSION_DENIED, code.CODE_INVALID, code.CODE_NOT_FOUND}))
    answer = bus_call(endpoints["NOTIFIER"], [request(
        notifier.Notify(notifications=[notifier.Notification(device_id=b"x", version=0)])).SerializeToString()])
    outcomes = notifier.NotifyResponse.FromString(envelope.FromString(answer[-1]).payload).outcomes if answer else []
    told = len(outcomes) == 1 and not outcomes[0].acknowledged and outcomes[0].reason
    row("ZeroMQ: a notification of version 0 to a device ID of 1 byte", None if told else f"outcomes: {outcomes}")


# MQTT


DEVICES = Authority.of_stack(WORLD, "devices")


def certificate_for(topic):
    """Port and certificate of somebody who may publish there: a device for its own topics, else the Notifier."""
    parts = topic.split("/")
    if parts[1] == "firmware" or parts[-1] == "ack":
        return WORLD.service_port, WORLD.service_files("notifier-1")
    # Also for devices that nobody made: the authority's word is enough for the broker.
    return WORLD.device_port, DEVICES.issue(WORLD.folder, f"hostile-{parts[2]}", parts[2], device_uri(parts[2]))


def publish(topic, payload, qos=1):
    port, (certificate, key) = certificate_for(topic)
    command = ["mosquitto_pub", "-h", "localhost", "-p", str(port), "--cafile", WORLD.ca_file, "--cert", certificate]
    command += ["--key", key, "-q", str(qos), "-t", topic, "-s" if payload else "-n"]
    # The device itself comes with the same name, and takes the session back now and then.
    for _ in range(10):
        result = subprocess.run(command, input=payload, capture_output=True, check=False)
        if result.returncode == 0 or b"connection was lost" not in result.stderr:
            break
    return None if result.returncode == 0 else f"mosquitto_pub: {result.stderr.decode()}"


def state(**changes):
    # An old sequence number: were one of these taken for good, it would still change nothing.
    values = {"sequence": 1, "version": 1, "digest": DIGEST, "slot": "A", "status": "confirmed", "reason": ""}
    return json.dumps({**values, **changes}).encode()


def line(**changes):
    return {"id": 1, "at": 5, "monotonic": 6, "level": "info", "source": "app", "version": 1, "text": "hello", **changes}


def log_lines(*lines, **changes):
    return json.dumps({"log": "0123456789abcdef", "lines": lines, **changes}).encode()


def crash(**changes):
    return json.dumps({
        "id": "0f" * 16, "at": 5, "version": 1, "digest": DIGEST, "appName": "a", "appVersion": "1", "buildID": "",
        "code": "unreachable", "message": "m", "status": "trial", "frames": [], "lines": [line()], **changes,
    }).encode()


def reported_state():
    request = urllib.request.Request(
        f"{REGISTRY}/v1/devices/{DEVICE}", headers={"Authorization": f"Bearer {WORLD.token}"})
    with urllib.request.urlopen(request, context=tls_context(WORLD), timeout=10) as answer:
        return json.load(answer).get("reported")


def mqtt_rows():
    before = reported_state()
    reports = f"/devices/{DEVICE}/state"
    logs = f"/devices/{DEVICE}/log"
    crashes = f"/devices/{DEVICE}/crash"
    for name, topic, payload in (
        ("a report that is no JSON", reports, b"I am fine"),
        ("a report nested 50,000 deep", reports, b"[" * 50_000),
        ("a report of 1 MB", reports, b'{"reason": "' + b"r" * 1_000_000 + b'"}'),
        ("a report of nothing", reports, b""),
        ("a report that is a list", reports, b"[1, 2]"),
        ("a version that is a word", reports, state(version="seven")),
        ("a version of -1", reports, state(version=-1)),
        ("a version of 2^70", reports, state(version=2**70)),
        ("a version of 1e400", reports, state().replace(b'"version": 1,', b'"version": 1e400,')),
        ("a sequence of -1", reports, state(sequence=-1)),
        ("a status nobody knows", reports, state(status="excellent")),
        ("a digest that is none", reports, state(digest="sha256:12")),
        ("a slot C", reports, state(slot="C")),
        ("a reason with a NUL", reports, state(reason="a\0b")),
        ("a reason of 100,000 characters", reports, state(reason="r" * 100_000)),
        ("bad UTF-8", reports, b'{"reason": "\xff\xfe"}'),
        ("log lines that are no JSON", logs, b"it works"),
        ("log lines nested 50,000 deep", logs, b"[" * 50_000),
        ("log lines of 1 MB", logs, log_lines(line(text="t" * 1_000_000))),
        ("log lines of a log without a name", logs, log_lines(line(), log="")),
        ("log lines of a log with SQL for a name", logs, log_lines(line(), log="'; drop table--")),
        ("no log lines", logs, log_lines()),
        ("10,000 log lines", logs, log_lines(*(line(id=number, text="") for number in range(1, 10_001)))),
        ("log lines whose IDs fall", logs, log_lines(line(id=2), line(id=1))),
        ("a log line with an ID of 2^64", logs, log_lines(line(id=2**64))),
        ("a log line with an ID of 2^63-1", logs, log_lines(line(id=2**63 - 1), log="f" * 16)),
        ("a log line with a time of -1", logs, log_lines(line(at=-1))),
        ("a log line of a level nobody knows", logs, log_lines(line(level="shout"))),
        ("a log line that moves the cursor and holds a NUL", logs, log_lines(line(text="\x1b[2J\0\r\n"), log="e" * 16)),
        ("more lost log lines than there were", logs, log_lines(line(id=5), lost=2**62)),
        ("log lines of a device nobody made", f"/devices/{STRANGER}/log", log_lines(line())),
        ("a crash that is no JSON", crashes, b"boom"),
        ("a crash nested 50,000 deep", crashes, b"{" * 50_000),
        ("a crash of 1 MB", crashes, crash(message="m" * 1_000_000)),
        ("a crash without an ID", crashes, crash(id="")),
        ("a crash with a path for an ID", crashes, crash(id="../../../../etc/passwd/12345678")),
        ("a crash of version 2^70", crashes, crash(version=2**70)),
        ("a crash with a digest that is none", crashes, crash(digest="sha256:12")),
        ("a crash with a build ID of 1 KB", crashes, crash(buildID="ab" * 1024)),
        ("a crash with a build ID that is a path", crashes, crash(buildID="../../secret")),
        ("a crash with a code that is a command", crashes, crash(code="$(reboot)")),
        ("a crash with 1,500 frames", crashes, crash(frames=[{"function": 1, "functionOffset": 1, "moduleOffset": 1}] * 1500)),
        ("a crash with an offset of -1", crashes, crash(frames=[{"function": 1, "functionOffset": -1, "moduleOffset": 1}])),
        ("a crash with 600 lines", crashes, crash(lines=[line(id=number, text="") for number in range(1, 601)])),
        ("a crash of a device nobody made", f"/devices/{STRANGER}/crash", crash()),
        ("a device nobody made", f"/devices/{STRANGER}/state", state()),
        ("a device ID that is none", "/devices/me/state", state()),
        ("a presence that is neither", f"/devices/{DEVICE}/presence", b"perhaps"),
        ("to the device: no JSON", f"/firmware/{DEVICE}/9000", b"new!"),
        ("to the device: an empty message", f"/firmware/{DEVICE}/9000", b""),
        ("to the device: another version than the topic's", f"/firmware/{DEVICE}/9000", b'{"version": 1, "digest": "x", "size": 1, "url": "http://localhost/"}'),
        ("to the device: a size of -1", f"/firmware/{DEVICE}/9000", json.dumps({"version": 9000, "digest": DIGEST, "size": -1, "url": STORE}).encode()),
        ("to the device: 1 MB of brackets", f"/firmware/{DEVICE}/9000", b"{" * 1_000_000),
        ("to the device: a topic without a number", f"/firmware/{DEVICE}/newest", b"{}"),
        ("to the device: an acknowledgement of what it never sent", f"/devices/{DEVICE}/ack", b'{"sequences": [1e99, -4, "x", null]}'),
        ("to the device: an acknowledgement of lines it never wrote", f"/devices/{DEVICE}/ack", b'{"log": {"log": "0000000000000000", "through": 18446744073709551615}}'),
        ("to the device: an acknowledgement of crashes that are none", f"/devices/{DEVICE}/ack", b'{"crashes": ["../identity.json", 7, null], "log": []}'),
        ("to the device: an acknowledgement nested 50,000 deep", f"/devices/{DEVICE}/ack", b"[" * 50_000),
    ):
        row(f"MQTT: {name}", publish(topic, payload))
    # A reader that is through with a later report has passed all of the above.
    marker = subprocess.run(
        ["curl", "--config", ENV["XTBLISH_CURL_CONFIG"], "--silent", "--fail", "--data-binary", "@-", "--header", "X-App-Name: after", f"{STORE}/firmware/{DEVICE}"],
        input=(pathlib.Path(sys.argv[2]).read_bytes()), capture_output=True, check=True)
    deployed = json.loads(marker.stdout)
    end = time.monotonic() + 60
    reported = None
    while time.monotonic() < end:
        reported = reported_state()
        if reported and reported["version"] == deployed["version"] and reported["status"] == "confirmed":
            break
        # Sleeps: a look every now and then, with a bound.
        time.sleep(0.1)
    done = reported and reported["version"] == deployed["version"] and reported["digest"] == deployed["digest"]
    row("after all that, a deployment works", None if done else f"before: {before}, after: {reported}, deployed: {deployed}")
    row("no version was made by a refused request", None if deployed["version"] == 1 else f"it is version {deployed['version']}")


http_rows()
bus_rows()
mqtt_rows()
print(f"{REPORT.rows} rows, {len(REPORT.failures)} failed")
sys.exit(1 if REPORT.failures else 0)
