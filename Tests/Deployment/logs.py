"""Writes much into a log that the stack's log-keeper bounds, and looks at its size and at what is left.

usage: logs.py      Prints what it saw; exit status 1 at a fault.
"""

import os
import pathlib
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy" / "stacklib"))

import logkeeper  # noqa: E402
from running import DEPLOY, Fault, await_true, run, work_folder  # noqa: E402

LIMIT = 128 << 10
KEEPER = DEPLOY / "stacklib" / "logkeeper.py"
# A process with the log as its standard output, as a service has it.
WRITER = "import sys\nfor number in range(int(sys.argv[1])): print(f'line {number} ' + 'x' * 80, flush=True)"


def numbers(*paths):
    """The numbers of the lines in the files, which follow each other."""
    text = b"".join(path.read_bytes() for path in paths if path.exists()).decode()
    lines = text.splitlines()
    # The first may be cut.
    return [int(line.split()[1]) for line in lines[1:]]


def write(log, lines):
    with open(log, "ab") as output:
        return subprocess.Popen([sys.executable, "-c", WRITER, str(lines)], stdout=output)


def check(folder):
    """What a process writes at full speed is bounded, and its newest lines are there."""
    log, older = folder / "registry-1.log", folder / "registry-1.log.1"
    keeper = subprocess.Popen([sys.executable, "-I", "-S", KEEPER, str(folder), str(LIMIT)])
    try:
        if write(log, 40000).wait() != 0:
            raise Fault("the writer failed")
        await_true("a log within its limit", 10, lambda: log.stat().st_size <= LIMIT)
        left = numbers(older, log)
        if left != list(range(left[0], 40000)):
            raise Fault(f"of the newest lines there are {len(left)} between {left[0]} and {left[-1]}")
        if older.stat().st_size > LIMIT:
            raise Fault(f"the older part has {older.stat().st_size} bytes")
        print(f"of 3.7 MB {log.stat().st_size + older.stat().st_size} bytes are left, all lines since {left[0]}")
    finally:
        keeper.terminate()
        keeper.wait()


def check_every_line(folder):
    """While a process writes, the log is turned again and again, and no line is lost or cut."""
    log, older = folder / "busy.log", folder / "busy.log.1"
    writer, turns, text = write(log, 40000), 0, b""
    while writer.poll() is None:
        if log.stat().st_size > LIMIT:
            # All of it is kept here, however much came between two looks.
            logkeeper.turn(log, 64 << 20)
            text += older.read_bytes()
            older.unlink()
            turns += 1
    text += log.read_bytes()
    lines = [int(line.split()[1]) for line in text.decode().splitlines()]
    if lines != list(range(40000)):
        raise Fault(f"after {turns} turns there are {len(lines)} lines of 40000")
    print(f"no line is lost in {turns} turns")


def is_ended(keeper):
    return keeper.poll() is not None


def check_full_disk(folder):
    """Without room for an older part the log is bounded all the same, and goes on."""
    run("mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", folder)
    try:
        log = folder / "registry-1.log"
        log.write_bytes(b"".join(b"line %d\n" % number for number in range(38000))[: 396 << 10])
        keeper = subprocess.Popen([sys.executable, "-I", "-S", KEEPER, str(folder), str(LIMIT)])
        try:
            await_true("a log within its limit on a full disk", 10, lambda: log.stat().st_size <= LIMIT)
        finally:
            keeper.terminate()
            keeper.wait()
        with open(log, "ab") as output:
            output.write(b"there is room again\n")
        print(f"a full disk: {log.stat().st_size} bytes left")
    finally:
        run("umount", folder)


def check_nowhere_for_the_older_part(folder):
    """Where none can be made at all, the log is bounded all the same, and the log-keeper goes on."""
    first, second = folder / "registry-1.log", folder / "registry-2.log"
    for log in (first, second):
        log.write_bytes(b"line 1\n" * 40000)
        pathlib.Path(f"{log}.1").mkdir()
    # What it complains of, and where that can't be written.
    (folder / "gone.log").symlink_to(folder / "nowhere")
    with open("/dev/full", "wb") as full:
        keeper = subprocess.Popen([sys.executable, "-I", "-S", KEEPER, str(folder), str(LIMIT)], stderr=full)
    try:
        await_true("logs within their limit", 10, lambda: max(log.stat().st_size for log in (first, second)) <= LIMIT)
        if is_ended(keeper):
            raise Fault("the log-keeper ended")
        print("logs are bounded without a place for older parts")
    finally:
        keeper.terminate()
        keeper.wait()


def main():
    folder = work_folder("logs")
    try:
        (folder / "disk").mkdir()
        check(folder / "disk")
        # Elsewhere the file is emptied as a whole.
        if run("stat", "--file-system", "--format", "%T", folder).stdout.strip() in ("ext2/ext3", "xfs"):
            check_every_line(folder / "disk")
        if os.geteuid() == 0:
            (folder / "full").mkdir()
            check_full_disk(folder / "full")
        (folder / "blocked").mkdir()
        check_nowhere_for_the_older_part(folder / "blocked")
        gone = folder / "gone"
        gone.mkdir()
        keeper = subprocess.Popen([sys.executable, "-I", "-S", KEEPER, str(gone), str(LIMIT)])
        gone.rmdir()
        await_true("the log-keeper ending with its folder", 10, lambda: is_ended(keeper))
    except Fault as fault:
        print(f"fault: {fault}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
