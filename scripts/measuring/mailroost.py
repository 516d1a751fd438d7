"""Our server as the load harness sees a peer: start, stop, empty, count. On SQLite or on PostgreSQL."""
import http.client
import json
import os
import pathlib
import secrets
import signal
import subprocess
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HTTP, SMTP = "127.0.0.1:18080", "127.0.0.1:12525"
BOXES = 10  # user0 … user9, as the load generator addresses them


class Mailroost:
    is_lmtp = False
    smtp, http = SMTP, HTTP

    def __init__(self, engine, work, group, binary):
        self.engine, self.work, self.binary = engine, work, binary
        self.name = f"mailroost+{engine}"
        self.group = group(f"mailroost-{engine}")
        self.key = "am_us_" + secrets.token_hex(32)
        self.trace = None  # a file: run under strace and write sync calls there
        self.data = self.database = self.postgres = self.admin_url = self.domain = None
        if engine == "postgres":
            # The database's processes belong to the group: what they burn and hold is ours.
            where = work / "postgres.url"
            where.unlink(missing_ok=True)
            self.postgres = self.group.start(
                ["bash", str(ROOT / "scripts/with-postgres"), "bash", "-c",
                 f'echo "$MAILROOST_TEST_POSTGRES" >{where}.new && mv {where}.new {where} && exec sleep infinity'],
                log=work / "postgres.log")
            self._until(where.exists, "PostgreSQL")
            self.admin_url = where.read_text().strip()

    def groups(self):
        return [self.group]

    def queue_len(self):
        return 0

    def reset(self):
        """The next start finds nothing: a new folder, a new database."""
        stamp = f"{time.time_ns()}"
        self.data = self.work / "mailroost" / stamp
        self.data.parent.mkdir(parents=True, exist_ok=True)
        if self.engine == "postgres":
            self.database = f"measure_{stamp}"
            psql(self.admin_url, f"CREATE DATABASE {self.database}")

    def keep(self, data, database):
        """The next start finds what is in this folder and this database, which is made if it is not there."""
        self.data = data
        self.data.mkdir(parents=True, exist_ok=True)
        if self.engine == "postgres":
            self.database = database
            if not psql(self.admin_url, f"SELECT 1 FROM pg_database WHERE datname = '{database}'"):
                psql(self.admin_url, f"CREATE DATABASE {database}")

    def argv(self):
        argv = [str(self.binary), "serve", "--data", str(self.data), "--http", HTTP, "--smtp", SMTP]
        if self.trace:
            argv = ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range,syncfs,msync", "-o", str(self.trace), *argv]
        return argv

    def env(self):
        env = {"MAILROOST_API_KEY": self.key}
        if self.database:
            env["MAILROOST_DATABASE"] = urllib.parse.urlsplit(self.admin_url)._replace(path=f"/{self.database}").geturl()
        return env

    def start(self):
        """Starts on what is there and returns the seconds until the first answer."""
        if self.data is None:
            self.reset()
        for name in [name for name in os.environ if name.startswith("MAILROOST_")]:
            del os.environ[name]  # the server refuses names it does not know
        begun = time.perf_counter()
        self.process = self.group.start(self.argv(), env=self.env(), log=self.work / "mailroost.log")
        self._until(lambda: self._status("/healthz") == 200, "Mailroost", self.process)
        took = time.perf_counter() - begun
        if self.domain is None or self.call("GET", f"/v0/inboxes/user0%40{self.domain}")[0] == 404:
            for n in range(BOXES):
                status, inbox = self.call("POST", "/v0/inboxes", {"username": f"user{n}"})
                if status != 200:
                    raise RuntimeError(f"creating an inbox: {status} {inbox}")
                self.domain = inbox["inbox_id"].partition("@")[2]
        return took

    def stop(self):
        """SIGTERM; an end that is not clean is an error."""
        for pid in self._server_pids():
            os.kill(pid, signal.SIGTERM)
        if self.process.wait(40) != 0:
            raise RuntimeError(f"the server ended with status {self.process.returncode}")

    def kill9(self):
        for pid in self._server_pids():
            os.kill(pid, signal.SIGKILL)
        self.process.wait(10)

    def close(self):
        self.group.stop(10)

    def _server_pids(self):
        def is_ours(pid):
            try:
                return os.path.realpath(f"/proc/{pid}/exe") == str(self.binary)
            except OSError:
                return False
        return [pid for pid in self.group.pids() if is_ours(pid)]

    def server_mem(self):
        """(RSS, PSS) in MB of the server's own process."""
        pid, = self._server_pids()
        roll = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        value = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in roll.splitlines()[1:]}
        return round(value["Rss"], 1), round(value["Pss"], 1)

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection(HTTP, timeout=30)
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text else None

    def wal_syncs(self):
        """How often PostgreSQL has synced its log (14 and newer count it)."""
        return int(psql(self.admin_url, "SELECT wal_sync FROM pg_stat_wal"))

    def messages(self, box):
        """Every message of one inbox, through the API, page by page."""
        token = ""
        while True:
            status, page = self.call("GET", f"/v0/inboxes/user{box}%40{self.domain}/messages?limit=100"
                                            f"&include_spam=true&include_unauthenticated=true{token}")
            if status != 200:
                raise RuntimeError(f"listing: {status} {page}")
            yield from page["messages"]
            if not page.get("next_page_token"):
                return
            token = "&page_token=" + urllib.parse.quote(page["next_page_token"], safe="")

    def count(self):
        return sum(1 for box in range(BOXES) for _ in self.messages(box))

    def _status(self, path):
        try:
            return self.call("GET", path)[0]
        except OSError:
            return None

    def _until(self, ready, what, process=None):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if ready():
                return
            if process is not None and process.poll() is not None:
                break
            time.sleep(0.002)
        raise RuntimeError(f"{what} did not start; see the logs in {self.work}")


def psql(url, statement):
    """Runs one statement and returns what it prints; the password goes by environment, because arguments are public."""
    parts = urllib.parse.urlsplit(url)
    plain = parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@")).geturl()
    run = subprocess.run(["psql", "-qXAtd", plain, "-v", "ON_ERROR_STOP=1", "-c", statement], text=True,
                         env={**os.environ, "PGPASSWORD": parts.password or ""}, stdout=subprocess.PIPE, check=True)
    return run.stdout.strip()
