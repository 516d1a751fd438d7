//! Colours as CSS and the old attributes write them.

use super::color_names::NAMES;
use super::length::number;

/// Red, green and blue.
pub(crate) type Rgb = (u8, u8, u8);

pub(super) const BLACK: Rgb = (0, 0, 0);
pub(super) const WHITE: Rgb = (255, 255, 255);
/// What browsers give links nobody coloured.
pub(super) const LINK: Rgb = (0, 0, 238);

/// A colour and how much of it covers what is under it, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Paint {
    pub(super) rgb: Rgb,
    pub(super) alpha: f32,
}

impl Paint {
    pub(super) const fn opaque(rgb: Rgb) -> Self {
        Self { rgb, alpha: 1.0 }
    }

    /// The colour seen when it lies on another.
    pub(super) fn over(self, ground: Rgb) -> Rgb {
        if self.alpha >= 1.0 {
            return self.rgb;
        }
        let mix = |top: u8, under: u8| {
            octet(f32::from(top) * self.alpha + f32::from(under) * (1.0 - self.alpha))
        };
        (
            mix(self.rgb.0, ground.0),
            mix(self.rgb.1, ground.1),
            mix(self.rgb.2, ground.2),
        )
    }
}

/// Whether a person cannot tell the two colours apart.
pub(super) fn is_near(a: Rgb, b: Rgb) -> bool {
    let far = |x: u8, y: u8| x.abs_diff(y) > 20;
    !far(a.0, b.0) && !far(a.1, b.1) && !far(a.2, b.2)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is clamped to the range of the type"
)]
fn octet(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

/// Reads a colour in lower case: a name, `#rgb` to `#rrggbbaa`, `rgb()`, `hsl()`, `transparent`.
/// Nothing for everything else, as `inherit` and variables.
pub(super) fn paint(value: &str) -> Option<Paint> {
    let value = value.trim();
    if value == "transparent" {
        return Some(Paint {
            rgb: BLACK,
            alpha: 0.0,
        });
    }
    if let Ok(at) = NAMES.binary_search_by(|(name, _)| (*name).cmp(value)) {
        let (_, rgb) = NAMES.get(at)?;
        let part = |shift: u32| u8::try_from(rgb >> shift & 255).unwrap_or_default();
        return Some(Paint::opaque((part(16), part(8), part(0))));
    }
    if let Some((function, arguments)) = value.split_once('(') {
        return function_color(function.trim(), arguments.split(')').next()?);
    }
    digits(value.strip_prefix('#').unwrap_or(value))
}

/// The first colour of a `background`, which names other things as well.
pub(super) fn first_paint(value: &str) -> Option<Paint> {
    let mut depth = 0_usize;
    let mut words = value.split(|c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && (c == ' ' || c == ',')
    });
    words.find_map(|word| {
        let is_number = word.bytes().all(|b| b.is_ascii_digit());
        if is_number { None } else { paint(word) }
    })
}

fn digits(digits: &str) -> Option<Paint> {
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let pair = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    let single = |at: usize| Some(u8::from_str_radix(digits.get(at..=at)?, 16).ok()? * 17);
    let (rgb, alpha) = match digits.len() {
        6 | 8 => ((pair(0)?, pair(2)?, pair(4)?), pair(6)),
        3 | 4 => ((single(0)?, single(1)?, single(2)?), single(3)),
        _ => return None,
    };
    Some(Paint {
        rgb,
        alpha: f32::from(alpha.unwrap_or(255)) / 255.0,
    })
}

fn function_color(function: &str, arguments: &str) -> Option<Paint> {
    let mut parts = arguments
        .split([',', ' ', '/'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .filter_map(number)
        .take(4);
    let mut next = || parts.next();
    let (first, second, third, alpha) = (next()?, next()?, next()?, next());
    let share = |(number, rest): (f32, &str)| match rest {
        "%" => number / 100.0,
        _ => number,
    };
    let rgb = match function {
        "rgb" | "rgba" => {
            let part = |(number, rest): (f32, &str)| match rest {
                "%" => octet(number * 2.55),
                _ => octet(number),
            };
            (part(first), part(second), part(third))
        }
        "hsl" | "hsla" => of_hue(first.0, second.0 / 100.0, third.0 / 100.0),
        _ => return None,
    };
    Some(Paint {
        rgb,
        alpha: alpha.map_or(1.0, share).clamp(0.0, 1.0),
    })
}

/// CSS Color 4 §7: from hue, saturation and lightness.
fn of_hue(hue: f32, saturation: f32, lightness: f32) -> Rgb {
    let saturation = saturation.clamp(0.0, 1.0);
    let lightness = lightness.clamp(0.0, 1.0);
    let part = |n: f32| {
        let k = (n + hue / 30.0).rem_euclid(12.0);
        let a = saturation * lightness.min(1.0 - lightness);
        octet(255.0 * (lightness - a * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0)))
    };
    (part(0.0), part(8.0), part(4.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_in_every_form() {
        assert!(NAMES.is_sorted_by_key(|(name, _)| *name));
        for (text, want) in [
            ("white", Some((WHITE, 1.0))),
            ("rebeccapurple", Some(((102, 51, 153), 1.0))),
            ("#fff", Some((WHITE, 1.0))),
            ("fefefe", Some(((254, 254, 254), 1.0))),
            ("#00000000", Some((BLACK, 0.0))),
            ("rgb(1, 2, 3)", Some(((1, 2, 3), 1.0))),
            ("rgb(1 2 3 / 0%)", Some(((1, 2, 3), 0.0))),
            ("rgba(0,0,0,.5)", Some((BLACK, 0.5))),
            ("hsl(0, 100%, 50%)", Some(((255, 0, 0), 1.0))),
            ("hsl(240deg 100% 100%)", Some((WHITE, 1.0))),
            ("inherit", None),
            ("#ggg", None),
            ("rgb(", None),
        ] {
            let got = paint(text).map(|paint| (paint.rgb, paint.alpha));
            assert_eq!(got, want, "{text}");
        }
        let ground = first_paint("url(x.png) no-repeat #102030").map(|paint| paint.rgb);
        assert_eq!(ground, Some((16, 32, 48)));
        assert_eq!(first_paint("none"), None);
    }
}
