//! XML of documents: no document type, no entities of its own, bounded depth, no recursion.

use std::borrow::Cow;
use std::io::BufRead;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Error, Reader};

use crate::Why;
use crate::package::Spent;

/// Elements in each other at most; Word itself nests to about fifty.
const MOST_DEPTH: usize = 256;

/// Octets of the longest value of an attribute that is read.
const MOST_VALUE: usize = 8_000;

/// Reads a part from front to back.
pub(crate) struct Xml<R>(Reader<R>);

/// Whether whoever reads wants more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    More,
    Enough,
}

/// What comes next. An empty element comes as its beginning and its end.
pub(crate) enum Node<'e> {
    /// An element begins.
    Open(BytesStart<'e>),
    /// The element of this local name ends.
    Close(Cow<'e, str>),
    /// Characters, with references resolved.
    Text(Cow<'e, str>),
}

impl<R: BufRead> Xml<R> {
    pub(crate) fn new(reader: R) -> Self {
        let mut reader = Reader::from_reader(reader);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.allow_dangling_amp = true;
        Self(reader)
    }

    /// Calls `take` with each node in order, until there are no more or it answers that it has seen
    /// enough.
    ///
    /// # Errors
    /// [`Why::Entities`], [`Why::TooDeep`], [`Why::Inflates`], [`Why::Damaged`], and those of `take`.
    pub(crate) fn each(
        mut self,
        take: &mut dyn FnMut(Node<'_>) -> Result<On, Why>,
    ) -> Result<(), Why> {
        let mut buffer = Vec::new();
        let mut depth = 0_usize;
        loop {
            buffer.clear();
            let event = self.0.read_event_into(&mut buffer);
            let node = match event.map_err(|error| why(&error))? {
                Event::Start(element) => {
                    depth += 1;
                    if depth > MOST_DEPTH {
                        return Err(Why::TooDeep);
                    }
                    Node::Open(element)
                }
                Event::End(end) => {
                    depth = depth.saturating_sub(1);
                    Node::Close(Cow::Owned(end.local_name().into_inner().to_owned()))
                }
                Event::Text(text) => Node::Text(text.into_inner()),
                Event::CData(text) => Node::Text(text.into_inner()),
                Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                    Ok(Some(c)) => Node::Text(Cow::Owned(c.to_string())),
                    Ok(None) => Node::Text(Cow::Borrowed(known(&reference)?)),
                    // A character that does not exist.
                    Err(_) => continue,
                },
                Event::DocType(_) => return Err(Why::Entities),
                Event::Eof if depth > 0 => return Err(Why::Damaged),
                Event::Eof => return Ok(()),
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
            };
            if take(node)? == On::Enough {
                return Ok(());
            }
        }
    }
}

/// The five entities that XML knows by itself.
fn known(reference: &str) -> Result<&'static str, Why> {
    Ok(match reference {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return Err(Why::Entities),
    })
}

/// The value of an attribute by its local name.
pub(crate) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    // The check for repetitions would compare each attribute with all before it.
    let mut attributes = element.attributes();
    let found = attributes
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().into_inner() == name)?;
    if found.value.len() > MOST_VALUE {
        return None;
    }
    let value = quick_xml::escape::unescape(&found.value).ok()?;
    Some(value.into_owned())
}

/// The local name of an element.
pub(crate) fn local<'e>(element: &'e BytesStart<'_>) -> &'e str {
    element.local_name().into_inner()
}

fn why(error: &Error) -> Why {
    match error {
        Error::Io(error) => match error.get_ref() {
            Some(cause) if cause.is::<Spent>() => Why::Inflates,
            _ => Why::Damaged,
        },
        _ => Why::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(xml: &str) -> Result<String, Why> {
        let mut seen = String::new();
        Xml::new(xml.as_bytes()).each(&mut |node| {
            match node {
                Node::Open(element) => {
                    let id = attribute(&element, "id").unwrap_or_default();
                    seen.push_str(&format!("<{}{id}>", local(&element)));
                }
                Node::Close(name) => seen.push_str(&format!("</{name}>")),
                Node::Text(text) => seen.push_str(&text),
            }
            Ok(On::More)
        })?;
        Ok(seen)
    }

    #[test]
    fn names_lose_their_prefix_and_references_are_resolved() {
        let xml = "<w:p r:id='&lt;1'>a &amp; b&#x20AC;<w:br/></w:p>";
        assert_eq!(nodes(xml).unwrap(), "<p<1>a & b€<br></br></p>");
    }

    #[test]
    fn entities_and_depth_are_refused() {
        let laughs = "<!DOCTYPE a [<!ENTITY b 'ha'><!ENTITY c '&b;&b;'>]><a>&c;</a>";
        assert_eq!(nodes(laughs), Err(Why::Entities));
        assert_eq!(nodes("<a>&c;</a>"), Err(Why::Entities));
        assert_eq!(nodes(&"<a>".repeat(100_000)), Err(Why::TooDeep));
        assert_eq!(nodes("<a><b></a>"), Err(Why::Damaged));
        assert_eq!(nodes("<a>"), Err(Why::Damaged));
    }
}
