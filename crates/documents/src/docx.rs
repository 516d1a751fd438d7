//! Texts of Word.

use crate::flow::Flow;
use crate::package::{Package, targets};
use crate::writer::Writer;
use crate::{Kind, Text, Why};

/// Parts beside the text, by the kind of the reference to them.
const BESIDE: [(&str, &str); 5] = [
    ("footnotes", "[Footnotes]"),
    ("endnotes", "[Endnotes]"),
    ("comments", "[Comments]"),
    ("header", "[Header]"),
    ("footer", "[Footer]"),
];

/// Reads the text, then what stands beside it, then what is hidden.
///
/// # Errors
/// As those of the package, when there is no text before them.
pub(crate) fn read(package: &mut Package<'_>, main: &str, mut out: Writer) -> Result<Text, Why> {
    match parts(package, main, &mut out) {
        Ok(()) => out.finish(Kind::Docx),
        Err(why) => out.rescue(why, Kind::Docx),
    }
}

fn parts(package: &mut Package<'_>, main: &str, out: &mut Writer) -> Result<(), Why> {
    let relations = package.relations(main)?;
    let mut flow = Flow::default();
    flow.read(package, main, &relations, out)?;
    for (kind, heading) in BESIDE {
        let mut seen: Vec<String> = Vec::new();
        for part in targets(&relations, kind) {
            let mut own = Writer::new(out.room());
            let links = package.relations(&part).unwrap_or_default();
            flow.read(package, &part, &links, &mut own)?;
            // Every section of a text has headers of its own, mostly the same ones.
            let Ok(text) = own.finish(Kind::Docx) else {
                continue;
            };
            if !seen.contains(&text.text) {
                out.heading(heading);
                out.push(&text.text);
                out.line();
                seen.push(text.text);
            }
        }
    }
    let hidden = flow.take_hidden();
    if !hidden.trim().is_empty() {
        out.heading("[Hidden in the document]");
        out.push(&hidden);
    }
    Ok(())
}
