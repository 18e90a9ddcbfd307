"""Stands before the servers of the bus and keeps what passes.

Each client of each server has a relay of its own, which shows the client the server's key and the server the client's.
"""

import threading

import zmq

BATCH = b"\x00xt\x01"


def secret_key(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            name, _, value = line.partition("=")
            if name.strip() == "secret":
                return value.strip().encode()
    raise ValueError(f"{path} is no key of the bus")


def frames(message):
    """The frames of a message: one, or those of a batch."""
    if not message.startswith(BATCH):
        return [message]
    found, position = [], len(BATCH)
    while position < len(message):
        length = shift = 0
        while True:
            byte = message[position]
            position += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        found.append(message[position : position + length])
        position += length
    return found


class Relays:
    def __init__(self, take):
        """take: called with each frame, the name of the client and whether it is the server's."""
        self.take = take
        self.context = zmq.Context()
        self.poller = zmq.Poller()
        self.routes = {}
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def add(self, client, client_key, server_key, server_address):
        """The address that the client is to be told."""
        front = self.context.socket(zmq.ROUTER)
        front.linger = 0
        front.curve_server = True
        front.curve_secretkey = secret_key(server_key)
        port = front.bind_to_random_port("tcp://127.0.0.1", min_port=10000, max_port=32000)
        self.poller.register(front, zmq.POLLIN)
        self.routes[front] = {"client": client, "key": secret_key(client_key), "server": secret_key(server_key),
                              "address": server_address, "backs": {}}
        return f"tcp://127.0.0.1:{port}"

    def start(self):
        self.thread.start()

    def stop(self):
        self.stopping.set()
        self.thread.join()
        self.context.destroy(0)

    def run(self):
        backs = {}
        while not self.stopping.is_set():
            for socket, _ in self.poller.poll(100):
                if socket in self.routes:
                    route = self.routes[socket]
                    peer, *parts = socket.recv_multipart()
                    if peer not in route["backs"]:
                        back = route["backs"][peer] = self.dial(route)
                        backs[back] = (socket, peer)
                        self.poller.register(back, zmq.POLLIN)
                    self.keep(parts, route["client"], False)
                    route["backs"][peer].send_multipart(parts)
                else:
                    front, peer = backs[socket]
                    parts = socket.recv_multipart()
                    self.keep(parts, self.routes[front]["client"], True)
                    front.send_multipart([peer, *parts])

    def dial(self, route):
        back = self.context.socket(zmq.DEALER)
        back.linger = 0
        back.curve_secretkey = route["key"]
        back.curve_publickey = zmq.curve_public(route["key"])
        back.curve_serverkey = zmq.curve_public(route["server"])
        back.connect(route["address"])
        return back

    def keep(self, parts, client, is_answer):
        if len(parts) == 1:
            for frame in frames(parts[0]):
                self.take(frame, client, is_answer)
