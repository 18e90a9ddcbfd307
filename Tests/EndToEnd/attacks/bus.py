"""A peer on the bus that shares no code with the project but its .proto files."""

import os
import pathlib
import subprocess
import sys
import tempfile

import zmq

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROTOCOLS = ROOT / "Sources" / "Shared" / "Wire" / "Protocols"


def load_protocol():
    """The modules of envelope, registry, notifier, provisioner and image store."""
    folder = tempfile.mkdtemp(prefix="xtblish-protocol-")
    files = [str(path) for path in PROTOCOLS.glob("xtblish/v1/*.proto")]
    subprocess.run(["protoc", f"-I{PROTOCOLS}", "-I/usr/include", f"--python_out={folder}", *files], check=True)
    sys.path.insert(0, folder)
    from xtblish.v1 import envelope_pb2, image_store_pb2, notifier_pb2, provisioner_pb2, registry_pb2

    return envelope_pb2, registry_pb2, notifier_pb2, provisioner_pb2, image_store_pb2


def fields(path):
    pairs = (line.partition("=") for line in pathlib.Path(path).read_text().splitlines() if not line.startswith("#"))
    return {key.strip(): value.strip() for key, _, value in pairs if value}


def public_keys(folder, role):
    """The public keys of everyone of that role."""
    found = [fields(path) for path in sorted(pathlib.Path(folder).glob("*.peer"))]
    return [one["key"].encode() for one in found if one["role"] == role]


class Keys:
    """What a peer of the bus holds: its own secret, and the key of the server that it means to reach."""

    def __init__(self, secret, server):
        self.secret, self.server = secret, server

    @classmethod
    def of_file(cls, path, server):
        return cls(fields(path)["secret"].encode(), server)

    @classmethod
    def fresh(cls, server):
        return cls(zmq.curve_keypair()[1], server)


def exchange(endpoint, frames, keys=None, seconds=5.0, expects_answer=True):
    """Sends one message and gives the answer's frames, or None."""
    context = zmq.Context.instance()
    peer = context.socket(zmq.DEALER)
    peer.setsockopt(zmq.LINGER, 0)
    if keys:
        peer.curve_secretkey = keys.secret
        peer.curve_publickey = zmq.curve_public(keys.secret)
        peer.curve_serverkey = keys.server
    peer.connect(endpoint)
    try:
        peer.send_multipart(frames)
        if not peer.poll(int(1000 * seconds) if expects_answer else 200):
            return None
        return peer.recv_multipart()
    finally:
        peer.close()


def request(envelopes, message, **changes):
    """An envelope that asks for what the message says."""
    envelope = envelopes.Envelope
    frame = envelope(
        version=1,
        role=envelope.ROLE_REQUEST,
        kind=message.DESCRIPTOR.full_name,
        correlation_id=os.urandom(16),
        deadline_milliseconds=3000,
        payload=message.SerializeToString(),
    )
    for key, value in changes.items():
        setattr(frame, key, value)
    return frame
