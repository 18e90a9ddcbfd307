"""The schemas of Kubernetes, cert-manager and Prometheus Operator, and what they find in an object."""

import functools

import kubernetes_validate
import kubernetes_validate.utils
from cloudcoil.models.cert_manager import v1 as cert_manager
from cloudcoil.models.prometheus_operator import v1 as prometheus_operator

from kubernetes_build import fault, title

RELEASES = ("1.31", "1.32", "1.33")
# Else it would read its files of megabytes once for each object.
kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)
CUSTOM = {"cert-manager.io/v1": cert_manager, "monitoring.coreos.com/v1": prometheus_operator}


def lacking(value, known, path=""):
    """The members of a value that are not in another one that was made of it by a schema."""
    if isinstance(value, dict) and isinstance(known, dict):
        for key, part in value.items():
            if key not in known:
                yield f"{path}/{key}"
            else:
                yield from lacking(part, known[key], f"{path}/{key}")
    elif isinstance(value, list) and isinstance(known, list):
        for index, (part, other) in enumerate(zip(value, known)):
            yield from lacking(part, other, f"{path}/{index}")


def check_schema(document):
    module = CUSTOM.get(document["apiVersion"])
    if module:
        try:
            model = getattr(module, document["kind"]).model_validate(document)
        except (AttributeError, ValueError) as error:
            fault(f"{title(document)}: {error}")
            return
        for path in lacking(document, model.model_dump(mode="json", by_alias=True, exclude_none=True)):
            fault(f"{title(document)}: there is no {path}")
        return
    for release in RELEASES:
        try:
            kubernetes_validate.validate(document, release, strict=True)
        except kubernetes_validate.ValidationError as error:
            fault(f"{title(document)}, Kubernetes {release}: {'/'.join(map(str, error.path))}: {error.message}")
