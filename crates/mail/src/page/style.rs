//! The declarations of CSS that decide whether text is seen.

mod values;

use std::borrow::Cow;

use super::color::Paint;
use super::length::Length;
use super::technique::Technique;
use values::read;

/// Declarations of one attribute or rule that are read.
const MAX_DECLARATIONS: usize = 200;
/// Octets of a value that are read.
const MAX_VALUE: usize = 400;

/// What a declaration is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Property {
    Display,
    Visibility,
    Opacity,
    FontSize,
    LineHeight,
    Color,
    Fill,
    Ground,
    Picture,
    Height,
    MaxHeight,
    Width,
    MaxWidth,
    Overflow,
    Placed,
    Left,
    Top,
    Right,
    Bottom,
    Under,
    Indent,
    Margin,
    Spacing,
    Transform,
    Faded,
    Clip,
    ClipPath,
    Outlook,
    Lines,
    RightToLeft,
    Override,
}

/// One more than the last property.
const PROPERTIES: usize = Property::Override as usize + 1;

/// How an element takes part in the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Display {
    None,
    Block,
    Inline,
    Other,
}

/// What a declaration says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    Display(Display),
    Flag(bool),
    Length(Length),
    Paint(Paint),
    /// As the parent has it.
    Inherited,
    /// The way the value hides, if it does.
    Hides(Option<Technique>),
}

/// One declaration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Declaration {
    pub(super) property: Property,
    pub(super) value: Value,
    pub(super) important: bool,
}

/// The declarations that hold for one element.
#[derive(Clone, Debug, Default)]
pub(crate) struct Style {
    values: [Option<(Value, bool)>; PROPERTIES],
}

impl Style {
    /// Takes over later declarations; important ones stay.
    pub(super) fn apply(&mut self, declarations: &[Declaration]) {
        for declaration in declarations {
            self.set(
                declaration.property,
                declaration.value,
                declaration.important,
            );
        }
    }

    pub(super) fn set(&mut self, property: Property, value: Value, important: bool) {
        if let Some(slot) = self.values.get_mut(property as usize)
            && (important || slot.is_none_or(|(_, important)| !important))
        {
            *slot = Some((value, important));
        }
    }

    pub(super) fn get(&self, property: Property) -> Option<Value> {
        self.values
            .get(property as usize)
            .copied()
            .flatten()
            .map(|(value, _)| value)
    }

    pub(super) fn flag(&self, property: Property) -> Option<bool> {
        match self.get(property)? {
            Value::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    pub(super) fn length(&self, property: Property) -> Option<Length> {
        match self.get(property)? {
            Value::Length(length) => Some(length),
            _ => None,
        }
    }

    pub(super) fn display(&self) -> Option<Display> {
        match self.get(Property::Display)? {
            Value::Display(display) => Some(display),
            _ => None,
        }
    }

    pub(super) fn hides(&self, property: Property) -> Option<Technique> {
        match self.get(property)? {
            Value::Hides(technique) => technique,
            _ => None,
        }
    }
}

/// Reads the declarations of a `style` attribute or of one rule; others than those that decide
/// about being seen are left out.
pub(super) fn declarations(css: &str) -> Vec<Declaration> {
    let css = clean(css);
    let mut found = Vec::new();
    let mut text = String::new();
    for declaration in css.split(';').take(MAX_DECLARATIONS) {
        let Some((name, value)) = declaration.split_once(':') else {
            continue;
        };
        let name = name.trim().to_ascii_lowercase();
        if !is_read(&name) {
            continue;
        }
        let end = value.floor_char_boundary(MAX_VALUE.min(value.len()));
        text.clear();
        for word in value.get(..end).unwrap_or_default().split_whitespace() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&word.to_ascii_lowercase());
        }
        let (value, important) = match text.rsplit_once('!') {
            Some((value, mark)) if mark.trim() == "important" => (value.trim_end(), true),
            _ => (text.as_str(), false),
        };
        read(&name, value, &mut |property, value| {
            found.push(Declaration {
                property,
                value,
                important,
            });
        });
    }
    found
}

/// Cheap refusal of the many properties that hide nothing.
fn is_read(name: &str) -> bool {
    !matches!(
        name,
        "font-family"
            | "font-weight"
            | "font-style"
            | "text-align"
            | "text-decoration"
            | "vertical-align"
            | "padding"
            | "border"
            | "border-collapse"
            | "border-radius"
            | "min-width"
            | "cursor"
            | "word-break"
    )
}

/// Without comments and escapes, which browsers resolve and which hide words from simpler readers.
fn clean(css: &str) -> Cow<'_, str> {
    if !css.contains("/*") && !css.contains('\\') {
        return Cow::Borrowed(css);
    }
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(at) = rest.find(['/', '\\']) {
        out.push_str(rest.get(..at).unwrap_or_default());
        let tail = rest.get(at..).unwrap_or_default();
        if let Some(inner) = tail.strip_prefix("/*") {
            rest = inner.split_once("*/").map_or("", |(_, after)| after);
        } else if let Some(escape) = tail.strip_prefix('\\') {
            rest = unescape(escape, &mut out);
        } else {
            out.push('/');
            rest = tail.get(1..).unwrap_or_default();
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// CSS Syntax 3 §4.3.7: up to six hexadecimal digits and one blank, or the character itself.
fn unescape<'a>(escape: &'a str, out: &mut String) -> &'a str {
    let digits = escape
        .bytes()
        .take(6)
        .take_while(u8::is_ascii_hexdigit)
        .count();
    if digits == 0 {
        return escape;
    }
    let code = escape.get(..digits).unwrap_or_default();
    let code = u32::from_str_radix(code, 16).ok();
    out.extend(code.and_then(char::from_u32));
    let rest = escape.get(digits..).unwrap_or_default();
    rest.strip_prefix(' ').unwrap_or(rest)
}
