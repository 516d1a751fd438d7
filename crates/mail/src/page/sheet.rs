//! The rules of a page's style sheets that decide what is seen.

use std::collections::HashMap;

use super::media;
use super::selector::{Child, selector};
use super::style::{Declaration, Display, Property, Style, Value, declarations};

/// Rules that are kept; more are ignored.
const MAX_RULES: usize = 2_000;
/// Rules with conditions that are kept for one key.
const MAX_CONDITIONED: usize = 12;
/// Blocks around a rule.
const MAX_BLOCKS: usize = 16;
/// Selectors in one list.
const MAX_SELECTORS: usize = 100;

/// Rules by their strongest simple selector.
#[derive(Default)]
pub(super) struct Sheet {
    entries: HashMap<String, Entry>,
    /// Simple selectors that some rule wants around or before an element, with their number.
    places: HashMap<String, usize>,
    rules: usize,
    /// Whether any rule asks for an attribute.
    by_attribute: bool,
}

#[derive(Default)]
struct Entry {
    /// What holds for every element with the key.
    plain: Vec<Declaration>,
    conditioned: Vec<Rule>,
    /// Other windows, as those of telephones, show what has this key.
    shown_elsewhere: bool,
}

struct Rule {
    also: Vec<String>,
    not: Vec<String>,
    child: Option<Child>,
    within: Vec<usize>,
    after: Vec<usize>,
    declarations: Vec<Declaration>,
}

/// An element as rules see it.
pub(super) struct Element<'a> {
    /// Its simple selectors, the weakest first.
    pub(super) keys: &'a [String],
    /// Its number among the children.
    pub(super) child: usize,
    /// How often each place is open around it.
    pub(super) open: &'a [usize],
    /// Which places were seen before it.
    pub(super) seen: &'a [bool],
}

impl Sheet {
    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) const fn asks_for_attributes(&self) -> bool {
        self.by_attribute
    }

    pub(super) fn places(&self) -> usize {
        self.places.len()
    }

    /// The number of a simple selector that some rule wants around or before an element.
    pub(super) fn place(&self, key: &str) -> Option<usize> {
        self.places.get(key).copied()
    }

    /// Reads one style element.
    pub(super) fn read(&mut self, css: &str) {
        let css = without_comments(css);
        let mut rest = css.as_str();
        // For each open block whether its rules hold.
        let mut blocks: Vec<bool> = Vec::new();
        while let Some(at) = rest.find(['{', '}', ';']) {
            let prelude = rest.get(..at).unwrap_or_default().trim();
            let sign = rest.as_bytes().get(at);
            let body = rest.get(at + 1..).unwrap_or_default();
            rest = body;
            match sign {
                Some(b'{') if prelude.starts_with('@') => {
                    let holds = match prelude.get(1..).unwrap_or_default() {
                        name if name.starts_with("media") => {
                            media::holds(name.get(5..).unwrap_or_default())
                        }
                        name if ["supports", "layer", "container"]
                            .iter()
                            .any(|known| name.starts_with(known)) =>
                        {
                            true
                        }
                        _ => {
                            rest = after_block(body);
                            continue;
                        }
                    };
                    if blocks.len() >= MAX_BLOCKS {
                        return;
                    }
                    blocks.push(holds && blocks.last().copied().unwrap_or(true));
                }
                // No rule is kept any more.
                Some(b'{') if self.rules >= MAX_RULES => return,
                Some(b'{') => {
                    let close = body.find('}').unwrap_or(body.len());
                    let found = declarations(body.get(..close).unwrap_or_default());
                    if !found.is_empty() {
                        self.add(prelude, &found, blocks.last().copied().unwrap_or(true));
                    }
                    rest = body.get(close + 1..).unwrap_or_default();
                }
                Some(b'}') => {
                    blocks.pop();
                }
                _ => {}
            }
        }
    }

    fn add(&mut self, selectors: &str, declarations: &[Declaration], holds: bool) {
        for text in selectors.split(',').take(MAX_SELECTORS) {
            if self.rules >= MAX_RULES {
                return;
            }
            let Some(selector) = selector(text) else {
                continue;
            };
            self.rules += 1;
            if !holds {
                if declarations.iter().any(shows) {
                    self.entries
                        .entry(selector.key)
                        .or_default()
                        .shown_elsewhere = true;
                }
                continue;
            }
            self.by_attribute |= selector.key.starts_with('[')
                || selector
                    .also
                    .iter()
                    .chain(&selector.not)
                    .any(|key| key.starts_with('['));
            let is_plain = selector.also.is_empty()
                && selector.not.is_empty()
                && selector.child.is_none()
                && selector.within.is_empty()
                && selector.after.is_empty();
            let within = selector.within.into_iter().map(|key| self.number(key));
            let within: Vec<usize> = within.collect();
            let after = selector.after.into_iter().map(|key| self.number(key));
            let after: Vec<usize> = after.collect();
            let entry = self.entries.entry(selector.key).or_default();
            if is_plain {
                merge(&mut entry.plain, declarations);
            } else if entry.conditioned.len() < MAX_CONDITIONED {
                entry.conditioned.push(Rule {
                    also: selector.also,
                    not: selector.not,
                    child: selector.child,
                    within,
                    after,
                    declarations: declarations.to_vec(),
                });
            }
        }
    }

    fn number(&mut self, key: String) -> usize {
        let next = self.places.len();
        *self.places.entry(key).or_insert(next)
    }

    /// Adds what the sheets say of an element, and answers whether rules for other windows show
    /// it.
    pub(super) fn of(&self, element: &Element<'_>, style: &mut Option<Style>) -> bool {
        let mut shown_elsewhere = false;
        for key in element.keys {
            let Some(entry) = self.entries.get(key) else {
                continue;
            };
            shown_elsewhere |= entry.shown_elsewhere;
            if !entry.plain.is_empty() {
                style.get_or_insert_with(Style::default).apply(&entry.plain);
            }
            for rule in &entry.conditioned {
                if rule.holds(element) {
                    style
                        .get_or_insert_with(Style::default)
                        .apply(&rule.declarations);
                }
            }
        }
        shown_elsewhere
    }
}

