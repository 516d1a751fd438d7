use proptest::prelude::*;

use super::*;

fn terms(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    each_word(text, |word| found.push(word.term.to_owned()));
    found
}

fn finds(query: &str, text: &str) -> bool {
    let query = Query::parse(query);
    !query.is_empty() && query.clauses.iter().all(|clause| clause.is_in([text]))
}

#[test]
fn spellings_of_one_word_are_one_term() {
    for (text, expected) in [
        ("École ÉCOLE e\u{301}cole", "ecole ecole ecole"),
        ("Straße STRASSE", "strasse strasse"),
        ("Ærø Łódź Þór", "aero lodz thor"),
        ("ﬁne ＡＢＣ１２３ ℌello", "fine abc123 hello"),
        ("İstanbul ıstanbul", "istanbul istanbul"),
        ("ΣΊΣΥΦΟΣ σίσυφος", "σισυφοσ σισυφοσ"),
        ("Ёлка елка", "елка елка"),
        ("שָׁלוֹם مُحَمَّد", "שלום محمد"),
        ("٢٠٢٤", "2024"),
        ("co\u{AD}op zero\u{200B}width", "coop zerowidth"),
        ("½", "1 2"),
    ] {
        assert_eq!(terms(text).join(" "), expected, "{text}");
    }
}

#[test]
fn runs_without_spaces_are_cut_into_pairs() {
    assert_eq!(terms("東京都庁"), ["東京", "京都", "都庁", "庁"]);
    assert_eq!(terms("東"), ["東"]);
    assert_eq!(terms("ｶﾞｲﾄﾞ"), ["ガイ", "イド", "ド"]);
    assert_eq!(terms("2024年度report"), ["2024", "年度", "度", "report"]);
    assert_eq!(terms("한국어"), ["한국", "국어", "어"]);
    for (query, text, found) in [
        ("東京", "新東京都庁", true),
        ("京", "東京", true),
        ("東", "東京", true),
        ("都京", "東京都", false),
        ("東京都", "東京 京都", false),
        ("東京都", "ここは東京都です", true),
    ] {
        assert_eq!(finds(query, text), found, "{query} in {text}");
    }
}

#[test]
fn addresses_are_words_as_a_whole_and_by_part() {
    assert_eq!(
        terms("Ann Lee <Ann.Lee+x@Mail.Outside.test>, hi"),
        [
            "ann",
            "lee",
            "ann",
            "lee",
            "x",
            "mail",
            "outside",
            "test",
            "ann.lee+x@mail.outside.test",
            "hi"
        ]
    );
    assert_eq!(terms("邮箱ann@x.test地址").last().unwrap(), "址");
    assert!(terms("邮箱ann@x.test地址").contains(&"ann@x.test".to_owned()));
    assert!(!terms("a@b@c @b d@").iter().any(|term| term.contains('@')));
    for (query, found) in [
        ("ann.lee@outside.test", true),
        ("ann.lee@outside", true),
        ("ann.lee", true),
        ("lee.ann", false),
        ("outside.test", true),
        ("@outside.test", true),
        ("an@outside.test", false),
        ("ann.lee@outside.test Hello", false),
    ] {
        assert_eq!(
            finds(query, "From: Ann <ann.lee@outside.test>."),
            found,
            "{query}"
        );
    }
}

#[test]
fn what_is_written_together_must_stand_together() {
    for (query, text, found) in [
        ("INV-2024-0012", "Re: invoice inv-2024-0012.", true),
        ("2024-0012", "Re: invoice inv-2024-0012.", true),
        ("0012-2024", "Re: invoice inv-2024-0012.", false),
        ("\"quarterly report\"", "the Quarterly  REPORT is", true),
        ("\"quarterly report\"", "report quarterly", false),
        ("\"quarterly rep\"", "quarterly report", false),
        ("quarterly rep", "report quarterly", true),
        ("rep quarterly", "report quarterly", false),
        ("don't", "I don’t know", true),
        ("\"unclosed phrase", "an unclosed phrase", true),
        ("1,299.00", "total 1,299.00 EUR", true),
    ] {
        assert_eq!(finds(query, text), found, "{query} in {text}");
    }
}

