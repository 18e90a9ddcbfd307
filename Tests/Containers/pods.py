"""Runs the Kubernetes base without a cluster: every workload's pods with `podman play kube`, and around them what a
cluster would do that the services depend on.

usage: pods.py start BASE OBJECTS FOLDER    BASE: what kustomize rendered; OBJECTS: a folder of Secrets and ConfigMaps
       pods.py stop FOLDER

start stays in the foreground until it gets SIGTERM. FOLDER/hosts has the names of the Services, FOLDER/ready says which
pods are ready, FOLDER/volumes has the volumes.

As a kubelet does it: volumes of ConfigMaps and Secrets are folders that everybody may write to, of links to a folder
behind `..data`, with the modes and groups that fsGroup and defaultMode make; subPath mounts the file itself; claims and
emptyDirs are the group's. Probes are asked from outside, a name leads to the pods that are ready and to no others, and
a pod that did not start is tried again. Otherwise than a kubelet: names stand in each container's /etc/hosts instead of a
name server, a Service's address is its pods' addresses, and nothing is restarted because a liveness probe fails: it is
reported in FOLDER/ready.
"""

import base64
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import yaml

NETWORK = "xtblish-pods"
SUBNET = "10.215.0"
LABEL = "app.kubernetes.io/name"
ENDED = threading.Event()


def podman(*words, check=True):
    result = subprocess.run(["podman", *words], capture_output=True, text=True, check=False)
    if check and result.returncode != 0:
        raise RuntimeError(f"podman {' '.join(words)}: {result.stderr.strip()}")
    return result


def chown_tree(path, group):
    os.chown(path, 0, group)
    path.chmod(path.stat().st_mode | 0o2070)


class Volumes:
    """The folders that a kubelet would make."""

    def __init__(self, folder, objects):
        self.folder, self.objects = folder, objects

    def make(self, pod, volume, group):
        if "persistentVolumeClaim" in volume:
            path = self.folder / "claims" / volume["persistentVolumeClaim"]["claimName"]
            path.mkdir(parents=True, exist_ok=True)
            chown_tree(path, group)
            return path
        path = self.folder / "pods" / pod / volume["name"]
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o777)
        if "configMap" in volume:
            self.project(path, self.objects["ConfigMap", volume["configMap"]["name"]], 0o644, group)
        elif "secret" in volume:
            mode = volume["secret"].get("defaultMode", 0o644)
            self.project(path, self.objects["Secret", volume["secret"]["secretName"]], mode, group)
        elif "emptyDir" not in volume:
            raise RuntimeError(f"{pod}: what kind of volume is {volume}?")
        os.chown(path, 0, group)
        path.chmod(0o2777)
        return path

    def project(self, path, thing, mode, group):
        data = path / f"..{time.strftime('%Y_%m_%d_%H_%M_%S')}.1"
        data.mkdir()
        content = {name: text.encode() for name, text in (thing.get("data") or {}).items()}
        if thing["kind"] == "Secret":
            content = {name: base64.b64decode(text) for name, text in content.items()}
        content.update({name: base64.b64decode(text) for name, text in (thing.get("binaryData") or {}).items()})
        for name, text in content.items():
            (data / name).write_bytes(text)
            os.chown(data / name, 0, group)
            # fsGroup lets the group read it, whatever the mode says.
            (data / name).chmod(mode | 0o440)
            (path / name).symlink_to(f"..data/{name}")
        os.chown(data, 0, group)
        data.chmod(0o2755)
        (path / "..data").symlink_to(data.name)


