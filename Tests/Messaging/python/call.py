"""Calls a service by what the .proto files and the comments in them say, sharing no code with it."""

import os
import sys

import zmq

generated, endpoint = sys.argv[1:3]
sys.path.insert(0, generated)

from xtblish.v1 import envelope_pb2  # noqa: E402


class Caller:
    def __init__(self, endpoint):
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVTIMEO, 20_000)
        self.socket.connect(endpoint)

    def call(self, kind, payload, version=1):
        request = envelope_pb2.Envelope(
            version=version,
            role=envelope_pb2.Envelope.ROLE_REQUEST,
            kind=kind,
            correlation_id=os.urandom(16),
            deadline_milliseconds=5_000,
            trace_parent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            payload=payload,
        )
        self.socket.send(request.SerializeToString())
        while True:
            answer = envelope_pb2.Envelope.FromString(self.socket.recv())
            if answer.correlation_id == request.correlation_id:
                return answer


caller = Caller(endpoint)

caller.socket.send(envelope_pb2.Envelope(version=1, role=envelope_pb2.Envelope.ROLE_HEARTBEAT).SerializeToString())
beat = envelope_pb2.Envelope.FromString(caller.socket.recv())
assert beat.role == envelope_pb2.Envelope.ROLE_HEARTBEAT_REPLY, beat

answer = caller.call("xtblish.v1.GetStatus", envelope_pb2.GetStatus().SerializeToString())
assert answer.version == 1 and answer.role == envelope_pb2.Envelope.ROLE_RESPONSE, answer
status = envelope_pb2.ServiceStatus.FromString(answer.payload)
print("service", status.service, "ready", status.ready, "pending", status.figures["outbox.pending"])

answer = caller.call("xtblish.v1.NoSuchRequest", b"")
assert answer.role == envelope_pb2.Envelope.ROLE_FAILURE, answer
print("failure", envelope_pb2.Failure.Code.Name(answer.failure.code), answer.failure.reason)

answer = caller.call("xtblish.v1.GetStatus", b"", version=9)
print("failure", envelope_pb2.Failure.Code.Name(answer.failure.code), answer.failure.reason)
