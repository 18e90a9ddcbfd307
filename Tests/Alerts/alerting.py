"""A real Prometheus and a real Alertmanager over a stack, and a receiver that keeps what it is told."""

import http.server
import json
import os
import random
import re
import socket
import subprocess
import threading
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
RULES = os.path.join(ROOT, "deploy", "prometheus", "alerts.yaml")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# With a sample each second, a shorter range has too few.
SHORTEST_RANGE = 5


given = set()


def free_port():
    """One that nobody listens on, and that was not given before: whoever asked for it may not listen yet."""
    for port in random.sample(range(20000, 32000), 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in given:
            given.add(port)
            return port
    raise RuntimeError("no port is free below 32000")


def shortened(text, factor):
    """The rules with all durations divided; thresholds stay, and so do the numbers in texts."""

    def seconds(match):
        return int(match[1]) * UNITS[match[2]] / factor

    text = re.sub(r"^( +for: )(\d+)([smhd])$", lambda m: f"{m[1]}{max(1, round(int(m[2]) * UNITS[m[3]] / factor))}s", text, flags=re.M)
    return re.sub(r"\[(\d+)([smhd])\]", lambda m: f"[{max(SHORTEST_RANGE, round(seconds(m)))}s]", text)


class Watch:
    def __init__(self, world, factor):
        self.world = world
        self.directory = os.path.join(world.directory, "watch")
        os.makedirs(self.directory)
        with open(RULES, encoding="utf-8") as file:
            text = file.read()
        self.rules = set(re.findall(r"^ +- alert: (\w+)$", text, re.M))
        self.text = shortened(text, factor)
        self.events = []
        self.changed = threading.Condition()
        self.processes = []
        # The replica whose alerts count; of any if it is empty.
        self.instance = ""

    # The receiver.

    def handler(self):
        watch = self

        class Receiver(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with watch.changed:
                    watch.events += [(time.monotonic(), alert) for alert in body["alerts"]]
                    watch.changed.notify_all()
                self.send_response(200)
                self.end_headers()

            def do_GET(self):
                # As node exporter gives the figures of the last backup.
                try:
                    with open(watch.world.backup_file, "rb") as file:
                        text = file.read()
                except FileNotFoundError:
                    text = b""
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                try:
                    self.wfile.write(text)
                except BrokenPipeError:
                    # Prometheus ended.
                    pass

            def log_message(self, *_):
                pass

        return Receiver

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def spawn(self, name, command):
        log = open(os.path.join(self.directory, f"{name}.log"), "wb")
        self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.directory))

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), self.handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        receiver = self.server.server_port
        manager = self.manager = free_port()
        self.write("alerts.yaml", self.text)
        targets = [
            {"targets": [address], "labels": {"service": service, "instance": name}}
            for name, service, address in self.world.targets()
        ]
        configuration = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s", "scrape_timeout": "1s"},
            "rule_files": ["alerts.yaml"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{manager}"]}]}]},
            "scrape_configs": [
                # A service whose database is away takes a while to say so.
                {"job_name": "xtblish", "scrape_interval": "1s", "scrape_timeout": "1s", "static_configs": targets},
                {"job_name": "node", "static_configs": [{"targets": [f"127.0.0.1:{receiver}"]}]},
            ],
        }
        # JSON is YAML too.
        path = self.write("prometheus.yaml", json.dumps(configuration))
        routing = {
            "route": {"receiver": "here", "group_by": ["..."], "group_wait": "0s", "group_interval": "1s", "repeat_interval": "4h"},
            "receivers": [{"name": "here", "webhook_configs": [{"url": f"http://127.0.0.1:{receiver}/", "send_resolved": True}]}],
        }
        self.spawn(
            "alertmanager",
            ["prometheus-alertmanager", f"--config.file={self.write('alertmanager.yaml', json.dumps(routing))}",
             f"--storage.path={self.directory}/am", f"--web.listen-address=127.0.0.1:{manager}", "--cluster.listen-address="],
        )
        self.port = free_port()
        self.spawn(
            "prometheus",
            ["prometheus", f"--config.file={path}", f"--storage.tsdb.path={self.directory}/tsdb",
             f"--web.listen-address=127.0.0.1:{self.port}"],
        )
        try:
            self.until(self.answers, 60, "Prometheus and the first samples")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        self.server.shutdown()

    def query(self, expression):
        url = f"http://127.0.0.1:{self.port}/api/v1/query"
        data = f"query={urllib.request.quote(expression)}".encode()
        with urllib.request.urlopen(url, data=data, timeout=5) as answer:
            return json.load(answer)["data"]["result"]

    def answers(self):
        for process in self.processes:
            if process.poll() is not None:
                raise RuntimeError(f"{process.args[0]} ended: see its log in {self.directory}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.manager}/-/ready", timeout=2).close()
            return len(self.query('up{job="xtblish"} == 1')) == len(self.world.targets())
        except OSError:
            return False

    def until(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise RuntimeError(f"{what} did not come within {seconds} s")
            with self.changed:
                self.changed.wait(0.2)

    def now(self):
        return time.monotonic()

    # What was told.

    def told(self, alert, status, since):
        return [
            at
            for at, each in self.events
            if at >= since
            and each["labels"]["alertname"] == alert
            and each["status"] == status
            and self.instance in ("", each["labels"].get("instance"))
        ]

    def firing(self, alert):
        instance = f',instance="{self.instance}"' if self.instance else ""
        return self.query(f'ALERTS{{alertname="{alert}",alertstate="firing"{instance}}}')

    def await_quiet(self, alerts):
        """What an earlier fault left is over, so that what fires next is due to the next one."""
        self.until(lambda: not any(self.firing(alert) for alert in alerts), 240, f"quiet of {', '.join(alerts)}")

    def await_status(self, alert, status, since, seconds):
        """When the receiver was first told; for resolved, when the last of the alert's instances was over. None: not."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with self.changed:
                times = self.told(alert, status, since)
                if times and (status == "firing" or not self.firing(alert)):
                    return self.told(alert, status, since)[-1] if status == "resolved" else times[0]
                self.changed.wait(0.2)
        return None

    def texts(self, alert):
        """The summaries that were told of it, one for each of its instances."""
        found = {each["annotations"]["summary"] for _, each in self.events if each["labels"]["alertname"] == alert and each["status"] == "firing"}
        return sorted(found)[:2]

    def broken_texts(self):
        texts = {text for _, each in self.events for text in each["annotations"].values()}
        return sorted(text for text in texts if "<no value>" in text or "<error" in text or "%!" in text)
