"""Writes the labelled mail of the corpora as seeds for the fuzzers: python3 fuzz/seeds.py CORPORA FOLDER"""

import base64
import hashlib
import json
import pathlib
import sys


def main(corpora: str, folder: str) -> None:
    """Write each message, text and page once, under the hash of its content."""
    root = pathlib.Path(folder)
    for kind in ("messages", "texts", "pages"):
        (root / kind).mkdir(parents=True, exist_ok=True)

    def keep(kind: str, content: bytes) -> None:
        if 0 < len(content) <= 20_000:
            (root / kind / hashlib.sha256(content).hexdigest()[:16]).write_bytes(content)

    for file in sorted(pathlib.Path(corpora).glob("*/dev*.jsonl")):
        for line in filter(None, file.read_text().split("\n")):
            case = json.loads(line)
            if case.get("input_b64"):
                keep("messages", base64.b64decode(case["input_b64"]))
            for field in ("input", "body", "text"):
                if isinstance(case.get(field), str):
                    kind = "pages" if case.get("kind") == "reply_html" else "texts"
                    keep(kind, case[field].encode())
            if isinstance(case.get("html"), str):
                keep("pages", case["html"].encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
