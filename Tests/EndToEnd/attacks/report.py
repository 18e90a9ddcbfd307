"""Rows of the table: what was tried, and whether it was refused in the right way."""


class Report:
    def __init__(self, world):
        self.world = world
        self.rows = 0
        self.failures = []

    def row(self, name, fault):
        """Records one attack; `fault` is None when the answer was right. Nobody may have died of it."""
        self.rows += 1
        fault = fault or self.world.services_alive()
        print(f"{'FAILED' if fault else 'ok    '} {name}{': ' + fault if fault else ''}", flush=True)
        if fault:
            self.failures.append(name)

    def attack(self, name, attempt, *arguments):
        """Runs an attempt that returns its fault; what it can't do itself is a fault too."""
        try:
            self.row(name, attempt(*arguments))
        except Exception as error:  # noqa: BLE001: every row is reported
            self.row(name, f"{type(error).__name__}: {error}")
