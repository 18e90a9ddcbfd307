"""Checks the Kubernetes files: each overlay and component as kustomize renders it, against the schemas of three releases of
Kubernetes, against Pod Security "restricted", and for what schemas can't say: that names lead to something, that policies let
through what is needed, and that every file that is mounted is made by somebody.

usage: kubernetes.py [--keys FOLDER] [DEPLOY]     with the tests' Python (see Tests/requirements.txt)

FOLDER is what deploy/keys made; without it, it is made anew with the programs in XTBLISH_BINARIES. Prints each fault; exit
status 1 if any.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

import rendering
import restricted
from kubernetes_build import NAME, Build, fault, faults, labels_of, matches, pod_of, title
from kubernetes_policies import check_policies
from kubernetes_schemas import check_schema

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICES = ("registry", "notifier", "image-store", "provisioner")


def check_pod(build, workload):
    label, spec = title(workload), pod_of(workload)
    for text in restricted.violations(spec):
        fault(f"{label}: not restricted: {text}")
    if spec.get("automountServiceAccountToken") is not False:
        fault(f"{label}: its pods get a token of the cluster")
    for container in restricted.containers(spec):
        name = f"{label}: {container['name']}"
        if container.get("securityContext", {}).get("readOnlyRootFilesystem") is not True:
            fault(f"{name}: its root can be written to")
        resources = container.get("resources", {})
        if not {"cpu", "memory"} <= set(resources.get("requests", {})) or "memory" not in resources.get("limits", {}):
            fault(f"{name}: it requests no processor and memory, or has no limit of memory")
        if container["image"].startswith("eclipse-mosquitto") and not re.search(r":2\.0(\.\d+)?$", container["image"]):
            fault(f"{name}: {container['image']} floats to versions that nobody tried; pin 2.0")
        check_following(name, container.get("args", []))
        check_mounts(build, name, spec, container)
    if workload["kind"] != "Job" and labels_of(workload)[NAME] != "operator":
        for container in spec["containers"]:
            if container.get("ports"):
                for probe in {"startupProbe", "readinessProbe", "livenessProbe"} - set(container):
                    fault(f"{label}: {container['name']} has no {probe}")
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                command = container.get(probe, {}).get("exec", {}).get("command", [])
                if "pg_isready" in command and "--host=127.0.0.1" not in command:
                    fault(f"{label} {probe}: it must ask PostgreSQL where the services do, by TCP")


def check_following(label, words):
    """`crl follow` names the Provisioner that it asks, and whom to trust."""
    if {"crl", "follow"} <= set(words):
        for option in {"--provisioner", "--ca-file", "--directory"} - {word.partition("=")[0] for word in words}:
            fault(f"{label}: crl follow without {option}")


def files_of(build, label, volume):
    """What a volume of Secrets or ConfigMaps holds; None: it is of another kind, or may be missing."""
    sources = volume.get("projected", {}).get("sources") or [volume]
    files = set()
    for source in sources:
        if "secret" in source:
            kind, thing = "Secret", source["secret"]
            name = thing.get("secretName") or thing.get("name")
        elif "configMap" in source:
            kind, thing = "ConfigMap", source["configMap"]
            name = thing["name"]
        else:
            return None
        keys = build.keys_of(kind, name)
        if keys is None:
            if thing.get("optional"):
                return None
            fault(f"{label}: nobody makes the {kind} {name}")
            return None
        items = thing.get("items")
        for item in items or []:
            if item["key"] not in keys:
                fault(f"{label}: the {kind} {name} has no {item['key']}")
        files |= {item["path"] for item in items} if items else keys
        if kind == "Secret" and (volume.get("projected") or thing).get("defaultMode") != 0o440:
            fault(f"{label}: the files of {name} are readable to more than their group; programs refuse such keys")
    return files


def check_mounts(build, label, spec, container):
    volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
    environment = environment_of(build, label, container)
    words = list(environment.values()) + [word.partition("=")[2] or word for word in container.get("args", [])]
    for mount in container.get("volumeMounts", []):
        # What is no volume is one of the StatefulSet's claims.
        volume = volumes.get(mount["name"])
        files = files_of(build, label, volume) if volume else None
        if files is None:
            continue
        if not mount.get("readOnly"):
            fault(f"{label}: {mount['mountPath']} holds a Secret or ConfigMap and is not mounted read-only")
        if "subPath" in mount:
            if mount["subPath"] not in files:
                fault(f"{label}: {mount['name']} has no {mount['subPath']} for {mount['mountPath']}")
            continue
        if "eclipse-mosquitto" in container["image"] and mount["mountPath"] == "/mosquitto/config":
            fault(f"{label}: the rules are links in {mount['mountPath']}; mount each by its subPath")
        for word in words:
            if word.startswith(f"{mount['mountPath']}/") and word[len(mount["mountPath"]) + 1 :] not in files:
                fault(f"{label}: {word} is named, and {mount['name']} has no such file")
    if "eclipse-mosquitto" in container["image"]:
        check_broker_files(build, label, volumes, container)


def environment_of(build, label, container):
    values = {}
    for source in container.get("envFrom", []):
        name = source["configMapRef"]["name"]
        if ("ConfigMap", name) not in build.by_name:
            fault(f"{label}: there is no ConfigMap {name}")
        else:
            values.update(build.by_name["ConfigMap", name]["data"])
    for variable in container.get("env", []):
        reference = variable.get("valueFrom", {}).get("secretKeyRef")
        if reference and reference["key"] not in (build.keys_of("Secret", reference["name"]) or ()):
            fault(f"{label}: nobody makes {reference['key']} of the Secret {reference['name']}")
        values[variable["name"]] = variable.get("value", "")
    return values


def check_broker_files(build, label, volumes, container):
    """Every file and folder that mosquitto.conf names is mounted."""
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    configuration = mounts.get("/mosquitto/config/mosquitto.conf")
    if not configuration:
        fault(f"{label}: its configuration is not mounted")
        return
    data = build.by_name["ConfigMap", volumes[configuration["name"]]["configMap"]["name"]]["data"]
    for line in data["mosquitto.conf"].splitlines():
        path = line.partition(" ")[2].rstrip("/")
        if line.startswith("#") or not path.startswith("/") or path in mounts:
            continue
        folder, _, name = path.rpartition("/")
        mount = mounts.get(folder)
        files = files_of(build, label, volumes[mount["name"]]) if mount and mount["name"] in volumes else None
        # The folder of the devices' lists is filled by the pod itself.
        if not mount or (files is not None and name not in files):
            fault(f"{label}: mosquitto.conf names {path}, which is not mounted")


def check_references(build):
    templates = [(workload, labels_of(workload)) for workload in build.workloads]
    for service in build.of("Service"):
        selected = [w for w, labels in templates if matches({"matchLabels": service["spec"]["selector"]}, labels)]
        if not selected and not service["metadata"]["name"].startswith("mosquitto"):
            fault(f"{title(service)}: it selects no pod")
        for workload in selected:
            named = {port["name"] for c in pod_of(workload)["containers"] for port in c.get("ports", [])}
            for port in service["spec"]["ports"]:
                if port["targetPort"] not in named:
                    fault(f"{title(service)}: {title(workload)} has no port {port['targetPort']}")
    for name in SERVICES:
        if ("Deployment", name) in build.by_name:
            headless = build.by_name.get(("Service", f"{name}-rpc"), {})
            if headless.get("spec", {}).get("clusterIP") != "None":
                fault(f"{build.name}: {name} has no headless Service for its bus endpoint")
            if ("PodDisruptionBudget", name) not in build.by_name:
                fault(f"{build.name}: {name} has no PodDisruptionBudget")
            if not pod_of(build.by_name["Deployment", name]).get("topologySpreadConstraints"):
                fault(f"{build.name}: {name} is not spread over nodes")
            check_grace(build, name)
    for kind in ("PodDisruptionBudget", "PodMonitor"):
        for document in build.of(kind):
            selected = [w for w, labels in templates if matches(document["spec"]["selector"], labels)]
            if not selected:
                fault(f"{title(document)}: it selects no pod")
            for endpoint in document["spec"].get("podMetricsEndpoints", []):
                for workload in selected:
                    ports = {port["name"] for c in pod_of(workload)["containers"] for port in c.get("ports", [])}
                    if endpoint["port"] not in ports:
                        fault(f"{title(document)}: {title(workload)} has no port {endpoint['port']}")
    for document in build.of("HorizontalPodAutoscaler"):
        target = build.by_name.get(("Deployment", document["spec"]["scaleTargetRef"]["name"]))
        if not target:
            fault(f"{title(document)}: it scales nothing")
        elif "replicas" in target["spec"]:
            fault(f"{title(document)}: its Deployment states a number, which each apply would bring back")


def check_grace(build, name):
    """Who is asked to end is not killed before it may have ended."""
    deployment = build.by_name["Deployment", name]
    container = pod_of(deployment)["containers"][0]
    values = environment_of(build, name, container)
    needed = float(values["XTBLISH_SHUTDOWN_DELAY_SECONDS"]) + float(values["XTBLISH_SHUTDOWN_SECONDS"])
    if pod_of(deployment)["terminationGracePeriodSeconds"] <= needed:
        fault(f"{title(deployment)}: it is killed after the {needed:.0f} s that it may take to end, or before")


def check_autoscaling(directory, build):
    """A metric that replicas are counted by is made by the adapter's rules, of metrics that the services have."""
    rules = yaml.safe_load((directory / "components" / "autoscaling" / "prometheus-adapter.yaml").read_text())["rules"]
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE))
    for rule in rules:
        text = rule["seriesQuery"] + rule["metricsQuery"]
        for name in re.findall(r'__name__="([a-z_]+)"|rate\(([a-z_]+)\{', text):
            if "".join(name) not in documented:
                fault(f"prometheus-adapter.yaml: no service has the metric {''.join(name)}")
    known = {rule["name"]["as"] for rule in rules}
    for document in build.of("HorizontalPodAutoscaler"):
        kinds = {metric["type"] for metric in document["spec"]["metrics"]}
        if kinds != {"Pods", "Resource"}:
            fault(f"{title(document)}: it needs a metric of its own, and processor time beside it")
        for metric in document["spec"]["metrics"]:
            if metric["type"] == "Pods" and metric["pods"]["metric"]["name"] not in known:
                fault(f"{title(document)}: prometheus-adapter.yaml has no rule for {metric['pods']['metric']['name']}")


