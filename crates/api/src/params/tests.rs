use proptest::prelude::*;

use super::*;

fn list(query: &str) -> Vec<String> {
    Params::parse(query).list("labels").unwrap()
}

#[test]
fn a_list_is_read_in_every_encoding() {
    for query in [
        "labels=%5B%22a%22%2C+%22b+c%22%5D",
        "labels=%5B%22a%22%2C%22b%20c%22%5D",
        "labels=[\"a\",\"b%20c\"]",
        "labels=a,b+c",
        "labels=a,%20b%20c",
        "labels=a&x=1&labels=b+c",
        "labels[]=a&labels%5B%5D=b+c",
        "labels=%5B%22a%22%5D&labels=b+c",
    ] {
        assert_eq!(list(query), ["a", "b c"], "{query}");
    }
    assert_eq!(list("labels=unread"), ["unread"]);
    for query in [
        "",
        "labels=",
        "labels",
        "labels=[]",
        "labels=%5B%22%22%5D",
        "label=a",
    ] {
        assert_eq!(list(query), [""; 0], "{query}");
    }
}

#[test]
fn a_json_array_keeps_its_commas_and_digits() {
    assert_eq!(list(r#"labels=["a,b","c"]"#), ["a,b", "c"]);
    assert_eq!(list("labels=[12345,true]"), ["12345", "true"]);
    assert_eq!(list("labels=12345"), ["12345"]);
}

#[test]
fn a_bracket_alone_does_not_make_an_array() {
    assert_eq!(list("labels=[urgent]"), ["[urgent]"]);
    assert_eq!(list("labels=[urgent] mail"), ["[urgent] mail"]);
    for query in [
        r#"labels=["a""#,
        r#"labels=["a"]x"#,
        r#"labels=[["a"]]"#,
        "labels=[null]",
    ] {
        let error = Params::parse(query).list("labels").unwrap_err();
        assert_eq!(error.issues()[0].path, ["labels"], "{query}");
    }
    let many = format!("labels={}", "a,".repeat(101));
    assert!(Params::parse(&many).list("labels").is_err());
}

#[test]
fn limits_are_positive_numbers() {
    for (text, limit) in [
        ("1", 1),
        ("20", 20),
        ("100", 100),
        ("1000", 1_000),
        ("007", 7),
    ] {
        let page = Params::parse(&format!("limit={text}")).page().unwrap();
        assert_eq!(page.limit, Some(limit));
        assert!(page.size() <= MAX_LIMIT);
    }
    let huge = Params::parse("limit=9223372036854775807").page().unwrap();
    assert_eq!(huge.size(), MAX_LIMIT);
    for text in [
        "0",
        "-1",
        "1.5",
        "abc",
        "%00",
        "1e3",
        "%2B5",
        "9223372036854775808",
        "18446744073709551615",
        "99999999999999999999999",
    ] {
        let error = Params::parse(&format!("limit={text}")).page().map(|_| ());
        let error = error.unwrap_err();
        assert_eq!(error.issues()[0].path, ["limit"], "{text}");
    }
    assert_eq!(Params::parse("limit=").page().unwrap().limit, None);
}

#[test]
fn filtered_lists_refuse_what_plain_ones_cut() {
    assert!(Params::parse("limit=101").messages().is_ok());
    assert!(Params::parse("limit=100&labels=a").messages().is_ok());
    for filter in ["labels=a", "from=a", "to=a", "subject=a"] {
        let error = Params::parse(&format!("limit=101&{filter}")).messages();
        let error = error.map(|_| ()).unwrap_err();
        assert_eq!(
            error.detail(),
            "limit cannot exceed 100 for filtered queries"
        );
    }
    for filter in ["labels=a", "senders=a", "recipients=a", "subject=a"] {
        assert!(
            Params::parse(&format!("limit=101&{filter}"))
                .threads()
                .is_err()
        );
    }
}

#[test]
fn instants_are_read_with_any_offset() {
    let at = Timestamp::parse_rfc3339("2026-01-02T03:04:05Z");
    for text in [
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.000Z",
        "2026-01-02T05:04:05%2B02:00",
        "2026-01-02T05:04:05+02:00",
        "2026-01-02T05:04:05%2002:00",
        "2026-01-01T22:04:05-05:00",
    ] {
        let params = Params::parse(&format!("after={text}"));
        assert_eq!(params.instant("after").unwrap(), at, "{text}");
    }
    for text in [
        "2026-01-02",
        "2026-01-02T03:04:05",
        "yesterday",
        "1767323045",
    ] {
        assert!(
            Params::parse(&format!("after={text}"))
                .instant("after")
                .is_err(),
            "{text}"
        );
    }
}

#[test]
fn flags_are_true_or_false() {
    let include = |query| Params::parse(query).messages().unwrap().include;
    assert_eq!(
        include("include_spam=true&include_trash=True"),
        Hidden::SPAM.with(Hidden::TRASH)
    );
    assert_eq!(include("include_spam=false&include_blocked="), Hidden::NONE);
    let error = Params::parse("include_spam=yes")
        .messages()
        .map(|_| ())
        .unwrap_err();
    assert_eq!(error.detail(), "include_spam must be true or false");
    assert!(Params::parse("ascending=maybe").page().is_err());
}

#[test]
fn unknown_parameters_are_ignored_and_the_last_of_several_counts() {
    let page = Params::parse("limit=1&x=%zz&limit=2&page_token=a%3D%3D&=&&")
        .page()
        .unwrap();
    assert_eq!((page.limit, page.token.as_deref()), (Some(2), Some("a==")));
}

proptest! {
    #[test]
    fn every_list_of_strings_comes_through_as_the_sdks_write_it(
        values in proptest::collection::vec("[^\u{0}]{1,8}", 1..5),
    ) {
        let json = serde_json::to_string(&values).unwrap();
        let query = format!("labels={}", crate::percent::encode_parameter(&json));
        prop_assert_eq!(list(&query), values);
    }

    #[test]
    fn no_query_makes_reading_panic(query in ".{0,80}") {
        let params = Params::parse(&query);
        let _ = (params.messages(), params.threads());
    }
}
