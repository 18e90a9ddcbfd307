"""Free loopback ports below 32768, where the kernel's own range for clients begins."""

import fcntl
import os
import random
import socket

LOWEST, HIGHEST = 10000, 32000
# A file a port, locked by who has chosen it and does not listen yet: another stack, or a test. It is the tests' folder, too.
FOLDER = "/tmp/xtblish-test-ports"
# Held until this process ends, by when whoever is to listen does.
locks = []


def lock(port):
    """Whether nobody else has chosen the port at this moment; where there can be no locks, nobody has."""
    try:
        if not os.path.isdir(FOLDER):
            os.mkdir(FOLDER)
            os.chmod(FOLDER, 0o1777)
        descriptor = os.open(f"{FOLDER}/{port}", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return False
    locks.append(descriptor)
    return True


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
        if port not in taken and lock(port) and is_free(port):
            taken.add(port)
            return port
    raise RuntimeError(f"every loopback port from {LOWEST} to {HIGHEST} is in use")
