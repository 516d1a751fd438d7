//! Reads CSS declarations for the ways they hide text.

use super::technique::Technique;

/// An opaque colour.
pub(super) type Rgb = (u8, u8, u8);

/// What a set of declarations says about being seen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Seen {
    /// The way the element hides itself.
    pub(super) hidden: Option<Technique>,
    /// The colour of the text.
    pub(super) color: Option<Rgb>,
    /// The colour of the ground.
    pub(super) ground: Option<Rgb>,
    /// A picture or gradient is the ground, so its colour is unknown.
    pub(super) picture: bool,
}

impl Seen {
    /// Takes over what later declarations say.
    pub(super) fn overlay(&mut self, later: Self) {
        self.hidden = later.hidden.or(self.hidden);
        self.color = later.color.or(self.color);
        self.ground = later.ground.or(self.ground);
        self.picture |= later.picture;
    }
}

/// Boxes collected over declarations, because hiding often needs two of them.
#[derive(Default)]
struct Layout {
    zero: bool,
    thin: bool,
    clipped: bool,
    placed: bool,
    away: bool,
    under: bool,
}

/// Reads the declarations of a `style` attribute or of one rule.
pub(super) fn declarations(css: &str) -> Seen {
    let mut seen = Seen::default();
    let mut layout = Layout::default();
    for declaration in css.split(';').take(200) {
        let Some((name, value)) = declaration.split_once(':') else {
            continue;
        };
        let name = name.trim().to_ascii_lowercase();
        let value: String = value
            .chars()
            .take(160)
            .filter(|c| !c.is_whitespace())
            .flat_map(char::to_lowercase)
            .collect();
        let value = value.trim_end_matches("!important");
        if let Some(technique) = hides(&name, value) {
            seen.hidden = seen.hidden.or(Some(technique));
        }
        match name.as_str() {
            "color" => seen.color = color(value).or(seen.color),
            "background-color" => seen.ground = color(value).or(seen.ground),
            "background" | "background-image" => {
                seen.picture |= value.contains("url(") || value.contains("gradient(");
                let head = value.split("url(").next().unwrap_or_default();
                seen.ground = color(head).or(seen.ground);
            }
            "height" | "max-height" | "width" | "max-width" => {
                let length = number(value);
                layout.zero |= length.is_some_and(|length| length == 0.0);
                layout.thin |= length.is_some_and(|length| length <= 1.0) && !value.ends_with('%');
            }
            "overflow" | "overflow-x" | "overflow-y" => layout.clipped |= value == "hidden",
            "position" => layout.placed |= value == "absolute" || value == "fixed",
            "left" | "top" | "right" | "bottom" => {
                layout.away |= number(value).is_some_and(|length| length.abs() >= 300.0)
                    || value.starts_with("-") && (value.ends_with("vw") || value.ends_with("em"));
            }
            "z-index" => layout.under |= number(value).is_some_and(|index| index < 0.0),
            _ => {}
        }
    }
    if layout.clipped && (layout.zero || layout.thin) {
        seen.hidden = seen.hidden.or(Some(Technique::ZeroBox));
    }
    if layout.placed && (layout.away || layout.under) {
        seen.hidden = seen.hidden.or(Some(Technique::OffScreen));
    }
    seen
}

/// One declaration that hides on its own.
fn hides(name: &str, value: &str) -> Option<Technique> {
    let length = || number(value);
    let tiny = |limit: f32| length().is_some_and(|length| (0.0..=limit).contains(&length));
    let far = || {
        length().is_some_and(|length| {
            length <= -300.0
                || length <= -20.0
                    && (value.ends_with("em") || value.ends_with('%') || value.ends_with("vw"))
        })
    };
    match name {
        "display" if value == "none" => Some(Technique::DisplayNone),
        "content-visibility" if value == "hidden" => Some(Technique::DisplayNone),
        "visibility" if value == "hidden" || value == "collapse" => Some(Technique::Visibility),
        "opacity" | "-moz-opacity" | "fill-opacity" if tiny(0.05) => Some(Technique::Opacity),
        "filter" | "-webkit-filter"
            if value.contains("opacity(0)")
                || value.contains("opacity(0%)")
                || value.contains("opacity=0)") =>
        {
            Some(Technique::Opacity)
        }
        "mask" | "mask-image" | "-webkit-mask" | "-webkit-mask-image"
            if value.contains("transparent") =>
        {
            Some(Technique::Opacity)
        }
        "font-size" => {
            let limit = if value.ends_with("em") || value.ends_with("vw") {
                0.15
            } else if value.ends_with('%') {
                10.0
            } else {
                2.0
            };
            tiny(limit).then_some(Technique::TinyFont)
        }
        "font"
            if value.starts_with("0/") || value.starts_with("0px") || value.starts_with("1px") =>
        {
            Some(Technique::TinyFont)
        }
        "zoom" if tiny(0.05) => Some(Technique::TinyFont),
        "color" | "-webkit-text-fill-color" | "fill" if is_transparent(value) => {
            Some(Technique::TransparentColor)
        }
        "text-indent" | "margin-left" | "margin-top" | "margin" | "margin-right"
        | "letter-spacing"
            if far() =>
        {
            Some(Technique::OffScreen)
        }
        "transform" | "-webkit-transform" | "-ms-transform" => transform(value),
        "scale" if tiny(0.02) => Some(Technique::ZeroScale),
        "clip" if clips(value) => Some(Technique::Clip),
        "clip-path" | "-webkit-clip-path" if clips(value) => Some(Technique::Clip),
        "mso-hide" if value == "all" => Some(Technique::OutlookOnly),
        _ => None,
    }
}

