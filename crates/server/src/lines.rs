//! Commands that answer one JSON object a line with one JSON object a line, in the same order.

use std::io::{BufRead, Write};

use anyhow::Context;
use serde_json::{Map, Value};

/// Answers every question on standard input until it ends. What an answer lacks of the question's
/// `id` is added.
///
/// # Errors
/// At the first line that is no JSON object, naming it; answers to those before it were written.
pub fn answer(mut to: impl FnMut(&Map<String, Value>) -> Map<String, Value>) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (number, line) in (1..).zip(std::io::stdin().lock().lines()) {
        let line = line.with_context(|| format!("line {number} is not UTF-8 text"))?;
        if line.trim().is_empty() {
            continue;
        }
        let question: Map<String, Value> = serde_json::from_str(&line)
            .with_context(|| format!("line {number} is not a JSON object on one line"))?;
        let mut answer = to(&question);
        if let Some(id) = question.get("id") {
            answer.insert("id".to_owned(), id.clone());
        }
        serde_json::to_writer(&mut out, &answer)?;
        out.write_all(b"\n")?;
        // Whoever asks one question at a time waits for the answer.
        out.flush()?;
    }
    Ok(())
}
