//! Answers written as clients of many kinds and languages write them, of which the truth is known:
//! never is a new word lost, never a quoted one kept.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod clients;
mod conversation;
mod tails;
mod words;

use clients::{ATTRIBUTIONS, DIVIDERS, HEADERS, UNKNOWN, WRAPPERS};
use conversation::{Place, messages, turn};
use mail::reply::{Earlier, Reading, visible, visible_with};
use proptest::prelude::*;
use proptest::sample::select;

/// Sentences of the one who answers and of the one who is answered, which share no sentence.
const NEW: &[&str] = &[
    "That works for me, let us meet on Friday.",
    "I have attached the contract, please sign it.",
    "Das passt gut, wir sehen uns am Freitag im Büro.",
    "Pourriez-vous me rappeler demain dans la matinée ?",
    "Nos vemos el viernes por la tarde, gracias.",
    "Ci vediamo venerdì, porto io i documenti.",
    "Jag återkommer med ett förslag på måndag.",
    "Проверю и напишу вам завтра утром.",
    "承知しました。金曜日に伺います。",
    "好的,我们星期五见。",
    "네, 금요일에 뵙겠습니다.",
    "The total is 1,250.00 and the number is 4711.",
    "1. first the data\n2. then the report",
];
const OLD: &[&str] = &[
    "Could you tell me whether the meeting about the new building still takes place this week?",
    "We would need the signed papers before the end of the month, otherwise the offer expires.",
    "Könnten Sie mir bitte sagen, ob der Termin zum neuen Gebäude in dieser Woche noch stattfindet?",
    "Pouvez-vous me dire si la réunion à propos du nouveau bâtiment a toujours lieu cette semaine ?",
    "¿Podría decirme si la reunión sobre el edificio nuevo sigue en pie durante esta semana?",
    "Не могли бы вы сказать, состоится ли встреча по поводу нового здания на этой неделе?",
    "新しい建物についての会議が今週予定どおり行われるかどうか教えていただけますか。",
    "请告诉我关于新大楼的会议本周是否仍然按照原来的计划举行。",
];

fn paragraphs(of: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::subsequence(of, 1..=3)
        .prop_shuffle()
        .prop_map(|words| words.join("\n\n"))
}

fn quoted(text: &str) -> String {
    text.lines()
        .map(|line| {
            if line.is_empty() {
                ">\n".to_owned()
            } else {
                format!("> {line}\n")
            }
        })
        .collect()
}

/// Breaks a line at the blank nearest to `at`, as mailers do.
fn wrapped(line: &str, at: usize) -> String {
    let at = line.floor_char_boundary(at);
    match line.get(..at).and_then(|head| head.rfind(' ')) {
        Some(blank) if line.len() > at && blank > 0 => {
            format!("{}\n{}", &line[..blank], wrapped(&line[blank + 1..], at))
        }
        _ => line.to_owned(),
    }
}

