"""Shows that kubernetes.py finds faults: each of these, put into a copy of the files.

usage: kubernetes_faults.py [--keys FOLDER]     as kubernetes.py. Prints what was not found; exit status 1 if anything.
"""

import argparse
import pathlib
import shutil
import sys
import tempfile

import kubernetes

BASE, PARTS = "kubernetes/base", "kubernetes/components"
# The build in which it shows, the file, what stands there, what takes its place, and a word of the fault.
FAULTS = (
    ("dev", f"{BASE}/registry.yaml", "containerPort: 7101", 'containerPort: "http"', "is not of type"),
    ("dev", f"{BASE}/registry.yaml", "readinessProbe:", "readynessProbe:", "readynessProbe"),
    ("dev", f"{BASE}/registry.yaml", "secretName: registry-director", "secretName: registry-keys-2", "nobody makes"),
    ("dev", f"{BASE}/registry.yaml", "defaultMode: 0440", "defaultMode: 0444", "readable to more"),
    ("dev", f"{BASE}/registry.yaml", "terminationGracePeriodSeconds: 40", "terminationGracePeriodSeconds: 30", "is killed"),
    ("dev", f"{BASE}/registry.yaml", "          resources:\n", "          resourcez:\n", "requests no processor"),
    ("dev", f"{BASE}/notifier.yaml", "name: notifier-rpc", "name: notifier-bus", "no headless Service"),
    ("dev", f"{BASE}/notifier.yaml", "/keys/mqtt-password", "/keys/password", "is named"),
    ("dev", f"{BASE}/notifier.yaml", "targetPort: rpc", "targetPort: bus", "has no port bus"),
    ("dev", f"{BASE}/provisioner.yaml", "allowPrivilegeEscalation: false", "privileged: true", "not restricted"),
    ("dev", f"{BASE}/provisioner.yaml", "drop: [ALL]", "drop: [CHOWN]", "keeps capabilities"),
    ("dev", f"{BASE}/image-store.yaml", "type: RuntimeDefault", "type: Unconfined", "seccomp"),
    ("dev", f"{BASE}/namespace.yaml", "enforce: restricted", "enforce: baseline", "does not enforce"),
    ("dev", f"{BASE}/kustomization.yaml", "  - provisioner.yaml\n", "", "no kustomization names it"),
    ("dev", f"{BASE}/settings.env", "=/keys/tls.pem", "=/keys/tls.crt", "is named"),
    ("dev", f"{PARTS}/postgres/postgres.yaml", '"--host=127.0.0.1", ', "", "by TCP"),
    ("dev", f"{PARTS}/postgres/postgres.yaml", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "its root"),
    ("dev", f"{PARTS}/mosquitto/mosquitto.yaml", "eclipse-mosquitto:2.0", "eclipse-mosquitto:2", "floats"),
    ("dev", f"{PARTS}/mosquitto/mosquitto.yaml", "            - --ca-file=/keys/ca.pem\n", "", "crl follow without"),
    ("dev", f"{PARTS}/mosquitto/mosquitto.yaml", "subPath: services.acl", "subPath: service.acl", "has no service.acl"),
    ("dev", "mosquitto/mosquitto.conf", "/mosquitto/keys/broker.key", "/mosquitto/keys/server.key", "not mounted"),
    ("dev", f"{PARTS}/operator/operator.yaml", "secretName: operator-keys", "secretName: operators", "nobody makes"),
    ("dev", "kubernetes/overlays/dev/kustomization.yaml", "count: 1}", "count: one}", ""),
    ("migrations dev", f"{BASE}/network-policies.yaml", "image-store, notifier, operator]", "notifier, operator]", "let out"),
    ("migrations dev", f"{BASE}/network-policies.yaml", "  name: default-deny\nspec:\n  podSelector: {}\n  policyTypes: [Ingress, Egress]",
     "  name: default-deny\nspec:\n  podSelector: {}\n  policyTypes: [Ingress]", "no policy denies"),
    ("migrations dev", f"{BASE}/network-policies.yaml", "port: 7132", "port: 7131", "nobody listens"),
    ("migrations dev", f"{PARTS}/postgres/network-policies.yaml", "provisioner, migration]", "provisioner, migrations]", "no pod migrations"),
    ("migrations", "kubernetes/migrations/registry.yaml", "key: url", "key: uri", "nobody makes"),
    ("production", f"{PARTS}/autoscaling/autoscalers.yaml", "name: notifier_reports_waiting", "name: notifier_reports", "no rule"),
    ("production", f"{PARTS}/autoscaling/prometheus-adapter.yaml", "rate(rpc_server_requests_total", "rate(rpc_requests_total", "no service has"),
    ("production", f"{PARTS}/autoscaling/kustomization.yaml", "path: /spec/replicas", "path: /spec/minReadySeconds", ""),
    ("production with certificates and monitoring", f"{PARTS}/cert-manager/certificates.yaml", "uris:", "urls:", "urls"),
    ("production with certificates and monitoring", f"{PARTS}/cert-manager/certificates.yaml", "secretName: notifier-certificate",
     "secretName: notifier-tls", "nobody makes"),
    ("production with certificates and monitoring", f"{PARTS}/monitoring/pod-monitors.yaml", "port: operations", "port: metrics", "no port"),
    ("dev", "kubernetes/create-secrets", '--from-file="$keys/authority/intermediate.pem"', '--from-file="$keys/authority/root.key"', "root.key"),
    ("dev", "kubernetes/create-secrets", 'bus-key="$keys/bus/$service.bus-key"', 'key="$keys/bus/$service.bus-key"', "bus-key"),
)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", type=pathlib.Path)
    options = parser.parse_args()
    missed = []
    with tempfile.TemporaryDirectory(prefix="xtblish-deploy") as folder:
        folder = pathlib.Path(folder)
        keys = options.keys or folder / "keys"
        if not options.keys:
            kubernetes.make_keys(kubernetes.ROOT / "deploy", keys)
        deploy = folder / "deploy"
        shutil.copytree(kubernetes.ROOT / "deploy", deploy)
        made = kubernetes.secrets_of(deploy, keys)
        for builds, name, text, replacement, expected in FAULTS:
            path = deploy / name
            original = path.read_text()
            if text not in original:
                missed.append(f"{name}: there is no {text!r} to replace")
                continue
            path.write_text(original.replace(text, replacement))
            kubernetes.faults.clear()
            names = [build for build in kubernetes.rendering.BUILDS if build == builds or build in builds.split()]
            kubernetes.check(deploy, *(kubernetes.secrets_of(deploy, keys) if "create-secrets" in name else made), names)
            if not any(expected in found for found in kubernetes.faults):
                missed.append(f"{name}: {replacement!r} in the place of {text!r} is not found; found were {kubernetes.faults}")
            path.write_text(original)
    for text in missed:
        print(text)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
