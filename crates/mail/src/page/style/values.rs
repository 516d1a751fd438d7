//! The values of declarations.

use super::{Display, Property, Value};
use crate::page::Technique;
use crate::page::color::{first_paint, paint};
use crate::page::length::{Length, Unit, length, number};

/// Sorts one declaration into properties.
pub(super) fn read(name: &str, value: &str, push: &mut impl FnMut(Property, Value)) {
    let mut flag = |property, flag| push(property, Value::Flag(flag));
    match name {
        "visibility" => flag(
            Property::Visibility,
            value != "hidden" && value != "collapse",
        ),
        "overflow" | "overflow-x" | "overflow-y" => {
            flag(Property::Overflow, matches!(value, "hidden" | "clip"));
        }
        "position" => flag(
            Property::Placed,
            matches!(value, "absolute" | "fixed" | "relative"),
        ),
        "z-index" => flag(
            Property::Under,
            number(value).is_some_and(|(index, _)| index < 0.0),
        ),
        "mso-hide" => flag(Property::Outlook, value == "all"),
        "white-space" => flag(
            Property::Lines,
            value.starts_with("pre") || value == "break-spaces",
        ),
        "direction" => flag(Property::RightToLeft, value == "rtl"),
        "unicode-bidi" => flag(Property::Override, value.ends_with("override")),
        "display" => push(Property::Display, Value::Display(display(value))),
        "content-visibility" if value == "hidden" => {
            push(Property::Display, Value::Display(Display::None));
        }
        _ => read_measure(name, value, push),
    }
}

fn display(value: &str) -> Display {
    match value {
        "none" => Display::None,
        "inline" | "contents" => Display::Inline,
        "block" | "flex" | "grid" | "table" | "list-item" | "table-row" | "flow-root" => {
            Display::Block
        }
        _ => Display::Other,
    }
}

/// Lengths, colours and what hides on its own.
fn read_measure(name: &str, value: &str, push: &mut impl FnMut(Property, Value)) {
    let sized = |property, push: &mut dyn FnMut(Property, Value)| {
        if let Some(length) = length(value) {
            push(property, Value::Length(length));
        } else if matches!(value, "auto" | "none" | "normal" | "initial" | "100%") {
            // Large enough not to hide anything.
            push(property, Value::Length(Length::pixels_of(100.0)));
        }
    };
    match name {
        "opacity" | "-moz-opacity" | "fill-opacity" => sized(Property::Opacity, push),
        "font-size" => match font_size(value) {
            Some(size) => push(Property::FontSize, Value::Length(size)),
            None if value == "inherit" => push(Property::FontSize, Value::Inherited),
            None => {}
        },
        "font" => font(value, push),
        "line-height" => sized(Property::LineHeight, push),
        "height" => sized(Property::Height, push),
        "max-height" => sized(Property::MaxHeight, push),
        "width" => sized(Property::Width, push),
        "max-width" => sized(Property::MaxWidth, push),
        "left" => sized(Property::Left, push),
        "top" => sized(Property::Top, push),
        "right" => sized(Property::Right, push),
        "bottom" => sized(Property::Bottom, push),
        "text-indent" => sized(Property::Indent, push),
        "margin" | "margin-left" | "margin-top" | "margin-right" => {
            let least = value
                .split(' ')
                .filter_map(length)
                .min_by(|a, b| a.number.total_cmp(&b.number));
            if let Some(least) = least.filter(|least| least.number < 0.0) {
                push(Property::Margin, Value::Length(least));
            }
        }
        "letter-spacing" => sized(Property::Spacing, push),
        "color" => colored(Property::Color, value, push),
        "-webkit-text-fill-color" | "text-fill-color" => colored(Property::Fill, value, push),
        "background-color" | "background" | "background-image" => ground(name, value, push),
        "transform" | "-webkit-transform" | "-ms-transform" | "zoom" | "scale" | "translate" => {
            push(Property::Transform, Value::Hides(transform(name, value)));
        }
        "filter" | "-webkit-filter" | "-ms-filter" | "mask" | "mask-image" | "-webkit-mask"
        | "-webkit-mask-image" => {
            let technique = fades(value).then_some(Technique::Opacity);
            push(Property::Faded, Value::Hides(technique));
        }
        "clip" => {
            let technique = clips(value).then_some(Technique::Clip);
            push(Property::Clip, Value::Hides(technique));
        }
        "clip-path" | "-webkit-clip-path" => {
            let technique = clips(value).then_some(Technique::Clip);
            push(Property::ClipPath, Value::Hides(technique));
        }
        _ => {}
    }
}

fn colored(property: Property, value: &str, push: &mut impl FnMut(Property, Value)) {
    if let Some(paint) = paint(value) {
        push(property, Value::Paint(paint));
    } else if matches!(value, "inherit" | "currentcolor") {
        push(property, Value::Inherited);
    }
}

