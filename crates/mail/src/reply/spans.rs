//! The whole message in its parts, so that nothing that is left out is lost.

use std::ops::Range;

use super::Reading;
use super::attribution::attribution;
use super::decide::{self, Parts};
use super::headers::header_block;
use super::lines::{self, Line, Mark};
use super::text::Text;
use crate::thread_key::{SubjectKind, subject_kind};

/// What a stretch of a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// The author's own words.
    Reply,
    /// Of an earlier message, with the lines that say whose it is.
    Quote,
    /// The author's signature.
    Signature,
    /// What clients, lists and lawyers put under a message.
    Disclaimer,
    /// A message that the author shows, from the line that says so.
    Forwarded,
}

impl SpanKind {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Quote => "quote",
            Self::Signature => "signature",
            Self::Disclaimer => "disclaimer",
            Self::Forwarded => "forwarded",
        }
    }
}

/// A stretch of a text, without the blank lines around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// What it is.
    pub kind: SpanKind,
    /// Its octets in the text.
    pub range: Range<usize>,
}

/// By what the history of a message was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// There is none.
    Nothing,
    /// Quote marks, with or without a line that says whose words follow.
    QuoteMarks,
    /// A line that says whose words follow, without quote marks under it.
    Attribution,
    /// The header fields of the old message, or a line drawn above it.
    Header,
    /// The words stand in an earlier message of the thread.
    Earlier,
    /// The message shows another one and is kept whole.
    Forward,
}

impl Method {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing_quoted",
            Self::QuoteMarks => "quote_marks",
            Self::Attribution => "attribution",
            Self::Header => "header",
            Self::Earlier => "earlier_messages",
            Self::Forward => "forward",
        }
    }
}

/// A text in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anatomy {
    /// In the order of the text; they do not overlap, and only blank lines lie between them.
    pub spans: Vec<Span>,
    /// By what the history was known.
    pub method: Method,
    /// From 0 to 100: how much the method is to be trusted. An order, not a probability.
    pub confidence: u8,
}

/// Divides a text as [`visible_with`](super::visible_with) does, which keeps what is
/// [`SpanKind::Reply`], [`SpanKind::Signature`] and [`SpanKind::Forwarded`], and everything else
/// only where nothing would be left. The subject tells a forward from a reply whose author wrote
/// nothing; `reading.strip_signature` changes nothing here.
#[must_use]
pub fn anatomy(text: &str, subject: Option<&str>, reading: &Reading<'_>) -> Anatomy {
    let mut text = Text::read(text);
    let with = |strip_signature| Reading {
        strip_signature,
        ..*reading
    };
    let parts = decide::parts(&mut text.lines, &with(false));
    let stripped = decide::history(&mut text.lines, &with(true));
    let lines = &text.lines;
    let mut kinds = vec![SpanKind::Reply; lines.len()];
    fill(&mut kinds, &stripped, SpanKind::Signature);
    fill(&mut kinds, &parts.dropped, SpanKind::Disclaimer);
    fill(&mut kinds, &parts.quoted, SpanKind::Quote);
    let is_forward = subject.is_some_and(|subject| subject_kind(subject) == SubjectKind::Forward);
    let mut forwards = false;
    if let Some((begins, is_said)) = parts.shown {
        forwards = is_said || is_forward;
        let kind = if forwards {
            SpanKind::Forwarded
        } else {
            SpanKind::Quote
        };
        let dropped: Vec<usize> = parts.dropped.iter().cloned().flatten().collect();
        for (at, own) in kinds.iter_mut().enumerate().skip(begins) {
            if dropped.binary_search(&at).is_err() {
                *own = kind;
            }
        }
    } else if parts.quoted.is_empty() && !is_written(lines, &kinds) {
        // Quoted lines and nothing else were kept.
        for (own, line) in kinds.iter_mut().zip(lines) {
            if line.depth > 0 {
                *own = SpanKind::Quote;
            }
        }
    }
    let (method, confidence) = judged(lines, &parts, &kinds, forwards);
    Anatomy {
        spans: joined(&text, &kinds),
        method,
        confidence,
    }
}

fn fill(kinds: &mut [SpanKind], ranges: &[Range<usize>], kind: SpanKind) {
    for range in ranges {
        if let Some(own) = kinds.get_mut(range.clone()) {
            own.fill(kind);
        }
    }
}

