//! Running text of Word and PowerPoint: paragraphs, tables, links. Both write it with the same local
//! names, in different namespaces.

use std::mem;

use quick_xml::events::BytesStart;

use crate::Why;
use crate::package::{Package, Relations};
use crate::writer::Writer;
use crate::xml::{Node, On, attribute, local};

/// Octets of hidden text that are kept.
const MOST_HIDDEN: usize = 64 << 10;

/// Reads the running text of parts, one after the other.
#[derive(Default)]
pub(crate) struct Flow {
    /// Elements around the current place whose text is not shown.
    skipped: usize,
    /// Elements around the current place that hold text.
    texts: usize,
    /// Cells around the current place.
    cells: usize,
    /// Cells that the row has had.
    row: usize,
    /// The run is hidden.
    is_hidden: bool,
    /// What hidden runs say.
    hidden: String,
    link: Option<Link>,
    /// A paragraph has begun and nothing of it is written.
    begins: bool,
    is_item: bool,
}

/// The link around the current place.
struct Link {
    target: String,
    words: String,
    /// It belongs to one run, as on slides, and not to all runs inside it, as in texts.
    of_run: bool,
}

impl Flow {
    /// Writes the text of a part.
    ///
    /// # Errors
    /// Those of [`crate::xml::Xml::each`]; a part that is not there is none.
    pub(crate) fn read(
        &mut self,
        package: &mut Package<'_>,
        name: &str,
        relations: &Relations,
        out: &mut Writer,
    ) -> Result<(), Why> {
        let Some(part) = package.part(name)? else {
            return Ok(());
        };
        part.each(&mut |node| {
            match node {
                Node::Open(element) => self.open(&element, relations, out),
                Node::Close(name) => self.close(&name, out),
                Node::Text(text) => self.text(&text, out),
            }
            Ok(if out.is_full() { On::Enough } else { On::More })
        })
    }

    /// What hidden runs said so far.
    pub(crate) fn take_hidden(&mut self) -> String {
        mem::take(&mut self.hidden)
    }

    fn open(&mut self, element: &BytesStart<'_>, relations: &Relations, out: &mut Writer) {
        let name = local(element);
        if self.skipped > 0 || is_skipped(name) {
            self.skipped += usize::from(is_skipped(name));
            return;
        }
        match name {
            "p" => {
                self.begins = true;
                self.is_item = false;
                if self.cells == 0 {
                    out.start_line();
                } else {
                    out.space();
                }
            }
            "comment" | "cm" => {
                out.start_line();
                if let Some(cell) = attribute(element, "ref") {
                    out.push(&format!("{cell}: "));
                }
            }
            "numPr" => self.is_item = true,
            "pStyle" => {
                let style = attribute(element, "val").unwrap_or_default();
                self.is_item |= style.starts_with("ListBullet") || style.starts_with("ListNumber");
            }
            "r" => self.is_hidden = false,
            "vanish" | "webHidden" => {
                let off = attribute(element, "val");
                self.is_hidden = !off.is_some_and(|val| matches!(val.as_str(), "0" | "false"));
            }
            "t" | "text" => self.texts += 1,
            "tr" => {
                self.row = 0;
                out.start_line();
            }
            "tc" => {
                if self.row > 0 {
                    out.push(" | ");
                }
                self.row += 1;
                self.cells += 1;
            }
            "hyperlink" | "hlinkClick" => {
                let target = attribute(element, "id").and_then(|id| relations.get(&id));
                let target = target.filter(|relation| relation.external);
                self.link = target.map(|relation| Link {
                    target: relation.target.clone(),
                    words: String::new(),
                    of_run: name == "hlinkClick",
                });
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str, out: &mut Writer) {
        if is_skipped(name) {
            self.skipped = self.skipped.saturating_sub(1);
            return;
        }
        if self.skipped > 0 {
            return;
        }
        match name {
            "t" | "text" => self.texts = self.texts.saturating_sub(1),
            "p" => {
                self.end_link(out);
                if self.cells == 0 {
                    out.line();
                }
            }
            "br" | "cr" if self.cells == 0 => out.line(),
            "br" | "cr" => out.space(),
            "tab" => out.push("\t"),
            "noBreakHyphen" => out.push("-"),
            "tc" => self.cells = self.cells.saturating_sub(1),
            "tr" => out.line(),
            "hyperlink" => self.end_link(out),
            "r" => {
                if self.link.as_ref().is_some_and(|link| link.of_run) {
                    self.end_link(out);
                }
                self.is_hidden = false;
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str, out: &mut Writer) {
        if self.skipped > 0 || self.texts == 0 || text.is_empty() {
            return;
        }
        if self.is_hidden {
            let room = MOST_HIDDEN.saturating_sub(self.hidden.len());
            self.hidden.extend(text.chars().take(room / 4));
            return;
        }
        if mem::take(&mut self.begins) && mem::take(&mut self.is_item) {
            out.push("- ");
        }
        if let Some(link) = &mut self.link {
            link.words.push_str(text);
        }
        // Line breaks in the markup are blanks.
        out.push(&text.replace(['\n', '\r'], " "));
    }

    /// Writes where the link leads, unless its words say so.
    fn end_link(&mut self, out: &mut Writer) {
        let Some(Link { target, words, .. }) = self.link.take() else {
            return;
        };
        let bare = |text: &str| {
            let text = text.trim().trim_end_matches('/').to_lowercase();
            let schemes = ["https://", "http://", "mailto:"];
            let without = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
            without.unwrap_or(&text).to_owned()
        };
        if !words.trim().is_empty() && bare(&words) != bare(&target) {
            out.push(&format!(" <{target}>"));
        }
    }
}

/// Elements whose text repeats what stands elsewhere, or was taken away, or that hold no text but
/// names that text has too (the stops of tabulators).
fn is_skipped(name: &str) -> bool {
    matches!(
        name,
        "Fallback"
            | "moveFrom"
            | "del"
            | "instrText"
            | "delText"
            | "fldData"
            | "rPrChange"
            | "tabs"
            | "tabLst"
    )
}
