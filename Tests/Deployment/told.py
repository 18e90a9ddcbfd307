"""Checks what the services of a stack tell: their metrics, and their logs in JSON.

usage: python Tests/Deployment/told.py STACK
STACK is the folder of a stack that runs with XTBLISH_LOG_FORMAT=json. promtool must have nothing to say of any service's
metrics; each metric must stand in docs/metrics.md with its labels and type; each line of a service's log must be a JSON
object with its time, level, message, service and instance, and those of requests must name the request and the trace.
Prints what is amiss, and ends with 1 if anything is.
"""

import glob
import json
import os
import re
import subprocess
import sys
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
ROW = re.compile(r"^\| `([a-z_]+)` \| (counter|gauge|histogram) \| ([^|]*) \|")
SAMPLE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? \S+$")
LABEL = re.compile(r'(\w+)="(?:[^"\\]|\\.)*"')
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
LEVELS = {"trace", "debug", "info", "notice", "warning", "error", "critical"}
SERVICES = {"registry", "notifier", "image-store", "provisioner"}

mistakes = []


def catalog():
    """Kind and labels of each metric."""
    found = {}
    with open(os.path.join(ROOT, "docs/metrics.md"), encoding="utf-8") as file:
        for match in filter(None, map(ROW.match, file)):
            found[match[1]] = (match[2], set(re.findall(r"`(\w+)`", match[3])))
    return found


def check_metrics(name, address, known):
    with urllib.request.urlopen(f"{address}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    outcome = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    if outcome.returncode or outcome.stdout or outcome.stderr:
        mistakes.append(f"{name}: promtool says: {outcome.stdout}{outcome.stderr}")
    kinds = dict(line.split()[2:4] for line in text.splitlines() if line.startswith("# TYPE "))
    for metric, kind in kinds.items():
        if metric not in known:
            mistakes.append(f"{name}: {metric} does not stand in docs/metrics.md")
        elif known[metric][0] != kind:
            mistakes.append(f"{name}: {metric} is a {kind}, and docs/metrics.md says {known[metric][0]}")
    seen = {}
    for match in filter(None, map(SAMPLE.match, text.splitlines())):
        metric = match[1] if match[1] in kinds else re.sub(r"_(bucket|sum|count)$", "", match[1])
        seen.setdefault(metric, set()).update(set(LABEL.findall(match[2] or "")) - {"le"})
    for metric, labels in seen.items():
        if metric in known and labels != known[metric][1]:
            mistakes.append(f"{name}: {metric} has the labels {sorted(labels)}, and docs/metrics.md says {sorted(known[metric][1])}")
    return set(kinds)


def check_line(where, line):
    """The log's message, if the line is as it should be."""
    try:
        record = json.loads(line)
    except ValueError:
        mistakes.append(f"{where}: no JSON: {line[:200]}")
        return None
    for key in ("time", "level", "logger", "message", "service", "instance"):
        if not isinstance(record.get(key), str) or not record[key]:
            mistakes.append(f"{where}: no {key}: {line[:200]}")
            return None
    if not TIME.match(record["time"]) or record["level"] not in LEVELS or record["service"] not in SERVICES:
        mistakes.append(f"{where}: time, level or service is wrong: {line[:200]}")
    metadata = record.get("metadata", {})
    if record["message"] == "request" and not (metadata.get("request") and re.fullmatch("[0-9a-f]{32}", metadata.get("trace", ""))):
        mistakes.append(f"{where}: a request without its ID or trace: {line[:200]}")
    return record["message"]


def main():
    folder = sys.argv[1]
    with open(os.path.join(folder, "stack.env"), encoding="utf-8") as file:
        values = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
    prefix = "XTBLISH_OPERATIONS_URL_"
    addresses = {key[len(prefix) :]: value.strip("'") for key, value in values.items() if key.startswith(prefix)}
    if len(addresses) < len(SERVICES):
        mistakes.append(f"only {len(addresses)} services are in {folder}/stack.env")
    known, told = catalog(), set()
    for name, address in addresses.items():
        told |= check_metrics(name, address, known)
    for metric in ("registry_devices", "postgres_pool_wait_seconds", "xtblish_ready", "process_start_time_seconds"):
        if metric not in told:
            mistakes.append(f"no service tells {metric}")
    messages = {}
    for path in glob.glob(os.path.join(folder, "logs", "*.log")):
        name = os.path.basename(path)[: -len(".log")]
        if name.rsplit("-", 1)[0] not in SERVICES:
            continue
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                message = check_line(f"{name}.log:{number}", line)
                messages[message] = messages.get(message, 0) + 1
    if not messages.get("request"):
        mistakes.append("no log tells of a request")
    for mistake in mistakes[:40]:
        print(mistake)
    print(f"{len(told)} metrics of {len(addresses)} services, {sum(messages.values())} log lines")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
