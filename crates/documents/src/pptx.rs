//! Slides of PowerPoint.

use crate::flow::Flow;
use crate::package::{Package, targets};
use crate::writer::Writer;
use crate::xml::{Node, On, attribute, local};
use crate::{Kind, Limits, Text, Why};

/// Reads the slides in order, each with its notes and comments.
///
/// # Errors
/// As those of the package, when there is no text before them.
pub(crate) fn read(
    package: &mut Package<'_>,
    main: &str,
    limits: &Limits,
    mut out: Writer,
) -> Result<Text, Why> {
    match slides(package, main, limits, &mut out) {
        Ok(()) => out.finish(Kind::Pptx),
        Err(why) => out.rescue(why, Kind::Pptx),
    }
}

fn slides(
    package: &mut Package<'_>,
    main: &str,
    limits: &Limits,
    out: &mut Writer,
) -> Result<(), Why> {
    let relations = package.relations(main)?;
    let part = package.part(main)?.ok_or(Why::Damaged)?;
    let mut names: Vec<String> = Vec::new();
    part.each(&mut |node| {
        if let Node::Open(element) = node
            && local(&element) == "sldId"
        {
            // Its own id has the same local name; that of the reference begins with letters.
            let attributes = element.attributes().flatten();
            let mut ids = attributes.filter(|one| one.key.local_name().into_inner() == "id");
            let name = ids.find_map(|id| relations.get(&*id.value));
            names.extend(name.map(|relation| relation.target.clone()));
        }
        Ok(if names.len() > limits.parts {
            On::Enough
        } else {
            On::More
        })
    })?;
    for (index, name) in names.iter().enumerate() {
        if index >= limits.parts || out.is_full() {
            out.cut();
            break;
        }
        let is_hidden = is_hidden(package, name)?;
        let hidden = if is_hidden { ", hidden" } else { "" };
        out.heading(&format!("[Slide {}{hidden}]", index + 1));
        slide(package, name, out)?;
    }
    Ok(())
}

fn slide(package: &mut Package<'_>, name: &str, out: &mut Writer) -> Result<(), Why> {
    let relations = package.relations(name)?;
    Flow::default().read(package, name, &relations, out)?;
    for (kind, heading) in [("notesSlide", "[Notes]"), ("comments", "[Comments]")] {
        for part in targets(&relations, kind) {
            let mut own = Writer::new(out.room());
            let links = package.relations(&part).unwrap_or_default();
            Flow::default().read(package, &part, &links, &mut own)?;
            // Notes hold the number of their slide, if nothing else.
            let text = own.finish_any(Kind::Pptx).text;
            if text.chars().any(char::is_alphabetic) {
                out.start_line();
                out.note(heading);
                out.line();
                out.push(&text);
                out.line();
            }
        }
    }
    Ok(())
}

fn is_hidden(package: &mut Package<'_>, name: &str) -> Result<bool, Why> {
    let Some(part) = package.part(name)? else {
        return Ok(false);
    };
    let mut is_hidden = false;
    part.each(&mut |node| {
        if let Node::Open(element) = node {
            let show = attribute(&element, "show");
            is_hidden = show.is_some_and(|show| matches!(show.as_str(), "0" | "false"));
            return Ok(On::Enough);
        }
        Ok(On::More)
    })?;
    Ok(is_hidden)
}
