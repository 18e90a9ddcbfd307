#!/usr/bin/env python3
"""Reads, checks and makes signed images and root documents, from docs/signing.md alone.

It shares no code with the project and takes its cryptography from the `cryptography` package, so that it finds what the
project's two sides would both get wrong. Prints JSON; a refusal ends it with 1 and {"refused": REASON}.
"""

import argparse
import base64
import datetime
import hashlib
import json
import os
import re
import struct
import sys
import uuid

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

HEADER_BYTES = 544
# After the hash and the device ID: magic, header version, flags, firmware version, wasm length, wasm digest, epoch,
# host API level, app name, app version, publisher key and signature, director key and signature, padding.
FIELDS = struct.Struct("<4sHHQQ32sII32s32s8s64s8s64s224s")


class Refused(Exception):
    """Its text is the reason."""


def require(condition, reason):
    if not condition:
        raise Refused(reason)


def sha256(data):
    return hashlib.sha256(data).digest()


def key_id(public):
    return sha256(public)[:8]


def public_bytes(key):
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def private_key(path):
    with open(path, "rb") as file:
        key = serialization.load_pem_private_key(file.read(), password=None)
    require(isinstance(key, Ed25519PrivateKey), "not an Ed25519 key")
    return key


def public_key(path):
    """Of a file with a public key, or with a private one."""
    with open(path, "rb") as file:
        text = file.read()
    if b"PRIVATE KEY" in text:
        return public_bytes(private_key(path))
    key = serialization.load_pem_public_key(text)
    require(isinstance(key, Ed25519PublicKey), "not an Ed25519 key")
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def is_signed(public, signature, message):
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        return True
    except InvalidSignature:
        return False


def label(text):
    data = text.encode()
    require(len(data) <= 32, "label too long")
    return data.ljust(32, b"\0")


def publisher_message(digest, length, epoch, level, name, version):
    return b"xtblish-publisher-v1\0" + digest + struct.pack("<QII", length, epoch, level) + name + version


# Images


def make_image(wasm, device, version, name, app_version, epoch, level, director, publisher):
    digest = sha256(wasm)
    name, app_version = label(name), label(app_version)
    publisher_id, publisher_signature = bytes(8), bytes(64)
    if publisher:
        publisher_id = key_id(public_bytes(publisher))
        publisher_signature = publisher.sign(publisher_message(digest, len(wasm), epoch, level, name, app_version))
    director_id = key_id(public_bytes(director)) if director else bytes(8)

    def body(signature):
        fields = FIELDS.pack(
            b"XTB1", 1, 0, version, len(wasm), digest, epoch, level, name, app_version, publisher_id,
            publisher_signature, director_id, signature, bytes(224))  # fmt: skip
        return device.bytes + fields

    # Bytes 32…255 of the image: the first 224 after the hash.
    signature = director.sign(b"xtblish-director-v1\0" + body(bytes(64))[:224]) if director else bytes(64)
    rest = body(signature) + wasm
    return sha256(rest) + rest


