use proptest::prelude::*;

use super::super::{Format, Options, render};
use super::{markdown, text};
use crate::page::{Tag, View, Viewer, walk};

/// A piece of a page: how it is wrapped, and whether a person sees what is in it.
const WRAPPERS: &[(&str, &str, bool)] = &[
    ("<p>", "</p>", true),
    ("<div>", "</div>", true),
    ("<b>", "</b>", true),
    ("<p>", "", true),
    ("<ul><li>", "</ul>", true),
    ("<ol><li><p>", "</ol>", true),
    ("<blockquote type=cite>", "</blockquote>", true),
    ("<table><tr><td>", "</table>", true),
    ("<table><tr><th>x<th>y<tr><td>", "<td>z</table>", true),
    ("<h2>", "</h2>", true),
    ("<a href='https://a.example/'>", "</a>", true),
    ("<span style='color:#123456'>", "</span>", true),
    ("<div style='font-size:14px'>", "</div>", true),
    ("<pre>", "</pre>", true),
    ("<div style='display:none'>", "</div>", false),
    ("<div style='visibility:hidden'>", "</div>", false),
    ("<div style='opacity:0'><b>", "</b></div>", false),
    ("<div hidden>", "</div>", false),
    (
        "<div style='max-height:0;overflow:hidden'>",
        "</div>",
        false,
    ),
    ("<template>", "</template>", false),
    ("<!-- ", " -->", false),
];

proptest! {
    /// Every word that is seen is written once, and no word that is hidden.
    #[test]
    fn seen_words_are_written_once_and_hidden_ones_never(
        pieces in prop::collection::vec((0..WRAPPERS.len(), 0..WRAPPERS.len()), 1..20)
    ) {
        let mut html = String::new();
        let mut words = Vec::new();
        for (index, (outer, inner)) in pieces.into_iter().enumerate() {
            let word = format!("word{index}end");
            let (outer, inner) = (WRAPPERS[outer], WRAPPERS[inner]);
            html.push_str(&format!("{}{}{word}{}{} ", outer.0, inner.0, inner.1, outer.1));
            // A comment in a comment ends with the first; what is behind it is seen.
            let nested = outer.0.starts_with("<!") && inner.0.starts_with("<!");
            if !nested {
                words.push((word, outer.2 && inner.2));
            }
        }
        for page in [text(&html), markdown(&html)] {
            for (word, seen) in &words {
                let count = page.text.matches(word.as_str()).count();
                prop_assert_eq!(count, usize::from(*seen), "{} in {}\n{}", word, html, page.text);
            }
        }
    }

    #[test]
    fn anything_is_a_page(page in any::<String>(), tags in "(<[/a-z!]{1,6}( [a-z]{1,6}=['\"a-z:;0#-]{0,9})?>|[a-z <>&;*_`|\u{200B}\u{E0041}\u{202E}é\n-]){0,80}") {
        for html in [page, tags] {
            for format in [Format::Text, Format::Markdown] {
                let page = render(&html, &Options::of(format));
                prop_assert!(page.text.len() <= 200 + html.len() * 16);
                for piece in &page.hidden {
                    prop_assert!(html.get(piece.span.clone()).is_some());
                }
            }
        }
    }

    #[test]
    fn the_limit_holds(html in "(<[a-z]{1,4}>|[a-zé ]){0,80}", limit in 0_usize..60) {
        for format in [Format::Text, Format::Markdown] {
            let options = Options { max_text: limit, ..Options::of(format) };
            prop_assert!(render(&html, &options).text.len() <= limit);
        }
    }
}

/// Counts what a walk tells, and checks that it nests.
#[derive(Default)]
struct Count {
    told: usize,
    open: usize,
    deepest: usize,
}

impl Viewer for Count {
    fn start(&mut self, tag: &Tag, _: &View, _: u8) {
        self.told += 1;
        if !crate::html::is_void(&tag.name) {
            self.open += 1;
            self.deepest = self.deepest.max(self.open);
        }
    }

    fn end(&mut self, _: &[u8], _: &View, _: u8) {
        self.told += 1;
        self.open -= 1;
    }

    fn text(&mut self, _: &str, _: std::ops::Range<usize>, _: &View, _: &[u8]) {
        self.told += 1;
    }

    fn comment(&mut self, _: &str, _: std::ops::Range<usize>, _: &View) {
        self.told += 1;
    }

    fn seam(&mut self, _: u8) {
        self.told += 1;
    }
}

/// Units of which hostile pages are made.
const UNITS: &[&str] = &[
    "<div>",
    "<p>",
    "</p>",
    "<blockquote>",
    "<ul><li>",
    "<table><tr><td>",
    "<a href=http://x>",
    "<b><p>",
    "<p><font style='color:red'>",
    "<b><i></b></i>",
    "<!--",
    "<",
    "&",
    "<p hidden>",
    "<div style='display:none'>x",
    "<td>a",
    "<h1>",
    "<pre>`",
    "*",
    "x\u{202E}",
    "\u{E0041}",
    "<style>.a .b{color:red}",
    "<style>a{",
    "<img alt=x src=cid:y>",
    "<details>",
];

#[test]
fn twice_the_page_is_twice_the_work() {
    for unit in UNITS {
        let work = |octets: usize| {
            let html = unit.repeat(octets / unit.len());
            let mut count = Count::default();
            walk(&html, &mut count);
            assert!(count.deepest <= 512, "{unit}");
            assert_eq!(count.open, 0, "{unit}");
            count.told
        };
        let (one, two) = (work(20_000), work(40_000));
        assert!(two <= one * 2 + one / 10 + 600, "{unit}: {one}, {two}");
    }
}

#[test]
fn the_text_of_a_hostile_page_is_bounded() {
    for unit in UNITS {
        let html = unit.repeat(100_000 / unit.len());
        for format in [Format::Text, Format::Markdown] {
            let page = render(&html, &Options::of(format));
            assert!(page.text.len() <= html.len() * 16, "{unit}");
        }
    }
}