impl Rule {
    fn holds(&self, element: &Element<'_>) -> bool {
        let open = |place: &usize| element.open.get(*place).is_some_and(|count| *count > 0);
        let seen = |place: &usize| element.seen.get(*place).is_some_and(|seen| *seen);
        self.also.iter().all(|key| element.keys.contains(key))
            && !self.not.iter().any(|key| element.keys.contains(key))
            && self.child.is_none_or(|child| child.is(element.child))
            && self.within.iter().all(open)
            && self.after.iter().all(seen)
    }
}

/// Later declarations of the same property replace earlier ones, so an entry stays small.
fn merge(all: &mut Vec<Declaration>, later: &[Declaration]) {
    for declaration in later {
        let known = all
            .iter_mut()
            .find(|known| known.property == declaration.property);
        match known {
            Some(known) if known.important && !declaration.important => {}
            Some(known) => *known = *declaration,
            None => all.push(*declaration),
        }
    }
}

/// Whether a declaration shows what another hid.
fn shows(declaration: &Declaration) -> bool {
    match (declaration.property, declaration.value) {
        (Property::Display, Value::Display(display)) => display != Display::None,
        (Property::Visibility, Value::Flag(visible)) => visible,
        (Property::MaxHeight | Property::Height | Property::FontSize, Value::Length(length)) => {
            length.number > 2.0
        }
        (Property::Opacity, Value::Length(length)) => length.number > 0.05,
        _ => false,
    }
}

/// What follows the closing brace of a block with blocks inside.
fn after_block(body: &str) -> &str {
    let mut depth = 1_usize;
    for (index, byte) in body.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return body.get(index + 1..).unwrap_or_default();
        }
    }
    ""
}

fn without_comments(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(open) = rest.find("/*") {
        out.push_str(rest.get(..open).unwrap_or_default());
        let inner = rest.get(open + 2..).unwrap_or_default();
        rest = match inner.find("*/") {
            Some(close) => inner.get(close + 2..).unwrap_or_default(),
            None => "",
        };
    }
    out.push_str(rest);
    out.replace("<!--", "").replace("-->", "")
}

/// Comments and quoted texts of a style sheet.
pub(crate) fn texts(css: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = css;
    while let Some(open) = rest.find("/*") {
        let inner = rest.get(open + 2..).unwrap_or_default();
        let close = inner.find("*/").unwrap_or(inner.len());
        found.push(inner.get(..close).unwrap_or_default());
        rest = inner.get(close + 2..).unwrap_or_default();
    }
    for (index, piece) in css.split(['"', '\'']).enumerate() {
        if index % 2 == 1 && piece.contains(' ') && piece.len() > 20 {
            found.push(piece);
        }
    }
    found
}