def check_image(image, device, root, lowest_epoch, highest_level, lowest_version):
    require(len(image) > HEADER_BYTES, "cut short")
    require(image[:32] == sha256(image[32:]), "hash")
    (magic, header, flags, version, length, digest, epoch, level, name, app_version, publisher_id, publisher_signature,
     director_id, director_signature, padding) = FIELDS.unpack(image[48:HEADER_BYTES])  # fmt: skip
    wasm = image[HEADER_BYTES:]
    require(magic == b"XTB1" and header == 1 and flags == 0 and padding == bytes(224), "form")
    require(length == len(wasm) and digest == sha256(wasm), "wasm")
    directors = {key_id(key): key for key in root["directors"]}
    require(director_id in directors, "director key")
    message = b"xtblish-director-v1\0" + image[32:256]
    require(is_signed(directors[director_id], director_signature, message), "director signature")
    publishers = {key_id(key): (key, apps) for key, apps in root["publishers"]}
    require(publisher_id in publishers, "publisher key")
    key, apps = publishers[publisher_id]
    message = publisher_message(digest, length, epoch, level, name, app_version)
    require(is_signed(key, publisher_signature, message), "publisher signature")
    text = name.rstrip(b"\0").decode()
    require("*" in apps or text in apps, "delegation")
    require(image[32:48] == device.bytes, "device")
    require(version >= max(lowest_version, 1), "version")
    require(epoch >= lowest_epoch, "epoch")
    require(level <= highest_level, "host API level")
    return {
        "device": str(device), "version": version, "digest": digest.hex(), "epoch": epoch, "hostAPILevel": level,
        "name": text, "appVersion": app_version.rstrip(b"\0").decode(), "publisher": publisher_id.hex(),
        "director": director_id.hex(),
    }  # fmt: skip


# Root documents


def entry(public):
    return {"keyID": key_id(public).hex(), "publicKey": public.hex()}


def make_root(version, expires, threshold, root_keys, directors, publishers, signers):
    payload = json.dumps({
        "type": "root", "version": version, "expires": expires, "threshold": threshold,
        "rootKeys": [entry(key) for key in root_keys], "directors": [entry(key) for key in directors],
        "publishers": [dict(entry(key), apps=apps) for key, apps in publishers],
    }).encode()  # fmt: skip
    signatures = [
        {"keyID": key_id(public_bytes(key)).hex(), "signature": key.sign(b"xtblish-root-v1\0" + payload).hex()}
        for key in signers
    ]
    return json.dumps({"signed": base64.b64encode(payload).decode(), "signatures": signatures}).encode()


def unique(pairs):
    """For json: a name that comes twice means nothing."""
    require(len({name for name, _ in pairs}) == len(pairs), "a name twice")
    return dict(pairs)


def keys_of(entries):
    keys = []
    for value in entries:
        public = bytes.fromhex(value["publicKey"])
        require(len(public) == 32 and key_id(public).hex() == value["keyID"], "key ID")
        keys.append(public)
    return keys