class Pod:
    def __init__(self, workload, index, number, volumes, folder):
        self.template = workload["spec"]["template"]
        self.label = self.template["metadata"]["labels"][LABEL]
        self.name = f"{self.label}-{index}"
        self.address = f"{SUBNET}.{10 + number}"
        self.file = folder / "manifests" / f"{self.name}.yaml"
        self.spec = json.loads(json.dumps(self.template["spec"]))
        self.started = self.ready = False
        self.problem = "not started"
        self.probes = []
        self.write(workload, index, volumes, folder)

    def write(self, workload, index, volumes, folder):
        context = self.spec.pop("securityContext", {})
        group = context.get("fsGroup", 0)
        named = list(self.spec.pop("volumes", []))
        for claim in workload["spec"].get("volumeClaimTemplates", []):
            name = claim["metadata"]["name"]
            named.append({"name": name, "persistentVolumeClaim": {"claimName": f"{name}-{self.name}"}})
        paths = {volume["name"]: volumes.make(self.name, volume, group) for volume in named}
        mounts = {}
        for container in self.spec.get("initContainers", []) + self.spec["containers"]:
            self.translate(container, context, paths, mounts, volumes.objects, folder)
        self.spec["volumes"] = [
            {"name": name, "hostPath": {"path": str(path), "type": kind}} for path, (name, kind) in mounts.items()
        ]
        self.spec["restartPolicy"] = "Always"
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": self.name}, "spec": self.spec}
        pod["metadata"]["labels"] = self.template["metadata"]["labels"]
        self.file.parent.mkdir(parents=True, exist_ok=True)
        # Values of Secrets stand in it.
        self.file.touch(mode=0o600)
        self.file.write_text(yaml.safe_dump(pod))

    def translate(self, container, context, paths, mounts, objects, folder):
        """What podman does not know is done here, and what this does otherwise is taken out."""
        container["imagePullPolicy"] = "Never"
        environment = []
        for source in container.pop("envFrom", []):
            values = objects["ConfigMap", source["configMapRef"]["name"]]["data"]
            environment += [{"name": name, "value": value} for name, value in values.items()]
        for variable in container.pop("env", []):
            if "valueFrom" in variable:
                key = variable["valueFrom"]["secretKeyRef"]
                secret = objects["Secret", key["name"]]["data"][key["key"]]
                variable = {"name": variable["name"], "value": base64.b64decode(secret).decode()}
            environment.append(variable)
        container["env"] = environment
        security = container.setdefault("securityContext", {})
        for name in ("runAsUser", "runAsGroup", "runAsNonRoot"):
            if name in context:
                security.setdefault(name, context[name])
        wanted = []
        for mount in container.pop("volumeMounts", []):
            path = paths[mount["name"]]
            if "subPath" in mount:
                path = path / mount["subPath"]
                if not path.exists():
                    # podman makes it for root before the init containers run that a kubelet would have let make it.
                    path.mkdir()
                    os.chown(path, context.get("runAsUser", 0), context.get("fsGroup", 0))
            wanted.append((path, mount["mountPath"], mount.get("readOnly", False)))
        wanted.append((folder / "hosts", "/etc/hosts", True))
        if security.get("readOnlyRootFilesystem"):
            # podman would put folders there that can be written to.
            wanted += [(folder / "nothing", place, True) for place in ("/tmp", "/var/tmp", "/run")]
        container["volumeMounts"] = []
        for path, place, is_read_only in wanted:
            resolved = path.resolve()
            kind = "File" if resolved.is_file() else "Directory"
            name = mounts.setdefault(resolved, (f"v{len(mounts)}", kind))[0]
            container["volumeMounts"].append({"name": name, "mountPath": place, "readOnly": is_read_only})
        # podman would publish them on this machine.
        ports = container.pop("ports", [])
        for kind in ("readinessProbe", "livenessProbe", "startupProbe"):
            if kind in container:
                self.probes.append((container["name"], kind, container.pop(kind), ports))

    def start(self):
        while not ENDED.is_set():
            result = podman("play", "kube", "--network", NETWORK, "--ip", self.address, str(self.file), check=False)
            if result.returncode == 0:
                self.started = True
                return
            said = [line for line in result.stderr.splitlines() if "level=warning" not in line]
            self.problem = " ".join(" ".join(said).split())[-500:]
            print(f"{self.name} did not start, and is tried again: {self.problem}", flush=True)
            podman("pod", "rm", "--force", self.name, check=False)
            ENDED.wait(2)

    def ask(self):
        """Asks the probes; ready is who is started and says so."""
        if not self.started:
            return
        problems = []
        for container, kind, probe, ports in self.probes:
            if kind != "startupProbe":
                problem = self.probe(container, probe, ports)
                if problem:
                    problems.append((kind, f"{container} {kind}: {problem}"))
        self.ready = not any(kind == "readinessProbe" for kind, _ in problems)
        self.problem = "; ".join(text for _, text in problems)

    def probe(self, container, probe, ports):
        limit = probe.get("timeoutSeconds", 1)
        if "exec" in probe:
            words = ["exec", f"{self.name}-{container}", *probe["exec"]["command"]]
            try:
                result = subprocess.run(["podman", *words], capture_output=True, text=True, check=False, timeout=10)
            except subprocess.TimeoutExpired:
                return "no answer"
            return (result.stderr or result.stdout).strip() if result.returncode else None
        target = probe.get("httpGet") or probe["tcpSocket"]
        port = target["port"]
        if isinstance(port, str):
            port = next(entry["containerPort"] for entry in ports if entry["name"] == port)
        try:
            if "tcpSocket" in probe:
                socket.create_connection((self.address, port), timeout=limit).close()
                return None
            connection = http.client.HTTPConnection(self.address, port, timeout=limit)
            connection.request("GET", target["path"])
            answer = connection.getresponse()
            body = answer.read().decode(errors="replace")
            connection.close()
            return None if 200 <= answer.status < 400 else f"{answer.status} {body[:300]}"
        except OSError as error:
            return str(error)


