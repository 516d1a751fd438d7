use super::*;

fn open_text(text: &str) -> Option<(String, Vec<File>)> {
    let (text, files) = without_files(text.as_bytes())?;
    Some((String::from_utf8(text).unwrap(), files))
}

#[test]
fn a_uuencoded_file_is_taken_out_of_the_text() {
    let text = "Hello\r\nbegin 644 a dir\\cat.txt\r\n#0V%T\r\n`\r\nend\r\nBye\r\n";
    let (rest, files) = open_text(text).unwrap();
    assert_eq!(rest, "Hello\r\nBye\r\n");
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].name.as_deref(), Some("cat.txt"));
    assert_eq!(files[0].bytes, b"Cat");
    let (_, files) = open_text("begin-base64 644 x\nQ2F0\n====\n").unwrap();
    assert_eq!(files[0].bytes, b"Cat");
}

#[test]
fn what_only_looks_like_a_file_stays_in_the_text() {
    for text in [
        "begin 644 with a plan and end it well\nnot a line of data\nend\n",
        "begin 999 x\n#0V%T\n`\nend\n",
        "begin 644 never.txt\n#0V%T\n",
        "We begin 644 x\n#0V%T\n`\nend\n",
        "=ybegin line=128 size=3 name=x\nabc\n",
        "",
    ] {
        assert_eq!(open_text(text), None, "{text}");
    }
}

#[test]
fn a_yencoded_file_is_taken_out_of_the_text() {
    let mut text = b"a\n=ybegin line=128 size=4 name=cat.bin\n".to_vec();
    text.extend([b'C' + 42, b'a' + 42, b'=', b'=' + 64, b't' + 42]);
    text.extend(b"\r\n=yend size=4\nb begin \n");
    let (rest, files) = without_files(&text).unwrap();
    assert_eq!(rest, b"a\nb begin \n");
    assert_eq!(files[0].bytes, [b'C', b'a', b'='.wrapping_sub(42), b't']);
}

fn attribute(out: &mut Vec<u8>, level: u8, id: u32, data: &[u8]) {
    out.push(level);
    out.extend(id.to_le_bytes());
    out.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    out.extend(data);
    let sum = data
        .iter()
        .fold(0u16, |sum, b| sum.wrapping_add(u16::from(*b)));
    out.extend(sum.to_le_bytes());
}

fn property(out: &mut Vec<u8>, kind: u16, id: u16, value: &[u8]) {
    out.extend(kind.to_le_bytes());
    out.extend(id.to_le_bytes());
    out.extend(1u32.to_le_bytes());
    out.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
    out.extend(value);
    out.resize(out.len().next_multiple_of(4), 0);
}

fn stream() -> Vec<u8> {
    let mut out = 0x223E_9F78_u32.to_le_bytes().to_vec();
    out.extend([1, 0]);
    attribute(&mut out, 1, 0x0006_9007, &[0xE3, 4, 0, 0, 0, 0, 0, 0]);
    attribute(&mut out, 2, 0x0006_9002, &[0; 14]);
    attribute(&mut out, 2, 0x0001_8010, b"SHORT~1.TXT\0");
    attribute(&mut out, 2, 0x0006_800F, b"content");
    let long: Vec<u8> = "Größe.txt\0"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut list = 2u32.to_le_bytes().to_vec();
    property(&mut list, 0x1F, 0x3707, &long);
    property(&mut list, 0x1E, 0x370E, b"text/plain\0");
    attribute(&mut out, 2, 0x0006_9005, &list);
    let rtf = b"{\\rtf1\\ansi\\fromhtml1 {\\*\\htmltag64 <p>}\\htmlrtf {\\htmlrtf0 Hi \\u8364?\\htmlrtf }\\htmlrtf0 {\\*\\htmltag72 </p>}}";
    let mut packed = u32::try_from(rtf.len() + 12)
        .unwrap()
        .to_le_bytes()
        .to_vec();
    packed.extend(u32::try_from(rtf.len()).unwrap().to_le_bytes());
    packed.extend(0x414C_454D_u32.to_le_bytes());
    packed.extend([0; 4]);
    packed.extend(rtf);
    let mut list = 1u32.to_le_bytes().to_vec();
    property(&mut list, 0x102, 0x1009, &packed);
    attribute(&mut out, 1, 0x0006_9003, &list);
    out
}

