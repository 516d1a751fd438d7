//! Numbers as the sheet shows them: days, times and percentages; everything else as digits.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::Why;
use crate::package::Package;
use crate::xml::{Node, On, attribute, local};

/// Styles of cells that are kept; Excel allows 65,490.
const MOST_STYLES: usize = 70_000;

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// What a style makes of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Form {
    #[default]
    Number,
    Percent,
    Day,
    Time,
    DayAndTime,
    /// Hours beyond a day, `[h]:mm`.
    Elapsed,
}

/// What the styles of a workbook make of numbers.
#[derive(Default)]
pub(crate) struct Formats {
    styles: Vec<Form>,
    /// Days are counted from 1904 and not from 1900, as in workbooks of old Macs.
    from_1904: bool,
}

impl Formats {
    /// Reads the part of styles.
    ///
    /// # Errors
    /// Those of the part.
    pub(crate) fn read(
        package: &mut Package<'_>,
        name: &str,
        from_1904: bool,
    ) -> Result<Self, Why> {
        let mut own: BTreeMap<u32, Form> = BTreeMap::new();
        let mut styles: Vec<Form> = Vec::new();
        let mut in_cells = false;
        if let Some(part) = package.part(name)? {
            part.each(&mut |node| {
                match node {
                    Node::Open(element) => match local(&element) {
                        "numFmt" if own.len() < MOST_STYLES => {
                            let id = attribute(&element, "numFmtId");
                            let code = attribute(&element, "formatCode").unwrap_or_default();
                            if let Some(id) = id.and_then(|id| id.parse().ok()) {
                                own.insert(id, form_of(&code));
                            }
                        }
                        "cellXfs" => in_cells = true,
                        "xf" if in_cells && styles.len() < MOST_STYLES => {
                            let id = attribute(&element, "numFmtId").unwrap_or_default();
                            let id: u32 = id.parse().unwrap_or(0);
                            let form = own.get(&id).copied();
                            styles.push(form.unwrap_or_else(|| built_in(id)));
                        }
                        _ => {}
                    },
                    Node::Close(name) if name == "cellXfs" => in_cells = false,
                    Node::Close(_) | Node::Text(_) => {}
                }
                Ok(On::More)
            })?;
        }
        Ok(Self { styles, from_1904 })
    }

    /// A number as a cell of this style shows it.
    pub(crate) fn shown(&self, digits: &str, style: usize) -> String {
        let form = self.styles.get(style).copied().unwrap_or_default();
        let Ok(number) = digits.trim().parse::<f64>() else {
            return digits.to_owned();
        };
        match form {
            Form::Number => plain(number, digits),
            Form::Percent => format!("{}%", plain(number * 100.0, "")),
            form => self
                .moment(number, form)
                .unwrap_or_else(|| plain(number, digits)),
        }
    }

    fn moment(&self, number: f64, form: Form) -> Option<String> {
        // 2958465 is the last day that Excel knows, in the year 9999.
        if !(0.0..2_958_466.0).contains(&number) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the range was checked just above"
        )]
        let seconds = (number * DAY).round() as i64;
        let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let clock = |hours: i64| format!("{hours:02}:{:02}:{:02}", rest / 60 % 60, rest % 60);
        Some(match form {
            Form::Elapsed => clock(seconds / 3600),
            Form::Time => clock(rest / 3600),
            Form::Day => self.day(days)?.to_string(),
            Form::Number | Form::Percent | Form::DayAndTime => {
                format!("{} {}", self.day(days)?, clock(rest / 3600))
            }
        })
    }

    fn day(&self, days: i64) -> Option<Date> {
        let (origin, days) = if self.from_1904 {
            (date(1904, 1, 1), days)
        } else if days < 60 {
            // Excel believes in a 29th of February 1900, as Lotus did; days before it are one off.
            (date(1899, 12, 31), days)
        } else {
            (date(1899, 12, 30), days)
        };
        origin.checked_add(days.days()).ok()
    }
}

