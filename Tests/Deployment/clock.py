"""Lets the clocks of a running stack jump: of a device, of the services, of the database, of all; looks what becomes of a
deployment, and how soon all is well when the clock is right again.

usage: clock.py [PLACE]…      such as: clock.py device all. Needs Debian's faketime.
"""

import ctypes
import os
import pathlib
import pwd
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import running  # noqa: E402
from running import Device, Fault, Stack, await_true, quick_app, run, work_folder  # noqa: E402

LIBRARY = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
PROGRAMS = ("registry", "notifier", "image-store", "provisioner")
JUMPS = {"an hour on": 3600, "an hour back": -3600, "a year and a week on": 372 * 86400}
# How soon a deployment is through, in seconds: while the clock is wrong, or else it is said what is in the way; and when it
# is right again, as a device that was refused tries again with growing pauses.
WRONG, RIGHT = 20, 180


def share():
    """What libfaketime's processes share: a semaphore and some memory.

    Without them it makes its own, and says so in the environment, which moves: Swift's runtime then finds no arguments.
    """
    names = (f"/xtblish-faketime-semaphore-{os.getpid()}", f"/xtblish-faketime-memory-{os.getpid()}")
    library = ctypes.CDLL(None, use_errno=True)
    library.sem_open.restype = ctypes.c_void_p
    if not library.sem_open(names[0].encode(), os.O_CREAT, 0o666, 1) or (descriptor := library.shm_open(names[1].encode(), os.O_CREAT | os.O_RDWR, 0o666)) < 0:
        raise Fault(f"there is no shared memory: {os.strerror(ctypes.get_errno())}")
    os.ftruncate(descriptor, 4096)
    os.close(descriptor)
    for entry in pathlib.Path("/dev/shm").glob(f"*xtblish-faketime-*-{os.getpid()}"):
        entry.chmod(0o666)
    return names


class Clocks:
    """A file for each place, which libfaketime reads once a second; what it does not fake is time since boot."""

    def __init__(self, folder):
        self.folder = folder
        self.programs = folder / "bin"
        self.programs.mkdir()
        self.shared = share()
        self.set_all(0)

    def file(self, place):
        return self.folder / f"clock-{place}"

    def set(self, place, seconds):
        temporary = self.folder / "clock.new"
        temporary.write_text(f"{seconds:+d}\n")
        temporary.chmod(0o644)
        temporary.rename(self.file(place))

    def set_all(self, seconds):
        for place in ("services", "database", "device"):
            self.set(place, seconds)

    def environment(self, place):
        return {
            "LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(self.file(place)), "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_CACHE_DURATION": "1", "NO_FAKE_STAT": "1", "FAKETIME_SHARED": " ".join(self.shared),
        }

    def wrap(self, name, program, place):
        """A program of that name which sees the place's clock."""
        settings = " ".join(f"{key}='{value}'" for key, value in self.environment(place).items())
        path = self.programs / name
        path.write_text(f"#!/bin/sh\nexec env {settings} {program} \"$@\"\n")
        path.chmod(0o755)
        return path


