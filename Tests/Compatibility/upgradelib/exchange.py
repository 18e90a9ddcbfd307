"""One replica after the other, and what it cost."""

import json
import os
import subprocess
import time

from release import ROOT
from streams import Followers, Notifications, Traffic
from system import SERVICES, Backup, System

APP = os.path.join(ROOT, "Tests", "EndToEnd", "Apps", "quick.wat")

ROW = "{step:<12} {name:<14} gone in {gone:5.2f} s, ready after {ready:5.2f} s"


class Report:
    def __init__(self):
        self.exchanges = []
        self.tallies = {}
        self.failures = []
        self.lost = []
        self.slowest_notification = 0.0
        self.converged = {}
        self.problems = []

    @property
    def is_clean(self):
        return not (self.failures or self.lost or self.problems)

    def values(self):
        return {
            "requests": self.tallies,
            "failures": self.failures,
            "notifications lost": [f"{device} {version}" for device, version in self.lost],
            "slowest notification s": round(self.slowest_notification, 2),
            "exchanges": self.exchanges,
            "devices at their last version after s": self.converged,
            "problems": self.problems,
        }

    def text(self):
        lines = []
        for row in self.exchanges:
            lines.append(ROW.format(**row))
        for name, values in self.tallies.items():
            lines.append(f"{name}: " + ", ".join(f"{key} {value}" for key, value in values.items()))
        lines.append(f"notifications lost: {len(self.lost)}; the slowest took {self.slowest_notification:.2f} s")
        lines += [f"after {step}: devices at their last version in {seconds:.1f} s" for step, seconds in self.converged.items()]
        lines += [f"FAILED {failure}" for failure in self.failures[:40]]
        lines += [f"LOST {device} version {version}" for device, version in self.lost[:40]]
        lines += [f"PROBLEM {problem}" for problem in self.problems]
        lines.append("no failed request" if self.is_clean else "not clean")
        return "\n".join(lines)


class Exchange:
    def __init__(self, system, pause, kill):
        self.system = system
        self.pause = pause
        self.kill = kill
        self.report = Report()

    def run(self, steps):
        module = os.path.join(self.system.folder, "quick.wasm")
        subprocess.run(["wat2wasm", APP, "-o", module], check=True)
        with open(module, "rb") as file:
            self.module = file.read()
        self.notifications = Notifications(self.system)
        try:
            for step in steps:
                self.under_traffic(step, getattr(self, step.replace("-", "_")))
        finally:
            self.notifications.stop()
        return self.report

    def under_traffic(self, step, body):
        # Nobody else can do what was on its way to a process that is killed.
        traffic = Traffic(self.system, self.module, attempts=4 if self.kill else 1)
        traffic.begin()
        followers = Followers(self.system)
        self.system.await_condition("a first deployment", lambda: traffic.deployments.tried > 3)
        try:
            body()
            # Sleeps: what the last exchange spoils shows a moment later.
            time.sleep(max(self.pause, 3.0))
        finally:
            followers.stop()
            traffic.stop()
        self.settle(step, traffic, followers)

    # The steps.

    def cut(self):
        """A backup reads all tables; the first new replica waits for them with its migration, and is killed."""
        name = "registry-1"
        with Backup(self.system):
            self.system.call(False, "stop", name)
            starting = self.system.begin(False, "start", name)
            self.system.await_condition(
                "the migration waits", lambda: self.system.log_has(name, "can't have a table") or starting.poll() is not None)
            if starting.poll() == 0:
                print(f"{name}: no migration since the last release", flush=True)
                return
            # Sleeps: some rounds of asking for the tables and letting them go, beside the streams.
            time.sleep(5.0)
            self.system.kill(name)
            starting.wait()
        begun = time.monotonic()
        self.system.call(False, "start", name)
        self.note("cut", name, 0.0, time.monotonic() - begun)

    def upgrade(self):
        self.exchange_all("upgrade", old=False)

    def rollback(self):
        self.exchange_all("rollback", old=True)

    def devices(self):
        for name in self.system.device_names():
            self.exchange("devices", name, old=False)

    def again(self):
        self.exchange_all("again", old=False)

    def devices_back(self):
        """An agent that goes back finds what the newer one wrote on the flash."""
        for name in self.system.device_names():
            self.exchange("devices-back", name, old=True)

    def exchange_all(self, step, old):
        for service in SERVICES:
            for name in self.system.replicas(service):
                self.exchange(step, name, old)

    def exchange(self, step, name, old):
        begun = time.monotonic()
        if self.kill:
            self.system.kill(name)
        self.system.call(False, "stop", name)
        gone = time.monotonic()
        self.system.call(old, "start", name)
        self.note(step, name, gone - begun, time.monotonic() - gone)
        # Sleeps: a roll-out takes its time between replicas, and so has the streams meet each state.
        time.sleep(self.pause)

    def note(self, step, name, gone, ready):
        row = {"step": step, "name": name, "gone": gone, "ready": ready, "at": time.time()}
        self.report.exchanges.append(row)
        print(ROW.format(**row), flush=True)

    # What became of it.

    def settle(self, step, traffic, followers):
        for tally in [*traffic.tallies(), followers.tally]:
            self.report.tallies[f"{step}: {tally.name}"] = tally.values()
            for at, text in tally.failures:
                name = next((row["name"] for row in reversed(self.report.exchanges) if row["at"] <= at), "the start")
                self.report.failures.append(f"{step}, after {name}: {text}")
        self.await_notifications(traffic)
        self.await_devices(step, traffic)

    def await_notifications(self, traffic):
        seen = self.notifications.seen

        def missing():
            return [key for key in traffic.acknowledged if key not in seen]

        try:
            System.await_condition("notifications", lambda: not missing(), 30.0)
        except Exception:  # noqa: BLE001
            self.report.lost += missing()
        for key, at in traffic.acknowledged.items():
            if key in seen:
                self.report.slowest_notification = max(self.report.slowest_notification, seen[key] - at)

    def await_devices(self, step, traffic):
        begun = time.monotonic()
        connection = traffic.connection("registry")
        last = {}

        def converged():
            for device in traffic.devices:
                status, text, _ = connection.ask("GET", f"/v1/devices/{device}", headers=traffic.authorization)
                document = json.loads(text) if status == 200 else {}
                last[device] = (document.get("desired"), document.get("reported"))
                wanted, reported = (part or {} for part in last[device])
                if not wanted or wanted.get("version") != reported.get("version") or reported.get("status") != "confirmed":
                    return False
            return True

        try:
            System.await_condition("devices", converged, 90.0, 0.1)
            self.report.converged[step] = time.monotonic() - begun
        except Exception:  # noqa: BLE001
            self.report.problems.append(f"after {step}, devices are not at their last versions: {last}")
