use super::*;

fn text_of(raw: &str) -> Option<String> {
    parse(raw.as_bytes()).text
}

#[test]
fn lines_may_end_in_bare_carriage_returns() {
    let raw = NESTED.replace("\r\n", "\r");
    let read = parse(raw.as_bytes());
    assert_eq!(read.text.as_deref(), Some("plain"));
    assert_eq!(read.attachments.len(), 3);
    let inner = attachment(raw.as_bytes(), read.attachments[1].part);
    assert_eq!(inner.unwrap(), b"notes");
}

#[test]
fn an_empty_message_and_garbage_have_an_answer() {
    let empty = parse(b"");
    assert_eq!(empty.text, None);
    assert!(empty.defects.contains(&Defect::MissingFrom));
    let garbage: Vec<u8> = (0..=255u8).cycle().take(100_000).collect();
    let read = parse(&garbage);
    assert!(read.text.is_none_or(|text| !text.contains('\0')));
}

#[test]
fn a_plain_message_is_read() {
    let read = parse(
        b"From: Ann <ann@a.example>\r\nTo: bob@b.example, Carl <c@c.example>\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\
          Date: Tue, 25 Aug 2026 10:41:14 +0000\r\nMessage-ID: <1@a.example>\r\n\r\nHello\r\nBob\r\n",
    );
    assert_eq!(read.from[0].to_string(), "Ann <ann@a.example>");
    assert_eq!(read.to.len(), 2);
    assert_eq!(read.subject.as_deref(), Some("Grüße"));
    assert_eq!(read.text.as_deref(), Some("Hello\nBob"));
    assert_eq!(read.date.unwrap().to_string(), "2026-08-25T10:41:14.000Z");
    assert_eq!(read.message_id.unwrap().as_str(), "<1@a.example>");
    assert_eq!(read.defects, []);
    assert_eq!(read.headers.len(), 5);
}

#[test]
fn a_name_with_a_blank_is_not_the_author() {
    let read = parse(b"Fr om: evil@e.example\r\nFrom: ann@a.example\r\n\r\nx");
    assert_eq!(read.from.len(), 1);
    assert_eq!(read.from[0].address, "ann@a.example");
    assert!(read.defects.contains(&Defect::BadHeaderLine));
}

#[test]
fn of_two_authors_fields_the_first_counts_and_is_reported() {
    let read = parse(b"From: ann@a.example\r\nFrom: eve@e.example\r\n\r\nx");
    assert_eq!(read.from[0].address, "ann@a.example");
    assert_eq!(read.from.len(), 1);
    assert!(read.defects.contains(&Defect::SeveralFrom));
}

const NESTED: &str = "Content-Type: multipart/mixed; boundary=m\r\n\r\n\
--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n\
--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nplain\r\n\
--a\r\nContent-Type: multipart/related; boundary=r\r\n\r\n\
--r\r\nContent-Type: text/html\r\n\r\n<p>rich</p><img src=cid:x>\r\n\
--r\r\nContent-Type: image/png; name=x.png\r\nContent-ID: <x>\r\nContent-Disposition: inline\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo\r\n\
--r--\r\n--a--\r\n\
--m\r\nContent-Type: text/plain; name=\"../../notes.txt\"\r\nContent-Disposition: attachment\r\n\r\nnotes\r\n\
--m\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner body\r\n\
--m--\r\nepilogue";

