"""Kubernetes' files as a cluster would get them: rendered by kustomize, with the Secrets that create-secrets makes."""

import base64
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import yaml

# That of libyaml, which PyYAML's wheels have.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What is rendered: the resources, and the components beside those that the overlays have.
BUILDS = {
    "dev": (["overlays/dev"], []),
    "production": (["overlays/production"], []),
    "migrations": (["migrations"], []),
    "dev with every component": (
        ["overlays/dev"],
        ["components/autoscaling", "components/cert-manager", "components/monitoring", "components/load-balancers"],
    ),
    "production with certificates and monitoring": (
        ["overlays/production"],
        ["components/cert-manager", "components/monitoring"],
    ),
}


def kubectl():
    """The kubectl beside this Python, or the machine's."""
    beside = pathlib.Path(sys.executable).parent / "kubectl"
    program = str(beside) if beside.exists() else shutil.which("kubectl")
    if not program:
        raise SystemExit("there is no kubectl: run 'make python'")
    return program


def render(directory, resources, components):
    """The objects of a kustomization with these parts of the directory."""
    with tempfile.TemporaryDirectory(prefix="xtblish-kustomize") as folder:
        folder = os.path.realpath(folder)
        place = os.path.relpath(os.path.realpath(directory), folder)
        content = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "namespace": "xtblish",
            "resources": [f"{place}/{name}" for name in resources],
            "components": [f"{place}/{name}" for name in components],
        }
        (pathlib.Path(folder) / "kustomization.yaml").write_text(yaml.safe_dump(content))
        result = subprocess.run([kubectl(), "kustomize", folder], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise ValueError(result.stderr.strip())
    return [document for document in yaml.load_all(result.stdout, LOADER) if document]


STAND_IN = """#!/bin/sh
case " $* " in
  *" apply "*) exec cat >"$OBJECTS/$(date +%s%N).$$.yaml" ;;
  *) exec "$KUBECTL" "$@" ;;
esac
"""


def secrets(directory, keys, *options):
    """The Secrets and ConfigMaps that create-secrets brings of a folder of keys: (kind, name) to key to bytes."""
    with tempfile.TemporaryDirectory(prefix="xtblish-secrets") as folder:
        folder = pathlib.Path(folder)
        (folder / "kubectl").write_text(STAND_IN)
        (folder / "kubectl").chmod(0o755)
        objects = folder / "objects"
        objects.mkdir()
        values = dict(os.environ, PATH=f"{folder}:{os.environ['PATH']}", KUBECTL=kubectl(), OBJECTS=str(objects))
        command = [directory / "create-secrets", keys, *options]
        result = subprocess.run(command, env=values, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise ValueError(f"create-secrets: {result.stderr.strip()}")
        made = {}
        for file in objects.iterdir():
            thing = yaml.load(file.read_text(), LOADER)
            data = {name: base64.b64decode(text) for name, text in (thing.get("binaryData") or {}).items()}
            for name, text in (thing.get("data") or {}).items():
                data[name] = base64.b64decode(text) if thing["kind"] == "Secret" else text.encode()
            made[thing["kind"], thing["metadata"]["name"]] = data
        return made
