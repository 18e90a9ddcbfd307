"""Checks the Compose file against its schema, and what that can't say. Kubernetes' files: kubernetes.py.

Run with the tests' Python (see Tests/requirements.txt). Prints each fault; exit status 1 if any.
"""

import pathlib
import re
import sys

import compose_file
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
faults = []


def check_compose(path):
    faults.extend(compose_file.check(path))
    services = yaml.safe_load(compose_file.interpolate(path.read_text()))["services"]
    for name, service in services.items():
        check_following(f"{path.name}: {name}", service)
    broker = services.get("mosquitto", {})
    script = (path.parent / "mosquitto" / "health").read_text()
    probe = re.sub("#.*", "", script).split()
    check_broker(f"{path.name}: mosquitto", broker.get("image", ""), probe)
    # Its owner can read the lists of revoked certificates, and mosquitto 2.1 crashes in a group that its image has no name for.
    if broker.get("user") != "10001:1883":
        faults.append(f"{path.name}: mosquitto must be the lists' owner, 10001, in the group 1883 of its image")
    if broker.get("healthcheck", {}).get("test") != ["CMD", "sh", "/mosquitto/config/health"]:
        faults.append(f"{path.name}: mosquitto is not asked by deploy/mosquitto/health")
    check_database(path.name, services.get("postgres", {}).get("healthcheck", {}).get("test", []))


def check_broker(label, image, probe):
    """What kept the broker from starting once: see docs/faults.md."""
    if not re.fullmatch(r"eclipse-mosquitto:2\.0(\.\d+)?", image):
        faults.append(f"{label}: {image} floats to versions that nobody tried; pin 2.0")
    for word in probe:
        if word.startswith("--") and ("=" in word or word == "--host"):
            faults.append(f"{label}: mosquitto's clients don't take {word}")


def check_database(label, probe):
    """A first start makes the database behind a server that listens on its socket alone: nobody else can use that one."""
    if "--host=127.0.0.1" not in probe:
        faults.append(f"{label}: the probe must ask PostgreSQL where the services do, by TCP")


def check_following(label, value):
    """Every `crl follow` names the Provisioner that it asks, and whom to trust."""
    if isinstance(value, list):
        if {"crl", "follow"} <= {word for word in value if isinstance(word, str)}:
            given = {word.partition("=")[0] for word in value}
            for option in ("--provisioner", "--ca-file", "--directory"):
                if option not in given:
                    faults.append(f"{label}: crl follow without {option}")
            return
        for part in value:
            check_following(label, part)
    elif isinstance(value, dict):
        for part in value.values():
            check_following(label, part)


def check_dockerfile(path):
    """Every file that is copied is there, and every program that is named is built."""
    package = (ROOT / "Package.swift").read_text()
    for line in path.read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                # A pattern is for a file that need not be there.
                if "[" not in source and not (ROOT / source).exists():
                    faults.append(f"Dockerfile: {source} is copied and not there")
    scripts = set(re.findall(r"COPY deploy/\S+ /usr/bin/(xtblish-[a-z-]+)", path.read_text()))
    scripts |= {"xtblish-tools", "xtblish-backup", "xtblish-restore"}
    for program in set(re.findall(r"xtblish-[a-z-]+", path.read_text())) - scripts:
        if f'"{program}"' not in package:
            faults.append(f"Dockerfile: {program} is no product of the package")


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "deploy"
    check_compose(folder / "compose.yaml")
    check_dockerfile(folder / "Dockerfile")
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)
