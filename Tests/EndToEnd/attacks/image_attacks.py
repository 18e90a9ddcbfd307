"""Forged, replayed and mixed images, served to a real device by an image store that was taken over.

The attacker here has the image store's certificate and may speak for the Notifier. What is missing is one of the two
signing keys, or both; where a row has both, the image is refused for what it says.
"""

import hashlib
import http.server
import json
import os
import pathlib
import ssl
import struct
import subprocess
import sys
import threading
import uuid

from broker_attacks import publish
from http_attacks import port_of
from world import wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from check_signed_image import make_image, private_key  # noqa: E402

HEADER = 544


class TakenOverStore:
    """Serves what the attacker wants at the address of the real one."""

    def __init__(self, world):
        self.images = {}
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # noqa: N802: the library's name
                body = outer.images.get(self.path.rsplit("/", 1)[1])
                if body is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        port = port_of(world.store)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*world.service_files("image-store-1"))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Reports:
    """What a device says of itself, as an operator hears it."""

    def __init__(self, world, device):
        self.heard = []
        identity = ["--cert", world.env["XTBLISH_MQTT_CERT_FILE"], "--key", world.env["XTBLISH_MQTT_KEY_FILE"]]
        self.process = subprocess.Popen(
            ["mosquitto_sub", "-h", "localhost", "-p", str(world.service_port), "--cafile", world.ca_file, *identity,
             "-V", "mqttv5", "-q", "1", "-t", f"/devices/{device}/state"],
            stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.heard.append(json.loads(line))

    def refusal_of(self, version):
        """Why the device does not take a version: for good if a director signed it, and otherwise for now."""
        for report in self.heard:
            failed, waiting = report.get("failed") or {}, report.get("waiting") or {}
            if report.get("status") in ("refused", "rolled-back") and failed.get("version") == version:
                return report
            if waiting.get("version") == version:
                return waiting
        return None


def run(report):
    world = report.world
    device, directory = world.devices[0], str(world.directories[0])
    app = pathlib.Path(os.environ["ATTACK_APP"]).read_bytes()
    other_app = app + b"\0\6\5other"
    # A good version first, of which the attacker has seen every byte.
    world.admin("image-store", "push", os.environ["ATTACK_APP"], "--device", device, "--name", "good")

    def running():
        status = json.loads(world.admin("device", "status", "--json", "--directory", directory))
        return (status.get("running") or {}).get("status") == "confirmed" and status["running"]["version"]

    good_version = wait_until(running, 60)
    if not good_version:
        report.row("image: the device runs a good version before", "it does not")
        return
    seen = world.folder / "seen.img"
    world.admin("image-store", "pull", f"{device}/{good_version}", "--output", str(seen))
    seen = seen.read_bytes()
    publisher = private_key(world.env["XTBLISH_PUBLISHER_KEY_FILE"])
    director = private_key(str(next((world.data / "director").glob("*.key"))))
    world.stack("stop", "image-store-1")
    world.away.add("IMAGE_STORE_1")
    store = TakenOverStore(world)
    reports = Reports(world, device)
    version = good_version

    def made(number, **changes):
        fields = {
            "device": uuid.UUID(device), "version": number, "wasm": app, "name": "good", "app_version": "", "epoch": 0,
            "level": 0, "publisher": publisher, "director": director, **changes}
        return make_image(**fields)

    def rehashed(image):
        return hashlib.sha256(image[32:]).digest() + image[32:]

    def flipped(image, at, rehash=True):
        changed = image[:at] + bytes([image[at] ^ 1]) + image[at + 1 :]
        return rehashed(changed) if rehash else changed

    def offer(image):
        """Announces it as the next version; that version."""
        nonlocal version
        version += 1
        number = version
        body = image(number) if callable(image) else image
        store.images[str(number)] = body
        digest = "sha256:" + hashlib.sha256(body[HEADER:]).hexdigest()
        words = {"version": number, "digest": digest, "size": len(body), "url": f"{world.store}/firmware/{device}/{number}"}
        publish(world, world.service_port, world.service_files("notifier-1"), f"/firmware/{device}/{number}", json.dumps(words))
        return number

    def serve(image, expected):
        """A fault unless the device refuses it for that reason and runs on."""
        number = offer(image)
        refusal = wait_until(lambda: reports.refusal_of(number), 30)
        if not refusal:
            return f"it was not refused within 30 s: {reports.heard[-2:]}"
        if not any(word in refusal["reason"] for word in expected):
            return f"it was refused because of '{refusal['reason']}', not {expected}"
        return None if running() == good_version else "the good version runs no more"

    signed = ("director-signature",)
    fields = {
        "device ID": (32, signed), "magic": (48, ("reserved", "signature")), "header version": (52, ("version",)),
        "flags": (54, ("version", "flags")), "firmware version": (56, signed), "wasm length": (64, signed),
        "wasm digest": (72, signed), "security epoch": (104, signed), "host API level": (108, signed),
        "app name": (112, signed), "app version": (144, signed + ("label",)), "publisher's key": (176, signed),
        "publisher's signature": (184, signed), "director's key": (248, ("director-key",)),
        "director's signature": (256, signed), "padding": (320, ("reserved",)),
    }
    for name, (at, expected) in fields.items():
        report.attack(
            f"image: {name} changed, hash made right again",
            lambda at=at, expected=expected: serve(lambda number: flipped(made(number), at), expected))
    report.attack("image: hash changed", lambda: serve(lambda number: flipped(made(number), 0, False), ("hash",)))
    report.attack("image: a byte of the module changed", lambda: serve(
        lambda number: flipped(made(number), HEADER + len(app) - 1, False), ("hash",)))
    report.attack("image: replayed as it was", lambda: serve(seen, ("version",)))
    report.attack("image: header of one, module of another", lambda: serve(
        lambda number: rehashed(made(number)[:HEADER] + other_app), ("length", "digest", "bytes, the image has")))
    report.attack("image: module replaced, director alone signs", lambda: serve(
        lambda number: rehashed(made(number, wasm=other_app, publisher=None)), ("publisher-signature",)))
    report.attack("image: no signature at all", lambda: serve(
        lambda number: made(number, publisher=None, director=None), ("director-signature",)))
    report.attack("image: plain, as devices without trust take it", lambda: serve(
        lambda number: rehashed(bytes(32) + uuid.UUID(device).bytes + bytes(496) + app), ("director-signature",)))
    report.attack("image: publisher alone signs", lambda: serve(
        lambda number: made(number, director=None), ("director-signature",)))
    strange = world.folder / "image-stranger.key"
    world.admin("image-store", "keygen", "--out", str(strange))
    stranger = private_key(str(strange))
    report.attack("image: a stranger as director", lambda: serve(
        lambda number: made(number, director=stranger), ("director-key",)))
    report.attack("image: a stranger as publisher", lambda: serve(
        lambda number: made(number, publisher=stranger), ("publisher-key", "publisher-not-delegated")))
    report.attack("image: the two keys change places", lambda: serve(
        lambda number: made(number, director=publisher, publisher=director), ("director-key",)))
    report.attack("image: both signed, for another device", lambda: serve(
        lambda number: made(number, device=uuid.UUID(world.devices[1])), ("device",)))
    report.attack("image: both signed, an older version", lambda: serve(
        lambda number: made(good_version), ("version",)))
    report.attack("image: both signed, host API of the future", lambda: serve(
        lambda number: made(number, level=99), ("host-api-level",)))
    report.attack("image: cut short", lambda: serve(lambda number: made(number)[:-20], ("bytes, the image has",)))
    def offered_too_short():
        # An announcement that can't be true is not even fetched: the device refuses the next one instead.
        nonlocal version
        version += 1
        store.images[str(version)] = made(version)[:300]
        offer = {"version": version, "digest": "sha256:" + 64 * "0", "size": 300, "url": f"{world.store}/firmware/{device}/{version}"}
        publish(world, world.service_port, world.service_files("notifier-1"), f"/firmware/{device}/{version}", json.dumps(offer))
        return serve(lambda number: made(number, director=None), ("director-signature",))

    report.attack("image: announced as shorter than its header", offered_too_short)
    report.attack("image: padded", lambda: serve(
        lambda number: rehashed(made(number) + bytes(16)), ("bytes, the image has",)))

    def unchanged():
        # What was refused above, was refused for its change: without one the same image is taken.
        number = offer(made)
        return None if wait_until(lambda: running() == number, 60) else (
            f"version {number} is not confirmed after 60 s; running: {running()}, heard: {reports.heard[-2:]}")

    report.attack("image: unchanged, it is taken", unchanged)
    store.close()
    reports.process.terminate()
    reports.process.wait(timeout=10)
    world.stack("start", "image-store-1")
    world.away.clear()
