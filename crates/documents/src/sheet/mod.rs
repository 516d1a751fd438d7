//! Workbooks of Excel: each sheet as lines of values separated by tabs.

mod cells;
mod format;
mod strings;

use crate::flow::Flow;
use crate::package::{Package, targets};
use crate::writer::Writer;
use crate::xml::{Node, On, attribute, local};
use crate::{Kind, Limits, Text, Why};
use cells::Cells;
use format::Formats;
use strings::Strings;

/// A sheet as the workbook names it.
struct Sheet {
    name: String,
    part: String,
    is_hidden: bool,
}

/// Reads the sheets in order.
///
/// # Errors
/// As those of the package, when there is no text before them.
pub(crate) fn read(
    package: &mut Package<'_>,
    main: &str,
    limits: &Limits,
    mut out: Writer,
) -> Result<Text, Why> {
    match sheets(package, main, limits, &mut out) {
        Ok(()) => out.finish(Kind::Xlsx),
        Err(why) => out.rescue(why, Kind::Xlsx),
    }
}

fn sheets(
    package: &mut Package<'_>,
    main: &str,
    limits: &Limits,
    out: &mut Writer,
) -> Result<(), Why> {
    let relations = package.relations(main)?;
    let mut sheets: Vec<Sheet> = Vec::new();
    let mut from_1904 = false;
    let part = package.part(main)?.ok_or(Why::Damaged)?;
    part.each(&mut |node| {
        let Node::Open(element) = node else {
            return Ok(On::More);
        };
        let is_set = |name| {
            let value = attribute(&element, name).unwrap_or_default();
            matches!(value.as_str(), "1" | "true")
        };
        match local(&element) {
            "workbookPr" => from_1904 = is_set("date1904"),
            "sheet" => {
                let target = attribute(&element, "id").and_then(|id| relations.get(&id));
                if let Some(target) = target.filter(|target| target.kind == "worksheet") {
                    let state = attribute(&element, "state").unwrap_or_default();
                    sheets.push(Sheet {
                        name: attribute(&element, "name").unwrap_or_default(),
                        part: target.target.clone(),
                        is_hidden: state.to_ascii_lowercase().contains("hidden"),
                    });
                }
            }
            _ => {}
        }
        Ok(if sheets.len() > limits.parts {
            On::Enough
        } else {
            On::More
        })
    })?;
    let part_of = |kind| targets(&relations, kind).into_iter().next();
    let strings = match part_of("sharedStrings") {
        Some(name) => Strings::read(package, &name)?,
        None => Strings::default(),
    };
    let formats = match part_of("styles") {
        Some(name) => Formats::read(package, &name, from_1904)?,
        None => Formats::default(),
    };
    // What can be seen comes before what is hidden.
    sheets.sort_by_key(|sheet| sheet.is_hidden);
    for (index, sheet) in sheets.iter().enumerate() {
        if index >= limits.parts || out.is_full() {
            out.cut();
            break;
        }
        let hidden = if sheet.is_hidden { ", hidden" } else { "" };
        out.heading(&format!("[Sheet: {}{hidden}]", sheet.name));
        if let Some(part) = package.part(&sheet.part)? {
            let mut cells = Cells::new(&strings, &formats);
            part.each(&mut |node| Ok(cells.take(node, out)))?;
        }
        comments(package, &sheet.part, out)?;
    }
    Ok(())
}

/// Writes the remarks on cells of a sheet.
fn comments(package: &mut Package<'_>, sheet: &str, out: &mut Writer) -> Result<(), Why> {
    let relations = package.relations(sheet)?;
    for part in targets(&relations, "comments") {
        let mut own = Writer::new(out.room());
        Flow::default().read(package, &part, &relations, &mut own)?;
        let text = own.finish_any(Kind::Xlsx).text;
        if !text.is_empty() {
            out.start_line();
            out.note("[Comments]");
            out.line();
            out.push(&text);
            out.line();
        }
    }
    Ok(())
}