def check_secrecy(directory, made, issuer):
    """No secret in a file, and none of the authority's own in the cluster."""
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            text = path.read_text()
            if "PRIVATE KEY-----" in text or re.search(r"postgres(ql)?://[^:/\s]+:[^%@\s]+@", text):
                fault(f"{path.relative_to(directory)}: it holds a secret")
            if re.search(r"^kind: Secret$", text, re.MULTILINE):
                fault(f"{path.relative_to(directory)}: Secrets are made by create-secrets")
    held = set(made["Secret", "provisioner-authority"])
    for name in held & {"root.key", "services.key", "services.pem"}:
        fault(f"create-secrets: the Provisioner gets {name}")
    if not {"intermediate.pem", "intermediate.key", "passphrase"} <= held:
        fault("create-secrets: the Provisioner lacks its intermediate or the passphrase")
    if ("Secret", "services-issuer") in made or set(issuer["Secret", "services-issuer"]) != {"tls.crt", "tls.key"}:
        fault("create-secrets: the services' issuer belongs to the cluster with --issuer alone, as tls.crt and tls.key")


def check_alerts(deploy):
    """The alert rules, as docs/kubernetes.md makes an object of Prometheus Operator of them."""
    rules = deploy / "prometheus" / "alerts.yaml"
    check_schema(
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": {"name": "xtblish"},
            "spec": yaml.safe_load(rules.read_text()),
        }
    )


