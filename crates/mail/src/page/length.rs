//! Lengths and numbers as CSS writes them.

/// The window that a page is read in, in CSS pixels: a mail client on a desktop.
pub(super) const WINDOW: (f32, f32) = (1280.0, 800.0);
/// The size of letters nobody set, in CSS pixels.
pub(super) const LETTERS: f32 = 16.0;

/// What a length is relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// CSS pixels; every absolute unit and those of the window are turned into them.
    Pixels,
    /// The size of the letters.
    Em,
    /// Hundredths of something the property says.
    Percent,
    /// A bare number.
    None,
}

/// A number with its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Length {
    pub(crate) number: f32,
    pub(crate) unit: Unit,
}

impl Length {
    pub(super) const fn pixels_of(number: f32) -> Self {
        Self {
            number,
            unit: Unit::Pixels,
        }
    }

    /// The length in CSS pixels, `em` being the size of the letters and `whole` what hundredths
    /// are of.
    pub(super) fn pixels(self, em: f32, whole: f32) -> f32 {
        match self.unit {
            Unit::Pixels | Unit::None => self.number,
            Unit::Em => self.number * em,
            Unit::Percent => self.number / 100.0 * whole,
        }
    }
}

/// Reads one length, also out of `calc()`, `min()`, `max()` and `clamp()`.
pub(super) fn length(value: &str) -> Option<Length> {
    let value = value.trim();
    let Some((function, arguments)) = value.split_once('(') else {
        return single(value);
    };
    let arguments = arguments.trim_end_matches(')');
    match function {
        "calc" => sum(arguments),
        "min" | "max" => {
            let mut best: Option<Length> = None;
            for argument in arguments.split(',').take(8) {
                let next = length(argument)?;
                let wins = best.is_none_or(|best| {
                    let bigger = next.pixels(LETTERS, LETTERS) > best.pixels(LETTERS, LETTERS);
                    bigger == (function == "max")
                });
                if wins {
                    best = Some(next);
                }
            }
            best
        }
        "clamp" => single(arguments.split(',').nth(1)?.trim()),
        _ => None,
    }
}

/// Sums and products inside `calc()`, read from left to right in pixels.
fn sum(text: &str) -> Option<Length> {
    let mut words = text.split_whitespace().take(32);
    let first = single(words.next()?)?;
    let mut total = first;
    while let Some(operator) = words.next() {
        let next = single(words.next()?)?;
        let (left, right) = (
            total.pixels(LETTERS, LETTERS),
            next.pixels(LETTERS, LETTERS),
        );
        total = Length::pixels_of(match operator {
            "+" => left + right,
            "-" => left - right,
            "*" => left * right,
            "/" if right != 0.0 => left / right,
            _ => return None,
        });
    }
    Some(total)
}

fn single(value: &str) -> Option<Length> {
    let (number, rest) = number(value)?;
    let of = |factor: f32, unit: Unit| {
        Some(Length {
            number: number * factor,
            unit,
        })
    };
    let unit = rest.split([' ', '/', ',', ')']).next().unwrap_or_default();
    match unit {
        "" => of(1.0, Unit::None),
        "px" => of(1.0, Unit::Pixels),
        "pt" => of(4.0 / 3.0, Unit::Pixels),
        "pc" | "rem" => of(16.0, Unit::Pixels),
        "in" => of(96.0, Unit::Pixels),
        "cm" => of(37.8, Unit::Pixels),
        "mm" => of(3.78, Unit::Pixels),
        "q" => of(0.945, Unit::Pixels),
        "vw" | "vmax" => of(WINDOW.0 / 100.0, Unit::Pixels),
        "vh" | "vmin" => of(WINDOW.1 / 100.0, Unit::Pixels),
        "em" => of(1.0, Unit::Em),
        "ex" | "ch" => of(0.5, Unit::Em),
        "%" => of(1.0, Unit::Percent),
        _ => of(1.0, Unit::Pixels),
    }
}

/// The number a value begins with, and what follows it.
pub(super) fn number(value: &str) -> Option<(f32, &str)> {
    let bytes = value.as_bytes();
    let mut end = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    while bytes
        .get(end)
        .is_some_and(|b| b.is_ascii_digit() || *b == b'.')
    {
        end += 1;
    }
    // An exponent has digits, which tells it from `em` and `ex`.
    if bytes.get(end) == Some(&b'e') {
        let signed = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
        let mut after = end + 1 + signed;
        if bytes.get(after).is_some_and(u8::is_ascii_digit) {
            while bytes.get(after).is_some_and(u8::is_ascii_digit) {
                after += 1;
            }
            end = after;
        }
    }
    let number: f32 = value.get(..end)?.parse().ok()?;
    Some((number, value.get(end..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_in_every_unit() {
        for (text, pixels) in [
            ("0", Some(0.0)),
            ("12px", Some(12.0)),
            ("9pt", Some(12.0)),
            (".5em", Some(8.0)),
            ("1e-3px", Some(0.001)),
            ("50%", Some(8.0)),
            ("-10vw", Some(-128.0)),
            ("calc(1px - 1px)", Some(0.0)),
            ("min(16px, 0px)", Some(0.0)),
            ("max(16px, 0px)", Some(16.0)),
            ("clamp(1px, 20px, 30px)", Some(20.0)),
            ("auto", None),
            ("", None),
            ("calc(", None),
        ] {
            let got = length(text).map(|length| length.pixels(LETTERS, LETTERS));
            assert_eq!(got, pixels, "{text}");
        }
    }
}
