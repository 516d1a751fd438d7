"""What measure-delivery does: fill the queue while nothing takes mail, then let a sink take all of it."""
import http.client
import json
import pathlib
import sqlite3
import threading
import time

from mailroost import BOXES, HTTP, Mailroost, psql
from perflib import bg_result, loadgen, loadgen_bg, wait_port

SINK = "127.0.0.1:2600"
DOMAINS = 20
DUE = "UPDATE job SET run_at = 0 WHERE kind = 'deliver_mail/1' AND state = 'ready' AND lease_until = 0"
WAITING = "SELECT count(*) FROM job WHERE kind = 'deliver_mail/1'"


class Sender(Mailroost):
    """Our server with a relay that may or may not be there, as Postfix has its relayhost."""

    def env(self):
        return {**super().env(), "MAILROOST_DELIVERY": "relay", "MAILROOST_RELAY": f"smtp://{SINK}?tls=none",
                "MAILROOST_RETRY_AFTER": "60s", "MAILROOST_LOG": "warn"}

    def sql(self, statement):
        """Runs one statement on the data of a server that is stopped."""
        if self.engine == "postgres":
            return psql(self.env()["MAILROOST_DATABASE"], statement)
        with sqlite3.connect(self.data / "mailroost.db") as db:
            row = db.execute(statement).fetchone()
        db.close()
        return str(row[0]) if row else ""

    def flush(self):
        """Makes all that waits due at once, as `postqueue -f` does."""
        self.sql(DUE)