def read_root(document):
    envelope = json.loads(document, object_pairs_hook=unique)
    require(set(envelope) == {"signed", "signatures"}, "envelope")
    payload = base64.b64decode(envelope["signed"], validate=True)
    signed = json.loads(payload, object_pairs_hook=unique)
    members = {"type", "version", "expires", "threshold", "rootKeys", "directors", "publishers"}
    require(set(signed) == members and signed["type"] == "root", "payload")
    require(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", signed["expires"]), "expires")
    return {
        "version": signed["version"],
        "expires": datetime.datetime.fromisoformat(signed["expires"].replace("Z", "+00:00")),
        "threshold": signed["threshold"],
        "rootKeys": keys_of(signed["rootKeys"]),
        "directors": keys_of(signed["directors"]),
        "publishers": list(zip(keys_of(signed["publishers"]), [value["apps"] for value in signed["publishers"]])),
        "message": b"xtblish-root-v1\0" + payload,
        "signatures": [(bytes.fromhex(s["keyID"]), bytes.fromhex(s["signature"])) for s in envelope["signatures"]],
    }


def check_threshold(signed, root):
    signers = {
        key
        for key in root["rootKeys"]
        for identifier, signature in signed["signatures"]
        if identifier == key_id(key) and is_signed(key, signature, signed["message"])
    }
    require(len(signers) >= root["threshold"] >= 1, "threshold")


def check_chain(paths, pin, now):
    """The newest document of a chain whose first one is pinned."""
    latest = None
    for path in paths:
        with open(path, "rb") as file:
            document = file.read()
        root = read_root(document)
        if latest is None:
            require(pin is None or sha256(document).hex() == pin, "pin")
        else:
            require(root["version"] == latest["version"] + 1, "root version")
            check_threshold(root, latest)
        check_threshold(root, root)
        latest = root
    require(now < latest["expires"], "expired")
    return latest


def delegation(text):
    path, separator, apps = text.rpartition("=")
    if not separator:
        raise argparse.ArgumentTypeError("give KEYFILE=APP,APP… or KEYFILE=*")
    return public_key(path), apps.split(",")


def write(path, data, mode=0o644):
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(data)


def run(options):
    if options.command == "keygen":
        key = Ed25519PrivateKey.generate()
        write(options.out, key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()), 0o600)
        write(options.out + ".pub", key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
        return entry(public_bytes(key))
    if options.command == "make-root":
        keys = [private_key(path) for path in options.root_key]
        document = make_root(
            options.version, options.expires, options.threshold, [public_bytes(key) for key in keys],
            [public_key(path) for path in options.director], options.publisher,
            keys + [private_key(path) for path in options.also_sign])
        write(options.out, document)
        return {"version": options.version, "pin": sha256(document).hex()}
    if options.command == "make-image":
        with open(options.wasm, "rb") as file:
            wasm = file.read()
        image = make_image(
            wasm, options.device, options.version, options.name, options.app_version, options.epoch,
            options.host_api_level, private_key(options.director), private_key(options.publisher))
        write(options.out, image)
        return {"size": len(image), "hash": image[:32].hex()}
    root = check_chain(options.root, options.pin, datetime.datetime.now(datetime.timezone.utc))
    if options.command == "verify-root":
        return {"version": root["version"], "directors": [key_id(key).hex() for key in root["directors"]]}
    with open(options.image, "rb") as file:
        image = file.read()
    return check_image(
        image, options.device, root, options.lowest_epoch, options.highest_host_api_level, options.lowest_version)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    keygen = commands.add_parser("keygen", help="Make a key: OUT and OUT.pub.")
    keygen.add_argument("--out", required=True)

    make_root_parser = commands.add_parser("make-root", help="Make a root document and sign it with its own keys.")
    make_root_parser.add_argument("--version", type=int, default=1)
    make_root_parser.add_argument("--expires", default="2099-01-01T00:00:00Z")
    make_root_parser.add_argument("--threshold", type=int, default=1)
    make_root_parser.add_argument("--root-key", action="append", required=True)
    make_root_parser.add_argument("--also-sign", action="append", default=[], help="Keys of the document before.")
    make_root_parser.add_argument("--director", action="append", required=True)
    make_root_parser.add_argument("--publisher", action="append", type=delegation, default=[])
    make_root_parser.add_argument("--out", required=True)

    make = commands.add_parser("make-image", help="Make a signed image.")
    make.add_argument("--wasm", required=True)
    make.add_argument("--version", type=int, default=1)
    make.add_argument("--name", default="")
    make.add_argument("--app-version", default="")
    make.add_argument("--epoch", type=int, default=0)
    make.add_argument("--host-api-level", type=int, default=0)
    make.add_argument("--director", required=True)
    make.add_argument("--publisher", required=True)
    make.add_argument("--out", required=True)

    verify = commands.add_parser("verify-image", help="Check an image as a device would.")
    verify.add_argument("--image", required=True)
    verify.add_argument("--lowest-version", type=int, default=1)
    verify.add_argument("--lowest-epoch", type=int, default=0)
    verify.add_argument("--highest-host-api-level", type=int, default=1)
    for command in (make, verify):
        command.add_argument("--device", type=uuid.UUID, required=True)
    for command in (verify, commands.add_parser("verify-root", help="Check a chain of root documents.")):
        command.add_argument("--root", action="append", required=True, help="A root document; all of a chain, in order.")
        command.add_argument("--pin", help="SHA-256 of the first one, in hexadecimal digits.")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        print(json.dumps(run(parse())))
    except Refused as refusal:
        print(json.dumps({"refused": str(refusal)}))
        sys.exit(1)