fn ground(name: &str, value: &str, push: &mut impl FnMut(Property, Value)) {
    let is_picture = value.contains("url(") || value.contains("gradient(");
    if name != "background-color" {
        push(Property::Picture, Value::Flag(is_picture));
    }
    if let Some(paint) = first_paint(value) {
        push(Property::Ground, Value::Paint(paint));
    }
}

fn font_size(value: &str) -> Option<Length> {
    let pixels = match value {
        "xx-small" => 9.0,
        "x-small" => 10.0,
        "small" => 13.0,
        "medium" | "initial" => 16.0,
        "large" => 18.0,
        "x-large" => 24.0,
        "xx-large" => 32.0,
        "smaller" | "larger" => {
            return Some(Length {
                number: if value == "larger" { 1.2 } else { 0.83 },
                unit: Unit::Em,
            });
        }
        _ => return length(value),
    };
    Some(Length::pixels_of(pixels))
}

/// `font: italic 12px/1.5 Arial`: the first length, and the height of the line after a slash.
fn font(value: &str, push: &mut impl FnMut(Property, Value)) {
    for word in value.split(' ') {
        let (size, line) = word.split_once('/').unwrap_or((word, ""));
        let Some(size) = font_size(size) else {
            continue;
        };
        // A bare number other than nothing is a weight.
        if size.unit == Unit::None && size.number != 0.0 {
            continue;
        }
        push(Property::FontSize, Value::Length(size));
        if let Some(line) = length(line) {
            push(Property::LineHeight, Value::Length(line));
        }
        return;
    }
}

fn transform(name: &str, value: &str) -> Option<Technique> {
    let near_nothing = |value: &str| number(value).is_some_and(|(scale, _)| scale.abs() <= 0.02);
    if name == "zoom" || name == "scale" {
        return near_nothing(value).then_some(Technique::ZeroScale);
    }
    let argument = |function: &str| {
        value
            .split_once(function)
            .map(|(_, rest)| rest.trim_start())
    };
    let far = |value: &str| {
        let end = value.find([',', ')', ' ']).unwrap_or(value.len());
        let length = value.get(..end).and_then(length);
        length.is_some_and(|length| length.pixels(16.0, 100.0).abs() >= 300.0)
    };
    if name == "translate" {
        return value.split(' ').any(far).then_some(Technique::OffScreen);
    }
    let scaled = ["scale(", "scalex(", "scaley(", "scale3d("]
        .iter()
        .any(|function| argument(function).is_some_and(near_nothing));
    let turned = ["rotatex(", "rotatey("].iter().any(|function| {
        argument(function)
            .and_then(number)
            .is_some_and(|(angle, _)| angle.abs() == 90.0)
    });
    if scaled || turned || value.replace(' ', "").contains("matrix(0,0,0,0") {
        return Some(Technique::ZeroScale);
    }
    let moved = ["translate(", "translatex(", "translatey(", "translate3d("]
        .iter()
        .any(|function| {
            argument(function).is_some_and(|arguments| {
                let inside = arguments.split(')').next().unwrap_or_default();
                inside.split(',').map(str::trim).any(far)
            })
        });
    moved.then_some(Technique::OffScreen)
}

/// Filters and masks that leave nothing.
fn fades(value: &str) -> bool {
    let value = value.replace(' ', "");
    let by_filter = ["opacity(0)", "opacity(0%)", "opacity(0.0)", "opacity=0)"]
        .iter()
        .any(|form| value.contains(form));
    let paints = ["#", "rgb", "black", "white", "url("];
    by_filter || value.contains("transparent") && !paints.iter().any(|paint| value.contains(paint))
}

fn clips(value: &str) -> bool {
    let Some((shape, arguments)) = value.split_once('(') else {
        return false;
    };
    let numbers: Vec<(f32, bool)> = arguments
        .split([',', ' ', ')'])
        .filter_map(number)
        .map(|(number, rest)| (number, rest == "%"))
        .take(16)
        .collect();
    let all_small = || numbers.iter().all(|(number, _)| number.abs() <= 1.0);
    match shape.trim() {
        "rect" => numbers.len() >= 4 && all_small() || is_empty_rect(&numbers),
        "inset" => {
            let limit = if numbers.len() == 1 { 50.0 } else { 90.0 };
            numbers
                .iter()
                .any(|(number, percent)| *percent && *number >= limit)
        }
        "circle" | "ellipse" => numbers.first().is_some_and(|(number, _)| *number <= 0.1),
        "polygon" => !numbers.is_empty() && numbers.iter().all(|(number, _)| *number == 0.0),
        _ => false,
    }
}

/// `rect(top, right, bottom, left)` without height or width.
fn is_empty_rect(numbers: &[(f32, bool)]) -> bool {
    match numbers {
        [(top, _), (right, _), (bottom, _), (left, _)] => {
            bottom - top <= 1.0 || right - left <= 1.0
        }
        _ => false,
    }
}
