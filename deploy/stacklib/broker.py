"""The private mosquitto."""

import os
import shutil
import socket

import processes
from errors import StackError
from state import write_private

NAME = "mosquitto"


def configuration(state):
    directory = state.folder("mosquitto")
    lines = [
        "# Written by deploy/stack at each start.",
        f"listener {state.port(NAME)} 127.0.0.1",
        "allow_anonymous true",
        "persistence true",
        f"persistence_location {directory}/",
        # Every change is on disk within seconds; what a crash still loses, the devices' own
        # reports bring back.
        "autosave_interval 5",
        "max_queued_messages 10000",
        "max_inflight_messages 100",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
    ]
    if os.geteuid() == 0:
        lines.append("user root")
    return "\n".join(lines) + "\n"


def start(state):
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not program:
        raise StackError("mosquitto is not installed: run 'make setup', or 'apt-get install mosquitto'", 69)
    path = os.path.join(state.folder("mosquitto"), "mosquitto.conf")
    write_private(path, configuration(state))
    processes.spawn(state, NAME, [program, "-c", path], {"PATH": os.environ.get("PATH", "")})


def await_ready(state):
    def accepts():
        if not processes.is_running(state.values["processes"].get(NAME)):
            return True
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", state.port(NAME))) == 0

    if not processes.wait_until(accepts, 20.0) or not processes.is_running(state.values["processes"].get(NAME)):
        raise StackError("mosquitto does not answer: see 'deploy/stack logs mosquitto'", 69)
