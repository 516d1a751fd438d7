//! Every way to read mail over every hostile input: a table of function and kind, the slowest first.

use std::hint::black_box;

use mail::facts::Source;
use mail::page::{Format, Options, render};
use mail::reply::{Earlier, Reading};
use mail::screen::Screen;

use crate::{arrival, best, outgoing, say};
use crate::{hostile, structures};

/// Octets of a hostile input.
const OCTETS: usize = 200_000;
/// Rows that are printed, beside the slowest of each function and what grows faster than its input.
const ROWS: usize = 30;

type Call<'a, T> = (&'static str, Box<dyn Fn(&T) + 'a>);

/// A function over an input.
struct Row {
    function: &'static str,
    kind: &'static str,
    micros: f64,
    /// How much more time than half of the input takes.
    growth: f64,
}

/// Prints the table.
pub fn table(screen: &Screen) {
    let mut rows = Vec::new();
    measure(&of_text(screen), hostile::texts, &mut rows);
    measure(&of_page(screen), hostile::pages, &mut rows);
    measure(
        &[codes("codes")],
        |octets| parsed("plain", hostile::texts(octets)),
        &mut rows,
    );
    measure(
        &[codes("codes, page")],
        |octets| parsed("html", hostile::pages(octets)),
        &mut rows,
    );
    measure(&of_message(), structures::messages, &mut rows);
    measure(&[conversations()], structures::conversations, &mut rows);
    rows.sort_by(|a, b| b.micros.total_cmp(&a.micros));
    say!(
        "\n{} inputs of {} kB and {} functions, the slowest first\n",
        rows.len(),
        OCTETS / 1_000,
        functions(&rows).len()
    );
    say!("| function | hostile input | ms for 200 kB | of 100 kB |\n| --- | --- | --- | --- |");
    let mut told = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let first = !told.contains(&row.function);
        let grows = row.growth > 2.8 && row.micros > 1_000.0;
        if at < ROWS || first || grows {
            told.push(row.function);
            say!(
                "| {} | {} | {:.2} | {:.1} times |",
                row.function,
                row.kind,
                row.micros / 1e3,
                row.growth
            );
        }
    }
}

fn functions(rows: &[Row]) -> Vec<&'static str> {
    let mut names: Vec<&str> = rows.iter().map(|row| row.function).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn measure<T>(calls: &[Call<'_, T>], inputs: fn(usize) -> Kinds<T>, rows: &mut Vec<Row>) {
    let (whole, half) = (inputs(OCTETS), inputs(OCTETS / 2));
    for (function, call) in calls {
        for ((kind, whole), (_, half)) in whole.iter().zip(&half) {
            let micros = best(3, || call(whole));
            rows.push(Row {
                function,
                kind,
                micros,
                growth: micros / best(3, || call(half)),
            });
        }
    }
}

fn call<'a, I, T>(name: &'static str, call: impl Fn(&I) -> T + 'a) -> Call<'a, I> {
    let quiet = move |input: &I| {
        black_box(call(input));
    };
    (name, Box::new(quiet))
}

fn message(kind: &str, text: &str) -> mail::parse::Parsed {
    let raw = format!("Subject: code\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n{text}");
    mail::parse::parse(raw.as_bytes())
}

type Kinds<T> = Vec<(&'static str, T)>;

fn parsed(kind: &str, inputs: Kinds<String>) -> Kinds<mail::parse::Parsed> {
    let read = |(name, text): (&'static str, String)| (name, message(kind, &text));
    inputs.into_iter().map(read).collect()
}

fn codes(name: &'static str) -> Call<'static, mail::parse::Parsed> {
    call(name, mail::codes::find)
}

const WITHOUT_SIGNATURE: Reading<'_> = Reading {
    strip_signature: true,
    earlier: None,
};

/// The new words beside an earlier text that holds half of them.
fn with_earlier(text: &str) -> mail::reply::Visible {
    let half = text.floor_char_boundary(text.len() / 2);
    let earlier = Earlier::of([text.get(..half).unwrap_or_default()]);
    let reading = Reading {
        strip_signature: true,
        earlier: Some(&earlier),
    };
    mail::reply::visible_with(Some(text), None, &reading)
}

fn facts(raw: &[u8], new_text: Option<&str>) -> Vec<mail::facts::Fact> {
    let parsed = mail::parse::parse(raw);
    mail::facts::all(&Source {
        raw,
        parsed: &parsed,
        headers: &parsed.headers,
        new_text: new_text.or(parsed.text.as_deref()).unwrap_or_default(),
        null_sender: false,
    })
}

fn of_text(screen: &Screen) -> Vec<Call<'_, String>> {
    vec![
        call("parse", |text: &String| message("plain", text)),
        call("reply", |text: &String| {
            mail::reply::visible_with(Some(text), None, &WITHOUT_SIGNATURE)
        }),
        call("reply with the earlier one", |text: &String| {
            with_earlier(text)
        }),
        call("forward", |text: &String| {
            mail::forward::forward(text, Some("Fwd: x"))
        }),
        call("facts", |text: &String| {
            facts(b"Subject: away\r\n\r\n", Some(text))
        }),
        call("screen", |text: &String| {
            screen.screen(&arrival("", Some(text), None))
        }),
        call("leaks", |text: &String| {
            mail::leaks::screen(&outgoing(text, None))
        }),
    ]
}

fn of_page(screen: &Screen) -> Vec<Call<'_, String>> {
    let markdown = Options::of(Format::Markdown);
    vec![
        call("page, text", |page: &String| mail::html::to_text(page)),
        call("page, Markdown", move |page: &String| {
            render(page, &markdown)
        }),
        call("reply, page", |page: &String| {
            mail::reply::visible_with(None, Some(page), &WITHOUT_SIGNATURE)
        }),
        call("screen, page", |page: &String| {
            screen.screen(&arrival("", None, Some(page)))
        }),
        call("leaks, page", |page: &String| {
            mail::leaks::screen(&outgoing("", Some(page)))
        }),
    ]
}

fn of_message() -> Vec<Call<'static, String>> {
    vec![
        call("parse, message", |raw: &String| {
            mail::parse::parse(raw.as_bytes())
        }),
        call("facts, message", |raw: &String| facts(raw.as_bytes(), None)),
        call("reports", |raw: &String| mail::dsn::read(raw.as_bytes())),
    ]
}

fn conversations() -> Call<'static, Vec<structures::Given>> {
    call("thread", |all: &Vec<structures::Given>| {
        let messages: Vec<_> = all.iter().map(structures::Given::message).collect();
        mail::thread::groups(&messages, &mail::thread::Options::default())
    })
}
