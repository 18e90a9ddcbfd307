"""Checks the Compose file against its schema, and what that can't say. Kubernetes' files: kubernetes.py.

Run with the tests' Python (see Tests/requirements.txt). Prints each fault; exit status 1 if any.
"""

import importlib.util
import json
import pathlib
import re
import sys

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICES = {"registry", "notifier", "image-store", "provisioner"}
faults = []


def compose_schema():
    # The Compose specification's schema, as the docker-compose package carries it.
    spec = importlib.util.find_spec("compose")
    path = pathlib.Path(spec.submodule_search_locations[0]) / "config" / "compose_spec.json"
    return json.loads(path.read_text())


def interpolate(text):
    """Replaces ${NAME:-default} by its default and ${NAME:?…} or ${NAME} by a value, as Compose does."""
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
    return re.sub(r"\$\{\w+(:\?[^}]*)?\}", "given", text)


def numbers(value):
    """Compose turns an interpolated count back into a number before it validates."""
    for service in value["services"].values():
        deploy = service.get("deploy", {})
        if isinstance(deploy.get("replicas"), str):
            deploy["replicas"] = int(deploy["replicas"])
    return value


def check_compose(path):
    document = numbers(yaml.safe_load(interpolate(path.read_text())))
    for error in jsonschema.Draft7Validator(compose_schema()).iter_errors(document):
        faults.append(f"{path.name}: {'/'.join(map(str, error.absolute_path))}: {error.message}")
    for name, service in document["services"].items():
        check_following(f"{path.name}: {name}", service)
        if "healthcheck" not in service and "profiles" not in service:
            faults.append(f"{path.name}: {name} has no health check")
        if name in SERVICES and "replicas" not in service.get("deploy", {}):
            faults.append(f"{path.name}: {name} can't be scaled by itself")
        for needed in service.get("depends_on", {}):
            if needed not in document["services"]:
                faults.append(f"{path.name}: {name} depends on {needed}, which is not there")
    broker = document["services"].get("mosquitto", {})
    check_broker(f"{path.name}: mosquitto", broker.get("image", ""), broker.get("healthcheck", {}).get("test", []))
    # Its owner can read the keys, and mosquitto 2.1 crashes in a group that its image has no name for.
    if broker.get("user") != "10001:1883":
        faults.append(f"{path.name}: mosquitto must be the keys' owner, 10001, in the group 1883 of its image")
    owner = document["services"].get("broker-data", {})
    if broker.get("depends_on", {}).get("broker-data", {}).get("condition") != "service_completed_successfully":
        faults.append(f"{path.name}: nobody makes the broker's volume its user's before it starts")
    if owner.get("user") != "0:0" or "CHOWN" not in owner.get("cap_add", []) or "chown" not in owner.get("command", []):
        faults.append(f"{path.name}: broker-data can't give the broker its volume")
    check_database(path.name, document["services"].get("postgres", {}).get("healthcheck", {}).get("test", []))
    for missing in (SERVICES | {"postgres", "mosquitto"}) - set(document["services"]):
        faults.append(f"{path.name}: {missing} is missing")


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
