"""Network policies: whom they select, and whether what one lets out another lets in."""

from kubernetes_build import NAME, fault, labels_of, matches, pod_of, title


def check_policies(build, others):
    """Policies select pods, name their ports, and let out what they let in elsewhere, and the other way round."""
    pods = [(labels_of(workload), workload) for workload in build.workloads + others]
    policies = build.of("NetworkPolicy")
    denying = [p for p in policies if not p["spec"]["podSelector"] and not {"ingress", "egress"} & set(p["spec"])]
    if not any(set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"} for policy in denying):
        fault(f"{build.name}: no policy denies what no other allows")
    allowed = {"ingress": set(), "egress": set()}
    for policy in policies:
        selected = [labels[NAME] for labels, _ in pods if matches(policy["spec"]["podSelector"], labels)]
        names = policy["spec"]["podSelector"].get("matchExpressions", [{}])[0].get("values", [])
        names = names or list(policy["spec"]["podSelector"].get("matchLabels", {}).values())
        for name in names if names else [] if selected else ["anything"]:
            if name not in selected:
                fault(f"{title(policy)}: there is no pod {name}")
        for way, peer_key in (("ingress", "from"), ("egress", "to")):
            for rule in policy["spec"].get(way, []):
                for peer in rule.get(peer_key, [{}]):
                    others_named = [None]
                    if "podSelector" in peer:
                        others_named = sorted({l[NAME] for l, _ in pods if matches(peer["podSelector"], l)})
                        for expression in peer["podSelector"].get("matchExpressions", []):
                            for name in set(expression["values"]) - set(others_named):
                                fault(f"{title(policy)}: there is no pod {name} to let {'in' if way == 'ingress' else 'out'}")
                    for port in rule["ports"]:
                        for one in set(selected):
                            for other in others_named:
                                ends = (other, one) if way == "ingress" else (one, other)
                                allowed[way].add((*ends, port["port"], "namespaceSelector" in peer or "ipBlock" in peer))
    listening = {
        (labels[NAME], port["containerPort"])
        for labels, workload in pods
        for container in pod_of(workload)["containers"]
        for port in container.get("ports", [])
    }
    inside = {way: {entry[:3] for entry in entries if not entry[3]} for way, entries in allowed.items()}
    for source, target, port in inside["ingress"]:
        if (target, port) not in listening:
            fault(f"{build.name}: a policy lets somebody in at {port} of {target}, where nobody listens")
        if source and (source, target, port) not in inside["egress"] and (source, None, port) not in inside["egress"]:
            fault(f"{build.name}: {target} lets {source} in at {port}, and {source} is not let out to it")
    for source, target, port in inside["egress"]:
        if target and (target, port) not in listening:
            fault(f"{build.name}: a policy lets {source} out to {port} of {target}, where nobody listens")
        if target and not {(source, target, port), (None, target, port)} & inside["ingress"]:
            fault(f"{build.name}: {source} is let out to {port} of {target}, and not let in there")
    for target, port in listening:
        if not any(entry[1] == target and entry[2] == port for entry in allowed["ingress"]):
            fault(f"{build.name}: nobody is let in at {port} of {target}")
