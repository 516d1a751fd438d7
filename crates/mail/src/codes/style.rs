//! What style sheets and attributes hide or make stand out.

use std::collections::HashMap;

/// Rules that are looked at in one message.
const MAX_RULES: usize = 500;

/// How an element looks, as far as it matters here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) is_hidden: bool,
    pub(super) is_large: bool,
}

impl Look {
    fn or(self, other: Self) -> Self {
        Self {
            is_hidden: self.is_hidden || other.is_hidden,
            is_large: self.is_large || other.is_large,
        }
    }
}

/// The looks of classes and ids.
#[derive(Clone, Debug, Default)]
pub(super) struct Sheet(HashMap<String, Look>);

impl Sheet {
    /// Reads the simple rules of a style element: `.name{…}` and `#name{…}`, alone or in lists. What
    /// is inside `@media` holds for some readers only and is passed over.
    pub(super) fn read(&mut self, css: &str) {
        let mut depth = 0_usize;
        let mut selector = String::new();
        let mut body = String::new();
        for c in css.chars() {
            match c {
                '{' => {
                    depth += 1;
                    if depth == 1 {
                        body.clear();
                    }
                }
                '}' => {
                    if depth == 1 && !selector.trim_start().starts_with('@') {
                        self.rule(&selector, &body);
                    }
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        selector.clear();
                    }
                }
                c if depth == 0 => selector.push(c),
                c if depth == 1 => body.push(c),
                _ => {}
            }
        }
    }

    fn rule(&mut self, selectors: &str, body: &str) {
        let look = declared(body);
        if look == Look::default() || self.0.len() >= MAX_RULES {
            return;
        }
        for selector in selectors.split(',') {
            let selector = selector.trim();
            // `td.code` holds for less than `.code`, which is close enough.
            let name = selector.find(['.', '#']).and_then(|at| selector.get(at..));
            if let Some(name) = name.filter(|name| !name.contains([' ', '>', ':', '+', '~', '['])) {
                let known = self.0.entry(name.to_ascii_lowercase()).or_default();
                *known = known.or(look);
            }
        }
    }

    /// How an element with these attributes looks.
    pub(super) fn look(&self, class: &str, id: &str, style: &str) -> Look {
        let mut look = declared(style);
        if !self.0.is_empty() {
            for class in class.split_ascii_whitespace().take(20) {
                let known = self.0.get(&format!(".{}", class.to_ascii_lowercase()));
                look = look.or(known.copied().unwrap_or_default());
            }
            let known = self.0.get(&format!("#{}", id.to_ascii_lowercase()));
            look = look.or(known.copied().unwrap_or_default());
        }
        look
    }
}

/// What declarations say.
fn declared(style: &str) -> Look {
    let mut look = Look::default();
    for declaration in style.split(';') {
        let Some((name, value)) = declaration.split_once(':') else {
            continue;
        };
        let name = name.trim().to_ascii_lowercase();
        let value = value.trim().to_ascii_lowercase();
        let value = value.trim_end_matches("!important").trim();
        let size = number(value);
        match name.as_str() {
            "display" => look.is_hidden |= value == "none",
            "visibility" => look.is_hidden |= value == "hidden" || value == "collapse",
            "opacity" | "font-size" if size == Some(0.0) => look.is_hidden = true,
            "max-height" | "max-width" if size == Some(0.0) => look.is_hidden = true,
            "mso-hide" => look.is_hidden |= value == "all",
            "text-indent" | "left" | "top" | "margin-left" => {
                look.is_hidden |= size.is_some_and(|size| size <= -500.0);
            }
            "font-size" => {
                let is_points = value.ends_with("px") || value.ends_with("pt");
                look.is_large |= is_points && size.is_some_and(|size| size >= 20.0);
                look.is_large |= value.ends_with("em") && size.is_some_and(|size| size >= 1.4);
            }
            "letter-spacing" => look.is_large |= size.is_some_and(|size| size > 0.0),
            _ => {}
        }
    }
    look
}

fn number(value: &str) -> Option<f64> {
    let end = value
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')))
        .unwrap_or(value.len());
    value.get(..end)?.parse().ok()
}