#[test]
fn queries_without_words_are_empty_and_long_ones_are_cut() {
    for text in ["", " ", "\"\"", "*:()-+^~ \0 \u{7}", "\"", "@@@", "%_'--;"] {
        assert!(Query::parse(text).is_empty(), "{text:?}");
    }
    assert_eq!(Query::parse(&"a b-c ".repeat(10_000)).terms().count(), 32);
    let long = "x".repeat(10_000);
    let query = Query::parse(&long);
    assert_eq!(query.terms().next().unwrap().text.len(), MAX_TERM);
    assert!(finds(&long, &long));
}

#[test]
fn matches_are_shown_between_stars() {
    let query = Query::parse("\"order number\" Ecol ann@x.test");
    let text = "Your order   number is at the École. École? ann@x.test";
    assert_eq!(
        mark(&query, text).unwrap(),
        "Your **order   number** is at the **École**. **École**? **ann@x.test**"
    );
    assert_eq!(
        mark(&Query::parse("ecol"), "L'École!").unwrap(),
        "L'**École**!"
    );
    assert_eq!(
        mark(&Query::parse("voice"), "Invoices").unwrap(),
        "**Invoices**"
    );
    assert_eq!(fragments(&Query::parse("voice"), "Invoices", 3), [""; 0]);
    assert_eq!(
        mark(&Query::parse("東京都"), "大東京都市").unwrap(),
        "大**東京都**市"
    );
    assert_eq!(mark(&query, "nothing"), None);
    let far = format!("needle {} needle and needle", "straw ".repeat(100));
    let found = fragments(&Query::parse("needle"), &far, 3);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("**needle** straw"), "{found:?}");
    assert!(
        found[1].ends_with("straw **needle** and **needle**"),
        "{found:?}"
    );
}

proptest! {
    #[test]
    fn words_lie_in_the_text_in_order(text in "\\PC{0,60}") {
        let mut last = (0, 0);
        each_word(&text, |word| {
            assert!(text.get(word.start..word.end).is_some_and(|part| !part.is_empty()), "{word:?}");
            assert!(!word.term.is_empty() && word.term.chars().count() <= 120);
            assert!(!word.term.contains(char::is_whitespace) && !word.term.contains('\0'));
            if !word.is_whole {
                assert!((word.position, word.start) >= last);
                last = (word.position, word.start);
            }
        });
    }

    #[test]
    fn every_word_of_a_text_finds_it(text in "[a-cX-Z0-2éßñÅ東京都ガ한국กข@._ -]{0,40}") {
        let mut parts = Vec::new();
        each_word(&text, |word| parts.push(text[word.start..word.end].to_owned()));
        for part in parts {
            prop_assert!(finds(&part, &text), "{part:?} in {text:?}");
        }
    }

    #[test]
    fn case_and_accents_make_no_difference(text in "[a-zA-ZéÉüÜñÑçÇöÖ ]{1,30}") {
        prop_assert_eq!(terms(&text), terms(&text.to_uppercase()));
        let plain: String = text.chars().map(|c| match c {
            'é' | 'É' => 'e', 'ü' | 'Ü' => 'u', 'ñ' | 'Ñ' => 'n', 'ç' | 'Ç' => 'c', 'ö' | 'Ö' => 'o', c => c,
        }).collect();
        prop_assert_eq!(terms(&text), terms(&plain));
    }

    #[test]
    fn marks_only_add_stars(text in "\\PC{0,60}", query in "\\PC{0,12}") {
        let query = Query::parse(&query);
        if let Some(marked) = mark(&query, &text) {
            prop_assert_eq!(marked.replace('*', ""), text.replace('*', ""));
        }
        for piece in fragments(&query, &text, 3) {
            prop_assert!(piece.contains("**"));
        }
    }
}
