"""The HTTP doors: who may fetch, deploy and administer, and what a hostile request comes to."""

import gzip
import json
import re
import socket
import ssl
import time

from cryptography.x509.oid import ExtendedKeyUsageOID
from world import Authority, connect, device_uri, wait_until

# The smallest app: a memory of one page and a _start that returns.
WASM = bytes.fromhex("0061736d01000000010401600000030201000503010001071302066d656d6f72790200065f737461727400000a040102000b")


def port_of(url):
    return int(url.rsplit(":", 1)[1])


def request(world, base, method, path, body=b"", token=None, identity=None, headers=(), source=None, length=True):
    """Status and body of one request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if length and (body or method in ("POST", "PUT", "PATCH")):
        lines.append(f"Content-Length: {len(body)}")
    return send(world, base, "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body, identity, source)


def send(world, base, data, identity=None, source=None, timeout=15):
    with connect(world, port_of(base), identity, timeout=timeout, source=source) as peer:
        try:
            peer.sendall(data)
        except OSError:
            pass  # it may close before it has read all: its answer counts
        answer = b""
        try:
            while part := peer.recv(65536):
                answer += part
        except (ssl.SSLError, TimeoutError, ConnectionResetError):
            pass
    match = re.match(rb"HTTP/1\.[01] (\d{3})", answer)
    return (int(match[1]) if match else 0), answer.partition(b"\r\n\r\n")[2]


def expect(statuses, says=None):
    """What a refusal must look like: its status, and the reason in its problem document."""

    def check(answer):
        status, body = answer
        if status not in statuses:
            return f"{status}, not {statuses}: {body[:300]!r}"
        if says and not re.search(says, body.decode("utf-8", "replace"), re.IGNORECASE):
            return f"it does not say '{says}': {body[:300]!r}"
        return None

    return check


def handshake_fails(world, port, identity=None, maximum=None):
    """A fault if the server still answers a request of this client."""
    try:
        with connect(world, port, identity, maximum) as peer:
            # TLS 1.3 tells a client of its refusal only when it reads.
            peer.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = peer.recv(64)
    except (ssl.SSLError, ConnectionResetError, BrokenPipeError, TimeoutError):
        return None
    return f"it answered {answer!r}" if answer else None


def run(report):
    world = report.world
    first, second = world.devices[:2]
    mine = world.device_files(0)

    def refused(name, check, *arguments, **options):
        report.attack(name, lambda: check(request(world, *arguments, **options)))

    transport(report, world, mine, first)
    # A device, with its own certificate and no other right.
    refused("http: a device fetches another's firmware", expect((403,)), world.store, "GET", f"/firmware/{second}/1",
            identity=mine)
    refused("http: a device fetches another's newest", expect((403,)), world.store, "GET", f"/firmware/{second}/latest",
            identity=mine)
    refused("http: a device deploys to another", expect((401, 403)), world.store, "POST", f"/firmware/{second}", WASM,
            identity=mine)
    refused("http: a device deploys to itself", expect((401, 403)), world.store, "POST", f"/firmware/{first}", WASM,
            identity=mine)
    refused("http: a device lists devices", expect((401, 403)), world.registry, "GET", "/v1/devices", identity=mine)
    refused("http: a device makes a claim", expect((401, 403)), world.provisioner, "POST", "/v1/claims", b"{}",
            identity=mine)
    refused("http: a device revokes another", expect((401, 403)), world.provisioner, "POST",
            f"/v1/devices/{second}/revoke", b"{}", identity=mine)
    refused("http: a service's certificate is no operator's right", expect((401, 403)), world.registry, "GET",
            "/v1/devices", identity=world.service_files("image-store-1"))
    # Nobody.
    for base, method, path in (
        (world.store, "GET", f"/firmware/{first}/latest"), (world.store, "POST", f"/firmware/{first}"),
        (world.store, "PUT", "/images/sha256:" + 64 * "0"), (world.store, "GET", "/status"),
        (world.store, "GET", "/download"), (world.registry, "GET", "/v1/devices"),
        (world.registry, "GET", "/v1/audit"), (world.registry, "POST", "/v1/tokens"),
        (world.provisioner, "GET", "/v1/claims"), (world.provisioner, "POST", "/v1/renew"),
        (world.provisioner, "POST", "/v1/otp"),
    ):
        body = b"{}" if method == "POST" else b""
        refused(f"http: {method} {path.replace(first, '{id}')} by nobody", expect((401, 403)), base, method, path, body)
    tokens(report, world, refused, first)
    signatures(report, world, refused, first)
    hostile_requests(report, world, refused, first)


def transport(report, world, mine, first):
    own = Authority.of_stack(world, "devices")
    port = port_of(world.store)

    def plain():
        with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
            peer.sendall(f"GET /firmware/{first}/latest HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            peer.settimeout(8)
            try:
                answer = peer.recv(4096)
            except (TimeoutError, ConnectionResetError):
                answer = b""
        return f"it answered {answer[:80]!r}" if answer.startswith(b"HTTP/1.1 2") else None

    report.attack("http: downgrade to plain", plain)
    for base in (world.store, world.registry, world.provisioner):
        report.attack(
            f"http: downgrade to TLS 1.1 at {base}", handshake_fails, world, port_of(base), None, ssl.TLSVersion.TLSv1_1)
    made = {
        "self-signed": Authority.like(own).issue(world.folder, "h-self", first, device_uri(first)),
        "expired": own.issue(world.folder, "h-expired", first, device_uri(first), starts_days=-20),
        "not valid yet": own.issue(world.folder, "h-early", first, device_uri(first), starts_days=5),
        "wrong usage": own.issue(
            world.folder, "h-usage", first, device_uri(first), usages=(ExtendedKeyUsageOID.SERVER_AUTH,)),
    }
    for name, identity in made.items():
        report.attack(f"http: certificate {name}", handshake_fails, world, port, identity)

    def service_by_device_authority():
        identity = own.issue(world.folder, "h-role", "registry-1", "urn:xtblish:service:registry")
        with_it = request(world, world.store, "GET", f"/firmware/{first}/latest", identity=identity)
        return expect((0, 401, 403))(with_it)

    report.attack("http: a service's name from the devices' authority", service_by_device_authority)

    def slow_handshake():
        with socket.create_connection(("127.0.0.1", port), timeout=60) as peer:
            peer.sendall(b"\x16\x03\x01\x02\x00\x01")
            peer.settimeout(45)
            try:
                return None if peer.recv(1) == b"" else None
            except ConnectionResetError:
                return None
            except TimeoutError:
                return "a handshake that never ends keeps its connection for 45 s"

    report.attack("http: a handshake that never ends", slow_handshake)


def tokens(report, world, refused, first):
    read, deploy, operate = (world.token_with(f"attack-{scope}", scope) for scope in ("read", "deploy", "operate"))
    refused("token: unknown", expect((401,)), world.store, "POST", f"/firmware/{first}", WASM, token="xtb_" + 43 * "A",
            source=("127.0.0.21", 0))
    refused("token: not one at all", expect((401,)), world.registry, "GET", "/v1/devices", token="../../etc/passwd",
            source=("127.0.0.21", 0))
    refused("token: SQL in it", expect((401,)), world.registry, "GET", "/v1/devices", token="'or''='",
            source=("127.0.0.21", 0))
    refused("token: cut short by a byte", expect((401,)), world.registry, "GET", "/v1/devices", token=read[:-1],
            source=("127.0.0.21", 0))
    refused("token: in the address", expect((401,)), world.registry, "GET", f"/v1/devices?token={read}")
    refused("token: read deploys", expect((403,), "scope"), world.store, "POST", f"/firmware/{first}", WASM, token=read)
    refused("token: read changes a device", expect((403,), "scope"), world.registry, "PATCH", f"/v1/devices/{first}",
            b'{"name":"mine"}', token=read, headers=["Content-Type: application/json"])
    refused("token: deploy deletes a device", expect((403,), "scope"), world.registry, "DELETE",
            f"/v1/devices/{first}", token=deploy)
    refused("token: deploy makes a claim", expect((403,), "scope"), world.provisioner, "POST", "/v1/claims",
            b'{"count":1}', token=deploy, headers=["Content-Type: application/json"])
    refused("token: operate makes a token", expect((403,), "scope"), world.registry, "POST", "/v1/tokens",
            b'{"name":"more","scopes":["admin"]}', token=operate, headers=["Content-Type: application/json"])
    refused("token: operate reads the audit log", expect((403,), "scope"), world.registry, "GET", "/v1/audit",
            token=operate)
    refused("token: operate revokes a device", expect((403,), "scope"), world.provisioner, "POST",
            f"/v1/devices/{first}/revoke", b"{}", token=operate, headers=["Content-Type: application/json"])

    def expired():
        short = world.token_with("attack-short", "read", expires="1s")
        return None if wait_until(
            lambda: request(world, world.registry, "GET", "/v1/devices", token=short)[0] == 401, 10, 0.3
        ) else "it is still good 10 s later"

    report.attack("token: expired", expired)

    def revoked():
        world.admin("registry", "token", "revoke", "attack-read", "--yes")
        gone = wait_until(
            lambda: all(
                request(world, base, "GET", path, token=read)[0] == 401
                for base, path in ((world.registry, "/v1/devices"), (world.store, f"/firmware/{first}/latest"))
            ), 5, 0.2)
        return None if gone else "it is still good 5 s after it was revoked"

    report.attack("token: revoked, at every service", revoked)

    def audited():
        text = world.admin("registry", "audit", "--json", "--limit", "500")
        missing = [word for word in ("refused", "token:attack-deploy", "127.0.0.1") if word not in text]
        return f"the audit log lacks {missing}" if missing else None

    report.attack("token: what was refused is in the audit log", audited)

    def guessed():
        answers = [
            request(world, world.registry, "GET", "/v1/devices", token=f"xtb_{number:043d}", source=("127.0.0.22", 0))[0]
            for number in range(40)
        ]
        if 429 not in answers:
            return f"40 guesses were answered {set(answers)}"
        # Others go on.
        return expect((200,))(request(world, world.registry, "GET", "/v1/devices", token=deploy))

    report.attack("token: guessing is slowed down, and only for the guesser", guessed)


def signatures(report, world, refused, first):
    """Publishers' signatures at the door."""
    app, other = world.folder / "app.wasm", world.folder / "other.wasm"
    app.write_bytes(WASM + b"\0\5\4evil")
    other.write_bytes(WASM + b"\0\6\5other")
    stranger = world.folder / "stranger.key"
    world.admin("image-store", "keygen", "--out", str(stranger))

    def headers(path, *extra, key=None):
        arguments = ["sign", str(path), "--name", "sensor", "--app-version", "1.0", *extra]
        if key:
            arguments += ["--key", str(key)]
        else:
            arguments += ["--key", world.env["XTBLISH_PUBLISHER_KEY_FILE"]]
        world.admin("image-store", *arguments)
        return [line for line in (path.parent / (path.name + ".headers")).read_text().splitlines() if line]

    def post(name, check, lines, body):
        report.attack(name, lambda: check(request(
            world, world.store, "POST", f"/firmware/{first}", body, token=world.token, headers=lines)))

    good = headers(app)
    post("publisher: an unknown key", expect((400, 403, 409, 422), "publisher"), headers(app, key=stranger),
         app.read_bytes())
    post("publisher: another module under a good signature", expect((400, 403, 409, 422), "publisher|signature"), good,
         other.read_bytes())
    for field in ("X-App-Name", "X-App-Version", "X-Security-Epoch"):
        changed = [line for line in good if not line.lower().startswith(field.lower())] + [
            f"{field}: {'7' if 'Epoch' in field else 'changed'}"]
        post(f"publisher: {field} changed after signing", expect((400, 403, 409, 422), "publisher|signature"), changed,
             app.read_bytes())
    for field in ("X-Publisher-Key", "X-Publisher-Signature"):
        post(f"publisher: {field} alone", expect((400, 422)), [line for line in good if not line.startswith(field)],
             app.read_bytes())


