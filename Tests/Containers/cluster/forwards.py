"""Ports of Services at localhost, as `kubectl port-forward` has them, in a network of its own: this machine's may be taken."""

import ctypes
import os
import socket
import threading

NEW_NETWORK = 0x40000000  # CLONE_NEWNET


def listen(network, port):
    """Listens at a port of localhost in another network namespace, which a file names."""
    libc = ctypes.CDLL(None, use_errno=True)
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    other = os.open(network, os.O_RDONLY)
    try:
        if libc.setns(other, NEW_NETWORK) != 0:
            raise OSError(ctypes.get_errno(), f"setns to {network}")
        return socket.create_server(("127.0.0.1", port))
    finally:
        libc.setns(own, NEW_NETWORK)
        os.close(own)
        os.close(other)


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end, how in ((source, socket.SHUT_RD), (target, socket.SHUT_WR)):
        try:
            end.shutdown(how)
        except OSError:
            pass


class Forward:
    """Listens at a port and leads each connection to a ready pod.

    network: the file of the network namespace. ready: gives the addresses of those pods.
    """

    def __init__(self, network, port, ready):
        self.port, self.ready = port, ready
        self.listener = listen(network, port)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            for address in self.ready():
                try:
                    pod = socket.create_connection((address, self.port), timeout=5)
                except OSError:
                    continue
                pod.settimeout(None)
                for pair in ((client, pod), (pod, client)):
                    threading.Thread(target=copy, args=pair, daemon=True).start()
                break
            else:
                client.close()
