//! Which lines of a message are history. One decision for text and HTML.

use std::ops::Range;

use super::lines::{self, Line, Mark};

/// Octets from which a quoted line counts as one that a mailer may have wrapped.
const WRAPPED_FROM: usize = 50;

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
pub(super) fn history(lines: &[Line<'_>]) -> Vec<Range<usize>> {
    if lines::is_bounce(lines) {
        return Vec::new();
    }
    let (runs, end) = runs(lines);
    let mut dropped = quotations(lines, &runs);
    if end < lines.len() {
        dropped.push(end..lines.len());
    }
    let dropped = joined(with_device_note(lines, dropped));
    let own_left = super::kept(&dropped, lines.len())
        .into_iter()
        .filter_map(|range| lines.get(range))
        .any(|kept| kept.iter().any(Line::is_own));
    if own_left { dropped } else { Vec::new() }
}

/// Adds the line a telephone put under the author's words, if that is the last of them.
fn with_device_note(lines: &[Line<'_>], mut dropped: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let last = super::kept(&dropped, lines.len())
        .into_iter()
        .rev()
        .find_map(|mut range| {
            range.rfind(|&at| lines.get(at).is_some_and(|line| !line.is_blank()))
        });
    if let Some(last) = last
        && lines
            .get(last)
            .is_some_and(|line| line.is_own() && lines::is_device_note(&line.text))
    {
        dropped.push(last..last + 1);
        dropped.sort_by_key(|range| range.start);
    }
    dropped
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

/// Divides the message into the author's words and quotations; the second value is the line at
/// which unmarked history begins.
fn runs(lines: &[Line<'_>]) -> (Vec<Run>, usize) {
    let mut runs: Vec<Run> = Vec::new();
    let mut own = false;
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        if line.depth > 0 {
            let end = quotation_end(lines, at);
            let attributed = lines::attribution(lines, at).is_some();
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
            break;
        }
        let unmarked = line.mark == Mark::History
            || lines::is_divider(&line.text)
            || lines::header_block(lines, at);
        if unmarked {
            if own && !follows_forward_subject(lines, at) {
                let end = before_rule(lines, at);
                trim_after(&mut runs, end);
                return (runs, end);
            }
            // Nothing of the author's stands above: the old message is the message.
            push(&mut runs, at..lines.len(), false, false);
            break;
        }
        if let Some(last) = lines::attribution(lines, at) {
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
                return (runs, start);
            }
            push(&mut runs, at..lines.len(), false, false);
            break;
        }
        own = true;
        push(&mut runs, at..at + 1, false, false);
        at += 1;
    }
    (runs, lines.len())
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
fn quotations(lines: &[Line<'_>], runs: &[Run]) -> Vec<Range<usize>> {
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
    let signature = |run: &Run| {
        let first = lines
            .iter()
            .skip(run.lines.start)
            .find(|line| line.is_own());
        first.is_some_and(|line| lines::is_signature_mark(&line.text))
    };
    let text_after = runs
        .iter()
        .skip(last + 1)
        .any(|run| has_words(run) && !signature(run));
    let by_client = |run: &Run| {
        lines
            .get(run.lines.clone())
            .is_some_and(|lines| lines.iter().any(|line| line.mark == Mark::Quoted))
    };
    if answers_between {
        // A whole old message under inline answers or under the author's own quotations is still
        // history.
        return match runs.get(last) {
            Some(run) if run.attributed && !text_after => vec![run.lines.clone()],
            _ => Vec::new(),
        };
    }
    runs.iter()
        .enumerate()
        .filter(|(_, run)| {
            run.quoted && (run.attributed || by_client(run) || !text_before || !text_after)
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
        let long = above.is_some_and(|above| above.text.len() >= WRAPPED_FROM);
        let goes_on = above.is_some_and(|above| above.text.len() >= WRAPPED_FROM / 2)
            && line.text.starts_with(char::is_lowercase);
        let wrapped = (long || goes_on) && lines.get(end + 1).is_some_and(|below| below.depth > 0);
        if !wrapped {
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

/// The line of underscores right above a header block belongs to it.
fn before_rule(lines: &[Line<'_>], at: usize) -> usize {
    let above = lines.iter().take(at).rposition(|line| !line.is_blank());
    match above {
        Some(above)
            if at - above <= 2
                && lines
                    .get(above)
                    .is_some_and(|line| lines::is_rule(&line.text)) =>
        {
            above
        }
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