def write_names(folder, services, pods):
    """In place: the file itself is mounted into every container."""
    lines = ["127.0.0.1 localhost"]
    for service in services:
        wanted = service["spec"]["selector"][LABEL]
        name = service["metadata"]["name"]
        lines += [f"{pod.address} {name} {name}.xtblish.svc" for pod in pods if pod.label == wanted and pod.ready]
    text = "\n".join(lines) + "\n"
    with open(folder / "hosts", "r+", encoding="utf-8") as file:
        if file.read() != text:
            file.seek(0)
            file.write(text)
            file.truncate()
    report = {pod.name: "ready" if pod.ready and not pod.problem else pod.problem or "ready" for pod in pods}
    (folder / "ready.new").write_text(json.dumps(report, indent=1))
    (folder / "ready.new").rename(folder / "ready")


def start(base, objects, folder):
    documents = [document for document in yaml.safe_load_all(base.read_text()) if document]
    for file in sorted(objects.glob("*.yaml")):
        documents += [document for document in yaml.safe_load_all(file.read_text()) if document]
    by_name = {(document["kind"], document["metadata"]["name"]): document for document in documents}
    services = [document for document in documents if document["kind"] == "Service"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nothing").mkdir(exist_ok=True)
    (folder / "hosts").write_text("127.0.0.1 localhost\n")
    volumes = Volumes(folder / "volumes", by_name)
    pods = []
    for document in documents:
        if document["kind"] in ("Deployment", "StatefulSet"):
            for index in range(document["spec"]["replicas"]):
                pods.append(Pod(document, index, len(pods), volumes, folder))
    podman("network", "create", "--disable-dns", "--subnet", f"{SUBNET}.0/24", NETWORK, check=False)
    for pod in pods:
        threading.Thread(target=pod.start, daemon=True).start()
    while not ENDED.is_set():
        for pod in pods:
            pod.ask()
        write_names(folder, services, pods)
        ENDED.wait(1)
    for pod in pods:
        podman("pod", "rm", "--force", "--time", "5", pod.name, check=False)
    podman("network", "rm", "--force", NETWORK, check=False)


def stop(folder):
    for file in (folder / "manifests").glob("*.yaml"):
        podman("pod", "rm", "--force", "--time", "5", file.stem, check=False)
    podman("network", "rm", "--force", NETWORK, check=False)
    shutil.rmtree(folder)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: ENDED.set())
    signal.signal(signal.SIGINT, lambda *_: ENDED.set())
    if sys.argv[1:2] == ["start"] and len(sys.argv) == 5:
        start(*map(pathlib.Path, sys.argv[2:]))
    elif sys.argv[1:2] == ["stop"] and len(sys.argv) == 3:
        stop(pathlib.Path(sys.argv[2]))
    else:
        sys.exit(__doc__)
