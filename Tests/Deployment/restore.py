"""Takes a backup under a stream of deployments, loses the machine, restores, and goes on with devices that never stopped.

usage: restore.py [--devices N] [--deployments N] [--padding BYTES] [--short]      Prints what it compared; exit status 1 at a fault.

--padding makes each app larger, for the figures of large stores; --short leaves out other places and kinds of damage.
"""

import argparse
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))

from running import DEPLOY, Device, Fault, Stack, await_true, quick_app, run, work_folder  # noqa: E402


DAMAGED = ("database.dump", "keys.cms", "blobs.txt", "images")


def must(condition, what):
    if not condition:
        raise Fault(what)


class Stream:
    """Deploys one app after the other, each device in turn, and remembers what was answered and when."""

    def __init__(self, stack, devices, folder, padding):
        self.stack, self.devices, self.folder, self.padding = stack, devices, folder, padding
        self.taken, self.fault, self.ending = [], None, threading.Event()
        self.thread = threading.Thread(target=self.go)

    def go(self):
        try:
            while not self.ending.is_set():
                device = self.devices[len(self.taken) % len(self.devices)]
                app = quick_app(self.folder, f"app-{len(self.taken)}", self.padding)
                version, digest = self.stack.deploy(app, device.identifier)
                app.unlink()
                self.taken.append((time.time(), device.identifier, version, digest))
        except (Fault, OSError, ValueError) as fault:
            self.fault = fault

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join()

    def await_count(self, count):
        await_true(f"deployment {count}", 120, lambda: self.fault or len(self.taken) >= count)
        if self.fault:
            raise self.fault


def known(stack, devices):
    """What the Registry knows of versions, in a form that can be compared."""
    found = {}
    for device in devices:
        for entry in stack.json("registry", "firmware", "list", device.identifier, "--limit", "0"):
            found[device.identifier, entry["version"]] = entry["digest"]
    return found


def events(stack, identifier):
    return {entry["id"]: entry["kind"] for entry in stack.json("registry", "events", "list", "--device", identifier, "--limit", "0")}


def refusals(backup, stack, passphrase, folder, parts):
    """What must not be restored, or not over what is there."""
    wrong = folder / "wrong"
    wrong.write_text("another\n")
    wrong.chmod(0o600)
    restore = lambda *words: run(DEPLOY / "restore", *words, check=False)  # noqa: E731
    result = restore(backup, "--check", "--passphrase-file", wrong)
    must(result.returncode == 65 and "can't be decrypted" in result.stderr, f"another passphrase: {result.stderr}")
    result = restore(backup, "--data", stack.folder, "--passphrase-file", passphrase, "--force")
    must(result.returncode == 75 and "still runs" in result.stderr, f"a running stack was restored: {result.stderr}")
    result = restore(backup, "--data", stack.folder, "--passphrase-file", passphrase, "--only", "images")
    must(result.returncode == 73 and "--force" in result.stderr, f"a store that is not empty: {result.stderr}")
    for name in parts:
        copy = folder / "damaged"
        shutil.copytree(backup, copy)
        path = copy / name if name != "images" else next(path for path in (copy / name).rglob("*") if path.is_file())
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        result = restore(copy, "--data", folder / "nowhere", "--passphrase-file", passphrase)
        must(result.returncode == 65 and "damaged" in result.stderr, f"a damaged {name} was not noticed: {result.stderr}")
        must(not (folder / "nowhere").exists(), f"a damaged {name} was noticed after something was written")
        if name == "images":
            result = restore(copy, "--check", "--only", "keys", "--only", "database", "--passphrase-file", passphrase)
            must(result.returncode == 0, f"a damaged blob stands in the way of all else: {result.stderr}")
        shutil.rmtree(copy)
    forged = folder / "forged"
    shutil.copytree(backup, forged)
    builds, manifest = (forged / name for name in ("builds.json", "manifest.json"))
    builds.write_text('{"../../forged": "x"}')
    values = json.loads(manifest.read_text())
    values["parts"][builds.name] = {"sizeBytes": builds.stat().st_size, "sha256": hashlib.sha256(builds.read_bytes()).hexdigest()}
    manifest.write_text(json.dumps(values))
    result = restore(forged, "--check", "--passphrase-file", passphrase)
    must(result.returncode == 65 and "leaves its folder" in result.stderr, f"a name that leads elsewhere: {result.stderr}")
    shutil.rmtree(forged)


