"""The private PostgreSQL cluster and its one database."""

import glob
import hashlib
import os
import pwd
import shutil
import socket
import subprocess

import processes
from errors import StackError

NAME = "postgres"


def program(name):
    """The newest installed server's program: /usr/lib/postgresql/15/bin/initdb."""
    found = sorted(
        glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=lambda path: float(path.split("/")[4]), reverse=True
    )
    path = found[0] if found else shutil.which(name)
    if not path:
        raise StackError("PostgreSQL's server is not installed: run 'make setup', or 'apt-get install postgresql'", 69)
    return path


def account():
    """PostgreSQL refuses to run as root: the keyword arguments that make it another user's."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        raise StackError("there is no user 'postgres': run 'make setup', or 'apt-get install postgresql'", 69) from None
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def can_be_reached(directory):
    """Whether any user may pass through every folder on the way to it."""
    parts = directory.strip("/").split("/")
    paths = ["/" + "/".join(parts[: count + 1]) for count in range(len(parts))]
    return all(os.stat(path).st_mode & 0o001 for path in paths)


def cluster(state):
    """Where the cluster lives: DIR/postgres, or /var/tmp where its user can't get into DIR."""
    if "cluster" not in state.values:
        directory = os.path.join(state.directory, "postgres")
        if account():
            os.chmod(state.directory, os.stat(state.directory).st_mode | 0o011)
            if not can_be_reached(state.directory):
                mark = hashlib.sha256(state.directory.encode()).hexdigest()[:12]
                directory = f"/var/tmp/xtblish-{mark}"
                print(f"PostgreSQL's user can't get into {state.directory}: its cluster is in {directory}")
        state.values["cluster"] = directory
    return state.values["cluster"]


def url(state):
    return f"postgresql://xtblish:{state.secret('database')}@127.0.0.1:{state.port(NAME)}/xtblish"


def create(state):
    """Makes the cluster the first time; a half made one of an interrupted try is made anew."""
    directory = cluster(state)
    if os.path.exists(os.path.join(directory, "xtblish.ready")):
        return
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory, mode=0o700)
    owner = account()
    if owner:
        os.chown(directory, owner["user"], owner["group"])
    reading, writing = os.pipe()
    os.write(writing, state.secret("database").encode() + b"\n")
    os.close(writing)
    command = [program("initdb"), "-D", directory, "-U", "xtblish", "--auth=scram-sha-256", "--encoding=UTF8"]
    command += ["--locale=C.UTF-8", f"--pwfile=/dev/fd/{reading}"]
    if owner:
        os.fchown(reading, owner["user"], owner["group"])
    result = subprocess.run(
        command, cwd="/", pass_fds=[reading], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **owner
    )
    os.close(reading)
    if result.returncode != 0:
        raise StackError(f"initdb failed:\n{result.stdout}{result.stderr}")


def start(state):
    create(state)
    directory = cluster(state)
    # Children of a postmaster that was killed may hold its shared memory for a moment.
    processes.wait_until(lambda: not processes.working_in(directory), 15.0)
    forget_dead_server(state, directory)
    port = state.port(NAME)
    options = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": str(100 + 60 * state.values["replicas"]),
        "log_min_messages": "warning",
    }
    command = [program("postgres"), "-D", directory, "-p", str(port)]
    for key, value in options.items():
        command += ["-c", f"{key}={value}"]
    processes.spawn(state, NAME, command, {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"}, directory, account())


def forget_dead_server(state, directory):
    """Removes the lock file of a server that was killed and that nobody has reaped yet.

    PostgreSQL takes such a process for a living one and would refuse to start.
    """
    path = os.path.join(directory, "postmaster.pid")
    try:
        with open(path, encoding="utf-8") as file:
            pid = int(file.readline())
    except (OSError, ValueError):
        return
    if processes.start_time(pid) is None and not processes.working_in(directory):
        os.unlink(path)


def await_ready(state):
    """Waits until it answers, then makes the database if there is none yet."""
    if not processes.wait_until(lambda: answers(state), 60.0) or not processes.is_running(
        state.values["processes"].get(NAME)
    ):
        raise StackError("PostgreSQL does not answer: see 'deploy/stack logs postgres'", 69)
    mark = os.path.join(cluster(state), "xtblish.ready")
    if os.path.exists(mark):
        return
    exists = query(state, "select 1 from pg_database where datname = 'xtblish'")
    if exists.strip() != "1":
        query(state, "create database xtblish")
    with open(mark, "w", encoding="utf-8"):
        pass


def answers(state):
    if not processes.is_running(state.values["processes"].get(NAME)):
        return True  # it ended: no use in waiting
    try:
        return run_psql(state, "select 1").returncode == 0
    except OSError:
        return False


def query(state, statement):
    result = run_psql(state, statement)
    if result.returncode != 0:
        raise StackError(f"PostgreSQL refused '{statement}': {result.stderr.strip()}")
    return result.stdout


def run_psql(state, statement):
    port = state.port(NAME)
    with socket.create_connection(("127.0.0.1", port), timeout=2):
        pass
    environment = {"PATH": os.environ.get("PATH", ""), "PGPASSWORD": state.secret("database"), "PGCONNECT_TIMEOUT": "5"}
    command = [program("psql"), "-X", "-A", "-t", "-h", "127.0.0.1", "-p", str(port), "-U", "xtblish", "-d", "postgres"]
    return subprocess.run(
        command + ["-c", statement], env=environment, cwd="/", capture_output=True, text=True, check=False
    )
