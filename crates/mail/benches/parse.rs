//! How long one message takes from bytes to what an agent sees.
//!
//! `cargo bench -p mail`

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// A reply of about 4 KiB as Gmail sends it: text and HTML with the old message under both.
fn gmail_reply() -> Vec<u8> {
    let words = "The quick brown fox jumps over the lazy dog near the river bank today. ";
    let old_text: String = (0..12).map(|_| format!("> {words}\r\n")).collect();
    let old_html = format!("<p>{words}</p>").repeat(12);
    let attribution = "On Tue, Aug 25, 2026 at 10:41 AM Ann Lee <ann@a.example> wrote:";
    format!(
        "Received: from mail.a.example ([192.0.2.1]) by mx.b.example with ESMTPS;\r\n\tTue, 25 Aug 2026 10:42:00 +0000\r\n\
         From: =?utf-8?Q?Bj=C3=B6rn?= <bjorn@b.example>\r\nTo: Ann Lee <ann@a.example>, \"Lee, Carl\" <carl@a.example>\r\n\
         Subject: Re: =?utf-8?B?R3LDvMOfZSBhdXMgS8O2bG4=?=\r\nDate: Tue, 25 Aug 2026 10:41:14 +0000\r\n\
         Message-ID: <2@b.example>\r\nIn-Reply-To: <1@a.example>\r\nReferences: <0@a.example> <1@a.example>\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"000abc\"\r\n\r\n\
         --000abc\r\nContent-Type: text/plain; charset=\"UTF-8\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
         Yes, that works =E2=80=93 see you then.\r\n\r\n{attribution}\r\n\r\n{old_text}\r\n\
         --000abc\r\nContent-Type: text/html; charset=\"UTF-8\"\r\n\r\n\
         <div dir=\"ltr\">Yes, that works.</div><br><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">On Tue wrote:<br></div>\
         <blockquote class=\"gmail_quote\">{old_html}</blockquote></div>\r\n--000abc--\r\n"
    )
    .into_bytes()
}

fn benches(criterion: &mut Criterion) {
    let raw = gmail_reply();
    let parsed = mail::parse::parse(&raw);
    let mut group = criterion.benchmark_group("message");
    group.throughput(Throughput::Bytes(raw.len() as u64));
    group.bench_function("parse", |b| b.iter(|| mail::parse::parse(black_box(&raw))));
    group.bench_function("visible", |b| {
        b.iter(|| {
            mail::reply::visible(
                black_box(parsed.text.as_deref()),
                black_box(parsed.html.as_deref()),
            )
        });
    });
    group.bench_function("parse and visible", |b| {
        b.iter(|| {
            let parsed = mail::parse::parse(black_box(&raw));
            mail::reply::visible(parsed.text.as_deref(), parsed.html.as_deref())
        });
    });
    group.finish();

    let mut attached =
        b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n".to_vec();
    attached.extend(
        std::iter::repeat_n(
            b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5\r\n".as_slice(),
            15_000,
        )
        .flatten(),
    );
    let mut group = criterion.benchmark_group("attachment of 1 MB");
    group.throughput(Throughput::Bytes(attached.len() as u64));
    group.bench_function("parse", |b| {
        b.iter(|| mail::parse::parse(black_box(&attached)));
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
