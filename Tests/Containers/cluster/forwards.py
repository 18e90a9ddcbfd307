"""Ports of Services on an address of this machine, as `kubectl port-forward` has them on localhost."""

import socket
import threading


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

    ready: gives the addresses of those pods.
    """

    def __init__(self, address, port, ready):
        self.port, self.ready = port, ready
        self.listener = socket.create_server((address, port))
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
