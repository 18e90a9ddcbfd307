"""Bounds the logs of a stack: the process `log-keeper`, which deploy/stack starts before all others.

A log that has grown above the limit goes on in the same file, as the process that writes it has that open: the newest of
what is in it goes to NAME.log.1, in the place of what was there. So each process has two files, of at most the limit each
and what comes within a second.

usage: logkeeper.py FOLDER LIMIT_BYTES
"""

import contextlib
import ctypes
import os
import pathlib
import resource
import sys
import time

# linux/falloc.h: takes a range out of a file, and moves what is behind it up.
FALLOC_FL_COLLAPSE_RANGE = 0x08
PIECE = 1 << 20
libc = ctypes.CDLL(None, use_errno=True)
libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_longlong, ctypes.c_longlong]


def cut(descriptor, length):
    """Takes the first bytes out. Lines that are being appended stay, where the file system can do it (ext4, XFS).

    Elsewhere the file is emptied, and what came since it was copied is lost.
    """
    if length == 0 or libc.fallocate(descriptor, FALLOC_FL_COLLAPSE_RANGE, 0, length) != 0:
        os.ftruncate(descriptor, 0)


def copy(descriptor, path, position, length):
    """Leaves nothing at the path if there is no room for it."""
    try:
        with open(path, "wb") as older:
            while position < length:
                piece = os.pread(descriptor, min(PIECE, length - position), position)
                if not piece:
                    break
                older.write(piece)
                position += len(piece)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(path)


def turn(path, limit):
    descriptor = os.open(path, os.O_RDWR)
    try:
        status = os.fstat(descriptor)
        # Whole blocks, and not all of the file: no other range can be taken out.
        block = status.st_blksize
        length = (status.st_size - 1) // block * block
        # On a full disk the newest lines are worth more than older ones.
        copy(descriptor, f"{path}.1", max(0, length - limit), length)
        cut(descriptor, length)
    finally:
        os.close(descriptor)


def complain(error):
    # Its own log may be on the disk that is full.
    with contextlib.suppress(OSError):
        print(f"a log can't be bounded: {error}", file=sys.stderr, flush=True)


def look(folder, limit):
    for entry in os.scandir(folder):
        try:
            if entry.name.endswith(".log") and entry.stat().st_size > limit:
                turn(entry.path, limit)
        except OSError as error:
            # The others are looked at all the same.
            complain(error)


def leave_no_core():
    """Lines that it moves may be of a crash that nobody else has seen: its own leaves no memory behind, as the services'."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pathlib.Path("/proc/self/coredump_filter").write_text("0", encoding="ascii")


def main():
    leave_no_core()
    folder, limit = sys.argv[1], int(sys.argv[2])
    while os.path.isdir(folder):
        try:
            look(folder, limit)
        except OSError as error:
            complain(error)
        # Sleeps: a look at the sizes each second.
        time.sleep(1)


if __name__ == "__main__":
    main()
