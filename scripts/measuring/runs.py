"""What is measured: each function runs one part and returns rows (dictionaries)."""
import collections
import random
import re
import statistics
import time
import urllib.parse

from perflib import WORK, acked, bg_result, loadgen, loadgen_bg, wait_count

SYNCS = re.compile(r"(fsync|fdatasync|sync_file_range|syncfs|msync)\(")


def rcpt(peer):
    return "user{rand:0:9}@" + (getattr(peer, "domain", None) or "example.test")


def inbound(peer, sessions, seconds, disk):
    """4 KiB messages, closed loop: accepted per second, then how long until every one of them is visible."""
    peer.reset()
    ours = hasattr(peer, "call")
    if ours:
        peer.start()
    base = 0 if ours else peer.count()
    state = disk()
    cpu = sum(group.cpu() for group in peer.groups())
    begun = time.time()
    run = loadgen("smtp", addr=peer.smtp, sessions=sessions, messages=10**7, size=4096, max_seconds=seconds,
                  rcpt=rcpt(peer), ids=WORK / "measure.ids", **({"lmtp": 1} if peer.is_lmtp else {}))
    loaded = time.time() - begun
    memory = sum(group.mem()["pss_mb"] for group in peer.groups())
    if ours:
        # The reader's own requests must not count as the server's work on mail, nor as waiting.
        burnt = sum(group.cpu() for group in peer.groups()) - cpu
        visible, waited = peer.count() - base, 0.0
        if visible < run["accepted"]:
            waited, visible = wait_count(lambda: peer.count() - base, run["accepted"], 60, 0.02)
    else:
        waited, visible = wait_count(lambda: peer.count() - base, run["accepted"], 60, 0.02)
        burnt = sum(group.cpu() for group in peer.groups()) - cpu
    accepted = max(1, run["accepted"])
    accept = run["accept"] or {}
    row = dict(part="inbound", peer=peer.name, sessions=sessions, accepted=run["accepted"], visible=visible,
               rejected=run["rejected"], broken=run["broken"], first_error=run["first_error"],
               accepted_per_s=round(run["msgs_per_s"], 1), visible_per_s=round(visible / (loaded + waited), 1),
               p50_ms=accept.get("p50_ms"), p99_ms=accept.get("p99_ms"), cpu_s_per_1000=round(burnt / accepted * 1000, 3),
               generator_cpu_s_per_1000=round(run["own_cpu_s"] / accepted * 1000, 3), pss_mb=round(memory, 1), disk=state)
    if ours:
        peer.stop()
    return row


def push(server, count, gap_ms, beside=0):
    """From the 250 to the WebSocket frame, one message at a time; `beside` messages per second load other inboxes."""
    address = f"user0@{server.domain}"
    load = None
    if beside:
        load = loadgen_bg("smtp", addr=server.smtp, sessions=10, messages=10**6, rate=beside, size=4096,
                          max_seconds=int(count * gap_ms * 1.5 / 1000) + 2, rcpt="user{rand:1:9}@" + server.domain)
    run = loadgen("push", addr=server.smtp, watch="ws", watch_addr=server.http, path="/v0", count=count, gap_ms=gap_ms,
                  header=f"Authorization: Bearer {server.key}", rcpt=address, match="message.received",
                  send='{"type":"subscribe","inbox_ids":["%s"],"event_types":["message.received"]}' % address)
    if load:
        bg_result(load)
    after, dot = run["after_250"] or {}, run["after_final_dot"] or {}
    return dict(part="push", peer=server.name, beside=beside, messages=count, missed=run["missed"], before_250=run["noticed_before_250"],
                p50_ms=after.get("p50_ms"), p99_ms=after.get("p99_ms"), dot_p50_ms=dot.get("p50_ms"), dot_p99_ms=dot.get("p99_ms"))