class World:
    def __init__(self, folder):
        self.clocks = Clocks(folder)
        self.apps = folder / "apps"
        self.apps.mkdir()
        self.count = 0
        for service in PROGRAMS:
            self.clocks.wrap(f"xtblish-{service}", running.BINARIES / f"xtblish-{service}", "services")
        device = self.clocks.wrap("xtblish-device", running.BINARIES / "xtblish-device", "device")
        self.clocks.wrap("mosquitto", "/usr/sbin/mosquitto", "services")
        self.stack = Stack(folder / "stack", {"XTBLISH_BINARIES": str(self.clocks.programs), "PATH": f"{self.clocks.programs}:{os.environ['PATH']}"})
        self.postgres = None
        self.stack.up()
        for name in ("registry-1", "provisioner-1", "postgres"):
            self.stack.call("stop", name)
        self.start_postgres()
        for name in ("registry-1", "provisioner-1"):
            self.stack.call("start", name)
        self.device = Device(self.stack, folder / "device", "board-1")
        self.device.start(device)
        self.must_deploy(60)

    def start_postgres(self):
        """The stack's own, with the database's clock."""
        user = pwd.getpwnam("postgres")
        program = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))[-1]
        port = self.stack.environment()["XTBLISH_DATABASE_URL"].rsplit(":", 1)[1].split("/")[0]
        command = [program, "-D", self.stack.folder / "postgres", "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        account = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        self.postgres = subprocess.Popen(
            list(map(str, command)), env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **self.clocks.environment("database")},
            cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, **account,
        )
        url = self.stack.environment()["XTBLISH_DATABASE_URL"]
        await_true("a database", 30, lambda: run("psql", "-XqAt", url, "-c", "select 1", check=False).returncode == 0)

    def post(self):
        self.count += 1
        return self.stack.post(quick_app(self.apps, f"app-{self.count}"), self.device.identifier)

    def must_deploy(self, seconds):
        """How long it takes until an upload is taken and the device has proved it."""
        begun = time.monotonic()
        self.count += 1
        app = quick_app(self.apps, f"app-{self.count}")
        answer = await_true("an upload", seconds, lambda: self.taken(app))
        self.stack.await_confirmed(self.device.identifier, answer, seconds)
        return time.monotonic() - begun

    def taken(self, app):
        try:
            return self.stack.deploy(app, self.device.identifier)[1]
        except Fault:
            return None

    def said(self):
        """What an operator sees."""
        words = [f"upload {self.post()[0]}"]
        for name in ("registry-1", "image-store-1", "provisioner-1", "notifier-1"):
            if not self.stack.is_ready(name):
                words.append(f"{name} not ready")
        status = self.device.status()
        words.append("device " + ("connected" if status.get("connected") else "not connected") + f", waiting: {status.get('waiting')}")
        return "; ".join(words)

    def alive(self):
        ended = [name for name in ("registry-1", "image-store-1", "provisioner-1", "notifier-1", "mosquitto") if not pathlib.Path(f"/proc/{self.stack.pid(name)}/cwd").exists()]
        return not ended and self.device.process.poll() is None

    def close(self):
        if getattr(self, "device", None):
            self.device.stop()
        self.stack.remove()
        if self.postgres:
            self.postgres.send_signal(signal.SIGINT)
            self.postgres.wait()
            subprocess.run(["rm", "-rf", str(self.stack.folder)], check=False)


def jump(world, places, label):
    for place in places:
        world.clocks.set(place, JUMPS[label])
    # Sleeps: libfaketime looks at its file once a second.
    time.sleep(1.5)
    # New connections, as after a moment without a network: those that are open know nothing of the clock.
    world.stack.call("stop", "mosquitto")
    world.stack.call("start", "mosquitto")
    try:
        took = f"a deployment takes {world.must_deploy(WRONG):.1f} s"
    except Fault:
        took = world.said()
        # Certificates are not good yet, or no more; anything else must go on.
        if not any(word in took for word in ("ertificate", "TLS", "not ready")):
            raise Fault(f"nothing says why no deployment gets through: {took}") from None
    world.clocks.set_all(0)
    # Sleeps: as above.
    time.sleep(1.5)
    back = world.must_deploy(RIGHT)
    if not world.alive():
        raise Fault("a process has ended")
    print(f"{'+'.join(places):28} {label:22} {took}; after the clock is right a deployment takes {back:.1f} s", flush=True)


PLACES = {
    "device": ("device",), "services": ("services",), "database": ("database",), "server": ("services", "database"),
    "all": ("services", "database", "device"),
}


def main():
    if not LIBRARY:
        print("error: faketime is not installed: 'apt-get install faketime'", file=sys.stderr)
        return 69
    chosen = sys.argv[1:] or list(PLACES)
    if set(chosen) - set(PLACES):
        print(f"error: the places are {', '.join(PLACES)}", file=sys.stderr)
        return 64
    folder = work_folder("clock")
    status, world = 0, None
    try:
        world = World(folder)
        for place in chosen:
            for label in JUMPS:
                try:
                    jump(world, PLACES[place], label)
                except Fault as fault:
                    print(f"fault: {place}, {label}: {fault}\n  {world.said()}", file=sys.stderr)
                    status = 1
                    world.clocks.set_all(0)
    except Fault as fault:
        print(f"fault: {fault}", file=sys.stderr)
        status = 1
    finally:
        if world:
            world.close()
        for entry in pathlib.Path("/dev/shm").glob(f"*xtblish-faketime-*-{os.getpid()}"):
            entry.unlink()
        subprocess.run(["rm", "-rf", str(folder)], check=False)
    return status


if __name__ == "__main__":
    sys.exit(main())
