mod hiding;
mod properties;

use super::{Format, Mismatch, Options, Rendered, render};

fn text(html: &str) -> Rendered {
    render(html, &Options::of(Format::Text))
}

fn markdown(html: &str) -> Rendered {
    render(html, &Options::of(Format::Markdown))
}

#[test]
fn text_reads_like_mail() {
    for (html, want) in [
        ("<p>One</p><p>Two<br>lines</p>", "One\n\nTwo\nlines"),
        (
            "<div>a</div><div>b</div><div><br></div><div>c</div>",
            "a\nb\n\nc",
        ),
        ("<ul><li>a<li><p>b</p></ul>", "- a\n- b"),
        ("<ol start=3><li>x<li>y</ol>", "3. x\n4. y"),
        (
            "me<blockquote>you<br>said</blockquote>",
            "me\n\n> you\n> said",
        ),
        (
            "<blockquote style='margin:0 0 0 40px;border:none'>moved in</blockquote>",
            "moved in",
        ),
        ("<img alt='Logo' src=x> hi", "[Logo] hi"),
        ("<img alt='\u{1F600}' src=x>!", "\u{1F600}!"),
        (
            "<table><tr><th>Item<th>Price<tr><td>Tea<td>2.50</table>",
            "Item | Price\nTea | 2.50",
        ),
        ("<table><tr><td>Order<td>12</table>", "Order 12"),
        (
            "<table role=presentation><tr><td>a<td>b<tr><td>c<td>d</table>",
            "a b\nc d",
        ),
        (
            "<table><tr><td><table><tr><td>a<td>b<tr><td>c<td>d</table></table>",
            "a | b\nc | d",
        ),
        ("<span style='display:block'>a</span>b", "a\nb"),
        ("<div style='white-space:pre-wrap'>a\n  b</div>", "a\n  b"),
        ("<p>שלום <b>עולם</b></p>", "שלום עולם"),
        ("<bdo dir=rtl>abc</bdo>", "cba"),
        ("<head><title>t</title></head>ok", "ok"),
        ("<head><title>t</title><p>ok", "ok"),
        ("<p hidden>a<p>b", "b"),
        ("<script>if (a<b) {}</script>x", "x"),
        ("", ""),
    ] {
        assert_eq!(text(html).text, want, "{html}");
    }
}