#[test]
fn the_usual_tree_is_sorted_into_text_html_and_files() {
    let read = parse(NESTED.as_bytes());
    assert_eq!(read.text.as_deref(), Some("plain"));
    assert_eq!(read.html.as_deref(), Some("<p>rich</p><img src=cid:x>"));
    assert!(!read.text_from_html);
    let names: Vec<_> = read
        .attachments
        .iter()
        .map(|a| a.filename.as_deref())
        .collect();
    assert_eq!(names, [Some("x.png"), Some("notes.txt"), None]);
    let image = &read.attachments[0];
    assert_eq!(image.content_id.as_deref(), Some("x"));
    assert_eq!(image.disposition, Some(Disposition::Inline));
    assert_eq!(image.size, 8);
    assert_eq!(
        attachment(NESTED.as_bytes(), image.part).unwrap(),
        b"\x89PNG\r\n\x1a\n"
    );
    let inner = attachment(NESTED.as_bytes(), read.attachments[2].part).unwrap();
    assert_eq!(inner, b"Subject: inner\r\n\r\ninner body");
    assert_eq!(
        attachment(NESTED.as_bytes(), 0),
        None,
        "a multipart has no bytes of its own"
    );
    assert_eq!(attachment(NESTED.as_bytes(), 99), None);
}

