"""The last release: its tools, and its programs, given or built once."""

import os
import subprocess

HERE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
ROOT = os.path.dirname(os.path.dirname(HERE))


class ReleaseError(Exception):
    pass


def commit():
    with open(os.path.join(HERE, "release"), encoding="utf-8") as file:
        lines = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    return lines[0]


class Release:
    """`tree` has the release's sources, and so the tools that know its programs' settings."""

    def __init__(self, binaries=None):
        self.commit = commit()
        self.tree = os.path.join(ROOT, ".build-release", self.commit[:12])
        if not os.path.exists(os.path.join(self.tree, "Package.swift")):
            self.check_out()
        self.binaries = os.path.abspath(binaries) if binaries else os.path.join(self.tree, ".build", "release")
        if not os.path.exists(os.path.join(self.binaries, "xtblish-registry")):
            if binaries:
                raise ReleaseError(f"there is no xtblish-registry in {binaries}: name the folder of the release's programs")
            self.build()

    def check_out(self):
        os.makedirs(self.tree, exist_ok=True)
        archive = subprocess.Popen(["git", "-C", ROOT, "archive", self.commit], stdout=subprocess.PIPE)
        unpacked = subprocess.run(["tar", "-x", "-C", self.tree], stdin=archive.stdout, check=False)
        if archive.wait() != 0 or unpacked.returncode != 0:
            raise ReleaseError(f"git has no commit {self.commit}: fetch the whole history ('git fetch --unshallow')")

    def build(self):
        print(f"building the programs of {self.commit[:12]}, once", flush=True)
        if subprocess.run(["make", "--directory", self.tree, "build"], check=False).returncode != 0:
            raise ReleaseError(f"the release in {self.tree} could not be built; the lines above say why")

    @property
    def stack(self):
        return os.path.join(self.tree, "deploy", "stack")
