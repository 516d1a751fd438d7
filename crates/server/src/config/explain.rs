//! `mailroost config explain`: the table of keys as text.

use std::fmt::Write as _;

use super::keys::{Places, TABLE};

/// Every key with its default, its variable, its flag and what it does.
pub fn explain() -> String {
    let mut out = String::from(
        "# Configuration of Mailroost. Stronger places win: defaults < file < variables < flags.\n",
    );
    for key in TABLE {
        // Writing to a String cannot fail.
        let _ = write!(out, "\n{}\n", key.name);
        for line in wrapped(key.doc, 76) {
            let _ = writeln!(out, "    {line}");
        }
        if !key.default.is_empty() {
            let _ = writeln!(out, "    default   {}", key.default);
        }
        let _ = writeln!(out, "    example   {}", key.example);
        if key.places == Places::All {
            let _ = writeln!(out, "    file      {} = \"…\"", key.name);
        }
        let _ = writeln!(out, "    variable  {}", key.variable);
        if key.places != Places::OnlyVariable {
            let _ = writeln!(out, "    flag      --{} {}", key.flag, key.value);
        }
    }
    out
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
