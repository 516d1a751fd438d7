//! Renders pages: HTML on standard input, the text on standard output and what is hidden on
//! standard error. With `--json`, one page a line as JSON (`id`, `html`, `format`: `text` or
//! `markdown`) in and one answer a line out.
//!
//! `cargo run -p mail --example page -- --markdown < page.html`

use std::io::{BufRead, Read, Write};

use mail::page::{Format, Known, Mismatch, Options, Rendered, render};
use serde_json::{Value, json};

fn main() -> std::io::Result<()> {
    let mode = std::env::args().nth(1).unwrap_or_default();
    let mut out = std::io::stdout().lock();
    if mode == "--json" {
        for line in std::io::stdin().lock().lines() {
            let question: Value = serde_json::from_str(&line?)?;
            let html = question["html"].as_str().unwrap_or_default();
            let format = format(question["format"].as_str() == Some("markdown"));
            let mut answer = answer(&render(html, &Options::of(format)));
            answer["id"] = question["id"].clone();
            writeln!(out, "{answer}")?;
        }
        return Ok(());
    }
    let mut html = Vec::new();
    std::io::stdin().read_to_end(&mut html)?;
    let html = String::from_utf8_lossy(&html);
    let page = render(&html, &Options::of(format(mode == "--markdown")));
    writeln!(out, "{}", page.text)?;
    let mut err = std::io::stderr().lock();
    for piece in &page.hidden {
        let known = piece.known.map_or("", Known::name);
        let technique = piece.technique.name();
        writeln!(
            err,
            "hidden {technique} {known} {:?}: {}",
            piece.span, piece.text
        )?;
    }
    for link in page.links.iter().filter(|link| link.mismatch.is_some()) {
        writeln!(err, "link {} leads to {}", link.text, link.target)?;
    }
    Ok(())
}

const fn format(is_markdown: bool) -> Format {
    if is_markdown {
        Format::Markdown
    } else {
        Format::Text
    }
}

fn answer(page: &Rendered) -> Value {
    let links = page.links.iter().map(|link| {
        json!({
            "text": link.text,
            "target": link.target,
            "mismatch": link.mismatch.map(Mismatch::name),
        })
    });
    let images = page.images.iter().map(|image| {
        json!({
            "alt": image.alt,
            "source": image.source,
            "content_id": image.content_id,
            "tracker": image.is_tracker,
        })
    });
    let hidden = page.hidden.iter().map(|piece| {
        json!({
            "technique": piece.technique.name(),
            "known": piece.known.map(Known::name),
            "text": piece.text,
            "start": piece.span.start,
            "end": piece.span.end,
        })
    });
    json!({
        "text": page.text,
        "links": links.collect::<Vec<_>>(),
        "images": images.collect::<Vec<_>>(),
        "hidden": hidden.collect::<Vec<_>>(),
        "truncated": page.truncated,
    })
}
