//! What a person sees of the text at one place of a page.

use super::Known;
use super::color::{BLACK, LINK, Paint, Rgb, WHITE, is_near};
use super::length::{LETTERS, Unit, WINDOW};
use super::style::{Display, Property, Style, Value};
use super::technique::Technique;

/// Letters of this many pixels and fewer cannot be read.
const TINY: f32 = 2.0;
/// What covers less than this is not seen.
const FAINT: f32 = 0.05;
/// Pixels by which text is moved when it is moved out of sight.
const FAR: f32 = 300.0;
/// Pixels to the right or downwards that are out of sight.
const BEYOND: f32 = 2_000.0;

/// Everything about being seen that an element hands to what is inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct View {
    /// Hidden in a way that nothing inside can undo.
    gone: Option<Technique>,
    invisible: bool,
    /// The size of the letters in CSS pixels.
    letters: f32,
    /// Lines without height.
    flat: bool,
    opacity: f32,
    ink: Paint,
    /// The colour under the text; none when a picture is under it.
    ground: Option<Rgb>,
    /// Hidden in Outlook for Windows only.
    outlook: bool,
    right_to_left: bool,
    overridden: bool,
    /// White space is kept, as in `pre`.
    pub(crate) lines: bool,
    /// The honest form that the hiding has.
    pub(crate) known: Option<Known>,
}

impl View {
    /// Black on white in letters of 16 pixels.
    pub(crate) const ROOT: Self = Self {
        gone: None,
        invisible: false,
        letters: LETTERS,
        flat: false,
        opacity: 1.0,
        ink: Paint::opaque(BLACK),
        ground: Some(WHITE),
        outlook: false,
        right_to_left: false,
        overridden: false,
        lines: false,
        known: None,
    };

    /// How text here is hidden from everybody; none when it is seen.
    pub(crate) fn hidden(&self) -> Option<Technique> {
        if self.gone.is_some() {
            return self.gone;
        }
        if self.invisible {
            Some(Technique::Visibility)
        } else if self.letters <= TINY {
            Some(Technique::TinyFont)
        } else if self.ink.alpha <= FAINT {
            Some(Technique::TransparentColor)
        } else if self
            .ground
            .is_some_and(|ground| is_near(self.ink.over(ground), ground))
        {
            Some(Technique::SameColor)
        } else if self.flat {
            Some(Technique::ZeroBox)
        } else {
            None
        }
    }

    /// Hidden in Outlook for Windows and seen elsewhere.
    pub(crate) const fn is_hidden_in_outlook(&self) -> bool {
        self.outlook
    }

    /// Whether letters are drawn in the opposite order.
    pub(crate) const fn is_backwards(&self) -> bool {
        self.overridden && self.right_to_left
    }

    pub(super) const fn gone(&self) -> Option<Technique> {
        self.gone
    }

    pub(super) const fn hide(&mut self, technique: Technique) {
        if self.gone.is_none() {
            self.gone = Some(technique);
        }
    }

    pub(super) const fn show(&mut self) {
        self.gone = None;
    }

    /// The view inside an element with this style.
    pub(super) fn inside(&self, style: &Style) -> Self {
        let mut view = *self;
        if let Some(size) = style.length(Property::FontSize) {
            view.letters = size.pixels(self.letters, self.letters);
        }
        if let Some(line) = style.length(Property::LineHeight) {
            view.flat = line.number <= FAINT;
        }
        if let Some(opacity) = style.length(Property::Opacity) {
            let share = if opacity.unit == Unit::Percent {
                opacity.number / 100.0
            } else {
                opacity.number
            };
            view.opacity *= share.clamp(0.0, 1.0);
        }
        if let Some(visible) = style.flag(Property::Visibility) {
            view.invisible = !visible;
        }
        self.paint(style, &mut view);
        view.outlook |= style.flag(Property::Outlook) == Some(true);
        view.lines = style.flag(Property::Lines).unwrap_or(self.lines);
        view.right_to_left = style
            .flag(Property::RightToLeft)
            .unwrap_or(self.right_to_left);
        view.overridden = style.flag(Property::Override).unwrap_or(self.overridden);
        if view.gone.is_none() {
            view.gone = if view.opacity <= FAINT && self.opacity > FAINT {
                Some(Technique::Opacity)
            } else {
                gone(style, view.letters)
            };
        }
        view
    }

    fn paint(&self, style: &Style, view: &mut Self) {
        match style.get(Property::Color) {
            Some(Value::Paint(paint)) => view.ink = paint,
            Some(Value::Inherited) => view.ink = self.ink,
            _ => {}
        }
        if let Some(Value::Paint(paint)) = style.get(Property::Fill) {
            view.ink = paint;
        }
        if let Some(Value::Paint(paint)) = style.get(Property::Ground) {
            view.ground = if paint.alpha >= 1.0 {
                Some(paint.rgb)
            } else {
                self.ground.map(|under| paint.over(under))
            };
        }
        if style.flag(Property::Picture) == Some(true) {
            view.ground = None;
        }
    }

    /// The colour of links, unless the page says another for this one.
    pub(super) fn link(&mut self, style: Option<&Style>) {
        let said = style.is_some_and(|style| {
            style.get(Property::Color).is_some() || style.get(Property::Fill).is_some()
        });
        // On a ground where the usual blue is lost, clients and their styles change it.
        if !said && self.ground.is_none_or(|ground| !is_near(LINK, ground)) {
            self.ink = Paint::opaque(LINK);
        }
    }
}

/// What hides an element and all inside it.
fn gone(style: &Style, letters: f32) -> Option<Technique> {
    if style.display() == Some(Display::None) {
        return Some(Technique::DisplayNone);
    }
    let own = [
        Property::Faded,
        Property::Clip,
        Property::ClipPath,
        Property::Transform,
    ];
    if let Some(technique) = own.iter().find_map(|property| style.hides(*property)) {
        return Some(technique);
    }
    let pixels = |property: Property, whole: f32| {
        style
            .length(property)
            .map(|length| length.pixels(letters, whole))
    };
    let clipped = style.flag(Property::Overflow) == Some(true);
    let thin = |property: Property| {
        style.length(property).is_some_and(|length| {
            let limit = if length.unit == Unit::Percent {
                0.0
            } else {
                1.0
            };
            length.number <= limit
        })
    };
    let sides = [
        Property::MaxHeight,
        Property::Height,
        Property::MaxWidth,
        Property::Width,
    ];
    if clipped && sides.iter().any(|side| thin(*side)) {
        return Some(Technique::ZeroBox);
    }
    let left = |property| pixels(property, WINDOW.0).is_some_and(|length| length <= -FAR);
    if left(Property::Indent) || left(Property::Margin) {
        return Some(Technique::OffScreen);
    }
    // Letters drawn upon each other.
    let spacing = pixels(Property::Spacing, letters);
    if letters > TINY && spacing.is_some_and(|space| space <= -0.6 * letters) {
        return Some(Technique::OffScreen);
    }
    let placed = style.flag(Property::Placed) == Some(true);
    let away = [
        Property::Left,
        Property::Top,
        Property::Right,
        Property::Bottom,
    ]
    .iter()
    .any(|side| pixels(*side, WINDOW.0).is_some_and(|length| length <= -FAR || length >= BEYOND));
    if placed && (away || style.flag(Property::Under) == Some(true)) {
        return Some(Technique::OffScreen);
    }
    None
}
