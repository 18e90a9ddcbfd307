"""The schemas of the services in PostgreSQL: one snapshot of both, and back."""

import contextlib
import os
import re
import shutil
import subprocess
import urllib.parse

from failure import Failure

SCHEMAS = ("registry", "provisioner")

# Of what a backup and the database that is made from it are compared by.
COUNTED = {
    "devices": "registry.devices",
    "versions": "registry.firmware",
    "events": "registry.events",
    "audit entries": "registry.audit",
    "tokens": "registry.tokens",
    "root documents": "registry.root_documents",
    "enrolled devices": "provisioner.devices",
    "certificates": "provisioner.certificates",
}
REFERENCED = "select distinct encode(digest, 'hex') from registry.firmware order by 1"
NEWEST_EVENT = "select coalesce(max(id), 0) from registry.events"


class Database:
    """A database by its URL. The password goes to PostgreSQL's programs by the environment, which only their user sees."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("postgresql", "postgres"):
            raise Failure("XTBLISH_DATABASE_URL is no postgresql:// URL", 78)
        self.environment = {**os.environ, "PGCONNECT_TIMEOUT": "10", "PGAPPNAME": "xtblish-backup"}
        host = parts.netloc
        if parts.password is not None:
            self.environment["PGPASSWORD"] = urllib.parse.unquote(parts.password)
            account, _, servers = parts.netloc.rpartition("@")
            host = f"{account.split(':')[0]}@{servers}"
        query = [pair for pair in parts.query.split("&") if pair]
        for pair in query:
            if pair.startswith("password="):
                self.environment["PGPASSWORD"] = urllib.parse.unquote(pair.removeprefix("password="))
        parts = parts._replace(query="&".join(pair for pair in query if not pair.startswith("password=")))
        # A replica that takes no changes is good enough to read from, but not to write to.
        self.url = urllib.parse.urlunsplit(parts._replace(netloc=host))

    def program(self, name):
        path = shutil.which(name)
        if not path:
            raise Failure(f"{name} is not installed: 'apt-get install postgresql-client'", 69)
        return path

    def run(self, name, arguments, **options):
        result = subprocess.run(
            [self.program(name), *arguments], env=self.environment, stderr=subprocess.PIPE, check=False, **options
        )
        if result.returncode != 0:
            said = (result.stderr if isinstance(result.stderr, str) else result.stderr.decode(errors="replace")).strip()
            raise Failure(f"{name} failed: {said}", 69)
        return result

    def query(self, statement):
        arguments = ["-XqAt", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url]
        return self.run("psql", arguments, stdout=subprocess.PIPE, text=True).stdout.strip()

    @contextlib.contextmanager
    def snapshot(self):
        """A session whose transaction sees the database as it is at this moment, for as long as the block lasts."""
        process = subprocess.Popen(
            [self.program("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", self.url],
            env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        try:
            session = Session(process)
            session.ask("begin isolation level repeatable read, read only; set idle_in_transaction_session_timeout = 0; select 1")
            yield session
        finally:
            process.stdin.close()
            process.wait()
            process.stdout.close()
            process.stderr.close()

    def dump(self, path, snapshot):
        """Writes both schemas as they are in the snapshot. Their indexes and triggers come after their rows."""
        arguments = ["--format=custom", f"--snapshot={snapshot}", f"--file={path}"]
        arguments += [f"--schema={schema}" for schema in SCHEMAS]
        self.run("pg_dump", [*arguments, f"--dbname={self.url}"])

    def present(self):
        """Which of the schemas are there."""
        names = ", ".join(f"'{schema}'" for schema in SCHEMAS)
        return self.query(f"select nspname from pg_namespace where nspname in ({names}) order by 1").split()

    def users(self):
        """Who else is connected."""
        statement = (
            "select coalesce(nullif(application_name, ''), 'a program without a name') || ' at ' || coalesce(client_addr::text, 'the socket') "
            "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
        )
        return self.query(statement).splitlines()

    def restore(self, path, replacing, own):
        """Makes the schemas from the dump in one transaction: afterwards all is there, or nothing has changed.

        own: without the owners and rights that the dump names, everything belongs to whoever connects.
        """
        # The last line only when all others are there: where pg_restore is ended half-way, psql takes that for the end.
        command = [self.program("pg_restore"), "--file=-", *(["--no-owner", "--no-privileges"] if own else []), path]
        script = subprocess.Popen(
            ["sh", "-c", '"$@" && echo "commit;"', "sh", *command],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        before = [f"drop schema if exists {schema} cascade" for schema in SCHEMAS] if replacing else ["select"]
        command = ["-Xq", "-v", "ON_ERROR_STOP=1", "-c", "begin", "-c", "; ".join(before), "-f", "-", self.url]
        try:
            self.run("psql", command, stdin=script.stdout, stdout=subprocess.DEVNULL)
        finally:
            script.stdout.close()
            errors = script.stderr.read().decode(errors="replace").strip()
            script.stderr.close()
        if script.wait() != 0:
            raise Failure(f"pg_restore failed: {errors}", 65)


class Session:
    """A psql that stays."""

    MARK = "xtblish-backup-end"

    def __init__(self, process):
        self.process = process

    def ask(self, statement):
        try:
            self.process.stdin.write(f"{statement};\n\\echo {self.MARK}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        lines = []
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise Failure(f"PostgreSQL refused to be read: {self.process.stderr.read().strip()}", 69)
            if line.strip() == self.MARK:
                return lines
            lines.append(line.rstrip("\n"))

    def value(self, statement):
        return self.ask(statement)[0]


def levels(ask):
    """The newest migration of each schema, as `ask` answers."""
    found = {}
    for schema in SCHEMAS:
        tables = ask(
            f"select table_name from information_schema.tables where table_schema = '{schema}' "
            "and table_name in ('schema_migrations', 'schema_additions') order by 1"
        )
        if not tables:
            raise Failure(f"the database has no schema {schema}: is it the services' one, and did they start once?", 65)
        union = " union all ".join(f"select version from {schema}.{table}" for table in tables)
        found[schema] = int(ask(f"select coalesce(max(version), 0) from ({union}) as known")[0])
    return found


def counts(ask):
    return {name: int(ask(f"select count(*) from {table}")[0]) for name, table in COUNTED.items()}


def is_digest(text):
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None
