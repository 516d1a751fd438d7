//! The lines of an iCalendar object and the texts in them (RFC 5545 §3.1, §3.3.11).

/// Characters of a text that are kept.
const MAX_TEXT: usize = 500;

/// The logical lines of an object (RFC 5545 §3.1).
pub(super) fn unfolded(object: &str) -> impl Iterator<Item = String> + '_ {
    let mut lines = object
        .split(['\n', '\r'])
        .filter(|line| !line.is_empty())
        .peekable();
    std::iter::from_fn(move || {
        let mut line = lines.next()?.to_owned();
        while let Some(next) = lines.peek().and_then(|next| next.strip_prefix([' ', '\t'])) {
            line.push_str(next);
            lines.next();
        }
        Some(line)
    })
}

/// `NAME;PARAM=value;PARAM="value":value`
pub(super) struct Line<'a> {
    pub(super) name: String,
    parameters: Vec<(String, &'a str)>,
    pub(super) value: &'a str,
}

impl<'a> Line<'a> {
    pub(super) fn read(line: &'a str) -> Option<Self> {
        let mut quoted = false;
        let mut pieces = Vec::new();
        let mut from = 0;
        let mut colon = None;
        for (at, c) in line.char_indices() {
            match c {
                '"' => quoted = !quoted,
                ';' | ':' if !quoted => {
                    pieces.push(line.get(from..at)?);
                    from = at + 1;
                    if c == ':' {
                        colon = Some(at + 1);
                        break;
                    }
                }
                _ => {}
            }
        }
        let mut pieces = pieces.into_iter();
        let name = pieces.next()?.trim().to_ascii_uppercase();
        let parameters = pieces.filter_map(|piece| {
            let (name, value) = piece.split_once('=')?;
            Some((name.trim().to_ascii_uppercase(), value.trim_matches('"')))
        });
        Some(Self {
            name,
            parameters: parameters.collect(),
            value: line.get(colon?..)?.trim(),
        })
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&'a str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| *value)
    }
}

/// Text without its escapes (RFC 5545 §3.3.11), at most so long.
pub(super) fn plain(value: &str) -> String {
    let mut out = String::new();
    let mut chars = value.trim().chars();
    let mut length = 0;
    while let Some(c) = chars.next().filter(|_| length < MAX_TEXT) {
        length += 1;
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(c) => out.push(c),
                None => {}
            },
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

pub(super) fn address(value: &str) -> String {
    let head = value.get(..7).unwrap_or_default();
    let bare = if head.eq_ignore_ascii_case("mailto:") {
        value.get(7..).unwrap_or_default()
    } else {
        value
    };
    bare.chars()
        .filter(|c| !c.is_control())
        .take(MAX_TEXT)
        .collect()
}
