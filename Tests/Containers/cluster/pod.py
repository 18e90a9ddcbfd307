"""One pod: what podman is given of it, its start, and its probes."""

import base64
import http.client
import json
import os
import socket
import subprocess
import threading

import yaml

from names import LABEL

SUBNET = "10.215.0"
NETWORK = "xtblish-pods"
ENDED = threading.Event()


def podman(*words, check=True):
    result = subprocess.run(["podman", *words], capture_output=True, text=True, check=False)
    if check and result.returncode != 0:
        raise RuntimeError(f"podman {' '.join(words)}: {result.stderr.strip()}")
    return result


class Pod:
    def __init__(self, workload, index, number, volumes, folder):
        self.template = workload["spec"]["template"]
        self.labels = self.template["metadata"]["labels"]
        self.is_job = workload["kind"] == "Job"
        self.name = f"{workload['metadata']['name']}-{index}"
        self.address = f"{SUBNET}.{10 + number}"
        self.file = folder / "manifests" / f"{self.name}.yaml"
        self.spec = json.loads(json.dumps(self.template["spec"]))
        self.started = self.ready = self.completed = False
        self.process = None
        self.problem = "not started"
        self.probes = []
        self.started_up = set()
        self.write(workload, volumes, folder)

    def write(self, workload, volumes, folder):
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
        self.spec["restartPolicy"] = self.spec.get("restartPolicy", "Always")
        # There is nothing to spread over.
        self.spec.pop("topologySpreadConstraints", None)
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": self.name}, "spec": self.spec}
        pod["metadata"]["labels"] = self.labels
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
        own = []
        for variable in container.pop("env", []):
            if "valueFrom" in variable:
                key = variable["valueFrom"]["secretKeyRef"]
                secret = objects["Secret", key["name"]]["data"][key["key"]]
                variable = {"name": variable["name"], "value": base64.b64decode(secret).decode()}
            own.append(variable)
        # A container's own go before those of a ConfigMap.
        names = {variable["name"] for variable in own}
        container["env"] = [variable for variable in environment if variable["name"] not in names] + own
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
            places = {place.replace("/var/run", "/run") for _, place, _ in wanted}
            for place in ("/tmp", "/var/tmp", "/run"):
                # What is mounted below could not be made there.
                if not any(other == place or other.startswith(f"{place}/") for other in places):
                    wanted.append((folder / "nothing", place, True))
        container["volumeMounts"] = []
        for path, place, is_read_only in wanted:
            resolved = path.resolve()
            kind = "File" if resolved.is_file() else "Directory"
            name = mounts.setdefault(resolved, (f"v{len(mounts)}", kind))[0]
            container["volumeMounts"].append({"name": name, "mountPath": place, "readOnly": is_read_only})
        # podman would publish them on this machine.
        ports = container.pop("ports", [])
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            if kind in container:
                self.probes.append((container["name"], kind, container.pop(kind), ports))

    def start(self, network, pods):
        while not ENDED.is_set():
            try:
                self.start_once(network, pods)
                self.started = True
                return
            except RuntimeError as error:
                said = [line for line in str(error).splitlines() if "level=warning" not in line]
                self.problem = " ".join(" ".join(said).split())[-500:]
            print(f"{self.name} did not start, and is tried again: {self.problem}", flush=True)
            podman("pod", "rm", "--force", self.name, check=False)
            ENDED.wait(5)

    def start_once(self, network, pods):
        """Its network is there, and policies hold in it, before any of its containers runs."""
        podman("play", "kube", "--start=false", "--network", NETWORK, "--ip", self.address, str(self.file))
        infra = podman("pod", "inspect", "--format", "{{.InfraContainerID}}", self.name).stdout.strip()
        podman("start", infra)
        self.process = podman("inspect", "--format", "{{.State.Pid}}", infra).stdout.strip()
        network.enforce(self, pods)
        podman("pod", "start", self.name)

    def ask(self):
        """Asks the probes; ready is who is started and says so, and a Job's pod that did its work."""
        if not self.started:
            return
        if self.is_job:
            self.ask_job()
            return
        problems = []
        for container, kind, probe, ports in self.probes:
            if kind == "startupProbe" and container not in self.started_up and not self.probe(container, probe, ports):
                self.started_up.add(container)
        for container, kind, probe, ports in self.probes:
            if kind == "startupProbe":
                if container not in self.started_up:
                    problems.append(("readinessProbe", f"{container} has not started up"))
            else:
                problem = self.probe(container, probe, ports)
                if problem:
                    problems.append((kind, f"{container} {kind}: {problem}"))
        self.ready = not any(kind == "readinessProbe" for kind, _ in problems)
        self.problem = "; ".join(text for _, text in problems)

    def ask_job(self):
        name = f"{self.name}-{self.spec['containers'][0]['name']}"
        state = podman("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", name).stdout.split()
        has_ended = state[0] in ("exited", "stopped")
        self.completed = self.ready = has_ended and state[1] == "0"
        self.problem = "" if self.ready else f"the Job is {' '.join(state)}"
        if has_ended and not self.completed:
            # What restartPolicy: OnFailure is for; podman leaves it.
            podman("start", name, check=False)

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

    def is_in(self, service):
        return self.ready and self.labels[LABEL] == service["spec"]["selector"][LABEL]