/// A number with the fifteen digits that Excel keeps, without the noise of binary fractions.
fn plain(number: f64, digits: &str) -> String {
    let digits = digits.trim();
    if !digits.is_empty() && digits.len() <= 15 && !digits.contains(['e', 'E']) {
        return digits.to_owned();
    }
    if number.fract() == 0.0 && number.abs() < 1e18 {
        return format!("{number:.0}");
    }
    let short: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    format!("{short}")
}

/// What the formats mean that a workbook need not describe (ECMA-376 part 1, 18.8.30).
fn built_in(id: u32) -> Form {
    match id {
        9 | 10 => Form::Percent,
        14..=17 | 27..=31 | 36 | 50..=54 | 57..=58 => Form::Day,
        18..=21 | 32..=35 | 45 | 47 | 55 | 56 => Form::Time,
        22 => Form::DayAndTime,
        46 => Form::Elapsed,
        _ => Form::Number,
    }
}

/// What a format means, by the letters outside of quotes, brackets and escapes.
fn form_of(code: &str) -> Form {
    let (mut day, mut clock, mut months, mut percent) = (false, false, false, false);
    let lower = code.to_lowercase();
    if lower.contains("[h") || lower.contains("[m") || lower.contains("[s") {
        return Form::Elapsed;
    }
    // Only the first section: the others are for negative numbers and for text.
    let mut chars = lower.chars();
    while let Some(c) = chars.next() {
        match c {
            ';' => break,
            '"' => while chars.next().is_some_and(|c| c != '"') {},
            '[' => while chars.next().is_some_and(|c| c != ']') {},
            '\\' | '_' | '*' => {
                chars.next();
            }
            'd' | 'y' => day = true,
            'h' | 's' => clock = true,
            'm' => months = true,
            '%' => percent = true,
            _ => {}
        }
    }
    match (day, clock) {
        (true, true) => Form::DayAndTime,
        (true, false) => Form::Day,
        (false, true) => Form::Time,
        (false, false) if months => Form::Day,
        (false, false) if percent => Form::Percent,
        (false, false) => Form::Number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(digits: &str, form: Form) -> String {
        let formats = Formats {
            styles: vec![form],
            from_1904: false,
        };
        formats.shown(digits, 0)
    }

    #[test]
    fn numbers_are_shown_as_the_sheet_shows_them() {
        for (digits, form, text) in [
            ("1", Form::Day, "1900-01-01"),
            ("59", Form::Day, "1900-02-28"),
            ("61", Form::Day, "1900-03-01"),
            ("46328", Form::Day, "2026-11-02"),
            ("46328.4166666667", Form::DayAndTime, "2026-11-02 10:00:00"),
            ("0.75", Form::Time, "18:00:00"),
            ("1.5", Form::Elapsed, "36:00:00"),
            ("0.25", Form::Percent, "25%"),
            ("0.30000000000000004", Form::Number, "0.3"),
            ("1234567.89", Form::Number, "1234567.89"),
            ("1E+20", Form::Number, "100000000000000000000"),
            ("-1", Form::Day, "-1"),
            ("x", Form::Day, "x"),
        ] {
            assert_eq!(shown(digits, form), text, "{digits} {form:?}");
        }
    }

    #[test]
    fn formats_mean_what_their_letters_say() {
        for (code, form) in [
            ("yyyy\\-mm\\-dd", Form::Day),
            ("[$-407]d. mmmm yyyy;@", Form::Day),
            ("dd/mm/yy hh:mm", Form::DayAndTime),
            ("h:mm AM/PM", Form::Time),
            ("[h]:mm", Form::Elapsed),
            ("0.00%", Form::Percent),
            ("#,##0.00 \"days\"", Form::Number),
            ("General", Form::Number),
            ("0.00_);[Red]\\(0.00\\)", Form::Number),
        ] {
            assert_eq!(form_of(code), form, "{code}");
        }
    }
}