#[test]
fn html_alone_gives_text() {
    let read = parse(b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Hello <b>Bob</b></p>\r\n");
    assert_eq!(read.text.as_deref(), Some("Hello Bob"));
    assert!(read.text_from_html);
    assert_eq!(read.preview().as_deref(), Some("Hello Bob"));
}

#[test]
fn a_footer_under_html_does_not_replace_it() {
    let read = parse(
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>The news</p>\r\n\
          --b\r\nContent-Type: text/plain\r\n\r\nlist footer\r\n--b--\r\n",
    );
    assert_eq!(read.text.as_deref(), Some("The news\nlist footer"));
}

#[test]
fn preview_counts_characters_and_collapses_white_space() {
    let read = parse(format!("\r\n  a \r\n\r\n b {}", "ü".repeat(500)).as_bytes());
    let preview = read.preview().unwrap();
    assert_eq!(preview.chars().count(), 200);
    assert!(preview.starts_with("a b ü"));
}

#[test]
fn flowed_text_is_joined() {
    let head = "Content-Type: text/plain; format=flowed\r\n\r\n";
    assert_eq!(
        text_of(&format!(
            "{head}> one \r\n> two\r\nthree \r\nfour\r\n-- \r\nAnn"
        ))
        .as_deref(),
        Some("> one two\nthree four\n-- \nAnn")
    );
    let head = "Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\n";
    assert_eq!(
        text_of(&format!("{head}ab \r\ncd")).as_deref(),
        Some("abcd")
    );
}

#[test]
fn broken_multiparts_give_what_they_have() {
    let read = parse(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nno end");
    assert_eq!(read.text.as_deref(), Some("no end"));
    assert!(read.defects.contains(&Defect::UnterminatedMultipart));
    let read = parse(b"Content-Type: multipart/mixed\r\n\r\njust text");
    assert_eq!(read.text.as_deref(), Some("just text"));
    assert!(read.defects.contains(&Defect::MissingBoundary));
    // One boundary is the beginning of another.
    let read = parse(
        b"Content-Type: multipart/mixed; boundary=ab\r\n\r\n--ab\r\nContent-Type: multipart/alternative; boundary=abc\r\n\r\n\
          --abc\r\n\r\ninner\r\n--abc--\r\n--ab\r\n\r\nouter\r\n--ab--",
    );
    assert_eq!(read.text.as_deref(), Some("inner\nouter"));
}

#[test]
fn nesting_of_any_depth_is_read_up_to_the_limit() {
    for depth in [64, 1_000, 100_000] {
        let mut raw = String::new();
        for level in 0..depth {
            raw.push_str(&format!(
                "Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"
            ));
        }
        raw.push_str("\r\nbottom");
        let read = parse(raw.as_bytes());
        assert_eq!(
            read.defects.contains(&Defect::TooDeep),
            depth > 64,
            "{depth}"
        );
        let messages = "Content-Type: message/rfc822\r\n\r\n".repeat(depth);
        assert_eq!(parse(messages.as_bytes()).attachments.len(), 1);
    }
    let mut raw = String::from("Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    raw.push_str(&"--b\r\n\r\nx\r\n".repeat(20_000));
    let read = parse(raw.as_bytes());
    assert!(read.defects.contains(&Defect::TooManyParts));
}

#[test]
fn big_messages_take_linear_time() {
    let mut big = Vec::from(
        &b"Content-Transfer-Encoding: base64\r\nContent-Type: application/pdf\r\n\r\n"[..],
    );
    big.extend(std::iter::repeat_n(b"QUJD".as_slice(), 25 << 18).flatten());
    assert_eq!(parse(&big).attachments[0].size, (25 << 18) * 3);

    let many = "X-Filler: some value or other\r\n".repeat(10 << 15);
    let read = parse(many.as_bytes());
    assert!(read.defects.contains(&Defect::TooManyHeaders));

    let long = format!("Subject: {}\r\n\r\nx", "a b ".repeat(5 << 18));
    let read = parse(long.as_bytes());
    assert!(read.defects.contains(&Defect::HeaderTooLong));
    assert_eq!(read.text.as_deref(), Some("x"));

    let line = format!("\r\n{}", "x".repeat(5 << 20));
    assert_eq!(
        parse(line.as_bytes()).text.map(|text| text.len()),
        Some(5 << 20)
    );

    let crowd = format!("To: {}\r\n\r\n", "someone@a.example,\r\n ".repeat(100_000));
    assert_eq!(parse(crowd.as_bytes()).to.len(), 100_000);

    let dashes = format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n{}",
        "--b b\r\n".repeat(1_000_000)
    );
    assert_eq!(parse(dashes.as_bytes()).text, None);
}

#[test]
fn file_names_cannot_leave_their_folder() {
    for (given, want) in [
        ("../../etc/passwd", Some("passwd")),
        ("C:\\\\temp\\\\a.txt", Some("a.txt")),
        ("..", None),
        ("a\u{1}b.txt", Some("ab.txt")),
        ("/", None),
    ] {
        let raw = format!("Content-Type: application/x; name=\"{given}\"\r\n\r\n");
        assert_eq!(
            parse(raw.as_bytes()).attachments[0].filename.as_deref(),
            want,
            "{given}"
        );
    }
}

#[test]
fn files_inside_other_parts_are_attachments_too() {
    let raw =
        "Content-Type: text/plain\r\n\r\nSee below.\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n";
    let read = parse(raw.as_bytes());
    assert_eq!(read.text.as_deref(), Some("See below.\n"));
    assert_eq!(read.attachments.len(), 1);
    let file = &read.attachments[0];
    assert_eq!(file.filename.as_deref(), Some("cat.txt"));
    assert_eq!((file.size, file.inside()), (3, Some(0)));
    assert_eq!(attachment(raw.as_bytes(), file.part).unwrap(), b"Cat");
    assert_eq!(attachment(raw.as_bytes(), file.part + (1 << 12)), None);
}

#[test]
fn a_boundary_that_differs_from_the_one_announced_is_found() {
    let read = parse(
        b"Content-Type: multipart/mixed; boundary=one\r\n\r\npreamble\r\n--two\r\nContent-Type: text/plain\r\n\r\nHello\r\n\
          --two\r\nContent-Type: image/png; name=a.png\r\n\r\nx\r\n--two--\r\n",
    );
    assert_eq!(read.text.as_deref(), Some("Hello"));
    assert_eq!(read.attachments.len(), 1);
    assert!(read.defects.contains(&Defect::MissingBoundary));
    // One that never comes leaves the text a text.
    let read = parse(b"Content-Type: multipart/mixed; boundary=one\r\n\r\nJust words\r\n");
    assert_eq!(read.text.as_deref(), Some("Just words"));
}

#[test]
fn raw_octets_in_the_header_are_in_the_charset_of_the_text() {
    let read = parse(
        b"Subject: \xcf\xf0\xe8\r\nContent-Type: text/plain; charset=windows-1251\r\n\r\n\xcf\xf0\xe8\r\n",
    );
    assert_eq!(read.subject.as_deref(), Some("При"));
}

#[test]
fn markup_does_not_hide_in_a_charset_that_a_page_names_itself() {
    let page = "Content-Type: text/html\r\n\r\n<meta charset=utf-7><p>+ADw-b+AD4-</p>\r\n";
    assert!(parse(page.as_bytes()).html.unwrap().contains("+ADw-"));
    let plain = "Content-Type: text/plain; charset=utf-7\r\n\r\nHi +AOQ-\r\n";
    assert_eq!(text_of(plain).as_deref(), Some("Hi ä"));
}

#[test]
fn the_files_of_a_message_shown_in_place_are_at_hand() {
    let message = |head: &str| {
        format!(
            "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: message/rfc822\r\n{head}\r\n\
             Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ninner\r\n--b\r\nContent-Type: image/png; name=x.png\r\n\r\n\
             PNG\r\n--b--\r\n--a--\r\n"
        )
    };
    let raw = message("Content-Disposition: inline\r\n");
    let read = parse(raw.as_bytes());
    assert_eq!(read.text, None);
    let image = &read.attachments[1];
    assert_eq!(image.filename.as_deref(), Some("x.png"));
    assert_eq!(image.inside(), Some(read.attachments[0].part));
    assert_eq!(attachment(raw.as_bytes(), image.part).unwrap(), b"PNG");
    for closed in [
        "Content-Disposition: attachment\r\n",
        "Content-Disposition: inline; filename=m.eml\r\n",
    ] {
        assert_eq!(
            parse(message(closed).as_bytes()).attachments.len(),
            1,
            "{closed}"
        );
    }
}

#[test]
fn a_name_is_also_told_as_declared() {
    for (header, safe, declared) in [
        (
            "attachment; filename=\"C:\\TEMP\\new.png\"",
            Some("new.png"),
            "C:TEMPnew.png",
        ),
        (
            "attachment; filename=\"a \\\"b\\\" \\\\ c\"",
            Some("c"),
            "a \"b\" \\ c",
        ),
        (
            "attachment; filename=/u/ann/a.ps",
            Some("a.ps"),
            "/u/ann/a.ps",
        ),
        (
            "attachment; filename*=utf-8''..%2F%e2%82%ac",
            Some("€"),
            "../€",
        ),
        ("attachment; filename=..", None, ".."),
    ] {
        let raw = format!("Content-Type: image/png\r\nContent-Disposition: {header}\r\n\r\n");
        let file = parse(raw.as_bytes()).attachments.remove(0);
        assert_eq!(file.filename.as_deref(), safe, "{header}");
        assert_eq!(file.declared_name.as_deref(), Some(declared), "{header}");
    }
}

#[test]
fn what_only_a_lenient_reader_finds_is_named() {
    for (raw, text, recovered) in [
        (
            "Content-Type: multipart/mixed; boundary=one\r\n\r\n--two\r\nContent-Type: text/plain\r\n\r\nHi\r\n--two--\r\n",
            "Hi",
            Recovered::Everything,
        ),
        (
            "Content-Type: multipart/alternative\r\n\r\nHi",
            "Hi",
            Recovered::Everything,
        ),
        ("Content-Type: text\r\n\r\nHi", "Hi", Recovered::Everything),
        (
            "Content-Type: \"text/plain\"\r\n\r\nHi",
            "Hi",
            Recovered::Nothing,
        ),
        (
            "From: ann@a.example\r\nHi Bob,\r\nyou there\r\n\r\nAnn",
            "Hi Bob,\nyou there\n\nAnn",
            Recovered::Opening("Hi Bob,\nyou there\n\n".len()),
        ),
        (
            "From: ann@a.example\r\nHi Bob,\r\nyou there\r\n",
            "Hi Bob,\nyou there",
            Recovered::Opening("Hi Bob,\nyou there".len()),
        ),
        (
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHi\r\n",
            "Hi",
            Recovered::Nothing,
        ),
    ] {
        let read = parse(raw.as_bytes());
        assert_eq!(read.text.as_deref(), Some(text), "{raw}");
        assert_eq!(read.recovered, recovered, "{raw}");
    }
}
