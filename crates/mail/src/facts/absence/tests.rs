use super::*;
use proptest::prelude::*;

fn sent() -> Day {
    Day::new(2026, 6, 1).unwrap()
}

fn read_text(subject: &str, text: &str, answered: bool, offset: i32) -> Option<(String, String)> {
    let language = super::super::language::language(text).map(|found| found.code);
    let message = Message {
        subject,
        text,
        answered,
        sent: Some(sent()),
        offset,
        language,
    };
    let (absence, _) = find(&message)?;
    let shown = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    Some((shown(absence.from), shown(absence.returns())))
}

/// What programs answer, the day to expect their owners, in the year 2026 if none is given.
const NOTES: &[(&str, &str)] = &[
    (
        "I am out of the office until Friday, June 12, 2026 with limited access to email.",
        "2026-06-12",
    ),
    (
        "Thank you for your email. I'm on annual leave and will be back on 15 June.",
        "2026-06-15",
    ),
    (
        "I will be out of office from 1 June to 12 June and will return on Monday 15th June 2026.",
        "2026-06-15",
    ),
    ("I'm on vacation through 12/06/2026.", "2026-06-12"),
    (
        "I am on parental leave, returning on 2026-09-01.",
        "2026-09-01",
    ),
    (
        "I'm out of the office and will return tomorrow.",
        "2026-06-02",
    ),
    ("I am out of the office and back next Monday.", "2026-06-08"),
    (
        "Ich bin bis zum 12. Juni nicht im Büro. Ihre Nachricht wird nicht weitergeleitet.",
        "2026-06-12",
    ),
    (
        "Vielen Dank für Ihre Nachricht. Ich bin im Urlaub und ab dem 15.06.2026 wieder erreichbar.",
        "2026-06-15",
    ),
    (
        "Ich bin vom 01.06. bis einschließlich 12.06. abwesend.",
        "2026-06-12",
    ),
    (
        "Je suis absente du bureau du 1er juin au 12 juin 2026 inclus.",
        "2026-06-12",
    ),
    (
        "Je suis en congés et serai de retour le lundi 15 juin.",
        "2026-06-15",
    ),
    (
        "Estaré fuera de la oficina hasta el 12 de junio de 2026.",
        "2026-06-12",
    ),
    (
        "Me encuentro de vacaciones. Regreso el lunes 15 de junio.",
        "2026-06-15",
    ),
    (
        "Estou de férias até 12 de junho. Em caso de urgência, contacte a Ana.",
        "2026-06-12",
    ),
    (
        "Estarei ausente do escritório e retornarei em 15/06/2026.",
        "2026-06-15",
    ),
    ("Sono in ferie fino al 12 giugno compreso.", "2026-06-12"),
    (
        "Sarò fuori ufficio e rientrerò lunedì 15 giugno 2026.",
        "2026-06-15",
    ),
    ("Ik ben met vakantie tot en met 12 juni 2026.", "2026-06-12"),
    (
        "Ik ben afwezig en ben op 15 juni weer bereikbaar.",
        "2026-06-15",
    ),
    ("Jag har semester till och med den 12 juni.", "2026-06-12"),
    (
        "Jag är inte på kontoret men är tillbaka den 15 juni 2026.",
        "2026-06-15",
    ),
    (
        "Jeg er på ferie til og med fredag den 12. juni.",
        "2026-06-12",
    ),
    (
        "Jeg er ikke på kontoret, og er tilbake 15. juni.",
        "2026-06-15",
    ),
    ("Olen lomalla 12.6.2026 asti.", "2026-06-12"),
    ("Jestem na urlopie do 12 czerwca 2026 r.", "2026-06-12"),
    ("Jestem poza biurem. Wracam 15 czerwca.", "2026-06-15"),
    ("Jsem na dovolené do 12. června 2026.", "2026-06-12"),
    ("Som na dovolenke do 12. júna 2026.", "2026-06-12"),
    ("Szabadságon vagyok 2026. június 12-ig.", "2026-06-12"),
    ("Sunt în concediu până pe 12 iunie 2026.", "2026-06-12"),
    ("Na godišnjem sam odmoru do 12. lipnja 2026.", "2026-06-12"),
    ("Na dopustu sem do 12. junija 2026.", "2026-06-12"),
    ("Olen puhkusel kuni 12. juuni 2026.", "2026-06-12"),
    ("Esmu atvaļinājumā līdz 12. jūnijam.", "2026-06-12"),
    ("Atostogauju iki birželio 12 d.", "2026-06-12"),
    ("12 Haziran 2026 tarihine kadar izindeyim.", "2026-06-12"),
    ("Я в отпуске с 1 по 12 июня 2026 г.", "2026-06-12"),
    (
        "Меня нет в офисе, я в отпуске. Вернусь 15 июня.",
        "2026-06-15",
    ),
    ("Я у відпустці до 12 червня 2026 року.", "2026-06-12"),
    ("В отпуск съм до 12 юни 2026 г.", "2026-06-12"),
    ("Θα λείπω έως τις 12 Ιουνίου 2026.", "2026-06-12"),
    ("אני בחופשה עד 12 ביוני 2026.", "2026-06-12"),
    ("أنا في إجازة حتى 12 يونيو 2026.", "2026-06-12"),
    ("मैं 12 जून 2026 तक छुट्टी पर हूँ।", "2026-06-12"),
    ("ผมลาพักร้อนถึงวันที่ 12 มิถุนายน 2569", "2026-06-12"),
    ("6月12日まで休暇をいただいております。", "2026-06-12"),
    ("休暇中です。6月15日(月)より出社いたします。", "2026-06-15"),
    ("我正在休假，2026年6月15日回来。", "2026-06-15"),
    ("我於6月12日至6月14日不在辦公室。", "2026-06-14"),
    ("6월 12일까지 휴가입니다.", "2026-06-12"),
    (
        "Tôi đang nghỉ phép đến ngày 12 tháng 6 năm 2026.",
        "2026-06-12",
    ),
    (
        "Saya sedang cuti sampai tanggal 12 Juni 2026.",
        "2026-06-12",
    ),
    ("Estic de vacances fins al 12 de juny.", "2026-06-12"),
];

