"""Labels, and who is meant by them."""

LABEL = "app.kubernetes.io/name"


def matches(selector, labels):
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for entry in selector.get("matchExpressions", []):
        if entry["operator"] != "In":
            raise RuntimeError(f"what is {entry['operator']}?")
        if labels.get(entry["key"]) not in entry["values"]:
            return False
    return True
