//! A page of HTML as a person sees it, and apart from it what a person does not see.
//!
//! [`render`] writes text or Markdown. Hidden text never gets into it: it is listed with the way
//! it was hidden, because mail that hides words from people and shows them to programs is the
//! usual way to steer an agent. Links are listed with where they lead and how their words
//! disagree with it. Nothing is loaded, style sheets are read as a mail client on a desktop
//! would, and scripts count as text nobody sees.
//!
//! **The trap:** what is visible is not therefore true or harmless, and the list of ways to hide
//! is long but not endless: pictures of words, fonts with moved letters and style sheets from the
//! network are not seen through.

mod color;
mod color_names;
mod element;
mod hidden;
mod length;
mod link;
mod media;
mod render;
mod selector;
mod sheet;
mod smuggled;
mod stack;
mod style;
mod table;
mod technique;
#[cfg(test)]
mod tests;
mod view;
mod walk;
mod writer;

use std::ops::Range;

pub(crate) use element::attribute;
pub(crate) use hidden::{attribute_texts, comment_text};
pub use link::Mismatch;
pub(crate) use sheet::texts as sheet_texts;
pub(crate) use smuggled::{Carried, is_invisible, readable};
pub use technique::Technique;
pub(crate) use view::View;
pub(crate) use walk::{Tag, Viewer, walk};

/// What is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Lines as a text mail client shows them: `> ` before quotes, `text <target>` for links,
    /// `[alt]` for images.
    #[default]
    Text,
    /// CommonMark with tables and struck text as GitHub has them. Characters that would be marks
    /// are escaped, and no image of another server is referred to, so that showing it loads
    /// nothing.
    Markdown,
}

/// How a page is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// What is written.
    pub format: Format,
    /// The longest text, in octets of UTF-8.
    pub max_text: usize,
    /// Whether tables of data become rows with `|` between their cells. Tables that only arrange
    /// a page never do.
    pub tables: bool,
    /// Whether a note behind a link says where it leads when its words say something else.
    pub marks: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self::of(Format::Text)
    }
}

impl Options {
    /// Tables, marks and at most a mebibyte of text.
    #[must_use]
    pub const fn of(format: Format) -> Self {
        Self {
            format,
            max_text: 1 << 20,
            tables: true,
            marks: true,
        }
    }
}

/// A link of the page that can be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Its words, at most 500 characters; empty for a picture without a text.
    pub text: String,
    /// Where it leads, with entities resolved, at most 8,000 octets.
    pub target: String,
    /// How words and target disagree.
    pub mismatch: Option<Mismatch>,
}

/// A picture of the page that can be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// The text in its place; empty without one.
    pub alt: String,
    /// Its address, at most 2,000 octets; of pictures inside the page (`data:`) the beginning.
    pub source: String,
    /// The Content-ID of the part it is, without angle brackets (RFC 2392).
    pub content_id: Option<String>,
    /// Too small to be seen: it tells its server that the mail was opened.
    pub is_tracker: bool,
}

/// The honest forms of hiding. Whoever wants to deceive can take on such a form, so they explain
/// and do not excuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Known {
    /// A short text in front, which lists of mails show beside the subject.
    Preheader,
    /// The version of something for windows of another size or for dark colours.
    Responsive,
    /// Words for those who hear the page.
    ScreenReader,
    /// Markup for Outlook for Windows.
    Outlook,
}

impl Known {
    /// The name in the API, in snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Preheader => "preheader",
            Self::Responsive => "responsive",
            Self::ScreenReader => "screen_reader",
            Self::Outlook => "outlook",
        }
    }
}

/// A text that a person does not see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// How it is hidden.
    pub technique: Technique,
    /// The honest form the hiding has, if it has one.
    pub known: Option<Known>,
    /// Its beginning, at most 500 characters, white space folded.
    pub text: String,
    /// Where it stands in the source, in octets: the text for elements and comments, the tag for
    /// attributes, the whole page for what invisible characters carry.
    pub span: Range<usize>,
}

/// A page for reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// What a person sees.
    pub text: String,
    /// The links of the text in order, at most 1,000.
    pub links: Vec<Link>,
    /// The pictures in order, at most 1,000.
    pub images: Vec<Image>,
    /// What a person does not see, in order, at most 200 pieces.
    pub hidden: Vec<Hidden>,
    /// The text or one of the lists was cut.
    pub truncated: bool,
}

/// Renders a page in time linear in its length. Anything is a page: nothing fails.
#[must_use]
pub fn render(html: &str, options: &Options) -> Rendered {
    let mut renderer = render::Renderer::new(options, html.len());
    walk(html, &mut renderer);
    renderer.finish(html.len())
}