def http(server, count):
    """Reading one message, listing, and making an inbox, over one and over ten connections."""
    ids = [message["message_id"] for message in server.messages(0)]
    lines = WORK / "ids.txt"
    lines.write_text("\n".join(urllib.parse.quote(i, safe="") for i in ids))
    auth = f"Authorization: Bearer {server.key}"
    box = f"/v0/inboxes/user0%40{server.domain}"
    rows = []
    for what, options in (
        ("GET of a message", dict(path=box + "/messages/{line}", lines=lines)),
        ("list of 20 messages", dict(path=box + "/messages?limit=20")),
        ("POST of an inbox", dict(path="/v0/inboxes", method="POST")),
    ):
        for sessions in (1, 10):
            run = loadgen("http", addr=server.http, header=auth, sessions=sessions, count=count, max_seconds=10, **options)
            latency = run["latency"] or {}
            rows.append(dict(part="http", peer=server.name, what=what, sessions=sessions, requests=run["requests"], bad=run["bad"],
                             first_error=run["first_error"], per_s=run["req_per_s"],
                             p50_ms=latency.get("p50_ms"), p99_ms=latency.get("p99_ms")))
    return rows


def rest(server, starts):
    """Seconds to the first answer, on an empty folder and on the same folder again; memory after a second of quiet."""
    first, again = [], []
    for _ in range(starts):
        server.reset()
        first.append(server.start())
        server.stop()
        again.append(server.start())
        time.sleep(1)
        rss, pss = server.server_mem()
        server.stop()
    return dict(part="rest", peer=server.name, first_start_s=round(statistics.median(first), 3),
                start_s=round(statistics.median(again), 3), rss_mb=rss, pss_mb=pss)


def syncs(server):
    """Sync calls per accepted message: by strace for SQLite, by the database's own count for PostgreSQL."""
    server.reset()
    if server.engine == "sqlite":
        server.trace = WORK / "strace.out"
        server.trace.unlink(missing_ok=True)
    server.start()
    rows = []

    def made():
        if server.engine == "postgres":
            time.sleep(11)  # an idle session hands in its last statistics after 10 s
            return collections.Counter(wal_sync=server.wal_syncs())
        time.sleep(1.5)  # strace writes in the background
        return collections.Counter(SYNCS.findall(server.trace.read_text()))

    try:
        loadgen("smtp", addr=server.smtp, sessions=1, messages=20, rcpt=rcpt(server))
        for sessions, messages in ((1, 100), (10, 400), (50, 1000)):
            before = made()
            run = loadgen("smtp", addr=server.smtp, sessions=sessions, messages=messages, rcpt=rcpt(server))
            at_end = made()
            calls = {name: round((at_end[name] - before[name]) / run["accepted"], 3) for name in at_end}
            rows.append(dict(part="syncs", peer=server.name, sessions=sessions, accepted=run["accepted"], per_message=calls,
                             total=round(sum(calls.values()), 3)))
        server.stop()
    finally:
        server.trace = None
    return rows


def kill(server, rounds):
    """SIGKILL under load, restart, and every message that was answered 250 must be there, once."""
    chance = random.Random(1)
    rows = []
    for number in range(rounds):
        server.reset()
        server.start()
        run = f"kill{time.time_ns()}x{number}"
        ids = WORK / "kill.ids"
        ids.unlink(missing_ok=True)
        load = loadgen_bg("smtp", addr=server.smtp, sessions=20, messages=10**7, max_seconds=20, size=4096,
                          rcpt=rcpt(server), run=run, ids=ids, stop_on_break=1)
        after = chance.uniform(1, 3)
        time.sleep(after)
        server.kill9()
        bg_result(load)
        answered = set(acked(ids))
        recovery = server.start()
        shape = re.compile(rf"{run}-\d+")
        stored = [found[0] for box in range(10) for message in server.messages(box)
                  if (found := shape.search(message["message_id"]))]
        rows.append(dict(part="kill", peer=server.name, round=number, killed_after_s=round(after, 2), answered=len(answered),
                         stored=len(set(stored)), lost=len(answered - set(stored)), twice=len(stored) - len(set(stored)),
                         stored_without_250=len(set(stored) - answered), start_after_s=round(recovery, 3)))
        server.stop()
    return rows
