//! How long a code or a link holds, where the message says it: `expires in 10 minutes`.

use std::ops::Range;
use std::time::Duration;

use super::candidates;
use super::labels::{parts_of, words_of};
use super::phrases::{Phrases, length_at};
use super::scene::{Block, Scene};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Longer than this no code holds; such a number is something else.
const LONGEST: u64 = 60 * DAY;

/// Characters between a number and its unit: `10 minutes`, `10-minute`, `10 (ten) minutes`.
const GAP: usize = 10;

/// What begins the words that say that something ends. Folded and sorted, as in `words`.
#[rustfmt::skip]
static ENDS: Phrases = Phrases::new(&[
    "ablauf", "ablauft", "berlaku", "caduc", "deaktiv", "devient", "ervenyes", "expir", "gecerli",
    "geldig", "giltig", "gultig", "gyldig", "hatalyos", "hieu", "hinfallig", "kedaluwarsa",
    "lauft", "lejar", "platn", "plati", "scad", "suresi", "udlob", "unavail", "ungultig", "utgar", "utlop", "valab",
    "valid", "vanhen", "venc", "vence", "verfall", "verlo", "verval", "voimassa", "vyprsi", "wazn", "wygas",
    "ισχυ", "ληγ", "валид", "годн", "деиств", "діисн", "истек", "срок", "спли", "чинн",
]);

/// Words that may say the same: `use it within 10 minutes`, but also `we answer within 2 days`.
#[rustfmt::skip]
static WITHIN: Phrases = Phrases::new(&["binnen", "entro", "innen", "innerhalb", "inom", "inden", "within"]);

/// What says that something ends in scripts without blanks between words, and where the words are many.
#[rustfmt::skip]
static END_PARTS: Phrases = Phrases::new(&[
    "בתוקף", "לתוקף", "פג ", "תוקף", "تنتهي", "ستنتهي", "صالح", "صلاحية", "معتبر", "मान्य", "वैध", "समाप्त", "หมดอายุ", "ใช้ได้",
    "内に", "内有", "到期", "失効", "失效", "有効", "有效", "期限", "过期", "過期", "만료", "유효",
]);

/// Words for units of time, by what they begin with: short ones must be the whole word.
#[rustfmt::skip]
static UNITS: [(u64, Phrases); 3] = [
    (MINUTE, Phrases::new(&[
        "daki", "dakika", "menit", "min", "mins", "minut", "perc", "phut", "λεπτ", "мин", "минут", "хв", "хвилин",
    ])),
    (HOUR, Phrases::new(&[
        "godzin", "gio", "heure", "hodin", "hora", "horas", "hour", "hr", "hrs", "jam", "ora", "oran", "orat", "ore",
        "saat", "sati", "stund", "timen", "timer", "timm", "tund", "tunti", "uur", "ωρα", "ωρες", "годин", "час",
        "часа", "часов",
    ])),
    (DAY, Phrases::new(&[
        "dag", "dagar", "dage", "dagen", "dager", "day", "days", "den", "dia", "dias", "dni", "dny", "dzien", "giorn",
        "gun", "hari", "jour", "nap", "napig", "ngay", "paiv", "tag", "tage", "tagen", "zile", "ημερ", "ден", "день",
        "дни", "дней", "днеи", "днів", "дня",
    ])),
];

/// The same in scripts without blanks between words. The first that fits is meant.
#[rustfmt::skip]
const UNIT_PARTS: &[(u64, &str)] = &[
    (1, "秒"), (1, "초"), (1, "วินาที"), (MINUTE, "分"), (MINUTE, "분"), (MINUTE, "דקות"), (MINUTE, "דקה"), (MINUTE, "دقيقة"), (MINUTE, "دقائق"),
    (MINUTE, "دقیقه"), (MINUTE, "मिनट"), (MINUTE, "นาที"),
    (HOUR, "小时"), (HOUR, "小時"), (HOUR, "時間"), (HOUR, "시간"), (HOUR, "שעות"), (HOUR, "שעה"), (HOUR, "ساعة"),
    (HOUR, "ساعات"), (HOUR, "ساعت"), (HOUR, "घंट"), (HOUR, "ชั่วโมง"),
    (DAY, "天"), (DAY, "日"), (DAY, "일"), (DAY, "ימים"), (DAY, "أيام"), (DAY, "يوم"), (DAY, "روز"), (DAY, "दिन"), (DAY, "วัน"),
];