fn is_written(lines: &[Line<'_>], kinds: &[SpanKind]) -> bool {
    let mut both = lines.iter().zip(kinds);
    both.any(|(line, kind)| *kind == SpanKind::Reply && line.is_own())
}

fn judged(lines: &[Line<'_>], parts: &Parts, kinds: &[SpanKind], forwards: bool) -> (Method, u8) {
    if forwards {
        return (Method::Forward, 90);
    }
    let first = kinds.iter().position(|kind| *kind == SpanKind::Quote);
    let Some(first) = first else {
        return (Method::Nothing, 90);
    };
    let quoted = lines.iter().zip(kinds);
    let quoted: Vec<&Line<'_>> = quoted
        .filter(|(_, kind)| **kind == SpanKind::Quote)
        .map(|(line, _)| line)
        .collect();
    let is_proven = |line: &&Line<'_>| line.mark == Mark::Proven;
    let marked = quoted.iter().any(|line| line.depth > 0);
    let named = attribution(lines, first).is_some();
    let headed = header_block(lines, first)
        || lines
            .iter()
            .skip(first)
            .take(3)
            .any(|line| lines::is_divider(&line.text));
    // What was kept because there is nothing else may be what the author wants to say.
    let kept_whole = parts.quoted.is_empty();
    let (method, confidence) = match (marked, named, headed) {
        (true, true, _) => (Method::QuoteMarks, 97),
        (true, false, _) => (Method::QuoteMarks, 85),
        (false, true, _) => (Method::Attribution, 88),
        (false, false, true) => (Method::Header, 92),
        (false, false, false) => (Method::Earlier, 95),
    };
    if kept_whole {
        (method, 50)
    } else if quoted.iter().any(is_proven) {
        (method, 99)
    } else {
        (method, confidence)
    }
}

/// Neighbouring lines of one kind as one stretch, blank lines passed over.
fn joined(text: &Text<'_>, kinds: &[SpanKind]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let lines = text.lines.iter().zip(&text.spans).zip(kinds);
    for ((line, range), kind) in lines {
        if line.is_blank() && line.depth == 0 {
            continue;
        }
        match spans.last_mut() {
            Some(last) if last.kind == *kind => last.range.end = range.end,
            _ => spans.push(Span {
                kind: *kind,
                range: range.clone(),
            }),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::super::Earlier;
    use super::*;
    use SpanKind::{Disclaimer, Forwarded, Quote, Reply, Signature};

    fn parts<'a>(text: &'a str, subject: &str, reading: &Reading<'_>) -> Vec<(SpanKind, &'a str)> {
        let anatomy = anatomy(text, Some(subject), reading);
        let spans = anatomy.spans.into_iter();
        spans.map(|span| (span.kind, &text[span.range])).collect()
    }

    #[test]
    fn each_part_has_its_kind_and_only_blank_lines_are_between() {
        let text = "Yes, tomorrow.\n\n-- \nAnn Lee\n+1 555 010 9999\n\nSent from my iPhone\n\n\
            On Mon, 2 Nov 2026 at 10:00, Bob <bob@b.example> wrote:\n> Coming?\n> Bob\n";
        let found = parts(text, "Re: Plan", &Reading::default());
        let kinds: Vec<SpanKind> = found.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(found[0], (Reply, "Yes, tomorrow."));
        assert_eq!(
            *found.last().unwrap(),
            (
                Quote,
                "On Mon, 2 Nov 2026 at 10:00, Bob <bob@b.example> wrote:\n> Coming?\n> Bob"
            )
        );
        assert!(
            kinds.contains(&Signature) && kinds.contains(&Disclaimer),
            "{found:?}"
        );
        let whole: String = found
            .iter()
            .flat_map(|(_, text)| text.split_whitespace())
            .collect();
        assert_eq!(whole, text.split_whitespace().collect::<String>());
        let told = anatomy(text, None, &Reading::default());
        assert_eq!((told.method, told.confidence), (Method::QuoteMarks, 97));
    }

    #[test]
    fn a_forward_is_told_from_a_reply_without_words() {
        let block = "From: Bob <bob@b.example>\nSent: Monday, 2 November 2026 10:00\nTo: Ann <ann@a.example>\n\
            Subject: Plan\n\nComing?\n";
        let found = parts(block, "FW: Plan", &Reading::default());
        assert!(
            found.iter().all(|(kind, _)| *kind == Forwarded),
            "{found:?}"
        );
        let found = parts(block, "RE: Plan", &Reading::default());
        assert!(found.iter().all(|(kind, _)| *kind == Quote), "{found:?}");
        let said = format!("See below.\n\n---------- Forwarded message ---------\n{block}");
        let found = parts(&said, "Fwd: Plan", &Reading::default());
        assert_eq!(found[0], (Reply, "See below."));
        assert_eq!((found[1].0, found.len()), (Forwarded, 2));
    }

    #[test]
    fn what_an_earlier_message_proves_is_said_to_be_proven() {
        let old = "We shall meet at the old harbour on Friday at nine in the morning, and bring the boat papers with you please.";
        let text = format!("Fine with me.\n\nMwandishi aliandika tarehe fulani hivi:\n\n{old}\n");
        let earlier = Earlier::of([old]);
        let reading = Reading {
            earlier: Some(&earlier),
            ..Reading::default()
        };
        let told = anatomy(&text, None, &reading);
        let last = told.spans.last().unwrap();
        assert_eq!(last.kind, Quote);
        assert!(text[last.range.clone()].ends_with(old));
        assert_eq!((told.method, told.confidence), (Method::Earlier, 99));
        let told = anatomy(&text, None, &Reading::default());
        assert_eq!((told.method, told.spans.len()), (Method::Nothing, 1));
    }

    #[test]
    fn nothing_is_nothing() {
        let told = anatomy("\n \n", None, &Reading::default());
        assert_eq!((told.spans, told.method), (Vec::new(), Method::Nothing));
    }

    proptest::proptest! {
        #[test]
        fn spans_stand_in_order_and_leave_out_no_word(text in "([>]{0,2} ?[a-zA-Z@:.<-]{0,12}( [a-z0-9:]{1,6}){0,5}\n{1,2}){0,30}") {
            let told = anatomy(&text, None, &Reading::default());
            let mut at = 0;
            for span in &told.spans {
                assert!(text[at..span.range.start].trim().is_empty());
                at = span.range.end;
            }
            assert!(text[at..].trim().is_empty());
        }
    }
}
