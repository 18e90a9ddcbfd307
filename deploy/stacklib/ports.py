"""Free loopback ports below 32768, where the kernel's own range for clients begins."""

import random
import socket

LOWEST, HIGHEST = 10000, 32000


def is_free(port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def choose(taken):
    """A port that nobody listens on and that is not in `taken`; it is added there."""
    for port in random.sample(range(LOWEST, HIGHEST), HIGHEST - LOWEST):
        if port not in taken and is_free(port):
            taken.add(port)
            return port
    raise RuntimeError(f"every loopback port from {LOWEST} to {HIGHEST} is in use")
