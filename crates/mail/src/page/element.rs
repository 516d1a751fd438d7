//! What one start tag says about being seen.

use super::Known;
use super::color::{BLACK, Paint, paint};
use super::length::Length;
use super::sheet::{Element, Sheet};
use super::style::{Display, Property, Style, Value, declarations};
use super::technique::Technique;
use super::view::View;
use super::walk::Tag;

/// Octets of an attribute that are read.
const MAX_ATTRIBUTE: usize = 20_000;
/// Classes and attributes of one element that rules are looked up for.
const MAX_KEYS: usize = 20;

/// What an element does to the view inside it.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// None when nothing is said about it, as of most elements.
    style: Option<Box<Style>>,
    /// The way in which the kind of element hides its content.
    undrawn: Option<Technique>,
    is_link: bool,
    /// A rule for other windows shows it.
    pub(super) shown_elsewhere: bool,
}

impl Facts {
    /// The view inside an element that stands in `parent`.
    pub(super) fn view(&self, parent: &View) -> View {
        let mut view = match &self.style {
            Some(style) => parent.inside(style),
            None => *parent,
        };
        if self.is_link {
            view.link(self.style.as_deref());
        }
        if let Some(technique) = self.undrawn {
            view.hide(technique);
        }
        view
    }

    /// The breaks around the element, given those that its name has.
    pub(super) fn breaks(&self, named: u8) -> u8 {
        match self.style.as_ref().and_then(|style| style.display()) {
            Some(Display::Block) => named.max(1),
            Some(Display::Inline) => 0,
            _ => named,
        }
    }
}

/// The value of an attribute, cut to what is read of it.
pub(crate) fn attribute<'a>(tag: &'a Tag, name: &[u8]) -> Option<std::borrow::Cow<'a, str>> {
    let value = tag.attributes.get(name)?;
    let end = value.len().min(MAX_ATTRIBUTE);
    Some(String::from_utf8_lossy(
        value.get(..end).unwrap_or_default(),
    ))
}

/// The simple selectors an element answers to, the weakest first.
pub(super) fn keys(tag: &Tag, with_attributes: bool, keys: &mut Vec<String>) {
    keys.push("*".to_owned());
    keys.push(String::from_utf8_lossy(&tag.name).into_owned());
    if with_attributes {
        for (name, value) in tag.attributes.iter().take(MAX_KEYS) {
            let name = String::from_utf8_lossy(name);
            keys.push(format!("[{name}"));
            if value.len() < 100 {
                let value = String::from_utf8_lossy(value).to_ascii_lowercase();
                keys.push(format!("[{name}={value}"));
            }
        }
    }
    for class in attribute(tag, b"class")
        .unwrap_or_default()
        .split_whitespace()
        .take(MAX_KEYS)
    {
        keys.push(format!(".{}", class.to_ascii_lowercase()));
    }
    if let Some(id) = attribute(tag, b"id") {
        keys.push(format!("#{}", id.trim().to_ascii_lowercase()));
    }
}

/// Collects what old attributes, the sheets and the element's own declarations say, in this order.
pub(super) fn facts(tag: &Tag, sheet: &Sheet, element: &Element<'_>) -> Facts {
    let mut style = None;
    hints(tag, &mut style);
    let mut facts = Facts {
        undrawn: undrawn(tag),
        is_link: tag.name.as_slice() == b"a" && tag.attributes.contains_key(b"href".as_slice()),
        ..Facts::default()
    };
    if !sheet.is_empty() {
        facts.shown_elsewhere = sheet.of(element, &mut style);
    }
    if let Some(css) = attribute(tag, b"style") {
        let own = declarations(&css);
        if !own.is_empty() {
            style.get_or_insert_with(Style::default).apply(&own);
        }
    }
    let displays = style.as_ref().and_then(Style::display).is_some();
    if tag.attributes.contains_key(b"hidden".as_slice()) && !displays {
        facts.undrawn = facts.undrawn.or(Some(Technique::HiddenAttribute));
    }
    facts.style = style.map(Box::new);
    facts
}

