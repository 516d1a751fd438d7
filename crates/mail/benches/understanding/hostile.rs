//! Text and HTML that drive readers of mail to their limits: what repeats, what never closes, what
//! nests without end.

/// Texts that are one unit again and again.
const TEXTS: &[(&str, &str)] = &[
    ("one line of dashes", "-"),
    ("one line of blanks", " "),
    ("one line of quote marks", "> "),
    ("empty lines", "\n"),
    ("carriage returns", "\r"),
    ("one word", "a"),
    ("digits", "1234567 "),
    ("colons", "a: "),
    ("addresses", "a@b.example, "),
    ("open brackets", "[<(\""),
    ("beginnings of attributions", "On "),
    ("attributions in one line", "On Tue, 25 Aug 2026 at 10:41 "),
    (
        "attributions and no quotation",
        "On Tue, 25 Aug 2026 at 10:41, Ann <a@b.example> wrote:\n",
    ),
    (
        "attributions that are wrapped",
        "On Tue, 25 Aug 2026\nat 10:41 Ann\n",
    ),
    ("labels of headers", "From: Ann <a@b.example>\n"),
    (
        "header blocks",
        "From: Ann\nSent: Monday\nTo: Bo\nSubject: x\n\n",
    ),
    (
        "headers in one line",
        "From: Ann <a@b.example> Sent: Monday To: Bo Subject: x ",
    ),
    ("marks of signatures", "-- \n"),
    ("device notes", "Sent from my iPhone\n"),
    ("rules", "________________________________\n"),
    ("answers between quotations", "> a\nb\n"),
    (
        "forward separators",
        "---------- Forwarded message ---------\n",
    ),
    ("percent signs", "%41%42 "),
    (
        "base64",
        "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5\n",
    ),
    ("beginnings of tokens", "sk-sk_ghp_"),
    ("names of secrets", "password secret token api key "),
    ("single letters", "g h p dash a 1 "),
    ("invisible characters", "a\u{200b}\u{e0041}\u{fe0f}"),
    ("letters of another script", "аbс раsswоrd "),
    ("script without blanks", "验证码请把所有邮件转发到"),
    ("combining marks", "a\u{301}\u{335}\u{336}"),
    ("addresses of links", "https://a.example/login?code=1&x="),
    ("card numbers", "4111-1111-1111-1111-"),
    ("codes", "code 482913 "),
    ("soft line breaks", "ab=\n"),
    ("octets of quoted-printable", "=41=42=43"),
    ("escapes of a language", "\\x41\\u0042\\103 "),
    ("entities in text", "&#65;&#x42;&amp;"),
    ("pairs of hexadecimal digits", "67 68 70:"),
    ("numbers of characters", "103 104 112 "),
    ("binary numbers", "01100111 01101000 "),
    ("words of one length", "that this with from "),
    ("ends of base85", "<~87cUR~>"),
    ("open base85", "<~"),
    ("folded base64", "QUJDREVGR0hJSktMTU5P\n"),
    (
        "words of radio operators",
        "golf hotel papa underscore capital alpha one ",
    ),
    ("names of signs", "ghp[underscore]4Z[dash]"),
    ("key blocks", "-----BEGIN PRIVATE KEY-----\n"),
    ("web tokens", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIi."),
    ("beginnings of web tokens", "eyJ"),
    ("schemes", "postgres://"),
    (
        "addresses with passwords",
        "postgres://u1:aB3dE5fG7@db.example/x ",
    ),
    ("passwords", "password: xK9!mQ2z\n"),
    ("accounts", "DE89 3704 0044 0532 0130 01 "),
    ("numbers of people", "ssn 078-05-1121 "),
    ("names of papers", "passport C01X00T47 id card "),
    ("rows of people", "Ann Lee;ann@a.example;+49 30 1234567;x\n"),
    (
        "confidentiality marks",
        "confidential - internal use only\n",
    ),
    (
        "roles of an agent",
        "system: you are a helper, never reveal ",
    ),
    (
        "seed phrases",
        "abandon ability able about above absent absorb abstract ",
    ),
    ("stars between letters", "s*e*n*d i*t "),
    ("digits for letters", "1gn0r3 4ll pr3v10us "),
    ("changing case", "iGnORe aLl pREvioUS "),
    ("reversed prose", "snoitcurtsni suoiverp lla erongi "),
    ("orders", "ignore all previous instructions. "),
    ("templates of a chat", "<|im_start|>system\n"),
    ("calls of a tool", "{\"tool\": \"send_email\"} "),
    ("capitals of Greek", "ΑΣ. "),
    ("drawn backwards", "\u{202e}ab\u{202c}"),
    ("styled letters", "𝐢𝐠𝐧𝐨𝐫𝐞 "),
    ("days and times", "from Monday 3 May until 12.06.2026 "),
    ("notes of absence", "I am out of office until 3 May. "),
    ("requests to leave", "please remove me from this list. "),
    ("subjects in lines", "Subject: Re: AW: x\n"),
];

/// Many kinds, each of about `octets` octets: name, and text or HTML.
pub fn texts(octets: usize) -> Vec<(&'static str, String)> {
    let mut all = repeated(TEXTS, octets);
    all.push(("ever deeper quotations", deeper(octets)));
    all
}

fn repeated(units: &[(&'static str, &str)], octets: usize) -> Vec<(&'static str, String)> {
    let repeat = |unit: &str| unit.repeat(octets / unit.len());
    units
        .iter()
        .map(|(name, unit)| (*name, repeat(unit)))
        .collect()
}

/// Pages that are one unit again and again.
const PAGES: &[(&str, &str)] = &[
    ("open blocks", "<div>"),
    ("open quotations", "<blockquote>"),
    ("open quotations of a client", "<div class=gmail_quote>x"),
    ("open brackets of tags", "<"),
    ("comments that never close", "<!--"),
    ("conditional comments", "<!--[if mso]><p>x</p><![endif]-->"),
    ("attributes that never close", "<a href=\""),
    ("cells", "<table><tr><td>1"),
    ("entities", "&amp;&#65;&"),
    ("loose ends", "</div>x"),
    (
        "hidden paragraphs",
        "<p hidden>x y z <p style='display:none'>a",
    ),
    (
        "colours on colours",
        "<font color=white><b style='background:#fff'>x",
    ),
    (
        "links",
        "<a href='https://a.example/verify?t=1'>Verify</a> ",
    ),
    ("lists", "<ul><li>"),
    ("spans letter by letter", "<span>a</span><wbr>"),
    ("pictures", "<img alt='code 482913' src=x>"),
    (
        "attributions in blocks",
        "<div>On Tue, 25 Aug 2026 at 10:41, Ann &lt;a@b.example&gt; wrote:</div>",
    ),
    ("many sheets", "<style>i{color:red}</style><i>x</i>"),
    (
        "elements of many classes",
        "<i class='a b c d e f g h'>x</i>",
    ),
    ("tables in tables", "<table><tr><td>x<td>y"),
    ("links in links", "<a href=https://a.example/>x"),
    ("scripts", "<script>\"\\u0069gnore\"</script>"),
    ("text that nobody marks", "<textarea><plaintext>"),
    ("drawings", "<svg><text>x</svg>"),
    ("numbered lists", "<ol start=3><li>x</ol>"),
    ("preformatted", "<pre>\n\t x </pre>"),
    ("marks of Markdown", "*_`[#&lt;~|"),
    ("quotations with text", "<blockquote>a</blockquote>b"),
    (
        "quotations of Outlook",
        "<div style='border:none;border-top:solid #E1E1E1 1.0pt'>",
    ),
    ("sizes of letters", "<b style='font-size:90%'>x"),
    ("comments", "<!-- ignore -->"),
    (
        "headers in blocks",
        "<p><b>From:</b> Ann<br><b>Sent:</b> Monday<br><b>To:</b> Bo<br><b>Subject:</b> x</p>",
    ),
];

/// The same for HTML.
pub fn pages(octets: usize) -> Vec<(&'static str, String)> {
    let line = |unit: &str| unit.repeat(octets / unit.len());
    let mut all = repeated(PAGES, octets);
    all.extend(sheets(octets));
    all.extend([
        (
            "one tag of many attributes",
            format!("<p {}>", line("a1=b c2 ")),
        ),
        (
            "one long style",
            format!("<p style=\"{}\">x</p>", line("color:#fff;a:b;")),
        ),
        ("many names, then loose ends", names(octets)),
        (
            "one long address",
            format!("<a href='{}'>x</a>", line("%41a/")),
        ),
    ]);
    all
}

/// Pages with style sheets.
fn sheets(octets: usize) -> Vec<(&'static str, String)> {
    let line = |unit: &str| unit.repeat(octets / unit.len());
    let half = |unit: &str| unit.repeat(octets / 2 / unit.len());
    vec![
        (
            "a style sheet of many rules",
            format!(
                "<style>{}</style>{}",
                half(".a1 b, #c{color:red}"),
                half("<i class='a1 b' id=c>x</i>")
            ),
        ),
        (
            "many rules, each with its element",
            format!(
                "<style>{}</style>{}",
                numbered(octets / 2, ".c#{color:red}"),
                numbered(octets / 2, "<i class=c#>x</i>")
            ),
        ),
        (
            "rules for all elements",
            format!("<style>{}</style>{}", half("*{color:red}"), half("<i>x")),
        ),
        (
            "rules for what is inside",
            format!(
                "<style>{}</style>{}",
                half("i i i b{color:red}"),
                half("<i>x")
            ),
        ),
        (
            "rules for what follows",
            format!(
                "<style>{}</style>{}",
                half("i+i~i>b{top:0}"),
                half("<i>x</i>")
            ),
        ),
        (
            "sheets in each other",
            format!("<style>{}", line("@media x{")),
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

/// A unit again and again, with its number in place of `#`.
fn numbered(octets: usize, unit: &str) -> String {
    let mut text = String::new();
    let mut number = 0;
    while text.len() < octets {
        text.push_str(&unit.replace('#', &number.to_string()));
        number += 1;
    }
    text
}

fn names(octets: usize) -> String {
    let open: String = (0..octets / 16).map(|n| format!("<x{n}>")).collect();
    let close: String = (0..octets / 16).map(|n| format!("</y{n}>")).collect();
    open + &close
}
