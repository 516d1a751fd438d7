//! Which lines of a message are history. One decision for text and HTML.

use std::ops::Range;

use super::attribution::{attribution, has_time, opens};
use super::headers::{header_block, notes_head};
use super::lines::{self, Line, Mark};
use super::{Reading, proof, tail, words};

/// A stretch of the message.
struct Run {
    lines: Range<usize>,
    quoted: bool,
    /// A quotation with an attribution above it.
    attributed: bool,
}

/// The line ranges to take away, in order; none when the message is to be kept whole.
///
/// * An old message that is not marked line by line (after a header block, a divider, or an
///   attribution without quote marks) ends the author's words.
/// * Quoted lines at the end, and anywhere with an attribution, are history. Quoted lines in the
///   midst of text without one are the author's own quotation.
/// * Words between two quotations are answers to them: everything is kept.
/// * A forwarded message is what the author wanted to show: it is kept, and all that follows it.
/// * Never is everything taken away.
pub(super) fn history(lines: &mut [Line<'_>], reading: &Reading<'_>) -> Vec<Range<usize>> {
    parts(lines, reading).dropped
}

/// What [`history`] takes away, and why.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    /// All that goes, in order.
    pub(super) dropped: Vec<Range<usize>>,
    /// Of that what is quoted: the rest stands under the author's words.
    pub(super) quoted: Vec<Range<usize>>,
    /// Where a message begins that is shown and stays, and whether its client says that it is
    /// forwarded.
    pub(super) shown: Option<(usize, bool)>,
}

impl Parts {
    fn of(dropped: Vec<Range<usize>>, quoted: Vec<Range<usize>>) -> Self {
        Self {
            dropped,
            quoted,
            shown: None,
        }
    }
}