def elsewhere(stack, folder):
    """With a URL and folders in the place of a stack, and for a certificate in the place of a passphrase."""
    url = stack.environment()["XTBLISH_DATABASE_URL"]
    other = url.rsplit("/", 1)[0] + "/other"
    run("psql", "-Xq", url, "-c", "create database other")
    key, certificate, place, target = folder / "key.pem", folder / "certificate.pem", folder / "elsewhere", folder / "target"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-subj", "/CN=backup", "-keyout", key, "-out", certificate)
    keys = [stack.folder / "authority", stack.folder / "director"]
    run(DEPLOY / "backup", "--to", place, "--images", stack.folder / "images", "--keys", keys[0], "--keys", keys[1], "--recipient", certificate,
        environment={"XTBLISH_DATABASE_URL": url})
    backup = next(path for path in place.iterdir() if path.name[0] == "2")
    words = [DEPLOY / "restore", backup, "--images", target / "images", "--keys", target / "authority", "--identity", key]
    values = {"XTBLISH_DATABASE_URL": other}
    result = run(*words, environment=values, check=False)
    must(result.returncode == 64 and "director" in result.stderr, f"keys without a place: {result.stderr}")
    words += ["--keys", target / "director"]
    run(*words, environment=values)
    for name in ("authority", "director"):
        run("diff", "--recursive", stack.folder / name, target / name)
    result = run(*words, environment=values, check=False)
    must(result.returncode == 73 and "--force" in result.stderr, f"what is there was replaced: {result.stderr}")
    result = run(*words, "--only", "database", "--force", environment={"XTBLISH_DATABASE_URL": url}, check=False)
    must(result.returncode == 75 and "stop the services" in result.stderr, f"a database in use was replaced: {result.stderr}")
    run(*words, "--force", environment=values)