def fill(server, count, threads=10):
    """Sends `count` messages of 4 KiB through the API; gives their marks."""
    marks = [f"m{n}" for n in range(count)]
    failed = []

    def work(first):
        connection = http.client.HTTPConnection(HTTP, timeout=60)
        for n in range(first, count, threads):
            body = json.dumps({
                "to": f"u{n % 100}@d{n % DOMAINS}.remote.test", "subject": f"Note {n}", "text": "A line of text to be sent.\n" * 135,
                "headers": {"X-Perf-Id": marks[n]}}).encode()
            connection.request("POST", f"/v0/inboxes/user{n % BOXES}%40{server.domain}/messages/send", body,
                               {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                failed.append(text)
                return
        connection.close()

    runners = [threading.Thread(target=work, args=(n,)) for n in range(threads)]
    begun = time.monotonic()
    for one in runners:
        one.start()
    for one in runners:
        one.join()
    if failed:
        raise RuntimeError(f"a message was not taken: {failed[0]}")
    return marks, count / (time.monotonic() - begun)


def wait_settled(server, limit=60):
    """Until the API has no message left on its way (the outcome of the last is stored after its 250)."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        left = sum(1 for box in range(BOXES) for one in server.messages(box) if "delivered" not in one["labels"])
        if left == 0:
            return 0
        time.sleep(0.2)
    return left


def drain(server, count):
    """The rate at which a filled queue leaves, from the start of the server to the last message."""
    server.reset()
    server.start()
    marks, sending = fill(server, count)
    server.stop()
    server.flush()
    ids = server.work / "drained.ids"
    sink = loadgen_bg("sink", addr=SINK, expect=count, max_seconds=150, ids=ids)
    wait_port("127.0.0.1", 2600)
    cpu, begun = server.group.cpu(), time.monotonic()
    server.start()
    result = bg_result(sink)
    whole, cpu = time.monotonic() - begun, server.group.cpu() - cpu
    left = wait_settled(server)
    server.stop()
    row = verdict(marks, ids)
    return {"part": "drain", "server": server.name, "messages": count, "sent_in": round(sending), "out": round(result["msgs_per_s"]),
            "whole_s": round(whole, 2), "connections": result["connections"],
            "cpu_per_1000": round(cpu / count * 1000, 3), "unsettled": left, **row}


def verdict(marks, ids):
    """Which marks never came, and how many came more than once."""
    came = [line.split("\t")[0] for line in pathlib.Path(ids).read_text().splitlines()]
    return {"lost": len(set(marks) - set(came)), "doubled": len(came) - len(set(came))}


def killed(server, count, every):
    """The same with SIGKILL every so many seconds until nothing is left."""
    server.reset()
    server.start()
    marks, _ = fill(server, count)
    server.stop()
    server.flush()
    ids = server.work / "killed.ids"
    # Slow enough for some rounds: each answer takes 20 ms. It outlives the queue, whose entries wait for
    # another attempt after a kill: what comes when nobody listens is not lost.
    sink = loadgen_bg("sink", addr=SINK, max_seconds=420, reply_delay_ms=20, ids=ids)
    wait_port("127.0.0.1", 2600)
    kills, begun = 0, time.monotonic()
    while time.monotonic() - begun < 150:
        server.start()
        time.sleep(every)
        server.kill9()
        kills += 1
        if server.sql(WAITING) == "0":
            break
        server.flush()
    server.start()
    left = wait_settled(server, 200)
    server.stop()
    bg_result(sink, timeout=500)
    return {"part": "kill", "server": server.name, "messages": count, "kills": kills, "unsettled": left, **verdict(marks, ids)}


def million(server, entries):
    """Start and memory with so many entries waiting, a tenth of them due to a relay that is down."""
    server.reset()
    server.start()
    fill(server, 1)
    server.stop()
    now = time.time_ns() // 1000
    with sqlite3.connect(server.data / "mailroost.db") as db:
        org, payload = db.execute("SELECT org_id, payload FROM job WHERE kind = 'deliver_mail/1'").fetchone()
        entry = json.loads(payload)
        jobs = ((n.to_bytes(16, "big"), org, json.dumps({**entry, "domain": f"d{n % 50000}.remote.test"}),
                 f"d{n % 50000}.remote.test", 0 if n % 10 == 0 else now + 10**10 + n) for n in range(entries))
        db.executemany("INSERT INTO job (job_id, org_id, kind, payload, lane, run_at, attempt, lease_until, state, revision)"
                       " VALUES (?, ?, 'deliver_mail/1', ?, ?, ?, 1, 0, 'ready', 0)", jobs)
        # Each entry has its recipient; the message itself may be gone.
        row = db.execute("SELECT org_id, pod_id, inbox_id, message_key FROM delivery").fetchone()
        db.execute("DELETE FROM delivery")
        rows = ((*row, n.to_bytes(16, "big"), f"u@d{n % 50000}.remote.test", f"d{n % 50000}.remote.test", now, now) for n in range(min(entries, 50000)))
        db.executemany("INSERT INTO delivery (org_id, pod_id, inbox_id, message_key, delivery_id, recipient, domain, state, attempts,"
                       " created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', 0, ?, ?)", rows)
    db.close()
    took = server.start()
    memory = []
    for _ in range(10):
        time.sleep(2)
        memory.append(server.server_mem()[0])
    cpu = server.group.cpu()
    time.sleep(5)
    cpu = (server.group.cpu() - cpu) / 5
    begun = time.perf_counter()
    server.call("GET", "/v0/inboxes")
    answer = time.perf_counter() - begun
    server.stop()
    return {"part": "million", "server": server.name, "entries": entries, "start_s": round(took, 3), "rss_first_mb": memory[0],
            "rss_most_mb": max(memory), "rss_last_mb": memory[-1], "cpu_after_20s": round(cpu, 3), "answer_ms": round(answer * 1000, 1)}


def postfix(peer, count, sh):
    """The drain of the harness, as outbound.py does it."""
    etc = f"-c {peer.etc}"
    # As peer_files has it nothing leaves; here everything goes to the sink.
    peer.opts = ["defer_transports=smtp", "default_transport=smtp", "relay_transport=smtp", "relayhost=[127.0.0.1]:2600",
                 "smtp_dns_support_level=disabled", "mynetworks=127.0.0.0/8", "smtpd_recipient_restrictions=permit_mynetworks,reject",
                 "smtpd_relay_restrictions=permit_mynetworks,reject"]
    peer.reset()
    peer.start()
    try:
        time.sleep(1)
        filled = loadgen("smtp", addr=peer.smtp, sessions=20, messages=count, size="4k",
                         rcpt=f"u{{rand:0:99}}@d{{rand:0:{DOMAINS - 1}}}.remote.test", max_seconds=120)
        time.sleep(3)
        sink = loadgen_bg("sink", addr=SINK, expect=filled["accepted"], max_seconds=150)
        wait_port("127.0.0.1", 2600)
        cpu, begun = peer.g.cpu(), time.monotonic()
        sh(f"postconf {etc} -e defer_transports=; postfix {etc} reload; postqueue {etc} -f")
        result = bg_result(sink)
        return {"part": "drain", "server": "postfix", "messages": filled["accepted"], "sent_in": round(filled["msgs_per_s"]),
                "out": round(result["msgs_per_s"]), "whole_s": round(time.monotonic() - begun, 2), "connections": result["connections"],
                "cpu_per_1000": round((peer.g.cpu() - cpu) / max(1, filled["accepted"]) * 1000, 3),
                "lost": filled["accepted"] - result["received"], "doubled": 0, "unsettled": 0}
    finally:
        peer.stop()
        peer.reset()
