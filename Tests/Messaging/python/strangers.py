"""Tries to talk to a server with keys: with one that it knows, and as everybody who should get nothing.

usage: strangers.py GENERATED ENDPOINT SERVER_PUBLIC_KEY KEY_FOLDER

KEY_FOLDER has the secret keys operator.key and monitor.key, which the server knows, each in Z85.
"""

import os
import pathlib
import sys

import zmq

generated, endpoint, server_key, folder = sys.argv[1:5]
sys.path.insert(0, generated)

from xtblish.v1 import envelope_pb2  # noqa: E402


def secret(name):
    return (pathlib.Path(folder) / name).read_bytes().strip()


def request(kind):
    return envelope_pb2.Envelope(
        version=1, role=envelope_pb2.Envelope.ROLE_REQUEST, kind=kind, correlation_id=os.urandom(16),
        deadline_milliseconds=5_000,
    ).SerializeToString()


def connect(secret_key=None, server=server_key.encode(), identity=None, wait=1_500):
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.RCVTIMEO, wait)
    # A server that refuses before the request is handed over leaves nobody to hand it to, and libzmq would wait for ever.
    socket.setsockopt(zmq.SNDTIMEO, wait)
    if identity:
        socket.setsockopt(zmq.ROUTING_ID, identity)
    if secret_key:
        socket.curve_serverkey = server
        socket.curve_publickey = zmq.curve_public(secret_key)
        socket.curve_secretkey = secret_key
    socket.connect(endpoint)
    return socket


def ask(socket, kind="google.protobuf.BytesValue"):
    try:
        socket.send(request(kind))
        answer = envelope_pb2.Envelope.FromString(socket.recv())
    except zmq.Again:
        return "nothing"
    if answer.role == envelope_pb2.Envelope.ROLE_FAILURE:
        return answer.failure.reason
    return "answer"


unknown, other = zmq.curve_keypair()[1], zmq.curve_keypair()[0]
print("a known key gets", ask(connect(secret("operator.key"), wait=20_000)))
print("a plain client gets", ask(connect()))
print("an unknown key gets", ask(connect(unknown)))
print("a client that expects another server gets", ask(connect(secret("operator.key"), server=other)))
print("the wrong role gets", ask(connect(secret("monitor.key"), wait=20_000)))

# Whoever takes the routing ID of somebody else does not become them.
privileged = connect(secret("operator.key"), identity=b"shared", wait=20_000)
print("the owner of a name gets", ask(privileged))
privileged.close()
for _ in range(40):
    # Nothing, as long as the server still has the owner's connection.
    outcome = ask(connect(secret("monitor.key"), identity=b"shared", wait=500))
    if outcome != "nothing":
        break
print("the thief of a name gets", outcome)
