//! The paths of MAIL and RCPT (RFC 5321 §4.1.2).

/// Splits `<path> rest` into the mailbox of the path and the rest without its leading space. The
/// mailbox of `<>` is empty. A source route is passed over (RFC 5321 §4.1.1.3, appendix C).
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('<')?;
    let end = closing_bracket(inside)?;
    let (path, rest) = (&inside[..end], &inside[end + 1..]);
    if !(rest.is_empty() || rest.starts_with(' ')) {
        return None;
    }
    let mailbox = match path.strip_prefix('@') {
        Some(route) => route.split_once(':')?.1,
        None => path,
    };
    Some((mailbox, rest.trim_start_matches(' ')))
}

/// Where the path ends: the first `>` that is not inside a quoted local part.
fn closing_bracket(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_ends_at_the_bracket_outside_quotes() {
        for (text, expected) in [
            ("<a@b.example>", Some(("a@b.example", ""))),
            ("<>", Some(("", ""))),
            ("<> SIZE=1  BODY=7BIT", Some(("", "SIZE=1  BODY=7BIT"))),
            (
                r#"<"a> \" b"@c.example> X"#,
                Some((r#""a> \" b"@c.example"#, "X")),
            ),
            (
                "<@x.example,@y.example:a@b.example>",
                Some(("a@b.example", "")),
            ),
            ("<@x.example>", None),
            ("a@b.example", None),
            ("<a@b.example", None),
            (r#"<"a@b.example>"#, None),
            ("<a@b.example>SIZE=1", None),
            ("", None),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }
}
