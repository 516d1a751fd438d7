"""Reading and searching in a large store while mail arrives: each function runs one part."""
import contextlib
import sys
import time
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


def places(server):
    """The paths of the inbox that is read, its pod, and the organisation."""
    box = f"/v0/inboxes/user0%40{server.domain}"
    status, inbox = server.call("GET", box)
    if status != 200:
        raise RuntimeError(f"GET {box}: {status} {inbox}")
    return {"an inbox": box, "a pod": f"/v0/pods/{inbox['pod_id']}", "all": "/v0"}


def lists(server):
    """Lists and single items: a name, and how the load generator makes the paths."""
    at = places(server)
    box = at["an inbox"]
    messages = some(server, f"{box}/messages?limit=100", "messages", "message_id")
    threads = lines("size-threads", some(server, f"{box}/threads?limit=100", "threads", "thread_id"))
    yield "20 messages of an inbox", dict(path=f"{box}/messages?limit=20")
    yield "100 messages of an inbox", dict(path=f"{box}/messages?limit=100")
    yield "messages with a label", dict(path=f"{box}/messages?limit=20&labels=important")
    yield "messages with two labels", dict(path=f"{box}/messages?limit=20&labels=unread&labels=billing")
    yield "messages with two labels that never meet", dict(path=f"{box}/messages?limit=20&labels=unread&labels=nowhere")
    yield "a message", dict(path=box + "/messages/{line}", lines=lines("size-messages", messages))
    for level, place in at.items():
        yield f"20 threads of {level}", dict(path=f"{place}/threads?limit=20")
        yield f"threads of {level} with a label", dict(path=f"{place}/threads?limit=20&labels=important")
        yield f"a thread of {level}", dict(path=place + "/threads/{line}", lines=threads)


def searches(server):
    at = places(server)
    common, medium = [word(n) for n in range(0, 8)], [word(n) for n in range(100, 400)]
    rare = [word(n) for n in range(9_000, 12_000)]
    pairs = [f"{a} {b}" for a, b in zip(medium, medium[1:])]
    phrases = [f'"{a} {b}"' for a, b in zip(common, common[1:])]
    people = [f"s{n}@load.test" for n in range(0, 997, 7)]
    asked = {"a common word": common, "a word": medium, "a rare word": rare, "two words": pairs, "a beginning": [w[:3] for w in medium],
             "a phrase": phrases, "an address": people}
    for n, (name, texts) in enumerate(asked.items()):
        file = lines(f"size-search-{n}", texts)
        yield f"messages of an inbox: {name}", dict(path=at["an inbox"] + "/messages/search?limit=20&q={line}", lines=file)
        for level, place in at.items():
            yield f"threads of {level}: {name}", dict(path=place + "/threads/search?limit=20&q={line}", lines=file)


def metrics(server):
    """Counts of events and use, for a day and for a month."""
    for level, place in places(server).items():
        for what in ("events", "usage"):
            for name, days, period in (("a day", 1, 300), ("a month", 30, 3_600)):
                start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 86_400 * days))
                yield f"{what} of {level}, {name}", dict(path=f"{place}/metrics/{what}?start_timestamp={start}&period={period}")


PARTS = {"lists": lists, "searches": searches, "metrics": metrics}


def reads(server, part, clients, seconds, rate):
    """The latency of each question of a part at so many clients, while mail arrives."""
    auth = f"Authorization: Bearer {server.key}"
    with arriving(server, rate):
        for what, options in PARTS[part](server):
            run = loadgen("http", addr=server.http, header=auth, sessions=clients, count=10**7, max_seconds=seconds, **options)
            latency = run["latency"] or {}
            yield dict(part=part, peer=server.name, what=what, clients=clients, requests=run["requests"], bad=run["bad"],
                       first_error=run["first_error"], per_s=run["req_per_s"], p50_ms=latency.get("p50_ms"), p99_ms=latency.get("p99_ms"))


def hits(server, path, items, key):
    """A search that fills several pages, of a word that is in fewer messages than a search ranks; what is found, in order."""
    for rank in (100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800):
        found = some(server, f"{path}?limit=100&q={word(rank)}", items, key)
        if 250 < len(found) < 2_000:
            return f"{path}?limit=100&q={word(rank)}", found
    raise RuntimeError(f"no word is in some hundred {items}")


def pages(server, rate):
    """Reads lists to their end while mail arrives; what is wrong, in words. Whatever was there before must come exactly once.

    The mail that arrives begins new threads, so that no thread moves to the front of its list."""
    at = places(server)
    box, wrong = at["an inbox"], []
    rounds = [("messages", f"{box}/messages?limit=100", "messages", "message_id", None),
              ("threads", f"{box}/threads?limit=100", "threads", "thread_id", None)]
    path, found = hits(server, f"{box}/messages/search", "messages", "message_id")
    rounds.append(("messages found", path, "messages", "message_id", found))
    for level in ("an inbox", "all"):
        path, found = hits(server, f"{at[level]}/threads/search", "threads", "thread_id")
        rounds.append((f"threads of {level} found", path, "threads", "thread_id", found))
    for what, path, items, key, known in rounds:
        before = known or list(walk(server, path, items, key))
        with arriving(server, rate):
            busy = list(walk(server, path, items, key))
        for how, found in (("quiet", before), ("while mail arrives", busy)):
            if len(set(found)) != len(found):
                wrong.append(f"{server.name}: {len(found) - len(set(found))} {what} came twice ({how})")
        missing = set(before) - set(busy)
        if missing:
            wrong.append(f"{server.name}: {len(missing)} of {len(before)} {what} were skipped while mail arrived")
        if not before:
            wrong.append(f"{server.name}: no {what} at all")
        print(f"{server.name}: {len(before)} {what}, {len(busy)} while mail arrived", file=sys.stderr, flush=True)
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