/// Attributes and elements from before style sheets.
fn hints(tag: &Tag, style: &mut Option<Style>) {
    let mut set = |property, value| {
        style
            .get_or_insert_with(Style::default)
            .set(property, value, false);
    };
    let name = tag.name.as_slice();
    match name {
        b"pre" | b"listing" | b"xmp" | b"plaintext" => set(Property::Lines, Value::Flag(true)),
        b"bdo" => set(Property::Override, Value::Flag(true)),
        b"mark" => {
            set(Property::Ground, Value::Paint(Paint::opaque((255, 255, 0))));
            set(Property::Color, Value::Paint(Paint::opaque(BLACK)));
        }
        _ => {}
    }
    for (attribute, value) in &tag.attributes {
        let text = || String::from_utf8_lossy(value).trim().to_ascii_lowercase();
        match attribute.as_slice() {
            b"bgcolor" => {
                if let Some(paint) = paint(&text()) {
                    set(Property::Ground, Value::Paint(paint));
                }
            }
            b"background" if !value.is_empty() => set(Property::Picture, Value::Flag(true)),
            b"color" if matches!(name, b"font" | b"basefont") => {
                if let Some(paint) = paint(&text()) {
                    set(Property::Color, Value::Paint(paint));
                }
            }
            b"text" if name == b"body" => {
                if let Some(paint) = paint(&text()) {
                    set(Property::Color, Value::Paint(paint));
                }
            }
            b"size" if name == b"font" => {
                // The smallest of the seven sizes can be read.
                set(Property::FontSize, Value::Length(Length::pixels_of(13.0)));
            }
            b"dir" => set(Property::RightToLeft, Value::Flag(text() == "rtl")),
            _ => {}
        }
    }
}

/// Elements whose content a mail client does not draw.
fn undrawn(tag: &Tag) -> Option<Technique> {
    match tag.name.as_slice() {
        b"script" | b"style" | b"head" | b"title" | b"template" | b"noembed" | b"noscript"
        | b"noframes" | b"object" | b"iframe" | b"canvas" | b"audio" | b"video" | b"datalist"
        | b"rp" | b"desc" | b"metadata" | b"defs" | b"annotation" | b"annotation-xml" | b"svg"
        | b"math" | b"xml" | b"map" => Some(Technique::UndrawnElement),
        b"textarea" | b"select" => Some(Technique::FormValue),
        b"details" | b"dialog" if !tag.attributes.contains_key(b"open".as_slice()) => {
            Some(Technique::Closed)
        }
        _ => None,
    }
}

/// The honest form of a hidden element, as far as its tag tells.
pub(super) fn known(tag: &Tag, shown_elsewhere: bool) -> Option<Known> {
    if shown_elsewhere {
        return Some(Known::Responsive);
    }
    const CLASSES: &[&str] = &[
        "sr-only",
        "sronly",
        "visually-hidden",
        "visuallyhidden",
        "screen-reader",
        "screenreader",
        "a11y",
        "assistive",
    ];
    let class = attribute(tag, b"class").unwrap_or_default();
    let class = class.to_ascii_lowercase();
    let is_skip = tag.name.as_slice() == b"a"
        && attribute(tag, b"href").is_some_and(|href| href.trim_start().starts_with('#'));
    if is_skip || CLASSES.iter().any(|known| class.contains(known)) {
        return Some(Known::ScreenReader);
    }
    None
}

/// Elements that HTML opens again behind a block they were left open in.
pub(super) fn is_formatting(name: &[u8]) -> bool {
    matches!(
        name,
        b"a" | b"b"
            | b"big"
            | b"code"
            | b"em"
            | b"font"
            | b"i"
            | b"nobr"
            | b"s"
            | b"small"
            | b"strike"
            | b"strong"
            | b"tt"
            | b"u"
    )
}

/// Elements that do not end the head.
pub(super) fn belongs_to_head(name: &[u8]) -> bool {
    matches!(
        name,
        b"title"
            | b"style"
            | b"meta"
            | b"link"
            | b"script"
            | b"base"
            | b"basefont"
            | b"template"
            | b"noscript"
            | b"object"
            | b"bgsound"
    )
}