def check(folder, options):
    stack = Stack(folder / "machine", {"XTBLISH_DEVICE_HEARTBEAT_SECONDS": "5"})
    devices = []
    passphrase = folder / "passphrase"
    passphrase.write_text(f"{os.urandom(18).hex()}\n")
    passphrase.chmod(0o600)
    place = folder / "backups"
    arguments = ["--to", place, "--data", stack.folder, "--passphrase-file", passphrase]
    try:
        stack.up()
        for number in range(1, options.devices + 1):
            devices.append(Device(stack, folder / f"device-{number}", f"board-{number}"))
            devices[-1].start()
        apps = folder / "apps"
        apps.mkdir()
        with Stream(stack, devices, apps, options.padding) as stream:
            stream.await_count(options.deployments)
            run(DEPLOY / "backup", *arguments)
            stream.await_count(2 * options.deployments)
            begun = time.time()
            said = run(DEPLOY / "backup", *arguments).stdout.splitlines()[-1]
            after = len(stream.taken)
            stream.await_count(after + options.deployments)
        must(not stream.fault, f"a deployment failed: {stream.fault}")
        print(f"backup under a stream of deployments: {said}")
        newest = {}
        for _, identifier, version, digest in stream.taken:
            newest[identifier] = (version, digest)
        for device in devices:
            stack.await_confirmed(device.identifier, newest[device.identifier][1])
        backups = sorted(path for path in place.iterdir() if path.name[0] == "2")
        must(len(backups) == 2, f"there are {len(backups)} backups")
        shared = sum(1 for path in (backups[1] / "images").rglob("*") if path.is_file() and path.stat().st_nlink == 2)
        must(shared >= options.deployments, f"only {shared} blobs are shared by both backups")
        must("last_success" in (place / "last-backup.prom").read_text(), "nothing marks the last backup")
        refusals(backups[1], stack, passphrase, folder, ("images",) if options.short else DAMAGED)
        manifest = json.loads((backups[1] / "manifest.json").read_text())
        before = known(stack, devices)

        stack.kill_all()
        gone = time.monotonic()
        # What dies of PostgreSQL may write for a moment longer.
        await_true("the end of the machine's folder", 20, lambda: shutil.rmtree(stack.folder, ignore_errors=True) or not stack.folder.exists())
        begun_restore = time.monotonic()
        said = run(DEPLOY / "restore", backups[1], "--data", stack.folder, "--passphrase-file", passphrase).stdout
        restored = time.monotonic()
        stack.up()
        ready = time.monotonic()
        print(f"restore: {restored - begun_restore:.1f} s; ready {ready - begun_restore:.1f} s after its begin")
        print("  " + said.strip().replace("\n", "\n  "))

        now = known(stack, devices)
        must(len(now) >= manifest["counts"]["versions"], f"{len(now)} versions instead of {manifest['counts']['versions']}")
        for (identifier, version), digest in now.items() - before.items():
            # The device had its number already, or never confirmed the image: it is given again above, and that is said.
            must("image-assigned-again" in events(stack, identifier).values(), f"version {version} of {identifier} is another one: {digest}")
        lost = [entry for entry in stream.taken if entry[0] < begun and (entry[1], entry[2]) not in now]
        must(not lost, f"{len(lost)} deployments that were answered before the backup are not in it")
        stack.admin("image-store", "verify", "--all")

        compare_devices(stack, devices, newest, now, apps, gone)
        if not options.short:
            elsewhere(stack, folder)
    finally:
        for device in devices:
            device.stop()
        stack.remove()


def compare_devices(stack, devices, newest, now, apps, gone):
    """Each device is heard again, what it runs and nobody knows is said, and it takes the next deployment."""
    back = {}
    for device in devices:
        def heard(device=device):
            values = stack.device(device.identifier)
            return values.get("online") and values.get("reported")

        await_true(f"device {device.identifier} being heard again", 90, heard)
        back[device.identifier] = time.monotonic() - gone
    unknown = [device for device in devices if (device.identifier, newest[device.identifier][0]) not in now]
    for device in unknown:
        await_true(
            f"an event of what {device.identifier} runs and the database does not know", 30,
            lambda device=device: {"unknown-version", "image-assigned-again"} & set(events(stack, device.identifier).values()),
        )
    for number, device in enumerate(devices):
        version, digest = stack.deploy(quick_app(apps, f"after-{number}"), device.identifier)
        must(version > newest[device.identifier][0], f"version {version} was given a second time")
        stack.await_confirmed(device.identifier, digest, 60)
        must(device.process.poll() is None, f"the agent of {device.identifier} ended")
    print(f"devices: {len(devices)} heard again after {min(back.values()):.1f} to {max(back.values()):.1f} s, as the processes that they were; "
          f"{len(unknown)} ran a version from after the backup, and each is told by an event; all run what was deployed since")
    lines = [line for line in devices[0].log().splitlines() if not re.search(r"\bapp\b.*quick", line)]
    print("  the log of the first one, its last lines:\n    " + "\n    ".join(lines[-8:]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--devices", type=int, default=3)
    parser.add_argument("--deployments", type=int, default=20, help="before, between and after two backups, each")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--padding", type=int, default=0, metavar="BYTES")
    options = parser.parse_args()
    folder = work_folder("restore")
    try:
        check(folder, options)
    except Fault as fault:
        print(f"fault: {fault}", file=sys.stderr)
        return 1
    finally:
        subprocess.run(["rm", "-rf", str(folder)], check=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