/// The first stretch of time in a block that speaks of an end; the block below it counts too, for
/// `Expires in` and `10 minutes` often stand in two cells.
pub(super) fn stated(scene: &Scene) -> Option<Duration> {
    let clear = |block: &Block| {
        speaks(block, &ENDS) || parts_of(&block.folded, &END_PARTS).next().is_some()
    };
    first(scene, clear).or_else(|| first(scene, |block| speaks(block, &WITHIN)))
}

fn first(scene: &Scene, speaks_of_an_end: impl Fn(&Block) -> bool) -> Option<Duration> {
    let mut above = false;
    for block in &scene.blocks {
        let own = speaks_of_an_end(block);
        if (own || above)
            && let Some(seconds) = stretch(block)
        {
            return Some(Duration::from_secs(seconds));
        }
        above = own;
    }
    None
}

fn speaks(block: &Block, beginnings: &Phrases) -> bool {
    let words = words_of(&block.folded);
    words.iter().any(|word| beginnings.begin(word.letters))
}

/// The first number in a block with a unit of time after it, as seconds.
fn stretch(block: &Block) -> Option<u64> {
    let text = &block.folded;
    let mut at = 0;
    while at < text.len() {
        let digits = text.iter().skip(at).take_while(|c| c.is_ascii_digit());
        let end = at + digits.count();
        if end == at {
            at += 1;
            continue;
        }
        let alone = at == 0
            || !text.get(at - 1).is_some_and(|c| is_of_number(*c))
            || candidates::is_pause(block, at - 1);
        if alone
            && !block.is_address(at)
            && let Some(seconds) = seconds(text, at..end)
        {
            return Some(seconds);
        }
        at = end;
    }
    None
}

fn is_of_number(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | ',' | ':' | '/')
}

fn seconds(text: &[char], number: Range<usize>) -> Option<u64> {
    if number.len() > 4 {
        return None;
    }
    let digits: String = text.get(number.clone())?.iter().collect();
    let count: u64 = digits.parse().ok().filter(|count| *count > 0)?;
    let unit = unit_after(text, number.end)?;
    Some(count * unit).filter(|seconds| *seconds <= LONGEST)
}

/// The unit that follows a number at `from`.
pub(super) fn unit_after(text: &[char], from: usize) -> Option<u64> {
    let after = text.get(from..text.len().min(from + GAP + 12))?;
    let mut start = 0;
    // `10 (ten) minutes`
    let opening = after.iter().position(|c| *c != ' ');
    if opening.is_some_and(|at| after.get(at) == Some(&'(')) {
        start = after.iter().position(|c| *c == ')')? + 1;
    }
    let blank = after
        .iter()
        .skip(start)
        .take_while(|c| matches!(c, ' ' | '-'))
        .count();
    let at = from + start + blank;
    let rest = text.get(at..).unwrap_or_default();
    let mut parts = UNIT_PARTS.iter();
    if let Some((unit, _)) = parts.find(|(_, part)| length_at(rest, part).is_some()) {
        return Some(*unit);
    }
    let letters = rest.iter().take(16).take_while(|c| c.is_alphabetic());
    let word = rest.get(..letters.count()).unwrap_or_default();
    let mut units = UNITS.iter();
    units
        .find(|(_, names)| names.begin(word))
        .map(|(unit, _)| *unit)
}
