"""Pod Security Standards, the profile "restricted", as far as a pod's specification can break it.

https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def containers(spec):
    return spec.get("initContainers", []) + spec.get("containers", []) + spec.get("ephemeralContainers", [])


def violations(spec):
    """What of a pod the admission would refuse in a namespace that enforces it."""
    pod = spec.get("securityContext", {})
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(name):
            yield f"{name} is set"
    if pod.get("sysctls"):
        yield "sysctls are set"
    for volume in spec.get("volumes", []):
        for kind in set(volume) - {"name"} - VOLUMES:
            yield f"the volume {volume['name']} is of the kind {kind}"
    for container in containers(spec):
        own = container.get("securityContext", {})
        label = f"container {container['name']}"
        if own.get("privileged"):
            yield f"{label} is privileged"
        if own.get("allowPrivilegeEscalation") is not False:
            yield f"{label} may gain privileges (allowPrivilegeEscalation)"
        if "ALL" not in own.get("capabilities", {}).get("drop", []):
            yield f"{label} keeps capabilities"
        for capability in own.get("capabilities", {}).get("add", []):
            if capability != "NET_BIND_SERVICE":
                yield f"{label} gets the capability {capability}"
        if own.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
            yield f"{label} may be root (runAsNonRoot)"
        if own.get("runAsUser", pod.get("runAsUser")) == 0:
            yield f"{label} is root (runAsUser)"
        seccomp = own.get("seccompProfile", pod.get("seccompProfile", {})).get("type")
        if seccomp not in ("RuntimeDefault", "Localhost"):
            yield f"{label} has no seccomp profile"
        if own.get("procMount", "Default") != "Default":
            yield f"{label} has a procMount"
        for port in container.get("ports", []):
            if port.get("hostPort"):
                yield f"{label} takes the node's port {port['hostPort']}"
    for context in [pod, *(container.get("securityContext", {}) for container in containers(spec))]:
        for name in ("seLinuxOptions", "windowsOptions"):
            if context.get(name):
                yield f"{name} are set"
