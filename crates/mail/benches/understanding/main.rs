//! How long it takes to understand a message: its new text, its codes, what it forwards, whether it
//! steers an agent or leaks. Prints the tables of `docs/performance.md`.
//!
//! `CORPORA=../shared/corpora cargo bench -p mail --bench understanding`
//!
//! Without `CORPORA` the rows over labelled mail are left out. A word behind `--` prints only the
//! tables whose name holds it: `mail`, `sizes`, `hostile`. Times are wall clock, the best of
//! several runs; growth is judged by the ratio of two sizes, here and nowhere else.

mod hostile;
mod structures;
mod worst;

use std::hint::black_box;

use criterion::measurement::{Measurement, WallTime};
use mail::leaks::Outgoing;
use mail::reply::Reading;
use mail::screen::{Arrival, Screen};
use serde_json::Value;

/// Writes a line of a table.
macro_rules! say {
    ($($words:tt)*) => {
        std::io::Write::write_fmt(
            &mut std::io::stdout(),
            format_args!("{}\n", format_args!($($words)*)),
        ).unwrap_or_default()
    };
}
use say;

fn main() {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let is_wanted = |name: &str| wanted.as_ref().is_none_or(|wanted| name.contains(wanted));
    let screen = Screen::new();
    if is_wanted("mail") {
        mails(&screen);
    }
    if is_wanted("sizes") {
        sizes(&screen);
    }
    if is_wanted("hostile") {
        worst::table(&screen);
    }
}

/// Microseconds of the best of `runs` calls.
fn best<T>(runs: usize, mut call: impl FnMut() -> T) -> f64 {
    let time = (0..runs).map(|_| {
        let start = WallTime.start();
        black_box(call());
        WallTime.end(start).as_secs_f64() * 1e6
    });
    time.fold(f64::INFINITY, f64::min)
}

/// Prints a row over many messages.
fn row(name: &str, mut times: Vec<f64>) {
    if times.is_empty() {
        return;
    }
    times.sort_by(f64::total_cmp);
    let at = |hundredths: usize| times[(times.len() * hundredths / 100).min(times.len() - 1)];
    say!(
        "| {name} | {} | {:.1} | {:.1} | {:.0} | {:.0} |",
        times.len(),
        at(50),
        times.iter().sum::<f64>() / times.len() as f64,
        at(99),
        at(100)
    );
}