#[test]
fn markdown_has_the_marks_of_the_page_and_no_others() {
    for (html, want) in [
        ("<h2>Title</h2><p>Text", "## Title\n\nText"),
        ("<h1><b>Big</b><br>news</h1>", "# Big news"),
        ("a <b>b</b><b>c</b> <i>d</i>", "a **bc** *d*"),
        ("<b>a<p>b</b>c", "**a**\n\n**b**c"),
        ("<b> </b>a", "a"),
        ("a<br>b", "a  \nb"),
        ("<p>a<p>b", "a\n\nb"),
        ("<hr>a<hr>b", "a\n\n---\n\nb"),
        ("<pre>x\n  *y*</pre>", "```\nx\n  *y*\n```"),
        ("<pre>``` x</pre>", "````\n``` x\n````"),
        ("<code>a*b</code>", "`a*b`"),
        ("<ul><li>a<ul><li>b</ul><li>c</ul>", "- a\n  - b\n- c"),
        ("<ol><li><p>a</p><p>b</p></ol>", "1. a\n\n   b"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
        (
            "*a* _b_ c_d [e] `f` <g> 1 < 2",
            "\\*a\\* \\_b\\_ c_d \\[e\\] \\`f\\` 1 < 2",
        ),
        ("&lt;script&gt; &amp;amp;", "\\<script> \\&amp;"),
        (
            "<p># no<p>1. no<p>- no<p>&gt; no",
            "\\# no\n\n1\\. no\n\n\\- no\n\n\\> no",
        ),
        (
            "<a href='https://a.example/x y'>go <b>on</b></a>.",
            "[go **on**](https://a.example/x%20y).",
        ),
        (
            "<a href='https://a.example/'><div>One</div><div>Two</div></a>x",
            "[One Two](https://a.example/)  \nx",
        ),
        (
            "<h3><a href=https://a.example>T</a></h3>x",
            "### [T](https://a.example)\n\nx",
        ),
        (
            "<a href=https://a.example/x>https://a.example/x</a>",
            "<https://a.example/x>",
        ),
        (
            "<a href='mailto:a@b.example'>a@b.example</a>",
            "<a@b.example>",
        ),
        (
            "<a href='javascript:x()'>y</a>",
            "y (⚠ leads to a script, not to a page)",
        ),
        ("<a href='#x'>down</a>", "down"),
        ("<img alt=Logo src='cid:p%31@x'>", "![Logo](cid:p1@x)"),
        (
            "<img alt=Logo src='https://a.example/l.png'>",
            "\\[image: Logo\\]",
        ),
        (
            "<a href=https://a.example><img alt=Buy src=x></a>",
            "[\\[image: Buy\\]](https://a.example)",
        ),
        (
            "<table><tr><th>a|b<th>c<tr><td colspan=2>d<tr><td><p>e</p><p>f</p><td>g</table>",
            "| a\\|b | c |\n| --- | --- |\n| d | |\n| e<br>f | g |",
        ),
        ("<s>old</s> new", "~~old~~ new"),
    ] {
        assert_eq!(markdown(html).text, want, "{html}");
    }
}

#[test]
fn links_keep_their_target_and_say_when_words_lie() {
    let page = text(
        "<a href='https://evil.example.net/x'>https://bank.example.com</a> \
         <a href='https://click.example.net/?u=www.shop.example'>www.shop.example</a> \
         <a href='https://a.example'>Terms</a><a href='https://b.example'><img src=x></a>",
    );
    assert_eq!(
        page.text,
        "https://bank.example.com <https://evil.example.net/x> (⚠ leads to evil.example.net) \
         www.shop.example <https://click.example.net/?u=www.shop.example> \
         (by way of click.example.net) Terms <https://a.example>"
    );
    let seen: Vec<_> = page
        .links
        .iter()
        .map(|link| (link.text.as_str(), link.mismatch))
        .collect();
    assert_eq!(
        seen,
        [
            ("https://bank.example.com", Some(Mismatch::Host)),
            ("www.shop.example", Some(Mismatch::Redirect)),
            ("Terms", None),
            ("", None),
        ]
    );
    assert_eq!(page.links[3].target, "https://b.example");
    let options = Options {
        marks: false,
        ..Options::default()
    };
    let bare = render("<a href='javascript:x'>y</a>", &options);
    assert_eq!(bare.text, "y");
}

#[test]
fn pictures_are_listed_with_their_content_id_and_trackers_are_marked() {
    let page = text(
        "<img src='cid:logo@x' alt='Our logo'><img src='https://t.example/o.gif' width=1 height=1>\
         <img src='data:image/png;base64,AAAA' style='display:none'>",
    );
    assert_eq!(page.text, "[Our logo]");
    assert_eq!(page.images.len(), 2);
    assert_eq!(page.images[0].content_id.as_deref(), Some("logo@x"));
    assert_eq!(page.images[0].alt, "Our logo");
    assert!(page.images[1].is_tracker);
}

#[test]
fn limits_cut_and_say_so() {
    let options = Options {
        max_text: 10,
        ..Options::default()
    };
    let page = render("<p>words and words and words", &options);
    assert!(page.truncated && page.text.len() <= 10, "{}", page.text);
    let page = text(&"<a href=https://a.example>x</a> ".repeat(1_200));
    assert!(page.truncated);
    assert_eq!(page.links.len(), 1_000);
    let page = text(&"<p>a<p hidden>secret words".repeat(300));
    assert!(page.truncated);
    assert_eq!(page.hidden.len(), 200);
}

#[test]
fn a_body_that_hides_itself_is_shown() {
    // Clients put the content of the body into one of their own.
    assert_eq!(text("<body style='display:none'>words").text, "words");
}

#[test]
fn a_hidden_text_keeps_its_length_wherever_its_words_end() {
    for first in 490..=505 {
        let page = text(&format!("<!-- {} b c d -->", "a".repeat(first)));
        let hidden = &page.hidden[0].text;
        assert!(hidden.chars().count() <= 500, "{first}");
        assert_eq!(hidden.trim_end(), hidden, "{first}");
    }
}
