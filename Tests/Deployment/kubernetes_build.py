"""What a cluster gets of one kustomization, and the faults that are found in it."""

WORKLOADS = ("Deployment", "StatefulSet", "Job")
NAME = "app.kubernetes.io/name"
faults = []


def fault(text):
    if text not in faults:
        faults.append(text)


def title(document):
    return f"{document['kind']} {document['metadata']['name']}"


class Build:
    """What a cluster gets of one kustomization."""

    def __init__(self, name, documents, made):
        self.name, self.documents, self.made = name, documents, made
        self.by_name = {(document["kind"], document["metadata"]["name"]): document for document in documents}
        self.workloads = [document for document in documents if document["kind"] in WORKLOADS]

    def of(self, kind):
        return [document for document in self.documents if document["kind"] == kind]

    def keys_of(self, kind, name):
        """The keys of a Secret or ConfigMap; None: nobody makes it."""
        if kind == "ConfigMap" and (kind, name) in self.by_name:
            return set(self.by_name[kind, name]["data"])
        if (kind, name) in self.made:
            return set(self.made[kind, name])
        for certificate in self.of("Certificate"):
            if kind == "Secret" and certificate["spec"]["secretName"] == name:
                return {"tls.crt", "tls.key", "ca.crt"}
        return None


def pod_of(workload):
    return workload["spec"]["template"]["spec"]


def labels_of(workload):
    return workload["spec"]["template"]["metadata"]["labels"]


def matches(selector, labels):
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    return all(
        entry["operator"] == "In" and labels.get(entry["key"]) in entry["values"]
        for entry in selector.get("matchExpressions", [])
    )
