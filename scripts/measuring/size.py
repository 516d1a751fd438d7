"""Reading and searching in a large store while mail arrives: each function runs one part."""
import contextlib
import urllib.parse

from perflib import WORK, bg_result, loadgen, loadgen_bg


def word(rank):
    """The word of this rank as the example `seed` makes it: lower ranks are in more messages."""
    out = ""
    for _ in range(3):
        out += "bcdfgklmnprstvz"[rank % 15]
        rank //= 15
        out += "aeiou"[rank % 5]
        rank //= 5
    return out


@contextlib.contextmanager
def arriving(server, rate):
    """Mail for the inbox that is read and for others, until the end of the block."""
    if not rate:
        yield
        return
    load = loadgen_bg("smtp", addr=server.smtp, sessions=2, messages=10**6, rate=rate, size=4096, max_seconds=3600,
                      rcpt="user{rand:0:9}@" + server.domain)
    try:
        yield
        if load.poll() is not None:
            raise RuntimeError(f"the mail stopped arriving: {bg_result(load)}")
    finally:
        load.kill()
        load.wait()


def walk(server, path, items, key):
    """Every item of a list, page by page."""
    token = ""
    while True:
        status, page = server.call("GET", f"{path}{token}")
        if status != 200:
            raise RuntimeError(f"GET {path}: {status} {page}")
        yield from (item[key] for item in page[items])
        if not page.get("next_page_token"):
            return
        token = "&page_token=" + urllib.parse.quote(page["next_page_token"], safe="")


def some(server, path, items, key, most=2000):
    found = []
    for item in walk(server, path, items, key):
        found.append(item)
        if len(found) == most:
            break
    return found


def lines(name, texts):
    file = WORK / f"{name}.txt"
    file.write_text("\n".join(urllib.parse.quote(text, safe="") for text in texts))
    return file


def questions(server):
    """What is asked: a name, and how the load generator makes the paths."""
    box = f"/v0/inboxes/user0%40{server.domain}"
    messages = some(server, f"{box}/messages?limit=100", "messages", "message_id")
    threads = some(server, "/v0/threads?limit=100", "threads", "thread_id")
    common, medium = [word(n) for n in range(0, 8)], [word(n) for n in range(100, 400)]
    rare = [word(n) for n in range(9_000, 12_000)]
    pairs = [f"{a} {b}" for a, b in zip(medium, medium[1:])]
    phrases = [f'"{a} {b}"' for a, b in zip(common, common[1:])]
    people = [f"s{n}@load.test" for n in range(0, 997, 7)]
    searches = {"a common word": common, "a word": medium, "a rare word": rare, "two words": pairs, "a beginning": [w[:3] for w in medium],
                "a phrase": phrases, "an address": people}
    yield "list of 20 messages", dict(path=f"{box}/messages?limit=20")
    yield "list of 100 messages", dict(path=f"{box}/messages?limit=100")
    yield "list by a label", dict(path=f"{box}/messages?limit=20&labels=important")
    yield "list by two labels", dict(path=f"{box}/messages?limit=20&labels=unread&labels=billing")
    yield "GET of a message", dict(path=box + "/messages/{line}", lines=lines("size-messages", messages))
    yield "list of 20 threads", dict(path=f"{box}/threads?limit=20")
    yield "list of 20 threads of all inboxes", dict(path="/v0/threads?limit=20")
    yield "GET of a thread", dict(path="/v0/threads/{line}", lines=lines("size-threads", threads))
    for n, (name, texts) in enumerate(searches.items()):
        file = lines(f"size-search-{n}", texts)
        yield f"search of an inbox: {name}", dict(path=box + "/messages/search?limit=20&q={line}", lines=file)
        yield f"search of all threads: {name}", dict(path="/v0/threads/search?limit=20&q={line}", lines=file)


def reads(server, clients, seconds, rate):
    """The latency of each question at so many clients, while mail arrives."""
    auth = f"Authorization: Bearer {server.key}"
    with arriving(server, rate):
        for what, options in questions(server):
            run = loadgen("http", addr=server.http, header=auth, sessions=clients, count=10**7, max_seconds=seconds, **options)
            latency = run["latency"] or {}
            yield dict(part="size", peer=server.name, what=what, clients=clients, requests=run["requests"], bad=run["bad"],
                       first_error=run["first_error"], per_s=run["req_per_s"], p50_ms=latency.get("p50_ms"), p99_ms=latency.get("p99_ms"))


def pages(server, rate):
    """Reads lists to their end, quietly and while mail arrives; what is wrong, in words."""
    box = f"/v0/inboxes/user0%40{server.domain}"
    wrong = []
    for what, path, items, key in (
        ("messages", f"{box}/messages?limit=100", "messages", "message_id"),
        ("threads", f"{box}/threads?limit=100", "threads", "thread_id"),
        ("search", f"{box}/messages/search?limit=100&q={word(0)}", "messages", "message_id"),
    ):
        quiet = list(walk(server, path, items, key))
        with arriving(server, rate):
            busy = list(walk(server, path, items, key))
        for how, found in (("quiet", quiet), ("while mail arrives", busy)):
            if len(set(found)) != len(found):
                wrong.append(f"{server.name}: {len(found) - len(set(found))} {what} came twice ({how})")
        missing = set(quiet) - set(busy)
        # A thread that got mail moved to the front; a search ranks a bounded number of the newest matches.
        if missing and what == "messages":
            wrong.append(f"{server.name}: {len(missing)} of {len(quiet)} {what} were skipped while mail arrived")
        if not quiet:
            wrong.append(f"{server.name}: no {what} at all")
    return wrong


def table(rows):
    servers = sorted({row["peer"] for row in rows})
    out = ["| what | clients | " + " | ".join(f"{name} p50 ms | p99 ms" for name in servers) + " |",
           "| --- | --- |" + " --- | --- |" * len(servers)]
    for what, clients in dict.fromkeys((row["what"], row["clients"]) for row in rows):
        cells = []
        for name in servers:
            own = next((r for r in rows if (r["peer"], r["what"], r["clients"]) == (name, what, clients)), {})
            cells += [str(own.get("p50_ms", "-")), str(own.get("p99_ms", "-"))]
        out.append(f"| {what} | {clients} | " + " | ".join(cells) + " |")
    return "\n".join(out)
