//! The rules of a mail's style sheets that hide elements, for simple selectors.

use std::collections::HashMap;

use super::style::{Seen, declarations};

/// Rules that are kept; more are ignored.
const MAX_RULES: usize = 2_000;

/// Rules by the last simple selector: `.class`, `#id`, `name`, `[attribute]`.
#[derive(Default)]
pub(super) struct Sheet {
    rules: HashMap<String, Seen>,
}

impl Sheet {
    /// Reads one style block. Blocks inside `@media` are left out: what they hide is shown
    /// elsewhere, as the two versions of a responsive mail are.
    pub(super) fn read(&mut self, css: &str) {
        let css = without_comments(css);
        let mut rest = css.as_str();
        while let Some(open) = rest.find('{') {
            let selectors = rest.get(..open).unwrap_or_default().trim();
            let body = rest.get(open + 1..).unwrap_or_default();
            if selectors.starts_with('@') && !selectors.contains(';') {
                rest = after_block(body);
                continue;
            }
            let close = body.find('}').unwrap_or(body.len());
            let seen = declarations(body.get(..close).unwrap_or_default());
            if seen != Seen::default() {
                self.add(selectors, seen);
            }
            rest = body.get(close + 1..).unwrap_or_default();
        }
    }

    fn add(&mut self, selectors: &str, seen: Seen) {
        for selector in selectors.rsplit(';').next().unwrap_or_default().split(',') {
            let Some(last) = selector
                .split(['>', ' ', '+', '~', '\n', '\t'])
                .rfind(|s| !s.is_empty())
            else {
                continue;
            };
            if last.contains(':') || self.rules.len() >= MAX_RULES {
                continue;
            }
            let key = simple(&last.to_ascii_lowercase());
            self.rules.entry(key).or_default().overlay(seen);
        }
    }

    /// Whether there is no rule.
    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What the sheets say of an element.
    pub(super) fn of(
        &self,
        name: &str,
        id: Option<&str>,
        classes: Option<&str>,
        attributes: &[String],
    ) -> Seen {
        let mut seen = Seen::default();
        if self.is_empty() {
            return seen;
        }
        let mut take = |key: &str| {
            if let Some(rule) = self.rules.get(key) {
                seen.overlay(*rule);
            }
        };
        take(name);
        for attribute in attributes {
            take(attribute);
        }
        for class in classes.unwrap_or_default().split_whitespace().take(40) {
            let class = class.to_ascii_lowercase();
            take(&format!(".{class}"));
        }
        if let Some(id) = id {
            take(&format!("#{}", id.trim().to_ascii_lowercase()));
        }
        seen
    }
}

/// The part of a compound selector that decides most: id, class, attribute, name.
fn simple(selector: &str) -> String {
    if let Some(at) = selector.rfind('#') {
        let end = selector.get(at + 1..).unwrap_or_default();
        return format!("#{}", end.split(['.', '[']).next().unwrap_or_default());
    }
    if let Some(at) = selector.find('[') {
        let inner = selector
            .get(at + 1..)
            .unwrap_or_default()
            .trim_end_matches(']');
        let quoted: String = inner
            .chars()
            .filter(|c| !matches!(c, '"' | '\'' | '~' | '^' | '*' | '$' | '|'))
            .collect();
        return format!("[{quoted}");
    }
    if let Some(at) = selector.rfind('.') {
        return selector.get(at..).unwrap_or_default().to_owned();
    }
    selector.to_owned()
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
pub(super) fn texts(css: &str) -> Vec<&str> {
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