def hostile_requests(report, world, refused, first):
    token = world.token
    for path in (
        "/images/../../secrets/admin.token", "/images/..%2f..%2fsecrets%2fadmin.token",
        "/images/sha256:..%2f..%2f..%2fetc%2fpasswd", "/firmware/..%2f..%2fauthority/latest", "/debug/..%2f..%2fca.pem",
    ):
        refused(f"http: path {path}", expect((400, 404)), world.store, "GET", path, token=token)
    for query in ("tag=' or 1=1 --", "name=x'; drop table devices; --", "cursor=' union select 1", "state=' or ''='"):
        encoded = query.replace(" ", "%20").replace("'", "%27")
        report.attack(f"http: SQL in a filter: {query}", lambda encoded=encoded: injected(world, encoded, first))
    refused("http: SQL as a device ID", expect((400, 404)), world.registry, "GET", "/v1/devices/1%27%20or%20%271", token=token)
    smuggled = b"GET /v1/audit HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token.encode() + b"\r\n\r\n"
    base = f"POST /v1/devices HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n".encode()
    for name, lines in {
        "Content-Length and Transfer-Encoding": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "two lengths": b"Content-Length: 4\r\nContent-Length: 90\r\n",
        "a length with a sign": b"Content-Length: +4\r\n",
        "an unknown transfer coding": b"Transfer-Encoding: xchunked\r\n",
        "chunked twice": b"Transfer-Encoding: chunked, chunked\r\n",
        "a space before the colon": b"Transfer-Encoding : chunked\r\n",
        "a folded header": b"Transfer-Encoding:\r\n chunked\r\n",
    }.items():
        def smuggle(lines=lines):
            status, body = send(world, world.registry, base + lines + b"\r\n0\r\n\r\n" + smuggled)
            if b'"entries"' in body or body.count(b"HTTP/1.1 2") > 0:
                return f"the second request was answered: {body[:200]!r}"
            return None if status in (0, 400, 411, 415, 501) else f"{status}: {body[:200]!r}"

        report.attack(f"http: smuggling by {name}", smuggle)
    many = [f"X-{number}: {'a' * 100}" for number in range(5000)]
    refused("http: a flood of header lines", expect((0, 400, 431)), world.registry, "GET", "/v1/devices", headers=many)
    refused("http: one header without end", expect((0, 400, 431)), world.registry, "GET", "/v1/devices",
            headers=["X: " + "a" * (1 << 20)])
    bomb = gzip.compress(b"\0" * (64 << 20))
    refused("http: a compressed bomb as an image", expect((400, 415, 422)), world.store, "POST", f"/firmware/{first}",
            bomb, token=token, headers=["Content-Encoding: gzip"])
    refused("http: a compressed bomb as JSON", expect((400, 413, 415, 422)), world.provisioner, "POST", "/v1/enroll", bomb,
            headers=["Content-Encoding: gzip", "Content-Type: application/json"])
    refused("http: JSON that is nested without end", expect((400, 413, 422)), world.provisioner, "POST", "/v1/enroll",
            b'{"claim":' * 5000, headers=["Content-Type: application/json"])
    refused("http: a body of a megabyte to enrol", expect((413,)), world.provisioner, "POST", "/v1/enroll",
            b'{"claim":"' + b"a" * (1 << 20) + b'"}', headers=["Content-Type: application/json"])

    def slow_header():
        with connect(world, port_of(world.registry), timeout=90) as peer:
            peer.sendall(b"GET /v1/devices HTTP/1.1\r\nHost: ")
            begun = time.monotonic()
            peer.settimeout(5)
            while time.monotonic() - begun < 80:
                try:
                    peer.sendall(b"a")
                    if peer.recv(1024) == b"":
                        return None
                    return None
                except TimeoutError:
                    continue
                except (ssl.SSLError, OSError):
                    return None
        return "a header that comes byte by byte keeps its connection for 80 s"

    report.attack("http: a header that comes byte by byte", slow_header)


def injected(world, encoded, first):
    """An injected filter is either refused or finds nothing; the device is still there."""
    status, body = request(world, world.registry, "GET", f"/v1/devices?{encoded}", token=world.token)
    if status == 200 and json.loads(body).get("devices"):
        return f"it found {body[:200]!r}"
    if status not in (200, 400):
        return f"{status}: {body[:200]!r}"
    return expect((200,))(request(world, world.registry, "GET", f"/v1/devices/{first}", token=world.token))
