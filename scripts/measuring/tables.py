"""Rows to the Markdown tables of docs/performance.md: medians, with the span of the runs in brackets."""
import statistics


def middle(rows, field):
    values = [row[field] for row in rows if row.get(field) is not None]
    if not values:
        return "-"
    shown = number(statistics.median(values))
    low, high = number(min(values)), number(max(values))
    return shown if low == high else f"{shown} ({low}..{high})"


def number(value):
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def groups(rows, part, *keys):
    found = {}
    for row in rows:
        if row["part"] == part:
            found.setdefault(tuple(row.get(key) for key in keys), []).append(row)
    return found


def table(head, lines):
    if not lines:
        return ""
    out = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    out += ["| " + " | ".join(str(cell) for cell in line) + " |" for line in lines]
    return "\n".join(out) + "\n"


def ratio(rows, sessions, field, peer, base):
    of = lambda name: [row[field] for row in rows if row["part"] == "inbound" and row["peer"] == name and row["sessions"] == sessions]
    ours, theirs = of(peer), of(base)
    return f"{statistics.median(ours) / statistics.median(theirs):.1f}" if ours and theirs and statistics.median(theirs) else "-"


def render(rows):
    inbound = groups(rows, "inbound", "sessions", "peer")
    out = []
    if inbound:
        out += ["### Mail in, 4 KiB, synced before 250", table(
            ["sessions", "server", "accepted/s", "visible/s", "accept p50 ms", "accept p99 ms", "CPU-s per 1000", "PSS MB", "of Postfix+Dovecot"],
            [[sessions, peer, middle(found, "accepted_per_s"), middle(found, "visible_per_s"), middle(found, "p50_ms"), middle(found, "p99_ms"),
              middle(found, "cpu_s_per_1000"), middle(found, "pss_mb"), ratio(rows, sessions, "accepted_per_s", peer, "postfix+dovecot")]
             for (sessions, peer), found in sorted(inbound.items())])]
        odd = [row for row in rows if row["part"] == "inbound" and (row["visible"] != row["accepted"] or row["rejected"] or row["broken"])]
        out += [f"Not clean: {row}\n" for row in odd]
        disks = [row["disk"] for row in rows if row["part"] == "inbound"]
        out += [f"State of the disk before the runs: {number(statistics.median(d[0] for d in disks))} lone syncs/s, "
                f"{number(statistics.median(d[1] for d in disks))}/s four at once.\n"]
    sections = [
        ("From the 250 to the WebSocket frame", "push", ["peer", "beside"],
         ["server", "other mail/s", "p50 ms", "p99 ms", "from the final dot, p50 ms", "p99 ms", "missed"],
         ["p50_ms", "p99_ms", "dot_p50_ms", "dot_p99_ms", "missed"]),
        ("HTTP", "http", ["peer", "what", "sessions"], ["server", "request", "connections", "per s", "p50 ms", "p99 ms", "bad"],
         ["per_s", "p50_ms", "p99_ms", "bad"]),
        ("At rest", "rest", ["peer"], ["server", "first start, s", "later starts, s", "RSS MB", "PSS MB"],
         ["first_start_s", "start_s", "rss_mb", "pss_mb"]),
        ("Sync calls per accepted message", "syncs", ["peer", "sessions"], ["server", "sessions", "calls per message"], ["total"]),
    ]
    for title, part, keys, head, fields in sections:
        found = groups(rows, part, *keys)
        if found:
            out += [f"### {title}", table(head, [[*key, *(middle(some, field) for field in fields)] for key, some in found.items()])]
    killed = groups(rows, "kill", "peer")
    if killed:
        out += ["### SIGKILL under load", table(
            ["server", "rounds", "answered 250", "lost", "stored twice", "restart, s"],
            [[peer, len(found), sum(row["answered"] for row in found), sum(row["lost"] for row in found),
              sum(row["twice"] for row in found), middle(found, "start_after_s")] for (peer,), found in killed.items()])]
    return "\n".join(out)