#[test]
fn the_return_is_read_in_every_language() {
    let wrong: Vec<_> = NOTES
        .iter()
        .map(|(text, day)| (text, day, read_text("Re: Hello", text, true, 3600)))
        .filter(|(_, day, found)| found.as_ref().map(|found| found.1.as_str()) != Some(**day))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_absence_needs_a_program_or_a_word_about_the_meantime() {
    for (subject, text, answered, away) in [
        (
            "Automatic reply: Offer",
            "I am on leave until 12 June.",
            false,
            true,
        ),
        (
            "Abwesenheitsnotiz: Angebot",
            "Ich bin im Urlaub.",
            false,
            true,
        ),
        (
            "Re: Offer",
            "I am out of the office until 12 June. For urgent matters ask Bob.",
            false,
            true,
        ),
        (
            "Re: Offer",
            "I'm on vacation next week, shall we talk before?",
            false,
            false,
        ),
        ("Re: Offer", "Are you back on 12 June?", false, false),
        (
            "[Ticket 7] Received",
            "We have got your request and will answer until 12 June.",
            true,
            false,
        ),
        ("Autoreply", "Thank you for your message.", true, false),
        (
            "Holiday offers",
            "Book your holiday until 12 June!",
            false,
            false,
        ),
    ] {
        assert_eq!(
            read_text(subject, text, answered, 0).is_some(),
            away,
            "{text}"
        );
    }
}

#[test]
fn the_year_and_the_order_are_those_of_the_sender() {
    for (text, offset, from, returns) in [
        (
            "I am out of the office until 6/12 and will answer then.",
            -5 * 3600,
            "",
            "2026-06-12",
        ),
        (
            "I am out of the office until 6/12 and will answer then.",
            0,
            "",
            "2026-12-06",
        ),
        (
            "I am out of the office until January 5.",
            0,
            "",
            "2027-01-05",
        ),
        (
            "I am out of the office June 12-20, 2026.",
            0,
            "2026-06-12",
            "2026-06-20",
        ),
        (
            "I am out of the office June 12-20.",
            0,
            "2026-06-12",
            "2026-06-20",
        ),
        (
            "I am out of the office on 12 June.",
            0,
            "2026-06-12",
            "2026-06-12",
        ),
        (
            "I am out of the office, call 555 12 34 or 24/7 on +1 555 12.",
            0,
            "",
            "",
        ),
        ("I am out of the office until 31 February.", 0, "", ""),
    ] {
        let found = read_text("Automatic reply", text, true, offset);
        let want = Some((from.to_owned(), returns.to_owned()));
        assert_eq!(found, want, "{text}");
    }
}

#[test]
fn months_are_unambiguous() {
    // "listopad" is October in one language and November in others, and is asked for by language.
    let all: Vec<&str> = names::MONTHS
        .iter()
        .flat_map(|names| names.split(' '))
        .collect();
    for name in &all {
        assert!(!name.is_empty());
        assert_eq!(*name, folded(name), "{name}");
    }
    for (at, names) in names::MONTHS.iter().enumerate() {
        for name in names.split(' ') {
            let first = names::MONTHS
                .iter()
                .position(|names| names.split(' ').any(|n| n == name));
            assert_eq!(first, Some(at), "{name}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,300}", answered: bool) {
        let _ = read_text("Automatic reply", &text, answered, 0);
    }

    #[test]
    fn any_numbers_have_an_answer(text in "(out of the office|until|back|[0-9]{1,5}|[-./年月日 ]|june|juin|ngày|tháng){0,40}") {
        let _ = read_text("Automatic reply", &text, true, 0);
    }
}