fn transform(value: &str) -> Option<Technique> {
    let argument = |name: &str| {
        let (_, rest) = value.split_once(name)?;
        number(rest)
    };
    let scaled = ["scale(", "scalex(", "scaley(", "scale3d("]
        .iter()
        .any(|name| argument(name).is_some_and(|scale| scale.abs() <= 0.02));
    let turned = ["rotatex(", "rotatey("]
        .iter()
        .any(|name| argument(name).is_some_and(|angle| angle.abs() == 90.0));
    let moved = ["translate(", "translatex(", "translatey(", "translate3d("]
        .iter()
        .any(|name| argument(name).is_some_and(|length| length.abs() >= 300.0));
    if scaled || turned {
        Some(Technique::ZeroScale)
    } else {
        moved.then_some(Technique::OffScreen)
    }
}

fn clips(value: &str) -> bool {
    [
        "rect(0,0,0,0)",
        "rect(0000)",
        "rect(0px,0px,0px,0px)",
        "rect(1px,1px,1px,1px)",
        "rect(000",
        "rect(0px0px0px0px)",
        "rect(1px1px1px1px)",
        "inset(100%",
        "inset(50%",
        "circle(0",
        "ellipse(0",
        "polygon(00",
        "polygon(0000",
    ]
    .iter()
    .any(|form| value.starts_with(form))
}

fn is_transparent(value: &str) -> bool {
    if value == "transparent" {
        return true;
    }
    if value.len() == 9 && value.starts_with('#') || value.len() == 5 && value.starts_with('#') {
        return value.ends_with("00") && value.len() == 9
            || value.ends_with('0') && value.len() == 5;
    }
    let (Some(open), true) = (value.find('('), value.ends_with(')')) else {
        return false;
    };
    let inner = value.get(open + 1..value.len() - 1).unwrap_or_default();
    let alpha = match inner.rsplit_once('/') {
        Some((_, alpha)) => Some(alpha),
        None if value.starts_with("rgba") || value.starts_with("hsla") => {
            inner.rsplit_once(',').map(|(_, alpha)| alpha)
        }
        None => None,
    };
    alpha.and_then(number).is_some_and(|alpha| alpha <= 0.05)
}

/// The number a value begins with.
pub(super) fn number(value: &str) -> Option<f32> {
    let end = value
        .char_indices()
        .find(|(index, c)| {
            !(c.is_ascii_digit() || *c == '.' || (*index == 0 && (*c == '-' || *c == '+')))
        })
        .map_or(value.len(), |(index, _)| index);
    value.get(..end)?.parse().ok()
}

/// A colour in the forms of mail: names, `#rgb`, `#rrggbb`, `rgb()`.
pub(super) fn color(value: &str) -> Option<Rgb> {
    let value = value.trim().trim_end_matches("!important");
    let named = match value {
        "white" => Some((255, 255, 255)),
        "black" => Some((0, 0, 0)),
        "snow" => Some((255, 250, 250)),
        "ivory" => Some((255, 255, 240)),
        "whitesmoke" => Some((245, 245, 245)),
        "ghostwhite" => Some((248, 248, 255)),
        "floralwhite" => Some((255, 250, 240)),
        "gainsboro" => Some((220, 220, 220)),
        "azure" | "mintcream" => Some((245, 255, 252)),
        "red" => Some((255, 0, 0)),
        "gray" | "grey" => Some((128, 128, 128)),
        "silver" => Some((192, 192, 192)),
        "yellow" => Some((255, 255, 0)),
        "blue" => Some((0, 0, 255)),
        "green" => Some((0, 128, 0)),
        "navy" => Some((0, 0, 128)),
        _ => None,
    };
    if named.is_some() {
        return named;
    }
    let digits = value.strip_prefix('#').unwrap_or(value);
    if digits.is_ascii() && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        let pair = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        let single = |at: usize| {
            let digit = u8::from_str_radix(digits.get(at..=at)?, 16).ok()?;
            Some(digit * 17)
        };
        return match digits.len() {
            6 | 8 => Some((pair(0)?, pair(2)?, pair(4)?)),
            3 | 4 => Some((single(0)?, single(1)?, single(2)?)),
            _ => None,
        };
    }
    let inner = value
        .strip_prefix("rgb(")
        .or_else(|| value.strip_prefix("rgba("))?;
    let mut parts = inner.trim_end_matches(')').split([',', ' ', '/']);
    let mut part = || {
        let text = parts.next()?.trim();
        let value = number(text)?;
        let value = if text.ends_with('%') {
            value * 2.55
        } else {
            value
        };
        // Clamped to the range first, so the cast keeps the value.
        format!("{:.0}", value.clamp(0.0, 255.0)).parse::<u8>().ok()
    };
    Some((part()?, part()?, part()?))
}

/// Whether a person cannot tell the two colours apart.
pub(super) fn is_near(a: Rgb, b: Rgb) -> bool {
    let far = |x: u8, y: u8| x.abs_diff(y) > 20;
    !far(a.0, b.0) && !far(a.1, b.1) && !far(a.2, b.2)
}
