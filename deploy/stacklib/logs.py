"""The process that bounds the logs of the others; see logkeeper.py for how."""

import os
import sys

import processes
from errors import StackError

NAME = "log-keeper"
SETTING = "XTBLISH_STACK_LOG_BYTES"
PROGRAM = os.path.join(os.path.dirname(os.path.realpath(__file__)), "logkeeper.py")
LEAST, DEFAULT = 64 << 10, 16 << 20


def limit():
    text = os.environ.get(SETTING, str(DEFAULT))
    if not text.isascii() or not text.isdigit() or int(text) < LEAST:
        raise StackError(f"{SETTING} is how large a log may grow, in bytes, {LEAST} or more; not '{text}'", 64)
    return int(text)


def start(state):
    command = [sys.executable, "-I", "-S", "-B", PROGRAM, state.folder("logs"), str(limit())]
    processes.spawn(state, NAME, command, {"PATH": os.environ.get("PATH", "")})
