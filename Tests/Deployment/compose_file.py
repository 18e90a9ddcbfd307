"""Checks the Compose file against its schema, and what that can't say."""

import importlib.util
import json
import pathlib
import re

import jsonschema
import yaml

SERVICES = {"registry", "notifier", "image-store", "provisioner"}
# Who sees the keys of the authority and of root documents.
KEEPERS = {"init", "first-steps", "authority"}
# How long a service finishes what is on its way: the standard of shutdown.seconds.
DRAIN_SECONDS = 20


def compose_schema():
    # The Compose specification's schema, as the docker-compose package carries it.
    spec = importlib.util.find_spec("compose")
    path = pathlib.Path(spec.submodule_search_locations[0]) / "config" / "compose_spec.json"
    return json.loads(path.read_text())


def interpolate(text):
    """Replaces ${NAME:-default} by its default and ${NAME:?…} or ${NAME} by a value, as Compose does."""
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
    return re.sub(r"\$\{\w+(:\?[^}]*)?\}", "given", text)


def check(path):
    """All faults of the file, each with the file's name."""
    document = yaml.safe_load(interpolate(path.read_text()))
    faults = []
    # The package's schema is of before projects had a name in the file.
    if document.pop("name", None) != "xtblish":
        faults.append("the project has no name of its own: volumes would belong to a project “deploy”")
    for error in jsonschema.Draft7Validator(compose_schema()).iter_errors(document):
        faults.append(f"{'/'.join(map(str, error.absolute_path))}: {error.message}")
    services = document["services"]
    for missing in (SERVICES | KEEPERS | {"postgres", "mosquitto", "entry", "operator", "device"}) - set(services):
        faults.append(f"{missing} is missing")
    for name, service in services.items():
        for fault in faults_of_dependencies(services, name, service):
            faults.append(f"{name} {fault}")
        for fault in faults_of_confinement(service) + faults_of_mounts(document, name, service):
            faults.append(f"{name} {fault}")
        if name in SERVICES:
            faults += [f"{name} can't be scaled: {reason}" for reason in faults_of_scaling(service)]
    return [f"{path.name}: {fault}" for fault in faults]


def ends(service):
    return service.get("restart") == "no"


def faults_of_dependencies(services, name, service):
    faults = []
    if not ends(service) and "healthcheck" not in service:
        faults.append("has no health check")
    for needed, how in service.get("depends_on", {}).items():
        if needed not in services:
            faults.append(f"depends on {needed}, which is not there")
        elif ends(services[needed]) != (how["condition"] == "service_completed_successfully"):
            faults.append(f"waits for {needed} to be {how['condition']}, which never comes or comes again and again")
    # Compose 2 takes the end of a container that nobody waits for as a failure of `up --wait`.
    if ends(service) and name not in ("operator", "authority"):
        if not any(name in other.get("depends_on", {}) for other in services.values()):
            faults.append("ends, and nobody waits for that")
    return faults


def faults_of_confinement(service):
    faults = []
    if service.get("cap_drop") != ["ALL"] or "no-new-privileges:true" not in service.get("security_opt", []):
        faults.append("has rights that it does not need")
    if service.get("read_only") is not True:
        faults.append("can write to its image's files")
    for limit in ("mem_limit", "pids_limit"):
        if limit not in service:
            faults.append(f"has no {limit}")
    if "max-size" not in service.get("logging", {}).get("options", {}):
        faults.append("has a log without bounds")
    if service.get("user", "10001") == "0:0" and not ends(service):
        faults.append("runs as root")
    grace = service.get("stop_grace_period", "10s")
    if not ends(service) and int(grace.rstrip("s")) < DRAIN_SECONDS + 10:
        faults.append(f"has {grace} to finish what is on its way")
    for variable in service.get("environment", {}):
        if "PASSWORD" in variable and not variable.endswith("_FILE"):
            faults.append(f"has a password in its environment: {variable}")
    return faults


def faults_of_mounts(document, name, service):
    faults = []
    for mount in service.get("volumes", []):
        source = mount.split(":")[0]
        if source.startswith((".", "/")):
            continue
        if source not in document["volumes"]:
            faults.append(f"mounts {source}, which is not there")
        if source == "root-keys" and name not in KEEPERS:
            faults.append("sees the keys of the authority")
        if name != "init" and source not in mounted_by(document["services"].get("init", {})):
            faults.append(f"mounts {source}, whose owner nobody sees to")
        # Docker gives an empty volume the owner of the folder in the image, whoever mounts it first.
        if name not in KEEPERS and "nocopy" not in mount:
            faults.append(f"takes the owner of {source} from its image")
    return faults


def mounted_by(service):
    return {mount.split(":")[0] for mount in service.get("volumes", [])}


def faults_of_scaling(service):
    faults = []
    if service.get("ports"):
        faults.append("it publishes a port of the host, which one replica alone can have")
    if "container_name" in service:
        faults.append("it has a name that one replica alone can have")
    if "replicas" in service.get("deploy", {}):
        faults.append("it has a number of replicas of its own, which `--scale` would work against")
    return faults
