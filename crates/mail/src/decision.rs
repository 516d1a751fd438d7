//! A decision as a person writes it into an answer: one clear word in the first line, and nothing else
//! there. What is not surely such a word is no decision.

/// What the word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may leave.
    Approve,
    /// It may not.
    Decline,
}

/// An answer that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// What its first line says.
    pub decision: Decision,
    /// What its author wrote below, if anything.
    pub reason: Option<String>,
}

/// Words that let it leave, in lower case. None of them means anything else in one of the languages.
const APPROVE: [&str; 46] = [
    // English
    "approve",
    "approved",
    "yes",
    // German
    "genehmigen",
    "genehmigt",
    "freigeben",
    "freigegeben",
    "ja",
    // French
    "approuver",
    "approuvé",
    "approuvée",
    "approuve",
    "oui",
    // Spanish
    "aprobar",
    "aprobado",
    "aprobada",
    "apruebo",
    "sí",
    // Italian
    "approvare",
    "approvato",
    "approvata",
    "approvo",
    "sì",
    // Portuguese
    "aprovar",
    "aprovado",
    "aprovada",
    "aprovo",
    "sim",
    // Dutch
    "goedkeuren",
    "goedgekeurd",
    "akkoord",
    // Polish
    "zatwierdź",
    "zatwierdzam",
    "zatwierdzić",
    "zatwierdzone",
    "tak",
    // Japanese
    "承認",
    "承認する",
    "承認します",
    "はい",
    // Chinese
    "批准",
    "同意",
    "通过",
    "通過",
    "是",
    "核准",
];

/// Words that keep it, likewise.
const DECLINE: [&str; 48] = [
    // English
    "decline",
    "declined",
    "reject",
    "rejected",
    "deny",
    "denied",
    "no",
    // German
    "ablehnen",
    "abgelehnt",
    "nein",
    // French
    "refuser",
    "refusé",
    "refusée",
    "refuse",
    "rejeter",
    "rejeté",
    "non",
    // Spanish
    "rechazar",
    "rechazado",
    "rechazada",
    "rechazo",
    // Italian
    "rifiutare",
    "rifiutato",
    "rifiutata",
    "rifiuto",
    "respingere",
    // Portuguese
    "recusar",
    "recusado",
    "recusada",
    "recuso",
    "rejeitar",
    "não",
    // Dutch
    "afwijzen",
    "afgewezen",
    "weigeren",
    "nee",
    // Polish
    "odrzuć",
    "odrzucam",
    "odrzucić",
    "odrzucone",
    "nie",
    // Japanese
    "却下",
    "却下する",
    "却下します",
    "拒否",
    "いいえ",
    // Chinese
    "拒绝",
    "拒絕",
];

/// Octets of the first line that can be a word.
const LONGEST: usize = 64;

/// Reads the new text of an answer. `None` when its first line that is not empty is anything but one
/// of the words, in any case and perhaps with a full stop or an exclamation mark.
#[must_use]
pub fn read(new_text: &str) -> Option<Decided> {
    let mut lines = new_text.lines();
    let first = lines.find(|line| !is_blank(line))?;
    let decision = word(first)?;
    let rest: Vec<&str> = lines.map(str::trim_end).collect();
    let rest = rest.join("\n");
    let rest = rest.trim();
    Some(Decided {
        decision,
        reason: (!rest.is_empty()).then(|| rest.to_owned()),
    })
}

fn word(line: &str) -> Option<Decision> {
    if line.len() > LONGEST {
        return None;
    }
    let line = line.trim_matches(|c: char| c.is_whitespace() || is_nothing(c));
    let line = line.trim_end_matches(['.', '!', '。', '！', '．']);
    let line = composed(&line.trim_end().to_lowercase());
    if APPROVE.contains(&line.as_str()) {
        Some(Decision::Approve)
    } else if DECLINE.contains(&line.as_str()) {
        Some(Decision::Decline)
    } else {
        None
    }
}

fn is_blank(line: &str) -> bool {
    line.chars().all(|c| c.is_whitespace() || is_nothing(c))
}

/// What clients put around words without showing it.
fn is_nothing(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
}

/// Letters with their marks as one character, as the words above have them: some keyboards write the
/// mark apart.
fn composed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let joined = match (out.chars().next_back(), c) {
            (Some('e'), '\u{301}') => 'é',
            (Some('i'), '\u{301}') => 'í',
            (Some('i'), '\u{300}') => 'ì',
            (Some('a'), '\u{303}') => 'ã',
            (Some('z'), '\u{301}') => 'ź',
            (Some('c'), '\u{301}') => 'ć',
            _ => {
                out.push(c);
                continue;
            }
        };
        out.pop();
        out.push(joined);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Option<Decision> {
        read(text).map(|decided| decided.decision)
    }

    #[test]
    fn one_clear_word_decides_in_many_languages() {
        for text in [
            "approve",
            "Approved.",
            "  YES!\n",
            "Genehmigt",
            "Freigeben",
            "Oui",
            "approuve\u{301}",
            "Sí.",
            "Approvo",
            "SIM",
            "Akkoord",
            "Zatwierdzam",
            "Tak",
            "承認します。",
            "同意",
            "\n\u{200B}\nyes\nthanks",
        ] {
            assert_eq!(said(text), Some(Decision::Approve), "{text}");
        }
        for text in [
            "decline",
            "No.",
            "nein",
            "NON",
            "refuse\u{301}",
            "Rechazar",
            "Rifiuto",
            "Não",
            "nee",
            "Odrzucam",
            "却下",
            "拒绝。",
            "reject\n\nWho is Bob?",
        ] {
            assert_eq!(said(text), Some(Decision::Decline), "{text}");
        }
    }

    #[test]
    fn whatever_else_stands_in_the_first_line_keeps_it_from_deciding() {
        for text in [
            "",
            "\n\n",
            "approve it",
            "I approve",
            "approve?",
            "> approve",
            "| approve",
            "approve / decline",
            "Hi,\napprove",
            "not approve",
            "yes and no",
            "ok, approve",
            "disapprove",
            "approve approve",
            "approve:",
            "\"approve\"",
            "[approve]",
        ] {
            assert_eq!(said(text), None, "{text}");
        }
        let long = format!("approve{}", " ".repeat(100_000));
        assert_eq!(said(&long), None);
    }

    #[test]
    fn what_stands_below_is_the_reason() {
        let read = read("Decline\r\n\r\nToo cheap. \nAsk for more.\n\n").unwrap();
        assert_eq!(read.reason.as_deref(), Some("Too cheap.\nAsk for more."));
        assert_eq!(super::read("approve").unwrap().reason, None);
    }

    #[test]
    fn no_word_means_both() {
        for one in APPROVE {
            assert!(!DECLINE.contains(&one), "{one}");
            assert_eq!(one, one.to_lowercase());
        }
        for one in DECLINE {
            assert_eq!(said(one), Some(Decision::Decline), "{one}");
        }
    }
}