#[test]
fn winmail_dat_gives_its_files_and_its_html() {
    let opened = open(Package::Tnef, &stream()).unwrap();
    assert_eq!(opened.html.as_deref(), Some("<p>Hi €</p>"));
    assert_eq!(opened.files.len(), 1);
    assert_eq!(opened.files[0].name.as_deref(), Some("Größe.txt"));
    assert_eq!(opened.files[0].content_type.as_deref(), Some("text/plain"));
    assert_eq!(opened.files[0].bytes, b"content");
    assert_eq!(open(Package::Tnef, b"no tnef"), None);
}

#[test]
fn a_cut_or_damaged_winmail_dat_has_an_answer() {
    let whole = stream();
    for end in 0..whole.len() {
        let _ = open(Package::Tnef, &whole[..end]);
    }
    for at in 6..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0xFF;
        let _ = open(Package::Tnef, &damaged);
    }
}

#[test]
fn rtf_gives_its_text() {
    for (rtf, want) in [
        (
            "{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}\\pard Hello\\par World}",
            "Hello\nWorld",
        ),
        ("{\\rtf1\\ansi\\ansicpg1252 Gr\\'fc\\'dfe}", "Grüße"),
        (
            "{\\rtf1{\\fonttbl{\\f0\\fcharset204 Arial;}}\\f0 \\'cf\\'f0\\'e8\\'e2\\'e5\\'f2}",
            "Привет",
        ),
        ("{\\rtf1\\uc1 \\u-10179?\\u-8704?!}", "😀!"),
        (
            "{\\rtf1{\\info{\\title T}}{\\*\\unknown x}a\\{b\\}}",
            "a{b}",
        ),
        ("{\\rtf1 a{\\pict\\bin3 }}}}b}", "ab"),
        ("", ""),
    ] {
        assert_eq!(rtf::read(rtf.as_bytes()).text, want, "{rtf}");
    }
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag, 0x82];
    out.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
    out.extend(content);
    out
}

#[test]
fn the_content_of_an_opaque_signature_is_read() {
    let mime = b"Content-Type: text/plain\r\n\r\nSigned words\r\n";
    let data = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01];
    let signed = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
    let inner = tlv(0x30, &[tlv(6, &data), tlv(0xA0, &tlv(4, mime))].concat());
    let body = tlv(0x30, &[tlv(2, &[1]), tlv(0x31, &[]), inner].concat());
    let whole = tlv(0x30, &[tlv(6, &signed), tlv(0xA0, &body)].concat());
    let opened = open(Package::Signed, &whole).unwrap();
    assert_eq!(opened.text.as_deref(), Some("Signed words"));

    // The indefinite form, the content in two pieces.
    let mut whole = vec![0x30, 0x80];
    whole.extend(tlv(6, &signed));
    whole.extend([0xA0, 0x80, 0x30, 0x80]);
    whole.extend(tlv(2, &[1]));
    whole.extend([0x31, 0x80, 0x30, 0, 0, 0, 0x30, 0x80]);
    whole.extend(tlv(6, &data));
    whole.extend([0xA0, 0x80, 0x24, 0x80]);
    whole.extend(tlv(4, &mime[..10]));
    whole.extend(tlv(4, &mime[10..]));
    whole.extend([0; 8]);
    let opened = open(Package::Signed, &whole).unwrap();
    assert_eq!(opened.text.as_deref(), Some("Signed words"));
    for end in 0..whole.len() {
        let _ = open(Package::Signed, &whole[..end]);
    }
}

#[test]
fn numbers_name_parts_and_files_inside_them() {
    assert_eq!(place(7), (7, None));
    assert_eq!(place(number(7, 0)), (7, Some(0)));
    assert_eq!(place(number(1_000, 499)), (1_000, Some(499)));
}

#[test]
fn hostile_packages_take_linear_time() {
    for unit in [
        "begin 644 x\n",
        "=ybegin line=1 size=1 name=a\n",
        "begin 644 x\n#0V%T\n",
    ] {
        assert_eq!(open_text(&unit.repeat(50_000)), None);
    }
    for unit in [
        "{",
        "}",
        "\\'",
        "\\u1",
        "{\\*",
        "\\bin9 ",
        "\\f1{\\fonttbl\\fcharset1",
    ] {
        rtf::read(unit.repeat(50_000).as_bytes());
    }
}
