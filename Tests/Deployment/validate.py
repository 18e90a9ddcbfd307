"""Checks the Compose file and the Kubernetes base against their schemas, and what those can't say.

Run with the tests' Python (see Tests/requirements.txt). Prints each fault; exit status 1 if any.
"""

import pathlib
import re
import sys

import compose_file
import kubernetes_validate
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICES = {"registry", "notifier", "image-store", "provisioner"}
faults = []


def check_compose(path):
    faults.extend(compose_file.check(path))
    services = yaml.safe_load(compose_file.interpolate(path.read_text()))["services"]
    for name, service in services.items():
        check_following(f"{path.name}: {name}", service)
    broker = services.get("mosquitto", {})
    probe = " ".join(rules((path.parent / "mosquitto" / "health").read_text())).split()
    check_broker(f"{path.name}: mosquitto", broker.get("image", ""), probe, [])
    # Its owner can read the lists of revoked certificates, and mosquitto 2.1 crashes in a group that its image has no name for.
    if broker.get("user") != "10001:1883":
        faults.append(f"{path.name}: mosquitto must be the lists' owner, 10001, in the group 1883 of its image")
    if broker.get("healthcheck", {}).get("test") != ["CMD", "sh", "/mosquitto/config/health"]:
        faults.append(f"{path.name}: mosquitto is not asked by deploy/mosquitto/health")
    check_database(path.name, services.get("postgres", {}).get("healthcheck", {}).get("test", []))


def check_kubernetes(directory):
    kustomization = yaml.safe_load((directory / "kustomization.yaml").read_text())
    present = {path.name for path in directory.glob("*.yaml")} - {"kustomization.yaml"}
    for name in present ^ set(kustomization["resources"]):
        faults.append(f"kustomization.yaml: {name} is listed and missing, or there and not listed")
    deployments = {}
    objects = set()
    for name in sorted(present):
        for document in yaml.safe_load_all((directory / name).read_text()):
            label = f"{name}: {document['kind']} {document['metadata']['name']}"
            try:
                kubernetes_validate.validate(document, "1.33", strict=True)
            except kubernetes_validate.ValidationError as error:
                faults.append(f"{label}: {'/'.join(map(str, error.path))}: {error.message}")
            key = (document["kind"], document["metadata"]["name"])
            if key in objects:
                faults.append(f"{label}: defined twice")
            objects.add(key)
            check_following(label, document)
            if document["kind"] == "StatefulSet":
                for container in document["spec"]["template"]["spec"]["containers"]:
                    if "postgres" in container["image"]:
                        for probe in ("readinessProbe", "livenessProbe"):
                            check_database(f"{label} {probe}", container[probe].get("exec", {}).get("command", []))
                    if "mosquitto" in container["image"]:
                        check_broker(label, container["image"], [], [m["mountPath"] for m in container["volumeMounts"]])
            if document["kind"] == "Deployment":
                deployments[document["metadata"]["name"]] = document
    for name in SERVICES ^ set(deployments):
        faults.append(f"kubernetes: no Deployment, or one too many: {name}")
    for name, deployment in deployments.items():
        pod = deployment["spec"]["template"]["spec"]
        for container in pod["containers"]:
            for probe in ("livenessProbe", "readinessProbe"):
                if probe not in container:
                    faults.append(f"kubernetes: {name} has no {probe}")
        if ("Service", f"{name}-rpc") not in objects:
            faults.append(f"kubernetes: {name} has no headless Service for its bus endpoint")
    # The broker's configuration stands in both deployments and must say the same.
    broker = yaml.safe_load_all((directory / "mosquitto.yaml").read_text())
    inside = next(document for document in broker if document["kind"] == "ConfigMap")["data"]
    for name in ("mosquitto.conf", "devices.acl", "services.acl", "notifier.acl"):
        beside = (directory.parent / "mosquitto" / name).read_text()
        if rules(inside.get(name, "")) != rules(beside):
            faults.append(f"{name} differs between deploy/mosquitto and deploy/kubernetes")


def check_broker(label, image, probe, files):
    """What kept the broker from starting once: see docs/faults.md."""
    if not re.fullmatch(r"eclipse-mosquitto:2\.0(\.\d+)?", image):
        faults.append(f"{label}: {image} floats to versions that nobody tried; pin 2.0")
    for word in probe:
        if word.startswith("--") and ("=" in word or word == "--host"):
            faults.append(f"{label}: mosquitto's clients don't take {word}")
    for path in files:
        if path == "/mosquitto/config":
            faults.append(f"{label}: the rules are links in {path}; mount each by its subPath")


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


def rules(text):
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def check_dockerfile(path):
    """Every file that is copied is there, and every program that is named is built."""
    package = (ROOT / "Package.swift").read_text()
    for line in path.read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                # A pattern is for a file that need not be there.
                if "[" not in source and not (ROOT / source).exists():
                    faults.append(f"Dockerfile: {source} is copied and not there")
    scripts = set(re.findall(r"COPY deploy/\S+ /usr/bin/(xtblish-[a-z-]+)", path.read_text())) | {"xtblish-tools"}
    for program in set(re.findall(r"xtblish-[a-z-]+", path.read_text())) - scripts:
        if f'"{program}"' not in package:
            faults.append(f"Dockerfile: {program} is no product of the package")


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "deploy"
    check_compose(folder / "compose.yaml")
    check_kubernetes(folder / "kubernetes")
    check_dockerfile(folder / "Dockerfile")
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)
