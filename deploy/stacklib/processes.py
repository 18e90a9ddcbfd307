"""Processes that outlive the command that starts them, known by process ID and start time."""

import os
import signal
import subprocess
import time

from errors import StackError


def start_time(pid):
    """Clock ticks since boot when the process started; None if there is none (or only a zombie)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def is_running(record):
    """Whether the recorded process still runs; a later process of the same ID is not it."""
    return bool(record) and start_time(record["pid"]) == record["started"]


def log_path(state, name):
    return os.path.join(state.folder("logs"), f"{name}.log")


def working_in(directory):
    """IDs of the processes whose working directory it is."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.readlink(f"/proc/{entry}/cwd") == directory:
                found.append(int(entry))
        except OSError:
            continue
    return found


def spawn(state, name, command, environment, directory=None, account=None):
    """Starts the command in a session of its own, its output appended to DIR/logs/NAME.log."""
    with open(log_path(state, name), "ab") as log:
        try:
            process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=directory or state.directory,
                start_new_session=True,
                **(account or {}),
            )
        except FileNotFoundError:
            raise StackError(f"{command[0]} is not there: run 'make build' (or 'make setup' for what Debian has)") from None
    record = {"pid": process.pid, "started": start_time(process.pid)}
    state.values["processes"][name] = record
    state.save()
    return process


def stop(record, seconds=15.0, first=signal.SIGTERM, again=False):
    """Asks with the first signal, then SIGKILLs what is still there after that time.

    again: sends the signal each second, for what forgets one.

    True if it went by itself.
    """
    for second in range(int(seconds)):
        if not is_running(record):
            return True
        if again or second == 0:
            os.kill(record["pid"], first)
        if wait_until(lambda: not is_running(record), 1.0):
            return True
    os.kill(record["pid"], signal.SIGKILL)
    wait_until(lambda: not is_running(record), 5.0)
    return False


def wait_until(condition, seconds, interval=0.02):
    """Polls the condition; False when it did not hold within that time."""
    end = time.monotonic() + seconds
    while True:
        if condition():
            return True
        if time.monotonic() > end:
            return False
        reap()
        # Sleeps: a look every now and then, with a bound.
        time.sleep(interval)


def reap():
    """Collects children that ended, so that they do not count as running."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def last_lines(path, count):
    try:
        with open(path, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 65536 - 512 * count))
            return file.read().decode("utf-8", "replace").splitlines()[-count:]
    except OSError:
        return []
