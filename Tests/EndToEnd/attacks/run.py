"""Attacks a running stack of two devices, and checks that each attack is refused for the right reason.

usage: run.py STACK_ENV        (with the tests' Python; needs protoc, mosquitto_pub and mosquitto_sub)

Prints a line for each attack; exit status 1 if one of them was not refused, or if a service died of it.
"""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import broker_attacks  # noqa: E402
import bus_attacks  # noqa: E402
import enrolment_attacks  # noqa: E402
import http_attacks  # noqa: E402
import image_attacks  # noqa: E402
import role_attacks  # noqa: E402
import secret_checks  # noqa: E402
from report import Report  # noqa: E402
from world import World  # noqa: E402


def main():
    report = Report(World(sys.argv[1]))
    chosen = sys.argv[2:]
    for name, part in (
        ("broker", broker_attacks), ("http", http_attacks), ("enrolment", enrolment_attacks), ("bus", bus_attacks),
        ("image", image_attacks), ("roles", role_attacks), ("secrets", secret_checks),
    ):
        if not chosen or name in chosen:
            part.run(report)
    print(f"{report.rows} attacks, {len(report.failures)} not refused as they should be")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
