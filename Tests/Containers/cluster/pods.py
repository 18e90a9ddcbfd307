"""Runs what kustomize rendered without a cluster: every workload's pods with `podman play kube`, and around them what a cluster
would do that the services depend on.

usage: pods.py FOLDER OBJECTS OUTSIDE RENDERED…
       OBJECTS: a folder of Secrets and ConfigMaps; OUTSIDE: the file of a network namespace; RENDERED: what kustomize rendered

It stays in the foreground until it gets SIGTERM. Ports of Services are forwarded to localhost of OUTSIDE. In FOLDER afterwards:
hosts has the names of the Services, ready says which pods are ready, dropped how many packets each pod's network policies kept
away, processes the process of each pod's network, volumes has the volumes.

As a kubelet does it: volumes of ConfigMaps and Secrets are folders that everybody may write to, of links to a folder behind
`..data`, with the modes and groups that fsGroup and defaultMode make; subPath mounts the file itself; claims and emptyDirs are
the group's. Probes are asked from outside, a name leads to the pods that are ready and to no others, Jobs go before the pods
that use the same database, network policies are enforced, and a pod that did not start is tried again. Otherwise than a kubelet:
names stand in each container's /etc/hosts instead of a name server, a Service's address is its pods' addresses, and nothing is
restarted because a liveness probe fails: it is reported in FOLDER/ready.
"""

import json
import pathlib
import shutil
import signal
import sys
import threading

import yaml

import certificates
from forwards import Forward
from names import LABEL
from pod import ENDED, NETWORK, SUBNET, Pod, podman
from policies import Network
from volumes import Volumes

STORED = ("postgres", "mosquitto")


def write_names(folder, services, pods):
    """In place: the file itself is mounted into every container."""
    lines = ["127.0.0.1 localhost"]
    for service in services:
        name = service["metadata"]["name"]
        lines += [f"{pod.address} {name} {name}.xtblish.svc" for pod in pods if pod.is_in(service)]
    text = "\n".join(lines) + "\n"
    with open(folder / "hosts", "r+", encoding="utf-8") as file:
        if file.read() != text:
            file.seek(0)
            file.write(text)
            file.truncate()
    report = {pod.name: "ready" if pod.ready and not pod.problem else pod.problem or "ready" for pod in pods}
    write(folder, "ready", report)


def write(folder, name, value):
    (folder / f"{name}.new").write_text(json.dumps(value, indent=1))
    (folder / f"{name}.new").rename(folder / name)


def load(files):
    for file in files:
        yield from (document for document in yaml.safe_load_all(file.read_text()) if document)


def replicas(document, by_name):
    """As many as it states, or as an autoscaler begins with."""
    if document["kind"] == "Job":
        return 1
    scaler = by_name.get(("HorizontalPodAutoscaler", document["metadata"]["name"]))
    return document["spec"].get("replicas") or scaler["spec"]["minReplicas"]


def run_pod(pod, network, pods):
    """A Job waits for the database, and services for Jobs: that is the order in which they are applied."""
    jobs = [other for other in pods if other.is_job]
    if pod.labels[LABEL] not in STORED and not pod.is_job:
        while not all(job.completed for job in jobs) and not ENDED.is_set():
            pod.problem = "waits for the Jobs"
            ENDED.wait(0.5)
    pod.start(network, pods)


def main(folder, objects, outside, rendered):
    documents = list(load(rendered)) + list(load(sorted(objects.glob("*.yaml"))))
    by_name = {(document["kind"], document["metadata"]["name"]): document for document in documents}
    for document in documents:
        if document["kind"] == "Certificate":
            by_name["Secret", document["spec"]["secretName"]] = certificates.make(document, by_name)
    services = [document for document in documents if document["kind"] == "Service"]
    (folder / "nothing").mkdir(parents=True, exist_ok=True)
    (folder / "hosts").write_text("127.0.0.1 localhost\n")
    # Claims alone outlive their pods.
    for name in ("volumes/pods", "manifests"):
        shutil.rmtree(folder / name, ignore_errors=True)
    volumes = Volumes(folder / "volumes", by_name)
    pods = []
    for document in documents:
        if document["kind"] in ("Deployment", "StatefulSet", "Job"):
            for index in range(replicas(document, by_name)):
                pods.append(Pod(document, index, len(pods), volumes, folder))
    network = Network([document for document in documents if document["kind"] == "NetworkPolicy"], f"{SUBNET}.1")
    for service in services:
        for port in service["spec"]["ports"]:
            if service["spec"].get("type") != "LoadBalancer" and port["port"] != 5432:
                ready = lambda service=service: [pod.address for pod in pods if pod.is_in(service)]
                Forward(outside, port["port"], ready)
    podman("network", "create", "--disable-dns", "--subnet", f"{SUBNET}.0/24", NETWORK, check=False)
    for pod in pods:
        threading.Thread(target=run_pod, args=(pod, network, pods), daemon=True).start()
    while not ENDED.is_set():
        for pod in pods:
            pod.ask()
        write_names(folder, services, pods)
        write(folder, "processes", {pod.name: pod.process for pod in pods if pod.started})
        write(folder, "dropped", {pod.name: network.dropped(pod) for pod in pods if pod.started and not pod.is_job})
        ENDED.wait(1)
    for pod in pods:
        podman("pod", "rm", "--force", "--time", "5", pod.name, check=False)
    podman("network", "rm", "--force", NETWORK, check=False)
    (folder / "ready").unlink()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: ENDED.set())
    signal.signal(signal.SIGINT, lambda *_: ENDED.set())
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    main(*map(pathlib.Path, sys.argv[1:4]), [pathlib.Path(name) for name in sys.argv[4:]])
