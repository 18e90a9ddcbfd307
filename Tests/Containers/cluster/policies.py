"""Network policies, enforced as a cluster's network would: in each pod's own network, by the addresses of the others."""

import subprocess

from names import matches


class Network:
    """The policies of a cluster.

    policies: NetworkPolicy objects. node: the address from which probes and forwarded ports come, which is always let in.
    """

    def __init__(self, policies, node):
        self.policies, self.node = policies, node

    def rules(self, pod, pods):
        """For iptables-restore. What nothing allows is dropped and counted."""
        lines = ["*filter", ":INPUT ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]"]
        for chain, side in (("INPUT", "i"), ("OUTPUT", "o")):
            lines.append(f"-A {chain} -{side} lo -j ACCEPT")
            lines.append(f"-A {chain} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT")
        lines.append(f"-A INPUT -s {self.node} -j ACCEPT")
        for way, peer_key, chain, flag in (("ingress", "from", "INPUT", "-s"), ("egress", "to", "OUTPUT", "-d")):
            selecting = [
                policy["spec"]
                for policy in self.policies
                if way.capitalize() in policy["spec"]["policyTypes"] and matches(policy["spec"]["podSelector"], pod.labels)
            ]
            for spec in selecting:
                for rule in spec.get(way, []):
                    for address in self.addresses(rule.get(peer_key), pods):
                        place = f"{flag} {address} " if address else ""
                        for port in rule["ports"]:
                            protocol = port["protocol"].lower()
                            lines.append(f"-A {chain} {place}-p {protocol} --dport {port['port']} -j ACCEPT")
            if selecting:
                # There is no name server here, and so no namespace to allow it in.
                lines += [f"-A {chain} -p udp --dport 53 -j REJECT", f"-A {chain} -p tcp --dport 53 -j REJECT"]
                # What begins something is told apart from late packets of connections that have ended.
                lines += [f"-A {chain} -p tcp --syn -j DROP", f"-A {chain} -p udp -j DROP", f"-A {chain} -j DROP"]
        return "\n".join([*lines, "COMMIT", ""])

    @staticmethod
    def addresses(peers, pods):
        """Of the peers of a rule; None is anybody. There is nobody of another namespace."""
        if peers is None:
            return [None]
        found = []
        for peer in peers:
            if "ipBlock" in peer:
                found.append(peer["ipBlock"]["cidr"])
            elif "namespaceSelector" not in peer:
                found += [pod.address for pod in pods if matches(peer["podSelector"], pod.labels)]
        return found

    def enforce(self, pod, pods):
        if self.policies:
            command = ["nsenter", f"--net=/proc/{pod.process}/ns/net", "iptables-restore"]
            subprocess.run(command, input=self.rules(pod, pods), text=True, check=True)

    @staticmethod
    def dropped(pod):
        """How many packets with which somebody began something were dropped of a pod's, in and out."""
        command = ["nsenter", f"--net=/proc/{pod.process}/ns/net", "iptables", "-nvxL"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        words = [line.split() for line in result.stdout.splitlines()]
        dropping = [line for line in words if len(line) > 3 and line[2] == "DROP"]
        return sum(int(line[0]) for line in dropping if line[3] not in ("all", "0"))
