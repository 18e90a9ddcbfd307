"""Who sees which keys, and what becomes of keys and certificates: each check gives its faults."""

import re
import socket
import ssl
import time

from project import await_that, run, say

# Put away as docs/containers.md says.
AWAY = ["authority/root.key", "authority/services.key", "signing/root", "signing/publisher.key"]


def seen_in(project, volume):
    """All names in a volume."""
    options = ["--volume", f"{project.name}_{volume}:/look:ro"]
    return project.operator("ls", "-R", "/look", service="authority", options=options)


def check_rights(project):
    """Who sees which keys, and what containers leave behind."""
    faults = []
    for volume in ("registry-keys", "notifier-keys", "image-store-keys", "provisioner-keys", "broker-keys", "operator-keys"):
        seen = seen_in(project, volume)
        if ("intermediate.key" in seen) != (volume == "provisioner-keys"):
            faults.append(f"the devices' authority is in {volume}, or it lacks there")
        if "ca.pem" not in seen:
            faults.append(f"{volume} does not say whom to trust")
        faults += [f"{volume} has {secret}" for secret in ("root.key", "services.key", "root-1.key") if secret in seen]
    for container in project.all_containers():
        state = project.inspect(container)
        name = state["Name"].lstrip("/")
        unnamed = [mount["Destination"] for mount in state["Mounts"] if re.fullmatch("[0-9a-f]{64}", mount.get("Name", ""))]
        if unnamed:
            faults.append(f"{name} leaves a volume without a name at {', '.join(unnamed)}")
        if not state["HostConfig"]["ReadonlyRootfs"]:
            faults.append(f"{name} can write to its root")
        if [entry for entry in state["Config"]["Env"] if re.search("PASSWORD(?!_FILE)", entry)]:
            faults.append(f"{name} has a password in its environment")
    return faults


def is_for(host, port, authorities):
    """Whether who listens there has a certificate for this host."""
    context = ssl.create_default_context(cafile=authorities)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            with context.wrap_socket(connection, server_hostname=host):
                return True
    except ssl.SSLCertVerificationError:
        return False
    except OSError:
        # One that is just being exchanged.
        return None


def check_other_host(project, authorities):
    """Another public host is in the certificates and in what devices are told."""
    faults = []
    ports = {name: project.ports[name] for name in ("registry", "provisioner", "image-store", "mqtt")}
    faults += [f"{name} was for 127.0.0.1 before" for name, port in ports.items() if is_for("127.0.0.1", port, authorities)]
    project.environment["XTBLISH_PUBLIC_HOST"] = "127.0.0.1"
    seconds = project.up()
    for name, port in ports.items():
        await_that(f"{name} has a certificate for 127.0.0.1", lambda port=port: is_for("127.0.0.1", port, authorities), 30)
    settings = " ".join(project.inspect(project.containers("provisioner")[0])["Config"]["Env"])
    told = [f"XTBLISH_IMAGE_STORE_URLS=https://127.0.0.1:{ports['image-store']}", "XTBLISH_DEVICE_MQTT_HOST=127.0.0.1"]
    faults += [f"devices are not told {setting}" for setting in told if setting not in settings]
    say(f"another public host is in all certificates, {seconds:.1f} s after `up`")
    return faults


def check_renewal(project):
    """A certificate that ends within 30 days is made anew, and the service has the new one."""
    authority = ["--authority", "authority", "--passphrase-file", "secrets/authority"]
    owner = ["--service", "notifier", "--role", "notifier", "--dns", "notifier", "--lifetime", "20d", "--out", "tls"]
    project.operator("xtblish-provisioner", "certificate", "issue", *authority, *owner, service="authority")
    lasts = ["openssl", "x509", "-noout", "-checkend", str(300 * 86_400), "-in"]
    options = ["--volume", f"{project.name}_notifier-keys:/look:ro"]
    ended = project.operator("sh", "-c", f"{' '.join(lasts)} tls/notifier.pem || true", service="authority")
    project.compose("run", "--rm", "-T", "init")
    # It ends with 1 if the certificate does.
    project.operator(*lasts, "/look/tls.pem", service="authority", options=options)
    return [] if "will expire" in ended else ["the certificate that was to be renewed was a good one"]


def check_keys_away(project):
    """Everything goes on without the authority's keys, and what can't be done without them says so."""
    faults = []
    archive = project.operator("sh", "-c", f"tar --create {' '.join(AWAY)} | base64", service="authority")
    project.operator("rm", "-r", *AWAY, service="authority")
    project.up()
    refused = project.refused("run", "--rm", "-T", "--env", "XTBLISH_PUBLIC_HOST=elsewhere.example", "init")
    if "authority/services.key" not in refused:
        faults.append(f"init does not say that services.key lacks for another host: {refused}")
    project.operator("sh", "-c", "base64 --decode | tar --extract", service="authority", input=archive)
    project.compose("run", "--rm", "-T", "init")
    say("the authority's keys were away and came back")
    return faults


def clean_broker_log(container):
    """What the broker's health checks have written, in lines."""
    log = run("sh", "-c", f"docker logs {container} 2>&1")
    return [line for line in log.splitlines() if "operator-health" in line]


def check_broker_log(project, since):
    """The health checks may ask the broker every five minutes, with three lines each, and at its start."""
    lines = clean_broker_log(project.containers("mosquitto")[0])
    allowed = 3 * (2 + (time.monotonic() - since) / 300)
    return [f"the broker's health checks wrote {len(lines)} lines"] if len(lines) > allowed else []