/// The lines of a file of the corpora.
fn lines(file: &str) -> Vec<Value> {
    let Ok(folder) = std::env::var("CORPORA") else {
        return Vec::new();
    };
    let lines = std::fs::read_to_string(format!("{folder}/{file}")).unwrap_or_else(|error| {
        say!("| {file}: {error} |");
        String::new()
    });
    lines
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// A reply of about so many octets as Gmail sends it: new words, and the old message in text and HTML.
fn reply_mail(octets: usize) -> Vec<u8> {
    let new = "Thanks, that works for us. The invoice of last week is attached; could you look at the second page before Friday?";
    let old = "The quick brown fox jumps over the lazy dog near the river bank today, and it comes back tomorrow.";
    let count = octets / 4 / old.len();
    let attribution = "On Tue, Aug 25, 2026 at 10:41 AM Ann Lee <ann@a.example> wrote:";
    let text = format!("{new}\r\n\r\n").repeat(count.div_ceil(2));
    let html = format!("<div>{new}</div><div><br></div>").repeat(count.div_ceil(2));
    let old_text = format!("> {old}\r\n").repeat(count);
    let old_html = format!("<p style=\"margin:0 0 1em\">{old}</p>").repeat(count);
    format!(
        "Received: from mail.b.example ([192.0.2.1]) by mx.a.example with ESMTPS;\r\n\tTue, 25 Aug 2026 10:42:00 +0000\r\n\
         From: Bjorn <bjorn@b.example>\r\nTo: Ann Lee <ann@a.example>\r\nSubject: Re: Invoice\r\n\
         Date: Tue, 25 Aug 2026 10:41:14 +0000\r\nMessage-ID: <2@b.example>\r\nIn-Reply-To: <1@a.example>\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"000abc\"\r\n\r\n\
         --000abc\r\nContent-Type: text/plain; charset=\"UTF-8\"\r\n\r\n{text}{attribution}\r\n\r\n{old_text}\r\n\
         --000abc\r\nContent-Type: text/html; charset=\"UTF-8\"\r\n\r\n<div dir=\"ltr\">{html}</div>\
         <div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">{attribution}<br></div>\
         <blockquote class=\"gmail_quote\">{old_html}</blockquote></div>\r\n--000abc--\r\n"
    )
    .into_bytes()
}

/// What reception reads of a message, without the screen.
fn understand(raw: &[u8]) -> impl Sized {
    let parsed = mail::parse::parse(raw);
    let text = parsed.text.as_deref();
    let own = text.filter(|_| !parsed.text_from_html);
    let visible = mail::reply::visible(own, parsed.html.as_deref());
    let forward = text.and_then(|text| mail::forward::forward(text, parsed.subject.as_deref()));
    (visible, mail::codes::find(&parsed), forward)
}

fn mails(screen: &Screen) {
    say!(
        "\n| what | messages | median µs | mean µs | p99 µs | worst µs |\n| --- | --- | --- | --- | --- | --- |"
    );
    let mut content = lines("content/dev.jsonl");
    content.extend(lines("content/dev.snapshot.jsonl"));
    let of = |kind: &str, call: &dyn Fn(&str, &Reading<'_>)| {
        let cases = content.iter().filter(|case| case["kind"] == kind);
        let times = cases.filter_map(|case| {
            let input = case["input"].as_str()?;
            let reading = Reading {
                strip_signature: case["policy"] == "strip_signature",
                ..Reading::default()
            };
            Some(best(5, || call(black_box(input), &reading)))
        });
        times.collect::<Vec<f64>>()
    };
    row(
        "new text of a reply",
        of("reply_text", &|input, reading| {
            black_box(mail::reply::visible_with(Some(input), None, reading));
        }),
    );
    row(
        "new HTML of a reply",
        of("reply_html", &|input, reading| {
            black_box(mail::reply::visible_with(None, Some(input), reading));
        }),
    );
    row(
        "forwarded message",
        of("forward", &|input, _| {
            black_box(mail::forward::forward(input, None));
        }),
    );
    let raw: Vec<Vec<u8>> = content
        .iter()
        .filter_map(|case| case["input_b64"].as_str())
        .filter_map(|coded| data_encoding::BASE64.decode(coded.as_bytes()).ok())
        .collect();
    row(
        "parse",
        raw.iter()
            .map(|raw| best(5, || mail::parse::parse(raw)))
            .collect(),
    );
    row(
        "code and link",
        raw.iter()
            .map(|raw| {
                let parsed = mail::parse::parse(raw);
                best(5, || mail::codes::find(&parsed))
            })
            .collect(),
    );
    whole(screen);
    natural(screen);
}

/// One message of 8 kB, step by step.
fn whole(screen: &Screen) {
    let eight = reply_mail(8_000);
    say!("| (a reply of {} octets) | | | | | |", eight.len());
    let parsed = mail::parse::parse(&eight);
    let (text, html) = (parsed.text.as_deref(), parsed.html.as_deref());
    row("8 kB: parse", vec![best(50, || mail::parse::parse(&eight))]);
    row(
        "8 kB: new text and HTML",
        vec![best(50, || mail::reply::visible(text, html))],
    );
    row(
        "8 kB: code and link",
        vec![best(50, || mail::codes::find(&parsed))],
    );
    row(
        "8 kB: all of these and forward",
        vec![best(50, || understand(&eight))],
    );
    row(
        "8 kB: screen",
        vec![best(20, || screen.screen(&arrival("", text, html)))],
    );
}

/// Harmless mail of about 8 kB through the two screens.
fn natural(screen: &Screen) {
    let natural = lines("injection/dev.jsonl");
    let natural = natural
        .iter()
        .filter(|case| case["label"] == "benign")
        .filter(|case| {
            let length = |name: &str| case[name].as_str().map_or(0, str::len);
            (6_000..12_000).contains(&(length("body") + length("html")))
        });
    let (screened, leaks): (Vec<f64>, Vec<f64>) = natural
        .map(|case| {
            let (text, html) = (case["body"].as_str(), case["html"].as_str());
            let subject = case["subject"].as_str().unwrap_or_default();
            (
                best(3, || screen.screen(&arrival(subject, text, html))),
                best(3, || {
                    mail::leaks::screen(&outgoing(text.unwrap_or_default(), html))
                }),
            )
        })
        .unzip();
    row("screen, natural mail of 6 to 12 kB", screened);
    row("leaks, natural mail of 6 to 12 kB", leaks);
}

fn arrival<'a>(subject: &'a str, text: Option<&'a str>, html: Option<&'a str>) -> Arrival<'a> {
    Arrival {
        subject,
        text,
        html,
    }
}

fn outgoing<'a>(text: &'a str, html: Option<&'a str>) -> Outgoing<'a> {
    Outgoing {
        text,
        html,
        ..Outgoing::default()
    }
}

/// Prose of so many octets: natural mail if there is some, else sentences with numbers and names.
fn prose(octets: usize) -> String {
    let natural = lines("injection/dev.jsonl");
    let mut words: String = natural
        .iter()
        .filter(|case| case["label"] == "benign")
        .filter_map(|case| case["body"].as_str())
        .take(400)
        .flat_map(|body| [body, "\n\n"])
        .collect();
    if words.is_empty() {
        let line = |n: u32| {
            format!(
                "Hello Ann, order {n} of {} items left at {}:{:02}.\nWrite to ann{n}@a.example.\n\n",
                n % 7,
                n % 24,
                n % 60
            )
        };
        words = (0..2_000).map(line).collect();
    }
    let mut text = words.repeat(octets / words.len() + 1);
    text.truncate(text.floor_char_boundary(octets));
    text
}

/// Times over sizes: what is linear costs the same for each octet.
fn sizes(screen: &Screen) {
    say!("\n| what | octets | ms | ns an octet |\n| --- | --- | --- | --- |");
    let print = |name: &str, octets: usize, micros: f64| {
        say!(
            "| {name} | {octets} | {:.2} | {:.0} |",
            micros / 1e3,
            micros * 1e3 / octets as f64
        );
    };
    for octets in [8_000, 100_000, 1_000_000, 10_000_000, 25_000_000] {
        let text = prose(octets);
        let runs = (20_000_000 / octets).clamp(1, 20);
        print(
            "leaks",
            text.len(),
            best(runs, || mail::leaks::screen(&outgoing(&text, None))),
        );
        if octets <= 10_000_000 {
            print(
                "screen",
                text.len(),
                best(runs, || screen.screen(&arrival("", Some(&text), None))),
            );
            print(
                "new text",
                text.len(),
                best(runs, || mail::reply::visible(Some(&text), None)),
            );
        }
    }
}
