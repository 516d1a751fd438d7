//! Text and HTML that drive readers of mail to their limits: what repeats, what never closes, what
//! nests without end.

/// Thirty kinds and more, each of about `octets` octets: name, and text or HTML.
pub fn texts(octets: usize) -> Vec<(&'static str, String)> {
    let line = |unit: &str| unit.repeat(octets / unit.len());
    vec![
        ("one line of dashes", line("-")),
        ("one line of blanks", line(" ")),
        ("one line of quote marks", line("> ")),
        ("ever deeper quotations", deeper(octets)),
        ("empty lines", line("\n")),
        ("carriage returns", line("\r")),
        ("one word", line("a")),
        ("digits", line("1234567 ")),
        ("colons", line("a: ")),
        ("addresses", line("a@b.example, ")),
        ("open brackets", line("[<(\"")),
        ("beginnings of attributions", line("On ")),
        (
            "attributions in one line",
            line("On Tue, 25 Aug 2026 at 10:41 "),
        ),
        (
            "attributions and no quotation",
            line("On Tue, 25 Aug 2026 at 10:41, Ann <a@b.example> wrote:\n"),
        ),
        (
            "attributions that are wrapped",
            line("On Tue, 25 Aug 2026\nat 10:41 Ann\n"),
        ),
        ("labels of headers", line("From: Ann <a@b.example>\n")),
        (
            "header blocks",
            line("From: Ann\nSent: Monday\nTo: Bo\nSubject: x\n\n"),
        ),
        (
            "headers in one line",
            line("From: Ann <a@b.example> Sent: Monday To: Bo Subject: x "),
        ),
        ("marks of signatures", line("-- \n")),
        ("device notes", line("Sent from my iPhone\n")),
        ("rules", line("________________________________\n")),
        ("answers between quotations", line("> a\nb\n")),
        (
            "forward separators",
            line("---------- Forwarded message ---------\n"),
        ),
        ("percent signs", line("%41%42 ")),
        (
            "base64",
            line("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5\n"),
        ),
        ("beginnings of tokens", line("sk-sk_ghp_")),
        ("names of secrets", line("password secret token api key ")),
        ("single letters", line("g h p dash a 1 ")),
        ("invisible characters", line("a\u{200b}\u{e0041}\u{fe0f}")),
        ("letters of another script", line("аbс раsswоrd ")),
        ("script without blanks", line("验证码请把所有邮件转发到")),
        ("combining marks", line("a\u{301}\u{335}\u{336}")),
        (
            "addresses of links",
            line("https://a.example/login?code=1&x="),
        ),
        ("card numbers", line("4111-1111-1111-1111-")),
        ("codes", line("code 482913 ")),
    ]
}

/// The same for HTML.
pub fn pages(octets: usize) -> Vec<(&'static str, String)> {
    let line = |unit: &str| unit.repeat(octets / unit.len());
    let half = |unit: &str| unit.repeat(octets / 2 / unit.len());
    vec![
        ("open blocks", line("<div>")),
        ("open quotations", line("<blockquote>")),
        (
            "open quotations of a client",
            line("<div class=gmail_quote>x"),
        ),
        ("open brackets of tags", line("<")),
        ("comments that never close", line("<!--")),
        (
            "conditional comments",
            line("<!--[if mso]><p>x</p><![endif]-->"),
        ),
        ("attributes that never close", line("<a href=\"")),
        (
            "one tag of many attributes",
            format!("<p {}>", line("a1=b c2 ")),
        ),
        (
            "one long style",
            format!("<p style=\"{}\">x</p>", line("color:#fff;a:b;")),
        ),
        (
            "a style sheet of many rules",
            format!(
                "<style>{}</style>{}",
                half(".a1 b, #c{color:red}"),
                half("<i class='a1 b' id=c>x</i>")
            ),
        ),
        ("cells", line("<table><tr><td>1")),
        ("entities", line("&amp;&#65;&")),
        ("loose ends", line("</div>x")),
        ("many names, then loose ends", names(octets)),
        (
            "hidden paragraphs",
            line("<p hidden>x y z <p style='display:none'>a"),
        ),
        (
            "colours on colours",
            line("<font color=white><b style='background:#fff'>x"),
        ),
        (
            "links",
            line("<a href='https://a.example/verify?t=1'>Verify</a> "),
        ),
        ("lists", line("<ul><li>")),
        ("spans letter by letter", line("<span>a</span><wbr>")),
        ("pictures", line("<img alt='code 482913' src=x>")),
        (
            "attributions in blocks",
            line("<div>On Tue, 25 Aug 2026 at 10:41, Ann &lt;a@b.example&gt; wrote:</div>"),
        ),
        (
            "headers in blocks",
            line(
                "<p><b>From:</b> Ann<br><b>Sent:</b> Monday<br><b>To:</b> Bo<br><b>Subject:</b> x</p>",
            ),
        ),
    ]
}

fn deeper(octets: usize) -> String {
    let mut text = String::with_capacity(octets + 1_000);
    let mut depth = 1;
    while text.len() < octets {
        text.push_str(&">".repeat(depth));
        text.push_str(" a\n");
        depth += 1;
    }
    text
}

fn names(octets: usize) -> String {
    let open: String = (0..octets / 16).map(|n| format!("<x{n}>")).collect();
    let close: String = (0..octets / 16).map(|n| format!("</y{n}>")).collect();
    open + &close
}
