"""Fills the disk under each process of a stack in its turn: what it says, that nothing acknowledged is lost, and that it goes
on by itself when there is room.

usage: full_disk.py [PART]…      such as: full_disk.py images device. Needs root: each disk is a small tmpfs.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))

from running import Device, Fault, Stack, await_true, quick_app, run, work_folder  # noqa: E402

NAMESPACE = "XTBLISH_FULL_DISK_NAMESPACE"


def must(condition, what):
    if not condition:
        raise Fault(what)


def move(path, megabytes):
    """Puts the folder on a disk of its own, with all that is in it."""
    status = path.stat()
    was = path.with_name(f"{path.name}.was")
    path.rename(was)
    path.mkdir(mode=0o700)
    run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode={status.st_mode & 0o777:o},uid={status.st_uid},gid={status.st_gid}", "tmpfs", path)
    run("cp", "-a", f"{was}/.", path)
    shutil.rmtree(was)


def fill(path):
    """Not one block is left."""
    ballast = path / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                pass
    return ballast


class World:
    """A stack with a device beside it, and what was deployed."""

    def __init__(self, folder):
        self.folder = folder
        self.apps = folder / "apps"
        self.apps.mkdir()
        self.stack = Stack(folder / "stack")
        self.stack.up()
        self.device = Device(self.stack, folder / "device", "board-1")
        self.device.start()
        self.count = 0
        self.taken = {}

    def app(self, padding=0):
        self.count += 1
        return quick_app(self.apps, f"app-{self.count}", padding)

    def deploy(self):
        version, digest = self.stack.deploy(self.app(), self.device.identifier)
        self.taken[version] = digest
        return digest

    def try_to_deploy(self, padding=0):
        status, text = self.stack.post(self.app(padding), self.device.identifier)
        if status in (200, 201):
            self.taken[json.loads(text)["version"]] = json.loads(text)["digest"]
        return status, text

    def works_again(self, what, seconds=60):
        """A deployment goes through, and all that was ever acknowledged is there."""
        begun = time.monotonic()
        digest = await_true(f"a deployment after {what}", seconds, lambda: self.attempt())
        self.stack.await_confirmed(self.device.identifier, digest, seconds)
        known = {entry["version"]: entry["digest"] for entry in self.stack.json("registry", "firmware", "list", self.device.identifier, "--limit", "0")}
        lost = self.taken.items() - known.items()
        must(not lost, f"after {what} {len(lost)} versions that were acknowledged are gone")
        self.stack.admin("image-store", "verify", "--all")
        return time.monotonic() - begun

    def attempt(self):
        try:
            return self.deploy()
        except Fault:
            return None

    def close(self):
        self.device.stop()
        self.stack.remove()


def report(name, said, seconds):
    print(f"{name}: {said}; as before {seconds:.1f} s after there was room", flush=True)


def images(world):
    stack = world.stack
    stack.call("stop", "image-store-1")
    move(stack.folder / "images", 40)
    stack.call("start", "image-store-1")
    world.deploy()
    ballast = fill(stack.folder / "images")
    await_true("an image store that says its disk is full", 30, lambda: not stack.is_ready("image-store-1"))
    detail = stack.readiness("image-store-1")
    must('"disk"' in detail and "free" in detail, f"/readyz says {detail}")
    status, text = world.try_to_deploy()
    must(status == 507 and "storage-full" in text, f"an upload got {status}: {text}")
    # What is stored is served.
    world.stack.admin("image-store", "pull", f"{world.device.identifier}/{max(world.taken)}", "--output", world.folder / "pulled")
    ballast.unlink()
    report("image store", "507 storage-full, /readyz names the disk, downloads go on", world.works_again("a full image store"))


def database(world):
    stack = world.stack
    for name in ("registry-1", "provisioner-1", "postgres"):
        stack.call("stop", name)
    move(stack.folder / "postgres", 200)
    for name in ("postgres", "registry-1", "provisioner-1"):
        stack.call("start", name)
    world.deploy()
    ballast = fill(stack.folder / "postgres")
    answers = []

    def refused():
        answers.append(world.try_to_deploy())
        return answers[-1][0] not in (200, 201)

    # There is room in the files that it has, for a while.
    await_true("a full database", 120, refused)
    status, text = answers[-1]
    must(status == 503 and "the database's disk is full" in text, f"an upload got {status}: {text}")
    await_true(
        "a command that is told that the database is full", 60,
        lambda: "database-full" in stack.admin("registry", "devices", "create", "another", check=False).stderr,
    )
    stack.admin("registry", "devices", "list")
    ballast.unlink()
    report("PostgreSQL", f"{len(answers) - 1} deployments more, then 503 that says it; reading goes on", world.works_again("a full database"))

    # Where its journal can't begin another file, it ends: whoever watches over it starts it again.
    ballast = fill(stack.folder / "postgres")
    values = stack.environment()

    def ended():
        run("psql", "-XqAt", values["XTBLISH_DATABASE_URL"], "-c", "select pg_switch_wal()", "-c", "create table ballast ()",
            "-c", "drop table ballast", check=False)
        return not is_alive(stack.pid("postgres"))

    await_true("the end of PostgreSQL", 60, ended)
    must(not stack.is_ready("registry-1"), "the Registry is ready without a database")
    status, text = world.try_to_deploy()
    must(status == 503, f"an upload got {status}: {text}")
    ballast.unlink()
    stack.call("up", "--quiet")
    report("PostgreSQL's journal", "it ends; 503, /readyz is 503; it is started again", world.works_again("a full journal", 90))


def is_alive(process):
    """A process that has ended and that nobody waited for is none."""
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def broker(world):
    stack = world.stack
    stack.call("stop", "mosquitto")
    move(stack.folder / "mosquitto", 4)
    stack.call("start", "mosquitto")
    world.works_again("moving the broker's folder")
    ballast = fill(stack.folder / "mosquitto")
    # It saves what changed after 5 s, and mosquitto 2.0 says nothing of what it could not write.
    database = stack.folder / "mosquitto" / "mosquitto.db"
    await_true("an empty file of sessions", 30, lambda: world.attempt() and database.exists() and database.stat().st_size == 0)
    stack.await_confirmed(world.device.identifier, world.deploy())
    os.kill(stack.pid("mosquitto"), signal.SIGKILL)
    stack.call("stop", "mosquitto")
    stack.call("start", "mosquitto")
    world.works_again("a broker's crash on its full disk")
    ballast.unlink()
    seconds = world.works_again("a full disk of the broker")
    await_true("a file of sessions", 30, lambda: world.attempt() and database.stat().st_size > 0)
    report("broker", "deployments go on, also when it crashes and starts while its disk is full", seconds)


def authority(world):
    stack = world.stack
    stack.call("stop", "provisioner-1")
    stack.call("stop", "mosquitto")
    move(stack.folder / "revocations", 4)
    stack.call("start", "mosquitto")
    stack.call("start", "provisioner-1")
    await_true("the device's return", 60, lambda: world.device.status().get("connected"))
    other = Device(stack, world.folder / "other", f"other-{world.count}")
    ballast = fill(stack.folder / "revocations")
    stack.admin("provisioner", "revoke", other.identifier, "--reason", "stolen", "--yes")
    await_true("a Provisioner that says it can't write its lists", 60, lambda: not stack.is_ready("provisioner-1"))
    detail = stack.readiness("provisioner-1")
    failing = {check["name"]: check["detail"] for check in json.loads(detail)["checks"] if not check["ready"]}
    must({"disk", "revocation lists"} & set(failing), f"/readyz says {detail}")
    ballast.unlink()
    begun = time.monotonic()
    await_true("a Provisioner that is ready again", 60, lambda: stack.is_ready("provisioner-1"))
    other.start()
    await_true("the broker refusing what was revoked", 60, lambda: "refused" in other.log() or "revoked" in other.log())
    other.stop()
    seconds = time.monotonic() - begun
    world.works_again("a full disk of the Provisioner")
    report("revocation lists", f"/readyz: {failing}", seconds)


def logs(world):
    stack = world.stack
    names = ["registry-1", "notifier-1", "image-store-1", "provisioner-1", "mosquitto", "postgres"]
    stack.call("down")
    move(stack.folder / "logs", 4)
    stack.up()
    await_true("the device's return", 60, lambda: world.device.status().get("connected"))
    world.works_again("moving the logs")
    ballast = fill(stack.folder / "logs")
    for _ in range(3):
        stack.await_confirmed(world.device.identifier, world.deploy())
    ballast.unlink()
    ended = [name for name in names if not is_alive(stack.pid(name))]
    must(not ended, f"{ended} ended with their log's disk full")
    before = len(stack.log("registry-1"))
    seconds = world.works_again("a full disk of the logs")
    must(len(stack.log("registry-1")) >= before, "the log does not go on")
    report("logs", "everything goes on, lines are lost", seconds)


def device(world):
    world.device.stop()
    move(world.device.folder, 6)
    world.device.start()
    world.works_again("moving the device")
    ballast = fill(world.device.folder)
    before = world.stack.device(world.device.identifier)["reported"]["digest"]
    # Larger than what a slot keeps room for.
    status, text = world.try_to_deploy(padding=3 << 20)
    must(status == 201, f"an upload got {status}: {text}")
    waiting = await_true("a device that says what is in its way", 60, lambda: (world.stack.device(world.device.identifier).get("waiting") or {}).get("reason"))
    must(world.stack.device(world.device.identifier)["reported"]["digest"] == before, "the device runs something else")
    must(world.device.process.poll() is None, "the agent ended")
    ballast.unlink()
    digest = world.taken[max(world.taken)]
    begun = time.monotonic()
    world.stack.await_confirmed(world.device.identifier, digest, 180)
    seconds = time.monotonic() - begun
    world.works_again("a full flash")
    report("device", f"runs what it had; waiting: {waiting}", seconds)


PARTS = {part.__name__: part for part in (images, device, broker, authority, logs, database)}


def main():
    if os.geteuid() != 0:
        print("error: this needs root, to mount small disks", file=sys.stderr)
        return 77
    if NAMESPACE not in os.environ:
        # The mounts end with this process and those that it starts.
        os.environ[NAMESPACE] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv])
    chosen = sys.argv[1:] or list(PARTS)
    unknown = [name for name in chosen if name not in PARTS]
    if unknown:
        print(f"error: there is no part {unknown[0]}; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 64
    status = 0
    for name in chosen:
        folder = work_folder("disk")
        world = None
        try:
            world = World(folder)
            PARTS[name](world)
        except Fault as fault:
            print(f"fault: {name}: {fault}", file=sys.stderr)
            status = 1
        finally:
            if world:
                world.close()
            subprocess.run(["umount", "--recursive", "--quiet", *[line.split()[1] for line in open("/proc/mounts") if line.split()[1].startswith(str(folder))][::-1]], check=False)
            subprocess.run(["rm", "-rf", str(folder)], check=False)
    return status


if __name__ == "__main__":
    sys.exit(main())
