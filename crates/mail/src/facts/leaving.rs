//! Whether a person asks to be taken off a list.
//!
//! The words also stand under every newsletter, so they count only in what a person wrote anew, in
//! a message that is short and was not sent to many.

use std::ops::Range;

use super::leaving_phrases::{self, COMMANDS, NEGATIONS};
use super::phrases::{Phrases, folded, phrase_at};

/// Words of a text that may still be such a request and nothing else.
const MAX_WORDS: usize = 80;
/// Octets of a text that are looked at.
const MAX_TEXT: usize = 4_096;
/// Octets of a subject that are looked at.
const MAX_SUBJECT: usize = 500;

static REQUESTS: Phrases<{ leaving_phrases::REQUESTS.len() }> =
    Phrases::new(leaving_phrases::REQUESTS);

/// What of a message asks so: octets of the new text, or the subject when there are none.
pub(super) fn find(subject: &str, text: &str) -> Option<Option<Range<usize>>> {
    let bare = text.trim();
    let end = subject.floor_char_boundary(MAX_SUBJECT);
    let own = folded(subject.get(..end).unwrap_or_default().trim());
    if is_command(&own) && bare.len() < 400 && !denied(&folded(bare)) {
        return Some(None);
    }
    if bare.is_empty() || bare.len() > MAX_TEXT || is_long(bare) {
        return None;
    }
    let asked = REQUESTS.are_in(&folded(bare));
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.trim_end().len();
        at += line.len();
        let words = folded(line.trim());
        // `> ` and links are not words of a person about himself.
        if words.starts_with('>') || words.contains("http://") || words.contains("https://") {
            continue;
        }
        let asks = asked && REQUESTS.are_in(&words);
        if (asks || is_command(&words)) && !denied(&words) {
            return Some(Some(range));
        }
    }
    None
}

/// A line that is the word and nothing more: `UNSUBSCRIBE`, `Stop!`
fn is_command(line: &str) -> bool {
    let bare = line.trim_matches(|c: char| !c.is_alphanumeric());
    let bare = ["re: ", "please ", "pls "]
        .iter()
        .fold(bare, |bare, start| bare.strip_prefix(start).unwrap_or(bare));
    let bare = [" please", " me", " thanks"]
        .iter()
        .fold(bare, |bare, end| bare.strip_suffix(end).unwrap_or(bare));
    COMMANDS.contains(&bare)
}

fn denied(line: &str) -> bool {
    NEGATIONS
        .iter()
        .any(|phrase| phrase_at(line, phrase).is_some())
}

/// Whether a text has more than [`MAX_WORDS`] words, where a character of a script that does without
/// blanks is half of one.
fn is_long(text: &str) -> bool {
    let mut words = text.split_whitespace();
    if words.nth(MAX_WORDS).is_some() {
        return true;
    }
    if text.is_ascii() {
        return false;
    }
    let dense = text.chars().filter(|c| u32::from(*c) >= 0x2E80).count();
    text.split_whitespace().count() + dense / 2 > MAX_WORDS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn requests_are_seen_in_every_language() {
        let texts = [
            "Please unsubscribe me.",
            "Can you take me off your mailing list? Thanks",
            "Remove me from this list!",
            "STOP",
            "Please stop emailing me",
            "Bitte nehmen Sie mich aus dem Verteiler.",
            "Ich möchte mich vom Newsletter abmelden",
            "Merci de me désabonner.",
            "Veuillez me retirer de votre liste de diffusion",
            "Por favor, dame de baja",
            "Quiero darme de baja de esta lista",
            "Gostaria de cancelar a inscrição",
            "Por favor me remova da lista",
            "Vi prego di cancellarmi dalla mailing list",
            "Graag uitschrijven.",
            "Jag vill avregistrera mig",
            "Jeg vil gerne afmeldes nyhedsbrevet",
            "Vennligst meld meg av",
            "Poistakaa minut postituslistalta",
            "Proszę o wypisanie z listy",
            "Prosím o odhlášení z odběru",
            "Prosím o odhlásenie z odberu",
            "Kérem, iratkoztassanak le",
            "Vă rog să mă dezabonați",
            "Molim vas da me odjavite",
            "Prosim, odjavite me",
            "Palun eemaldage mind listist",
            "Lūdzu, izņemiet mani no saraksta",
            "Prašau mane išbraukti iš sąrašo",
            "Lütfen beni listeden çıkarın",
            "Пожалуйста, отпишите меня от рассылки",
            "Прошу відписати мене від розсилки",
            "Моля, отпишете ме",
            "Молим вас одјавите ме",
            "Παρακαλώ διαγράψτε με από τη λίστα",
            "נא להסיר אותי מרשימת התפוצה",
            "أرجو إلغاء اشتراكي",
            "कृपया मेरी सदस्यता समाप्त करें",
            "ขอยกเลิกการรับข่าวสารครับ",
            "配信を停止してください。",
            "请把我从邮件列表中删除",
            "退订",
            "수신 거부합니다",
            "Tôi muốn hủy đăng ký",
            "Mohon berhenti berlangganan",
        ];
        let missed: Vec<_> = texts
            .iter()
            .filter(|text| find("Re: News", text).is_none())
            .collect();
        assert!(missed.is_empty(), "{missed:?}");
        assert_eq!(find("Unsubscribe", ""), Some(None));
        assert_eq!(
            find("Re: News", "Hi,\nplease unsubscribe me\nBob"),
            Some(Some(4..25))
        );
    }

    #[test]
    fn other_words_about_lists_are_no_request() {
        for (subject, text) in [
            ("News", "To unsubscribe click here: https://a.example/u"),
            ("Re: News", "Please do not unsubscribe me, I like it."),
            ("Re: News", "> Please unsubscribe me\n\nWe have done that."),
            ("Re: Work", "Let us stop here and talk tomorrow."),
            ("Re: Work", "Can you stop by my desk?"),
            ("Re: Work", "I put the list of names below."),
            ("", ""),
        ] {
            assert_eq!(find(subject, text), None, "{text}");
        }
        let long = format!("{} please unsubscribe me", "many words ".repeat(60));
        assert_eq!(find("Re: News", &long), None);
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(subject in "\\PC{0,40}", text in "\\PC{0,300}") {
            if let Some(Some(range)) = find(&subject, &text) {
                prop_assert!(text.get(range).is_some());
            }
        }
    }
}
