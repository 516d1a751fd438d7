//! The ways text is kept from a person's eyes.

/// How a piece of text was hidden from a person or disguised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Technique {
    /// `display: none` or `content-visibility: hidden`.
    DisplayNone,
    /// `visibility: hidden` or `collapse`.
    Visibility,
    /// Opacity of nearly nothing, also by a filter or mask.
    Opacity,
    /// A font too small to read.
    TinyFont,
    /// A transparent colour of the text.
    TransparentColor,
    /// Text in the colour of its ground.
    SameColor,
    /// Moved outside the window by position, margin, indent or transform.
    OffScreen,
    /// Clipped away.
    Clip,
    /// A box without size.
    ZeroBox,
    /// Scaled or turned to nothing.
    ZeroScale,
    /// Hidden from Outlook only (`mso-hide`).
    OutlookOnly,
    /// The attribute `hidden`.
    HiddenAttribute,
    /// A comment, also a conditional one.
    Comment,
    /// An attribute a person sees only on demand: `title`, `alt`, `aria-label`, `data-…`.
    Attribute,
    /// A form field's value or a text area.
    FormValue,
    /// An element that draws nothing: `template`, `script`, `title`, `noscript` and the like.
    UndrawnElement,
    /// A style sheet's text.
    StyleSheet,
    /// A closed `details` or `dialog`.
    Closed,
    /// Unicode tag characters.
    UnicodeTags,
    /// Octets carried by variation selectors.
    VariationSelectors,
    /// Bits carried by zero-width characters.
    ZeroWidthBits,
    /// Invisible characters, combining marks or soft hyphens between the letters.
    SplitLetters,
    /// Bidirectional overrides, or letters written backwards.
    Reversed,
    /// Letters of another script that look the same.
    Homoglyphs,
    /// Full-width, mathematical or enclosed letters.
    StyledLetters,
    /// Digits and signs instead of letters.
    Leet,
    /// Blanks, stars or random capitals between and in words.
    SpacedLetters,
    /// Base64, hexadecimal, percent or character escapes.
    Encoded,
    /// Letters moved along the alphabet.
    Rotated,
}

impl Technique {
    /// The name in the API, in snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DisplayNone => "display_none",
            Self::Visibility => "visibility",
            Self::Opacity => "opacity",
            Self::TinyFont => "tiny_font",
            Self::TransparentColor => "transparent_color",
            Self::SameColor => "same_color",
            Self::OffScreen => "off_screen",
            Self::Clip => "clip",
            Self::ZeroBox => "zero_box",
            Self::ZeroScale => "zero_scale",
            Self::OutlookOnly => "outlook_only",
            Self::HiddenAttribute => "hidden_attribute",
            Self::Comment => "comment",
            Self::Attribute => "attribute",
            Self::FormValue => "form_value",
            Self::UndrawnElement => "undrawn_element",
            Self::StyleSheet => "style_sheet",
            Self::Closed => "closed",
            Self::UnicodeTags => "unicode_tags",
            Self::VariationSelectors => "variation_selectors",
            Self::ZeroWidthBits => "zero_width_bits",
            Self::SplitLetters => "split_letters",
            Self::Reversed => "reversed",
            Self::Homoglyphs => "homoglyphs",
            Self::StyledLetters => "styled_letters",
            Self::Leet => "leet",
            Self::SpacedLetters => "spaced_letters",
            Self::Encoded => "encoded",
            Self::Rotated => "rotated",
        }
    }

    /// Whether no honest mail does this.
    pub(crate) const fn is_never_honest(self) -> bool {
        matches!(
            self,
            Self::UnicodeTags | Self::VariationSelectors | Self::ZeroWidthBits
        )
    }

    /// What the technique alone adds to the evidence, in natural logarithms of odds. Forms that
    /// honest templates use daily (preheaders, alternative texts, comments) add little.
    pub(crate) const fn weight(self) -> f32 {
        match self {
            Self::UnicodeTags | Self::VariationSelectors | Self::ZeroWidthBits => 5.0,
            Self::Reversed | Self::SplitLetters | Self::StyledLetters | Self::Homoglyphs => 3.0,
            Self::Encoded | Self::Rotated | Self::Leet | Self::SpacedLetters => 3.0,
            Self::TransparentColor | Self::Clip | Self::ZeroScale | Self::SameColor => 2.0,
            Self::Opacity | Self::TinyFont | Self::ZeroBox | Self::Visibility => 2.0,
            Self::OffScreen | Self::HiddenAttribute | Self::FormValue | Self::Closed => 2.0,
            Self::DisplayNone | Self::OutlookOnly | Self::UndrawnElement | Self::Comment => 1.5,
            Self::Attribute | Self::StyleSheet => 1.5,
        }
    }
}
