#!/usr/bin/env python3
"""Makes crates/mail/src/facts/language/table.rs of words.txt: every word with the languages it is frequent in."""
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
TABLE = HERE.parent.parent / "crates/mail/src/facts/language/table.rs"


def main():
    codes, words = [], {}
    for line in (HERE / "words.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        code, *listed = line.split()
        bit = len(codes)
        codes.append(code)
        for word in listed:
            # One Latin letter says too little; in other scripts it may say a lot.
            if len(word) > 1 or not word.isascii() or word in "aioeyu":
                words[word] = words.get(word, 0) | 1 << bit
    assert len(codes) <= 64
    out = ["//! Frequent words and the languages they are frequent in, as bits. Made by `training/language/table.py`.", "",
           "/// The languages, the first for the lowest bit.", f"pub(super) const CODES: [&str; {len(codes)}] = ["]
    out += [f'    "{code}",' for code in codes]
    out += ["];", "", "/// The words in the order of their bytes.", "pub(super) const WORDS: &[(&str, u64)] = &["]
    out += [f'    ("{word}", 0x{words[word]:x}),' for word in sorted(words, key=lambda word: word.encode())]
    out += ["];", ""]
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    TABLE.write_text("\n".join(out))


if __name__ == "__main__":
    main()