fn html(text: &str) -> String {
    text.split("\n\n")
        .map(|paragraph| format!("<p>{}</p>", paragraph.replace('\n', "<br>")))
        .collect()
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text of an answer above the old one in the style of a client, by number.
fn answer(new: &str, old: &str, style: usize, which: usize) -> String {
    let (_, attribution) = ATTRIBUTIONS[which % ATTRIBUTIONS.len()];
    let headers = HEADERS[which % HEADERS.len()].join("\n");
    let divider = DIVIDERS[which % DIVIDERS.len()];
    match style {
        0 => format!("{new}\n\n{attribution}\n\n{}", quoted(old)),
        1 => format!("{new}\n\n{attribution}\n{old}\n"),
        2 => format!("{new}\n\n{}\n\n{}", wrapped(attribution, 60), quoted(old)),
        3 => format!("{new}\n\n{headers}\n\n{old}\n"),
        4 => format!("{new}\r\n\r\n________________________________\r\n{headers}\r\n\r\n{old}\r\n"),
        5 => format!("{new}\n\n{divider}\n\n{old}\n"),
        6 => format!("{new}\n\n{divider}\n{headers}\n\n{old}\n"),
        7 => format!("{new}\n\n{}", quoted(&format!("{attribution}\n\n{old}"))),
        _ => format!("{attribution}\n{}\n{new}\n", quoted(old)),
    }
}

proptest! {
    #[test]
    fn text_is_divided_where_the_client_divided_it(
        new in paragraphs(NEW),
        old in paragraphs(OLD),
        older in paragraphs(OLD),
        style in 0_usize..9,
        which in any::<usize>(),
    ) {
        let old = format!("{old}\n\nOn Monday, 24 Aug 2026 at 09:00, Bob wrote:\n\n{}", quoted(&older));
        let whole = answer(&new, &old, style, which);
        let seen = visible(Some(&whole), None).text.unwrap();
        prop_assert_eq!(folded(&seen), folded(&new), "{}", whole);
    }

    #[test]
    fn html_is_divided_where_the_client_divided_it(
        new in paragraphs(NEW),
        old in paragraphs(OLD),
        wrapper in select(WRAPPERS),
        (_, attribution) in select(ATTRIBUTIONS),
    ) {
        let attribution = attribution.replace('<', "&lt;").replace('>', "&gt;");
        let tail = wrapper.replace("{at}", &attribution).replace("{old}", &html(&old));
        let whole = format!("<html><body><div>{}</div>{tail}</body></html>", html(&new));
        let seen = visible(None, Some(&whole)).text.unwrap();
        prop_assert_eq!(folded(&seen), folded(&new), "{}", whole);
    }

    #[test]
    fn the_parent_proves_what_no_table_knows(
        new in paragraphs(NEW),
        old in paragraphs(OLD),
        opening in select(UNKNOWN),
        style in 0_usize..5,
        width in 30_usize..90,
    ) {
        let flowed: Vec<String> = old.lines().map(|line| wrapped(line, width)).collect();
        let flowed = flowed.join("\n");
        let whole = match style {
            0 => format!("{new}\n\n{opening}\n\n{flowed}\n"),
            1 => format!("{new}\n\n{opening}\n{}", quoted(&flowed)),
            2 => format!("{new}\n\n{flowed}\n\nSent from my iPhone"),
            3 => format!("{opening}\n\n{flowed}\n\n{new}\n"),
            _ => format!("{new}\n\n-- \nBob Ray\nAcme\n\n{opening}\n\n{flowed}\n"),
        };
        // What nothing marks has to be long to be taken for a quotation.
        prop_assume!(style != 2 || old.split_whitespace().count() > 15);
        let earlier = Earlier::of([old.as_str()]);
        let reading = Reading { earlier: Some(&earlier), ..Reading::default() };
        let seen = visible_with(Some(&whole), None, &reading).text.unwrap();
        let want = if style == 4 { format!("{new}\n\n-- \nBob Ray\nAcme") } else { new };
        prop_assert_eq!(folded(&seen), folded(&want), "{}", whole);
    }

    #[test]
    fn an_earlier_message_takes_nothing_from_new_words(
        new in paragraphs(NEW),
        other in paragraphs(OLD),
    ) {
        let signature = "Best regards,\nBob Ray\nHead of Things, Acme Incorporated\n\
                         12 Long Street, Some Town, Some Country\n+49 30 123456789";
        let whole = format!("{new}\n\n{signature}");
        // The author's own earlier message has the same signature.
        let before = format!("{other}\n\n{signature}");
        let earlier = Earlier::of([before.as_str(), other.as_str()]);
        let reading = Reading { earlier: Some(&earlier), ..Reading::default() };
        let seen = visible_with(Some(&whole), None, &reading).text.unwrap();
        prop_assert_eq!(folded(&seen), folded(&whole));
        let strip = Reading { strip_signature: true, ..reading };
        let seen = visible_with(Some(&whole), None, &strip).text.unwrap();
        prop_assert_eq!(folded(&seen), folded(&new));
    }

    #[test]
    fn any_text_is_read(text in "(?s).{0,400}", earlier in "(?s).{0,200}", strip in any::<bool>()) {
        let known = Earlier::of([earlier.as_str(), text.as_str()]);
        let reading = Reading { strip_signature: strip, earlier: Some(&known) };
        let seen = visible_with(Some(&text), Some(&text), &reading);
        let left = seen.text.unwrap();
        prop_assert!(left.len() <= text.len());
        prop_assert!(text.trim().is_empty() || !left.trim().is_empty());
        prop_assert!(seen.html.unwrap().len() <= text.len());
    }
}

/// What is wrong with what is seen of the last of `messages`: a new word that is missing, an old
/// one that is there.
fn complaint(seen: &str, messages: &[conversation::Message], place: Place) -> Option<String> {
    let seen = folded(seen);
    let (last, older) = messages.split_last()?;
    let paragraphs = last.new.iter().map(|new| folded(new));
    if let Some(lost) = paragraphs.into_iter().find(|new| !seen.contains(new)) {
        return Some(format!("lost: {lost}"));
    }
    if let Some(lost) = last.marks.iter().find(|mark| !seen.contains(*mark)) {
        return Some(format!("lost: {lost}"));
    }
    if place == Place::Between {
        return None;
    }
    let mut old = older.iter().flat_map(|message| &message.marks);
    let kept = old.find(|mark| seen.contains(*mark))?;
    Some(format!("kept: {kept}"))
}

proptest! {
    #![proptest_config(config())]

    /// Conversations of up to six messages in 28 languages, of clients mixed between the turns, with
    /// answers above, below and between, signatures, notes of telephones and legal notices.
    #[test]
    fn conversations_are_divided_at_every_turn(turns in proptest::collection::vec(turn(), 1..=6)) {
        let all = messages(&turns);
        for (at, turn) in turns.iter().enumerate() {
            let place = if at == 0 { Place::Above } else { turn.place };
            let message = &all[at];
            let seen = visible(Some(&message.text), Some(&message.html));
            let wrong = complaint(&seen.text.unwrap(), &all[..=at], place);
            prop_assert_eq!(wrong, None, "{}", message.text);
            let page = mail::html::to_text(&seen.html.unwrap());
            let wrong = complaint(&page, &all[..=at], place);
            prop_assert_eq!(wrong, None, "{}", message.html);
        }
    }
}

/// The same conversations on every run; `PROPTEST_RNG_SEED` asks for others and `PROPTEST_CASES` for
/// more.
fn config() -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 128;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = proptest::test_runner::RngSeed::Fixed(25);
    }
    config
}
