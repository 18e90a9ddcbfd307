"""What each command of deploy/stack does."""

import os
import shlex
import signal
import sys
import time

import broker
import database
import devices
import logs
import ports
import processes
import services
import trust
from errors import StackError
from state import Lock, State, write_private


def open_stack(options):
    state = State(options.data)
    if not state.exists:
        raise StackError(f"there is no stack in {options.data}: start one with 'deploy/stack up --data {options.data}'", 66)
    return state


def all_names(state):
    return [logs.NAME, database.NAME, broker.NAME, *services.names(state), *devices.names(state)]


def running(state, name):
    return processes.is_running(state.values["processes"].get(name))


def check_ports(state, starting):
    """A port remembered from an earlier run may have been taken by another program since."""
    for name in starting:
        for key, port in state.values["ports"].items():
            if (key == name or key.startswith(f"{name}.")) and not ports.is_free(port):
                raise StackError(
                    f"port {port}, which {name} of this stack uses, is taken by another process: "
                    f"end that one ('ss -ltnp sport = :{port}' names it), then try again"
                )


def bring_up(options):
    say = (lambda text: None) if options.quiet else (lambda text: print(text, flush=True))
    program = os.path.join(options.binaries, "xtblish-registry")
    if not os.path.exists(program):
        raise StackError(f"{program} is not there: run 'make build' first", 69)
    with Lock(options.data):
        state = State(options.data)
        state.values["replicas"] = options.replicas or state.values["replicas"]
        if options.devices is not None:
            # A device that was enrolled stays; `devices` only grows.
            known = state.values["devices"] if state.exists else 0
            state.values["devices"] = max(options.devices, known)
        stop_surplus(state)
        starting = [name for name in all_names(state) if not running(state, name)]
        check_ports(state, starting)
        begun = time.monotonic()
        try:
            start_services(state, starting, options.binaries, say)
        except (StackError, KeyboardInterrupt):
            for name in reversed(starting):
                halt(state, name)
            raise
        finally:
            state.save()
        try:
            # Without one of its devices the stack is still a stack: nothing else is taken down for it.
            complete = start_devices(state, starting, options.binaries, say)
        finally:
            state.save()
            write_environment(state)
        if not starting:
            say("everything runs already")
        elif complete:
            say(f"ready in {time.monotonic() - begun:.1f} s: {os.path.join(options.data, 'stack.env')}")
    return 0 if complete else 1


def stop_surplus(state):
    """With fewer replicas than before, the ones that are too many go."""
    wanted = set(all_names(state))
    for name in [name for name in state.values["processes"] if name not in wanted]:
        halt(state, name)
        del state.values["processes"][name]


def start_services(state, starting, binaries, say):
    if logs.NAME in starting:
        logs.start(state)
    if starting and not os.path.exists(trust.token_file(state)):
        say("making certificates and keys")
    if starting:
        trust.make_keys(state, binaries, services.instances(state))
    if database.NAME in starting or broker.NAME in starting:
        say("starting PostgreSQL and mosquitto")
    if database.NAME in starting:
        database.start(state)
    if broker.NAME in starting:
        broker.start(state)
    else:
        broker.reload(state)
    database.await_ready(state)
    broker.await_ready(state)
    chosen = [name for name in services.names(state) if name in starting]
    if chosen:
        say(f"starting {', '.join(chosen)}")
    for name in chosen:
        services.start(state, name, binaries)
    # What the others need of it can only be made while it runs.
    services.await_ready(state, services.replicas(state, "registry"))
    trust.make_operator(state, binaries, operator_environment(state))
    services.await_ready(state, services.names(state))


def start_devices(state, starting, binaries, say):
    """Whether all that may connect did; of the others it tells which, and why."""
    chosen = [name for name in devices.names(state) if name in starting]
    if not chosen:
        return True
    devices.enroll(state, binaries)
    gone = {name: reason for name, reason in devices.out_of_service(state, binaries).items() if name in chosen}
    for name, reason in gone.items():
        say(f"{name} is not started: {reason}")
    chosen = [name for name in chosen if name not in gone]
    say(f"starting {len(chosen)} {'device' if len(chosen) == 1 else 'devices'}")
    for name in chosen:
        devices.start(state, name, binaries)
    failed = devices.await_ready(state, chosen, binaries)
    for name in failed:
        lines = "\n  ".join(processes.last_lines(processes.log_path(state, name), 8))
        print(f"error: {name} did not connect; the rest of the stack runs. The end of its log:\n  {lines}", file=sys.stderr)
    return not failed


def operator_environment(state):
    return {**services.shared_environment(state), **trust.operator_environment(state)}


