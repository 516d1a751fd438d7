//! Whether the rules of an `@media` block hold for a mail client on a desktop.

use super::length::{LETTERS, WINDOW, length, number};

/// Queries of one list that are read.
const MAX_QUERIES: usize = 20;

/// Whether a media query list holds on a screen of 1280 by 800 pixels in light colours. Features
/// nobody knows hold, so that no condition made up for it hides from us what it hides from people.
pub(super) fn holds(queries: &str) -> bool {
    let queries = queries.trim().to_ascii_lowercase();
    queries.is_empty() || queries.split(',').take(MAX_QUERIES).any(query)
}

fn query(query: &str) -> bool {
    let query = query.trim();
    if let Some(rest) = query.strip_prefix("not ") {
        return !conditions(rest);
    }
    conditions(query.strip_prefix("only ").unwrap_or(query))
}

fn conditions(query: &str) -> bool {
    query.split(" and ").take(MAX_QUERIES).all(|condition| {
        let condition = condition.trim();
        match condition.strip_prefix('(') {
            Some(inner) => feature(inner.trim_end_matches(')').trim()),
            None => matches!(condition, "" | "all" | "screen"),
        }
    })
}

fn feature(text: &str) -> bool {
    if text.contains('<') || text.contains('>') {
        return range(text);
    }
    let Some((name, value)) = text.split_once(':') else {
        return text != "monochrome" && text != "grid";
    };
    let value = value.trim();
    let pixels = || length(value).map_or(0.0, |length| length.pixels(LETTERS, LETTERS));
    let ratio = || number(value).map_or(1.0, |(ratio, _)| ratio);
    match name.trim() {
        "max-width" | "max-device-width" => WINDOW.0 <= pixels(),
        "min-width" | "min-device-width" => WINDOW.0 >= pixels(),
        "max-height" | "max-device-height" => WINDOW.1 <= pixels(),
        "min-height" | "min-device-height" => WINDOW.1 >= pixels(),
        "width" | "device-width" | "height" | "device-height" => false,
        "prefers-color-scheme" => value == "light",
        "orientation" => value == "landscape",
        "prefers-reduced-motion" | "prefers-contrast" => value == "no-preference",
        "forced-colors" | "inverted-colors" | "-ms-high-contrast" => value == "none",
        "hover" | "any-hover" => value == "hover",
        "pointer" | "any-pointer" => value == "fine",
        "-webkit-min-device-pixel-ratio" | "min-device-pixel-ratio" => ratio() <= 1.0,
        "-webkit-max-device-pixel-ratio" | "max-device-pixel-ratio" => ratio() >= 1.0,
        _ => true,
    }
}

/// `width <= 600px` and `400px < width < 600px`.
fn range(text: &str) -> bool {
    let side = if text.contains("height") {
        WINDOW.1
    } else {
        WINDOW.0
    };
    let mut values = text.split(['<', '>']).map(|part| {
        let part = part.trim().trim_start_matches('=').trim();
        length(part).map_or(side, |length| length.pixels(LETTERS, LETTERS))
    });
    let signs = text.chars().filter(|c| matches!(c, '<' | '>'));
    let mut left = values.next().unwrap_or(side);
    for (sign, right) in signs.zip(values) {
        let holds = match sign {
            '<' => left <= right,
            _ => left >= right,
        };
        if !holds {
            return false;
        }
        left = right;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn queries_are_answered_for_a_desktop() {
        for (queries, want) in [
            ("", true),
            ("screen", true),
            ("all and (min-width: 1px)", true),
            ("only screen and (max-width: 600px)", false),
            ("(max-width:600px), screen", true),
            ("print", false),
            ("not print", true),
            ("not all and (min-width:0)", false),
            ("(prefers-color-scheme: dark)", false),
            ("(width <= 600px)", false),
            ("(100px < width <= 4000px)", true),
            ("(max-width: 40em)", false),
            ("(color)", true),
            ("(min-aspect-ratio: 1/100)", true),
        ] {
            assert_eq!(holds(queries), want, "{queries}");
        }
    }
}
