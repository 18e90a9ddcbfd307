"""Writes what an image is made of as a bill of materials: CycloneDX 1.5, JSON.

Components are the programs, the Swift packages and the Swift runtime that are linked into them, Debian's packages whose
files are in the image, and the engine. Nothing in it depends on when or where it was written.
"""

import dataclasses
import datetime
import hashlib
import json
import pathlib
import re
import subprocess
import uuid

APACHE = [{"license": {"id": "Apache-2.0"}}]
PLACE = "usr/share/doc/xtblish/sbom.cdx.json"
LICENSE = pathlib.Path(__file__).resolve().parents[2] / "LICENSE"
ENGINE_PIN = pathlib.Path(__file__).resolve().parents[1] / "engine" / "requirements.txt"


@dataclasses.dataclass(frozen=True, order=True)
class Package:
    """A package of Debian that the image has a file of, or all of it."""

    name: str
    version: str
    architecture: str


def installed(folder="/var/lib/dpkg"):
    """All packages that are installed, by dpkg's folder."""
    told = subprocess.run(
        [
            "dpkg-query",
            f"--admindir={folder}",
            "--show",
            "--showformat=${Package} ${Version} ${Architecture} ${db:Status-Status}\n",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return sorted(Package(*line.split()[:3]) for line in told.splitlines() if line.endswith(" installed"))


def owner(path):
    """The package that brought a file; None for a file of none."""
    # A file in /usr/lib may be registered as one in /lib.
    names = {str(path), str(path.resolve())}
    names |= {name.removeprefix("/usr") for name in names} | {f"/usr{name}" for name in names if name.startswith("/lib")}
    for name in sorted(names):
        found = subprocess.run(["dpkg-query", "--search", name], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.split(":")[0]
    # That list is made when the package is installed.
    return "ca-certificates" if path.name == "ca-certificates.crt" else None


def owners(files):
    """The packages of the files."""
    names = {owner(path) for path in files}
    return [package for package in installed() if package.name in names]


def digest(path):
    return [{"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}]


def swift_packages(resolved):
    """Those that the programs are built with, as SwiftPM resolved them."""
    if not resolved.exists():
        return []
    components = []
    for pin in json.loads(resolved.read_text())["pins"]:
        location = re.sub(r"^https?://|\.git$", "", pin["location"])
        version = pin["state"].get("version") or pin["state"]["revision"]
        components.append(
            {
                "type": "library",
                "bom-ref": f"swift:{pin['identity']}",
                "name": pin["identity"],
                "version": version,
                "purl": f"pkg:swift/{location}@{version}",
            }
        )
    return sorted(components, key=lambda component: component["name"])


def debian(package):
    name = f"{package.name}@{package.version.replace('+', '%2B').replace(':', '%3A').replace('~', '%7E')}"
    return {
        "type": "library",
        "bom-ref": f"deb:{package.name}",
        "name": package.name,
        "version": package.version,
        "purl": f"pkg:deb/debian/{name}?arch={package.architecture}&distro=debian-12",
    }


class Bill:
    """What an image is made of, while it is written down."""

    def __init__(self, image, version, epoch):
        self.name = f"xtblish-{image}"
        self.version = version
        self.epoch = epoch
        self.components = []

    def add_programs(self, paths):
        self.components += [
            {
                "type": "application",
                "bom-ref": f"program:{path.name}",
                "name": path.name,
                "version": self.version,
                "licenses": APACHE,
                "hashes": digest(path),
            }
            for path in paths
        ]

    def add_swift(self, folder):
        """The runtime and the packages. The folder has the compiler's version in swift-version, and Package.resolved."""
        version = (folder / "swift-version").read_text().strip()
        self.components.append(
            {
                "type": "library",
                "bom-ref": "swift-runtime",
                "name": "swift-runtime",
                "version": version,
                "description": "Swift's standard library and Foundation; of ICU's data what English needs",
                "purl": f"pkg:github/swiftlang/swift@swift-{version}-RELEASE",
                "licenses": APACHE,
            }
        )
        self.components += swift_packages(folder / "Package.resolved")

    def add_engine(self, library):
        version = re.search(r"^wasmtime==([0-9.]+)", ENGINE_PIN.read_text(), re.MULTILINE).group(1)
        self.components.append(
            {
                "type": "library",
                "bom-ref": "engine",
                "name": "wasmtime",
                "version": version,
                "purl": f"pkg:pypi/wasmtime@{version}",
                "hashes": digest(library),
            }
        )

    def add_debian(self, packages):
        self.components += [debian(package) for package in packages]

    def text(self):
        content = json.dumps(self.components, sort_keys=True)
        time = datetime.datetime.fromtimestamp(self.epoch, datetime.timezone.utc)
        bill = {
            "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, self.name + content)}",
            "version": 1,
            "metadata": {
                "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "component": {
                    "type": "container",
                    "bom-ref": "image",
                    "name": self.name,
                    "version": self.version,
                    "licenses": APACHE,
                },
            },
            "components": self.components,
            "dependencies": [{"ref": "image", "dependsOn": [part["bom-ref"] for part in self.components]}],
        }
        return json.dumps(bill, indent=1) + "\n"