def write_environment(state):
    values = operator_environment(state)
    values["XTBLISH_STACK_DATA"] = state.directory
    values["XTBLISH_REGISTRY_URLS"] = ",".join(services.addresses(state, "registry", "http", "https"))
    enrolled = [name for name in devices.names(state) if devices.is_enrolled(state, name)]
    values["XTBLISH_DEVICE_IDS"] = " ".join(devices.identity(state, name)["id"] for name in enrolled)
    values["XTBLISH_DEVICE_DIRECTORIES"] = " ".join(devices.directory(state, name) for name in enrolled)
    for name in services.names(state):
        operations = f"http://127.0.0.1:{state.port(f'{name}.operations')}"
        values[f"XTBLISH_OPERATIONS_URL_{name.upper().replace('-', '_')}"] = operations
    for name in all_names(state):
        record = state.values["processes"].get(name)
        if record:
            values[f"XTBLISH_PID_{name.upper().replace('-', '_')}"] = str(record["pid"])
    text = "".join(f"{key}={shlex.quote(value)}\n" for key, value in values.items())
    write_private(os.path.join(state.directory, "stack.env"), text)


def halt(state, name):
    """Stops one process; PostgreSQL at once, rather than when its last client has gone."""
    first = signal.SIGINT if name == database.NAME else signal.SIGTERM
    record = state.values["processes"].get(name)
    # mosquitto forgets a signal that comes while it starts; a service takes a second one for haste.
    again = name == broker.NAME
    # Longer than a service's own bound: shutdown.delay.seconds, shutdown.seconds, and 5 s.
    if record and not processes.stop(record, seconds=40.0, first=first, again=again):
        print(f"{name} did not end by itself and was killed", file=sys.stderr)


def take_down(options):
    with Lock(options.data):
        state = open_stack(options)
        # Those that connect go before those they connect to.
        for name in reversed(all_names(state)):
            halt(state, name)
        left = [name for name in state.values["processes"] if running(state, name)]
        if left:
            raise StackError(f"still running: {', '.join(left)}")
        state.values["processes"] = {}
        state.save()
    return 0


def require_name(state, name):
    if name not in all_names(state):
        raise StackError(f"there is no '{name}' in this stack; there are: {', '.join(all_names(state))}", 64)


def start_one(options):
    with Lock(options.data):
        state = open_stack(options)
        require_name(state, options.name)
        if running(state, options.name):
            print(f"{options.name} runs already")
            return 0
        check_ports(state, [options.name])
        if options.name == logs.NAME:
            logs.start(state)
        elif options.name == database.NAME:
            database.start(state)
            database.await_ready(state)
        elif options.name == broker.NAME:
            broker.start(state)
            broker.await_ready(state)
        elif options.name in services.names(state):
            services.start(state, options.name, options.binaries)
            services.await_ready(state, [options.name])
        else:
            devices.enroll(state, options.binaries)
            devices.start(state, options.name, options.binaries)
        state.save()
        write_environment(state)
    return 0


def stop_one(options):
    with Lock(options.data):
        state = open_stack(options)
        require_name(state, options.name)
        halt(state, options.name)
    return 0


def print_status(options):
    state = open_stack(options)
    rows = [("NAME", "PID", "STATE", "ADDRESSES")]
    complete = True
    for name in all_names(state):
        record = state.values["processes"].get(name)
        alive = running(state, name)
        complete = complete and alive
        found = [
            f"{key.partition('.')[2] or 'port'} {port}"
            for key, port in sorted(state.values["ports"].items())
            if key == name or key.startswith(f"{name}.")
        ]
        health = "running" if alive else "stopped"
        if alive and name in services.names(state):
            health = "ready" if services.is_ready(state, name) else "not ready"
            complete = complete and health == "ready"
        rows.append((name, str(record["pid"]) if alive else "-", health, ", ".join(found)))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    return 0 if complete else 1


def print_logs(options):
    state = open_stack(options)
    if options.name:
        require_name(state, options.name)
    names = [options.name] if options.name else all_names(state)
    label = (lambda name: "") if options.name else (lambda name: f"{name:<14} | ")
    positions = {}
    for name in names:
        path = processes.log_path(state, name)
        positions[name] = os.path.getsize(path) if os.path.exists(path) else 0
        for line in processes.last_lines(path, options.lines):
            print(f"{label(name)}{line}")
    while options.follow:
        sys.stdout.flush()
        for name in names:
            path = processes.log_path(state, name)
            # The log-keeper took the older lines out.
            if os.path.exists(path) and os.path.getsize(path) < positions[name]:
                positions[name] = 0
            if os.path.exists(path) and os.path.getsize(path) > positions[name]:
                with open(path, "rb") as file:
                    file.seek(positions[name])
                    data = file.read()
                # A line that is still being written is printed when it is whole.
                whole = data[: data.rfind(b"\n") + 1]
                positions[name] += len(whole)
                for line in whole.decode("utf-8", "replace").splitlines():
                    print(f"{label(name)}{line}")
        # Sleeps: a look for more lines, until the user has seen enough.
        time.sleep(0.2)
    return 0