def check_use(directory):
    """Every file is a part of some kustomization."""
    used = {directory / "create-secrets", directory / "components" / "autoscaling" / "prometheus-adapter.yaml"}
    for path in directory.rglob("kustomization.yaml"):
        used.add(path)
        content = yaml.safe_load(path.read_text())
        names = content.get("resources", []) + [
            name for made in content.get("configMapGenerator", []) for name in made.get("envs", []) + made.get("files", [])
        ]
        used |= {path.parent / name for name in names}
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path not in used:
            fault(f"{path.relative_to(directory)}: no kustomization names it")


def make_keys(deploy, folder):
    instances = [f"{name}={name}" for name in SERVICES]
    command = [deploy / "keys", folder, "--host", "mosquitto", "--host", "localhost", *instances]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def secrets_of(deploy, keys):
    """What create-secrets brings without the services' issuer, and with it."""
    directory = deploy / "kubernetes"
    return rendering.secrets(directory, keys, "--database"), rendering.secrets(directory, keys, "--issuer")


def check(deploy, made, issuer, names=tuple(rendering.BUILDS)):
    """Finds the faults of the builds of these names, and those of the files themselves."""
    directory = deploy / "kubernetes"
    check_secrecy(directory, made, issuer)
    check_use(directory)
    check_alerts(deploy)
    builds = []
    for name in names:
        resources, components = rendering.BUILDS[name]
        known = {**made, **issuer} if "components/cert-manager" in components else made
        try:
            builds.append(Build(name, rendering.render(directory, resources, components), known))
        except ValueError as error:
            fault(f"{name}: {error}")
    seen = []
    migrations = next((build.workloads for build in builds if build.name == "migrations"), None)
    for build in builds:
        for document in build.documents:
            if document not in seen:
                seen.append(document)
                check_schema(document)
        for workload in build.workloads:
            check_pod(build, workload)
        if build.name == "migrations":
            for name in ("registry", "provisioner"):
                if ("Job", f"migrate-{name}") not in build.by_name:
                    fault(f"migrations: there is no Job for the {name}")
            continue
        for name in SERVICES:
            if ("Deployment", name) not in build.by_name:
                fault(f"{build.name}: {name} is missing")
        namespace = build.by_name["Namespace", "xtblish"]["metadata"].get("labels", {})
        if namespace.get("pod-security.kubernetes.io/enforce") != "restricted":
            fault(f"{build.name}: the namespace does not enforce restricted pods")
        check_references(build)
        if migrations is not None:
            check_policies(build, migrations)
        check_autoscaling(directory, build)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", type=pathlib.Path)
    parser.add_argument("deploy", nargs="?", type=pathlib.Path, default=ROOT / "deploy")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xtblish-keys") as folder:
        keys = options.keys or pathlib.Path(folder) / "keys"
        if not options.keys:
            make_keys(options.deploy, keys)
        check(options.deploy, *secrets_of(options.deploy, keys))
    for text in faults:
        print(text)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
