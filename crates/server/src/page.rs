//! The subcommand `page`: what a person sees of a page of HTML, and apart from it what a person does
//! not see.

use std::io::{Read as _, Write as _};

use anyhow::Context;
use mail::page::{Format, Known, Mismatch, Options, Rendered, render};
use serde_json::{Map, Value, json};

/// What is written.
pub fn format(is_markdown: bool) -> Format {
    if is_markdown {
        Format::Markdown
    } else {
        Format::Text
    }
}

/// Renders the page on standard input: the text goes to standard output, what is hidden and links
/// that say another place than they lead to go to standard error.
///
/// # Errors
/// When standard input or output fails.
pub fn one(format: Format) -> anyhow::Result<()> {
    let mut html = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut html)
        .context("the page cannot be read")?;
    let page = render(&String::from_utf8_lossy(&html), &Options::of(format));
    writeln!(std::io::stdout().lock(), "{}", page.text)?;
    let mut err = std::io::stderr().lock();
    for piece in &page.hidden {
        let technique = piece.technique.name();
        let known = piece.known.map(|known| format!(" ({})", known.name()));
        let (known, text) = (known.unwrap_or_default(), plain(&piece.text));
        let (start, end) = (piece.span.start, piece.span.end);
        writeln!(err, "hidden: {technique}{known} {start}-{end}: {text}")?;
    }
    for link in &page.links {
        if let Some(mismatch) = link.mismatch {
            let (mismatch, text) = (mismatch.name(), plain(&link.text));
            writeln!(err, "link: {mismatch}: {text} -> {}", plain(&link.target))?;
        }
    }
    if page.truncated {
        writeln!(err, "cut: the page has more than is shown")?;
    }
    Ok(())
}

/// Without what a terminal would obey.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// Renders the member `html` of a question; `format` is `text` or `markdown`.
pub fn answer(default: Format) -> impl FnMut(&Map<String, Value>) -> Map<String, Value> {
    move |question| {
        let text = |name: &str| question.get(name).and_then(Value::as_str);
        let format = text("format").map_or(default, |name| format(name == "markdown"));
        told(&render(
            text("html").unwrap_or_default(),
            &Options::of(format),
        ))
    }
}

fn told(page: &Rendered) -> Map<String, Value> {
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
    let mut told = Map::new();
    told.insert("text".to_owned(), json!(page.text));
    told.insert("links".to_owned(), links.collect());
    told.insert("images".to_owned(), images.collect());
    told.insert("hidden".to_owned(), hidden.collect());
    told.insert("truncated".to_owned(), json!(page.truncated));
    told
}
