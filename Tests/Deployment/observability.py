"""Checks the alert rules and the dashboard against the metrics that there are.

usage: python Tests/Deployment/observability.py [FOLDER]
FOLDER is one like deploy; the default is deploy of this repository. Prints each mistake, and ends with 1 if there is any.

The metrics and their labels are those of docs/metrics.md, which a test keeps equal to what the services tell. Expressions
are read by promtool; the rules must also fire and go back as rules-test.yaml says.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

# What Prometheus adds to each series of a target, and what a histogram's buckets have.
EVERYWHERE = {"job", "service", "instance", "le"}
PROMETHEUS = {"up": set()}
ROW = re.compile(r"^\| `([a-z_]+)` \| (counter|gauge|histogram) \| ([^|]*) \|")
STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"')
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}")
MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
WORD = re.compile(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()")
KEYWORDS = {"and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset"}
# What Grafana puts in for its variables.
VARIABLES = {"$__rate_interval": "5m", "$instance": ".*"}

mistakes = []


def fail(where, text):
    mistakes.append(f"{where}: {text}")


def catalog():
    """The labels of each series by its name, those of histograms included."""
    labels = dict(PROMETHEUS)
    with open(os.path.join(ROOT, "docs/metrics.md"), encoding="utf-8") as file:
        for match in filter(None, map(ROW.match, file)):
            name, kind, cells = match.groups()
            names = [f"{name}_{end}" for end in ("bucket", "sum", "count")] if kind == "histogram" else [name]
            labels.update({each: set(re.findall(r"`(\w+)`", cells)) for each in names})
    return labels


def check_names(where, expression, known):
    """That each metric of the expression is there, and each label one of it."""
    bare = STRINGS.sub('""', expression)
    grouped = {label.strip() for labels in GROUPING.findall(bare) for label in labels.split(",")} - {""}
    bare = GROUPING.sub(" ", bare)
    for name, matchers in SELECTOR.findall(bare):
        for label in MATCHER.findall(matchers):
            if label not in known.get(name, set()) | EVERYWHERE:
                fail(where, f"{name} has no label {label}")
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", bare)
    names = {word for word in WORD.findall(bare) if word not in KEYWORDS and not word[0].isdigit()}
    for name in sorted(names - set(known)):
        fail(where, f"there is no metric {name}: those that there are stand in docs/metrics.md")
    there = set().union(EVERYWHERE, *(known.get(name, set()) for name in names))
    for label in sorted(grouped - there):
        fail(where, f"no metric of the expression has the label {label}")


def promtool(*arguments, directory=None):
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, cwd=directory, check=False)


def headings():
    with open(os.path.join(ROOT, "docs/alerts.md"), encoding="utf-8") as file:
        return {line[3:].strip().lower() for line in file if line.startswith("## ")}


def check_rules(folder, known):
    path = os.path.join(folder, "alerts.yaml")
    outcome = promtool("check", "rules", path)
    if outcome.returncode:
        return fail(path, outcome.stdout + outcome.stderr)
    with open(path, encoding="utf-8") as file:
        alerts = [rule for group in yaml.safe_load(file)["groups"] for rule in group["rules"]]
    with open(os.path.join(folder, "rules-test.yaml"), encoding="utf-8") as file:
        tested = {test["name"] for test in yaml.safe_load(file)["tests"]}
    names = [alert["alert"] for alert in alerts]
    explained = headings()
    for alert in alerts:
        name, annotations = alert["alert"], alert.get("annotations", {})
        check_names(f"{path}: {name}", alert["expr"], known)
        if names.count(name) > 1:
            fail(path, f"{name} is there twice")
        if alert.get("labels", {}).get("severity") not in ("warning", "critical"):
            fail(path, f"{name} needs the label severity, warning or critical")
        for key in ("summary", "description", "runbook_url"):
            if not annotations.get(key):
                fail(path, f"{name} has no {key}")
        if annotations.get("runbook_url") != f"docs/alerts.md#{name.lower()}" or name.lower() not in explained:
            fail(path, f"docs/alerts.md has no heading for {name}, or runbook_url does not lead to it")
        if name not in tested:
            fail(path, f"rules-test.yaml does not test {name}")
    for name in sorted(explained - {name.lower() for name in names}):
        fail("docs/alerts.md", f"there is no alert {name}")
    outcome = promtool("test", "rules", "rules-test.yaml", directory=folder)
    if outcome.returncode:
        fail(path, outcome.stdout + outcome.stderr)
    outcome = promtool("check", "config", os.path.join(folder, "prometheus.yaml"))
    if outcome.returncode:
        fail(path, outcome.stdout + outcome.stderr)


def expressions(dashboard):
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield f"{panel['title']} {target['refId']}", target["expr"]
    for annotation in dashboard["annotations"]["list"]:
        yield f"annotation {annotation['name']}", annotation["expr"]


def check_dashboard(path, known):
    with open(path, encoding="utf-8") as file:
        dashboard = json.load(file)
    identities = [panel["id"] for panel in dashboard["panels"]]
    if len(set(identities)) < len(identities):
        fail(path, "two panels have one id")
    rules = []
    for where, expression in expressions(dashboard):
        for variable, value in VARIABLES.items():
            expression = expression.replace(variable, value)
        check_names(f"{path}: {where}", expression, known)
        rules.append({"record": f"panel:{len(rules)}", "expr": expression})
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}, file)
        file.flush()
        outcome = promtool("check", "rules", file.name)
    if outcome.returncode:
        fail(path, outcome.stdout + outcome.stderr)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "deploy")
    known = catalog()
    check_rules(os.path.join(folder, "prometheus"), known)
    check_dashboard(os.path.join(folder, "grafana", "xtblish.json"), known)
    for mistake in mistakes:
        print(mistake)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