/// [`history`] in its parts.
pub(super) fn parts(lines: &mut [Line<'_>], reading: &Reading<'_>) -> Parts {
    if lines::is_bounce(lines) {
        return Parts::default();
    }
    if let Some(earlier) = reading.earlier {
        earlier.mark(lines);
    }
    let lines = &*lines;
    let Message {
        runs,
        end,
        whole,
        begins,
    } = Message::read(lines);
    let shown = whole.map(|whole| (begins, whole == Whole::Forward));
    let mut dropped = quotations(lines, &runs, end);
    if end < lines.len() {
        dropped.push(end..lines.len());
    }
    // A line drawn above what goes, goes with it.
    for range in &mut dropped {
        range.start = before_rule(lines, range.start);
    }
    let dropped = joined(dropped);
    if !leaves_words(lines, &dropped) {
        return Parts {
            shown,
            ..Parts::default()
        };
    }
    if whole == Some(Whole::Forward) {
        return Parts {
            shown,
            ..Parts::of(dropped.clone(), dropped)
        };
    }
    let quoted = if reading.earlier.is_some() {
        with_proven(lines, dropped)
    } else {
        dropped
    };
    let dropped = if whole.is_some() {
        quoted.clone()
    } else {
        with_tail(lines, &quoted, reading)
    };
    Parts {
        shown,
        ..Parts::of(dropped, quoted)
    }
}

/// Adds what stands under the author's words, unless nothing would be left.
fn with_tail(
    lines: &[Line<'_>],
    quoted: &[Range<usize>],
    reading: &Reading<'_>,
) -> Vec<Range<usize>> {
    let shorter = without_tail(lines, quoted, reading);
    if leaves_words(lines, &shorter) {
        return shorter;
    }
    let gentle = without_tail(lines, quoted, &Reading::default());
    if leaves_words(lines, &gentle) {
        gentle
    } else {
        quoted.to_vec()
    }
}

/// Adds what earlier messages of the thread prove to be quoted, unless that is everything.
fn with_proven(lines: &[Line<'_>], dropped: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let kept: Vec<usize> = super::kept(&dropped, lines.len())
        .into_iter()
        .flatten()
        .collect();
    let shown: Vec<&Line<'_>> = kept.iter().filter_map(|&at| lines.get(at)).collect();
    let mut more = dropped.clone();
    for range in proof::quoted(&shown) {
        more.extend(
            kept.get(range)
                .unwrap_or_default()
                .iter()
                .map(|&at| at..at + 1),
        );
    }
    more.sort_by_key(|range| range.start);
    let more = joined(more);
    if leaves_words(lines, &more) {
        more
    } else {
        dropped
    }
}

fn leaves_words(lines: &[Line<'_>], dropped: &[Range<usize>]) -> bool {
    super::kept(dropped, lines.len())
        .into_iter()
        .filter_map(|range| lines.get(range))
        .any(|kept| kept.iter().any(Line::is_own))
}

/// Adds what stands under the author's words to `dropped`.
fn without_tail(
    lines: &[Line<'_>],
    dropped: &[Range<usize>],
    reading: &Reading<'_>,
) -> Vec<Range<usize>> {
    let marked = |at: &usize| {
        reading.strip_signature && lines.get(*at).is_some_and(|l| l.mark == Mark::Signature)
    };
    let (signed, kept): (Vec<usize>, Vec<usize>) = super::kept(dropped, lines.len())
        .into_iter()
        .flatten()
        .partition(marked);
    let shown: Vec<&Line<'_>> = kept.iter().filter_map(|&at| lines.get(at)).collect();
    let stays = tail::stays(&shown, reading.strip_signature);
    let mut out = dropped.to_vec();
    out.extend(kept.iter().skip(stays).chain(&signed).map(|&at| at..at + 1));
    out.sort_by_key(|range| range.start);
    joined(out)
}

/// Neighbouring ranges as one.
fn joined(ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match out.last_mut() {
            Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

/// A message divided into the author's words and quotations.
struct Message {
    runs: Vec<Run>,
    /// The line at which unmarked history begins.
    end: usize,
    whole: Option<Whole>,
    /// The line at which the message begins that makes it whole.
    begins: usize,
}

/// Why a message is kept whole.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    /// It shows another message.
    Forward,
    /// It begins like an old message that is not marked line by line: where that ends only the
    /// earlier messages of the thread can tell.
    OldFirst,
}

impl Message {
    fn read(lines: &[Line<'_>]) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        let message = |runs, end, whole: Option<Whole>, begins| Self {
            runs,
            end,
            whole,
            begins,
        };
        let mut own = false;
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            if line.depth > 0 {
                let end = quotation_end(lines, at);
                let attributed = attribution(lines, at).is_some();
                push(&mut runs, at..end, true, attributed);
                at = end;
                continue;
            }
            if line.is_blank() {
                at += 1;
                continue;
            }
            if line.mark == Mark::Forward || lines::is_forward(&line.text) {
                push(&mut runs, at..lines.len(), false, false);
                return message(runs, lines.len(), Some(Whole::Forward), at);
            }
            let unmarked = line.mark == Mark::History
                || lines::is_divider(&line.text)
                || header_block(lines, at)
                || notes_head(lines, at);
            if unmarked {
                if own && !follows_forward_subject(lines, at) {
                    let end = before_rule(lines, at);
                    trim_after(&mut runs, end);
                    return message(runs, end, None, at);
                }
                // Nothing of the author's stands above: the old message is the message.
                push(&mut runs, at..lines.len(), false, false);
                return message(runs, lines.len(), Some(Whole::OldFirst), at);
            }
            if let Some(last) = attribution(lines, at) {
                let below = first_with_words(lines, last + 1);
                if lines.get(below).is_some_and(|line| line.depth > 0) {
                    let end = quotation_end(lines, below);
                    push(&mut runs, at..end, true, true);
                    at = end;
                    continue;
                }
                if own {
                    let start = name_above(lines, at);
                    trim_after(&mut runs, start);
                    return message(runs, start, None, at);
                }
                push(&mut runs, at..lines.len(), false, false);
                return message(runs, lines.len(), Some(Whole::OldFirst), at);
            }
            own = true;
            push(&mut runs, at..at + 1, false, false);
            at += 1;
        }
        message(runs, lines.len(), None, at)
    }
}

fn push(runs: &mut Vec<Run>, lines: Range<usize>, quoted: bool, attributed: bool) {
    if let Some(last) = runs.last_mut()
        && !quoted
        && !last.quoted
    {
        last.lines.end = lines.end;
        return;
    }
    runs.push(Run {
        lines,
        quoted,
        attributed,
    });
}

fn trim_after(runs: &mut Vec<Run>, end: usize) {
    runs.retain(|run| run.lines.start < end);
    if let Some(last) = runs.last_mut() {
        last.lines.end = last.lines.end.min(end);
    }
}

/// The quotations among `runs` that are history.
fn quotations(lines: &[Line<'_>], runs: &[Run], end: usize) -> Vec<Range<usize>> {
    let has_words = |run: &Run| {
        !run.quoted
            && lines
                .get(run.lines.clone())
                .is_some_and(|lines| lines.iter().any(Line::is_own))
    };
    let first_quote = runs.iter().position(|run| run.quoted);
    let last_quote = runs.iter().rposition(|run| run.quoted);
    let (Some(first), Some(last)) = (first_quote, last_quote) else {
        return Vec::new();
    };
    let answers_between = runs
        .iter()
        .enumerate()
        .any(|(at, run)| at > first && at < last && has_words(run));
    let text_before = runs.iter().take(first).any(has_words);
    // A signature under the quotation belongs to the words above it.
    let below: Vec<&Line<'_>> = runs
        .iter()
        .skip(last + 1)
        .filter_map(|run| lines.get(run.lines.clone()))
        .flatten()
        .collect();
    let text_after = below.iter().any(|line| line.is_own()) && !tail::is_furniture(&below);
    let by_client = |run: &Run| {
        lines
            .get(run.lines.clone())
            .is_some_and(|lines| lines.iter().any(|line| line.mark == Mark::Quoted))
    };
    if answers_between {
        // A whole old message under inline answers or under the author's own quotations is still
        // history, and so is what a client left of it below the last answer.
        return match runs.get(last) {
            Some(run) if (run.attributed || by_client(run)) && !text_after => {
                vec![run.lines.clone()]
            }
            _ => Vec::new(),
        };
    }
    // With a certain old message below them, quotations without an attribution are the author's.
    let sure = end < lines.len()
        || runs
            .get(last)
            .is_some_and(|run| run.attributed || by_client(run));
    runs.iter()
        .enumerate()
        .filter(|(_, run)| {
            run.quoted
                && (run.attributed || by_client(run) || !text_before || (!text_after && !sure))
        })
        .map(|(_, run)| run.lines.clone())
        .collect()
}

/// Where the quotation that begins at `at` ends. Blank lines between quoted ones belong to it,
/// and so does the overflow of a quoted line that a mailer wrapped without a mark.
fn quotation_end(lines: &[Line<'_>], at: usize) -> usize {
    let mut end = at;
    while let Some(line) = lines.get(end) {
        if line.depth > 0 {
            end += 1;
            continue;
        }
        if line.is_blank() {
            let next = first_with_words(lines, end);
            if lines.get(next).is_some_and(|line| line.depth > 0) {
                end = next;
                continue;
            }
            break;
        }
        let above = lines.get(end - 1).filter(|above| above.depth > 0);
        let between = lines.get(end + 1).is_some_and(|below| below.depth > 0);
        if !(between && above.is_some_and(|above| lines::is_overflow(above, line))) {
            break;
        }
        end += 1;
    }
    end
}

fn first_with_words(lines: &[Line<'_>], from: usize) -> usize {
    let blank = lines
        .iter()
        .skip(from)
        .take_while(|line| line.is_blank() && line.depth == 0);
    from + blank.count()
}

/// A date with its time and hardly a word more.
fn is_date_line(line: &Line<'_>) -> bool {
    line.is_own()
        && line.text.len() <= 60
        && has_time(&line.text)
        && !line.text.ends_with(['.', '!', '?'])
        && opens(&line.text.to_lowercase())
}

/// The line drawn right above a header block belongs to it, with the words drawn into it.
fn before_rule(lines: &[Line<'_>], at: usize) -> usize {
    let above = lines.iter().take(at).rposition(|line| !line.is_blank());
    let drawn = |line: &Line<'_>| {
        words::is_rule(&line.text)
            || (line.text.len() <= 80 && line.text.starts_with("---") && line.text.ends_with("---"))
    };
    match above {
        Some(above) if at - above <= 2 && lines.get(above).is_some_and(drawn) => above,
        // `Message du 25/08/26 10:41`
        Some(above) if at - above == 1 && lines.get(above).is_some_and(is_date_line) => above,
        _ => at,
    }
}

/// `Ann Lee` on a line of its own above `<ann@a.example> wrote:`.
fn name_above(lines: &[Line<'_>], at: usize) -> usize {
    let begins_with_address = lines.get(at).is_some_and(|line| line.text.starts_with('<'));
    let above = at.checked_sub(1).and_then(|above| lines.get(above));
    match above {
        Some(line)
            if begins_with_address
                && line.is_own()
                && line.text.len() < 60
                && !line.text.ends_with(['.', '!', '?']) =>
        {
            at - 1
        }
        _ => at,
    }
}

/// `Fwd: Invoice` right above the header block: the author pasted a message to show it.
fn follows_forward_subject(lines: &[Line<'_>], at: usize) -> bool {
    lines
        .iter()
        .take(at)
        .rev()
        .find(|line| !line.is_blank())
        .is_some_and(|line| crate::thread_key::is_forward_subject(&line.text))
}
