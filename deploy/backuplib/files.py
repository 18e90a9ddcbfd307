"""Files that are whole under their name, or not there."""

import hashlib
import os

from failure import Failure

PIECE = 1 << 20


def sync_folder(path):
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write(path, data, mode=0o600):
    """Puts the file there in one step, on the disk."""
    temporary = f"{path}.{os.getpid()}.part"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def digest(path):
    """SHA-256 of the file, in hexadecimal."""
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(PIECE):
            found.update(piece)
    return found.hexdigest()


def copy(source, target, expected, mode=0o600):
    """Copies a file whose SHA-256 is known, by way of a temporary name, to the disk.

    False, and nothing at `target`, if the source is something else.
    """
    temporary = f"{target}.{os.getpid()}.part"
    found = hashlib.sha256()
    try:
        with open(source, "rb") as reading, open(temporary, "wb") as writing:
            os.fchmod(writing.fileno(), mode)
            while piece := reading.read(PIECE):
                found.update(piece)
                writing.write(piece)
            writing.flush()
            os.fsync(writing.fileno())
        if found.hexdigest() != expected:
            return False
        os.replace(temporary, target)
        return True
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def require_private(path, what):
    """A secret that others may read is none."""
    try:
        found = os.stat(path)
    except OSError as error:
        raise Failure(f"the {what} can't be read: {error.strerror}: {path}", 66) from None
    if found.st_mode & 0o077:
        raise Failure(f"every user of the machine may read the {what} in {path}: chmod 600 it", 78)
    if found.st_size == 0:
        raise Failure(f"the {what} in {path} is empty", 78)
