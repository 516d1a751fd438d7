//! Where a person's signature begins: a mark, a closing phrase, or a name with ways to reach them.

use super::closings::{CLOSINGS, FORMAL, THANKS};
use super::lines::{Line, Mark};
use super::tail::end_of_words;
use super::words::{is_contact, is_link, is_name, is_rule, is_signature_mark, is_title};

/// Lines of a signature under the mark that RFC 3676 gives it, and under anything else.
const MAX_MARKED: usize = 30;
const MAX_LINES: usize = 11;
/// Characters of a line above which it is no line of a signature.
const MAX_WIDTH: usize = 80;

/// Where the signature at the end of the first `end` lines begins; `end` if there is none.
pub(super) fn start(shown: &[&Line<'_>], end: usize) -> usize {
    let end = end_of_words(shown, end);
    let Some(last) = end.checked_sub(1).and_then(|last| shown.get(last)) else {
        return end;
    };
    if last.depth > 0 {
        return end;
    }
    if last.mark == Mark::Signature || is_mark(&last.text) {
        return end - 1;
    }
    under_mark(shown, end)
        .or_else(|| contact_block(shown, end))
        .unwrap_or(end)
}

/// Whether the lines are a signature and nothing else. A closing phrase alone does not make one:
/// it may end the words before it.
pub(super) fn is_block(lines: &[&Line<'_>]) -> bool {
    let Some(first) = lines.iter().position(|line| line.is_own()) else {
        return true;
    };
    lines
        .get(first)
        .is_some_and(|line| is_signature_mark(&line.text))
        || contact_block(lines, end_of_words(lines, lines.len())).is_some_and(|at| at <= first)
}

fn is_mark(text: &str) -> bool {
    is_signature_mark(text) || is_rule(text) || matches!(text, "__" | "==" | "**")
}

/// The lowest line that begins a signature by what it says, with only lines of a signature
/// under it.
fn under_mark(shown: &[&Line<'_>], end: usize) -> Option<usize> {
    let mut below = 0;
    // Whether every line below looks like a signature's, and like a name or an address.
    let (mut narrow, mut titles, mut names) = (true, true, true);
    // The line right below is a name or the like; a line below says how to reach somebody.
    let (mut over_name, mut reached) = (true, false);
    for (at, line) in shown.get(..end)?.iter().enumerate().rev() {
        if line.is_blank() {
            continue;
        }
        let text = line.text.as_ref();
        if line.depth > 0 || below > MAX_MARKED || text.starts_with("```") {
            return None;
        }
        if is_signature_mark(text) && (text == "--" || narrow) {
            return Some(at);
        }
        if below <= MAX_LINES {
            let opens = (is_mark(text) && narrow && opens_paragraph(shown, at))
                || (titles && (over_name || (below <= 1 && text.len() >= 12)) && is_closing(text))
                || (below > 0 && (names || (titles && over_name && reached)) && is_thanks(text))
                || (narrow && titles && below <= 6 && is_dashed_name(shown, at));
            if opens {
                return Some(at);
            }
        }
        below += 1;
        narrow &= text.chars().take(MAX_WIDTH + 1).count() <= MAX_WIDTH;
        over_name = is_name(text)
            || signs_for_others(text)
            || is_contact(text)
            || is_link(text)
            || is_mark(text)
            || line.is_picture();
        reached |= is_contact(text) || is_link(text);
        names &= is_name(text) || is_contact(text) || line.is_picture();
        titles &= is_title(text)
            || signs_for_others(text)
            // `Managing director: Max Fox | Registered in York`
            || text.contains(" | ")
            || is_contact(text)
            || is_link(text)
            || line.is_picture()
            || is_mark(text);
    }
    None
}

/// `i.A. Hans Müller`, who signs for somebody.
fn signs_for_others(text: &str) -> bool {
    const MARKS: &[&str] = &[
        "i.A. ", "i. A. ", "i.V. ", "i. V. ", "ppa. ", "p.p. ", "p.o. ",
    ];
    MARKS.iter().any(|mark| text.starts_with(mark))
}

/// The line stands apart from the one above it.
fn opens_paragraph(shown: &[&Line<'_>], at: usize) -> bool {
    at == 0
        || shown.get(at).is_some_and(|line| line.gap)
        || shown
            .get(at - 1)
            .is_some_and(|above| above.is_blank() || above.depth > 0)
}

fn bare(text: &str) -> String {
    text.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’'))
        .to_lowercase()
        .replace('’', "'")
}

/// Abbreviations that are nothing but a closing.
const SHORT: &[&str] = &[
    "mvh", "vh", "lg", "vg", "mfg", "mvg", "cdlt", "cdt", "atte", "slds", "br", "kr", "rgds", "lp",
    "regards", "cheers", "groet", "gruß", "gruss", "üdv", "terv",
];

/// `Best regards`, `Regards, Ann`, `Viele Grüße aus Berlin`.
fn is_closing(text: &str) -> bool {
    if text.len() > 120 || text.starts_with(['/', '>', '"', '“', '#']) {
        return false;
    }
    let lower = bare(text);
    if CLOSINGS.contains(&lower.as_str()) {
        return true;
    }
    // `Je vous prie d'agréer, Madame, l'expression de mes salutations distinguées.`
    if FORMAL.iter().any(|start| lower.starts_with(start)) {
        return true;
    }
    // `Mit freundlichen Grüßen / Kind regards`
    if text.contains(['/', '|'])
        && text
            .split(['/', '|'])
            .all(|part| CLOSINGS.contains(&bare(part).as_str()))
    {
        return true;
    }
    if let Some((head, name)) = text.split_once([',', '!', '.', '-', '–', '—'])
        && CLOSINGS.contains(&bare(head).as_str())
        && is_name(name.trim())
    {
        return true;
    }
    CLOSINGS
        .iter()
        .filter(|closing| closing.len() >= 5 || SHORT.contains(closing))
        .any(|closing| {
            lower
                .strip_prefix(closing)
                .and_then(|rest| rest.strip_prefix(' '))
                .is_some_and(|rest| {
                    let place = [
                        "from ", "aus ", "depuis ", "desde ", "dal", "uit ", "fra ", "från ", "z ",
                        "из ", "de ", "vom ",
                    ];
                    let far = place.iter().any(|word| rest.starts_with(word))
                        && rest.split(' ').count() <= 4;
                    let name = (closing.len() >= 7 || SHORT.contains(closing))
                        && text
                            .get(text.len().saturating_sub(rest.len())..)
                            .is_some_and(|tail| is_name(tail.trim()));
                    far || name
                })
        })
}

fn is_thanks(text: &str) -> bool {
    if text.len() > 90 {
        return false;
    }
    let lower = bare(text);
    THANKS.contains(&lower.as_str())
}

/// `-Ann Lee`, `- Ann`, `--Ann`, which is not an item of a list.
fn is_dashed_name(shown: &[&Line<'_>], at: usize) -> bool {
    let Some(line) = shown.get(at) else {
        return false;
    };
    let text = line.text.as_ref();
    let name = text.trim_start_matches(['-', '–', '—', '~']);
    let dashes = text.chars().count() - name.chars().count();
    if !(1..=3).contains(&dashes) || name.len() > 50 || !opens_paragraph(shown, at) {
        return false;
    }
    let above = shown
        .get(..at)
        .unwrap_or_default()
        .iter()
        .rev()
        .find(|line| !line.is_blank());
    if above
        .is_none_or(|above| above.text.ends_with(':') || above.text.starts_with(['-', '*', '•']))
    {
        return false;
    }
    let glued = !name.starts_with(' ')
        && name.split(' ').count() <= 3
        && name
            .chars()
            .all(|c| c.is_alphabetic() || matches!(c, ' ' | '.'));
    glued || is_name(name.trim())
}

/// A name, a title, a firm and at least one way to reach them, without any mark above.
fn contact_block(shown: &[&Line<'_>], end: usize) -> Option<usize> {
    let (mut contacts, mut count, mut gaps) = (0, 0, 0);
    let mut top = None;
    let mut opening = None;
    for (at, line) in shown.get(..end)?.iter().enumerate().rev() {
        if line.is_blank() {
            continue;
        }
        let text = line.text.as_ref();
        if line.depth > 0 || count >= MAX_LINES || gaps > 2 {
            break;
        }
        if is_contact(text) || is_link(text) {
            contacts += 1;
        } else if !(is_title(text) || line.is_picture()) {
            break;
        }
        count += 1;
        let opens = opens_paragraph(shown, at) || line.gap;
        let full = text.trim().contains(' ') || contacts > 1;
        if is_name(text) && full && contacts > 0 {
            top = Some(at);
            if opens {
                break;
            }
        }
        if opens {
            if contacts > 1 && count >= 3 && opening.is_none() {
                opening = Some(at);
            }
            gaps += 1;
        }
    }
    top.or(opening)
}
