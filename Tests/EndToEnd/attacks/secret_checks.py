"""Secrets stay where they belong: not in arguments, logs, or what a crash leaves behind."""

import pathlib
import re


def run(report):
    world = report.world
    pids = {key[12:]: value for key, value in world.env.items() if key.startswith("XTBLISH_PID_")}
    secrets = {"token": world.token}
    for path in sorted((world.data / "secrets").iterdir()):
        if path.name != "curl.conf":
            secrets[path.name] = path.read_text().strip()
    for path in sorted((world.data / "bus").glob("*.bus-key")):
        secrets[path.name] = re.search(r"secret *= *(\S+)", path.read_text())[1]

    def arguments():
        found = []
        for name, pid in pids.items():
            command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
            found += [f"{what} in the arguments of {name}" for what, text in secrets.items() if text in command]
        return "; ".join(found) or None

    def logs():
        found = []
        for path in (world.data / "logs").iterdir():
            text = path.read_text(errors="replace")
            found += [f"{what} in {path.name}" for what, secret in secrets.items() if secret in text]
            if "PRIVATE KEY" in text or re.search(r"\bxtb_[A-Za-z0-9_-]{43}", text):
                found.append(f"a key or token in {path.name}")
        return "; ".join(found) or None

    def files():
        loose = []
        for folder in ("secrets", "tls", "bus", "authority", "signing", "director"):
            for path in (world.data / folder).rglob("*"):
                is_secret = path.suffix in (".key", ".bus-key", ".token") or folder == "secrets"
                if path.is_file() and is_secret and path.stat().st_mode & 0o077:
                    loose.append(str(path))
        for directory in world.directories:
            loose += [str(path) for path in directory.rglob("*.key") if path.stat().st_mode & 0o077]
        return f"others may read {loose}" if loose else None

    def dumps():
        ours = {name: pid for name, pid in pids.items() if not name.startswith(("POSTGRES", "MOSQUITTO"))}
        open_to = [
            name
            for name, pid in ours.items()
            if int(pathlib.Path(f"/proc/{pid}/coredump_filter").read_text(), 16) != 0
            or not re.search(r"Max core file size +0 ", pathlib.Path(f"/proc/{pid}/limits").read_text())
        ]
        return f"a crash of {open_to} would leave its memory behind" if open_to else None

    report.attack("secrets: none in a process's arguments", arguments)
    report.attack("secrets: none in a log", logs)
    report.attack("secrets: every file is its owner's alone", files)
    report.attack("secrets: none in a core dump", dumps)
