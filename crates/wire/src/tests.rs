use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::*;

fn reads<T: DeserializeOwned>(value: &Value) -> Result<T, Malformed> {
    from_slice(value.to_string().as_bytes())
}

fn survives<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let text = serde_json::to_vec(value).unwrap();
    assert_eq!(&from_slice::<T>(&text).unwrap(), value);
    assert!(
        !text.windows(5).any(|part| part == b":null"),
        "a null in a body"
    );
}

fn text() -> impl Strategy<Value = String> {
    "[a-z<>@\"\\\\é\u{0}\n ]{0,12}"
}

fn many() -> impl Strategy<Value = OneOrMany> {
    vec(text(), 0..3).prop_map(OneOrMany)
}

fn attachment() -> impl Strategy<Value = Attachment> {
    (text(), of(text()), any::<i64>(), of(text())).prop_map(|(id, filename, size, content_id)| {
        Attachment {
            attachment_id: id,
            filename,
            size,
            content_type: Some("text/plain".into()),
            content_disposition: None,
            content_id,
        }
    })
}

prop_compose! {
    fn message()(
        id in text(), labels in vec(text(), 0..3), from_ in text(), to in vec(text(), 0..3),
        subject in of(text()), html in of(text()), attachments in vec(attachment(), 0..3),
        size in any::<i64>(), value in text(),
    ) -> Message {
        Message {
            organization_id: Some("org".into()), pod_id: None, inbox_id: "a@b".into(),
            thread_id: id.clone(), message_id: id, labels, timestamp: "t".into(), from_,
            reply_to: to.clone(), to, cc: Vec::new(), bcc: Vec::new(), subject, preview: None,
            text: html.clone(), html, extracted_text: None, extracted_html: None, attachments,
            in_reply_to: None, references: vec!["<r>".into()],
            headers: Headers(vec![("Subject".into(), value.clone()), ("to".into(), value)]),
            authentication: None, facts: Vec::new(), spam: None, agent_armor: None, screen: None, identity: None, codes: None,
            size, updated_at: "u".into(), created_at: "c".into(),
        }
    }
}

proptest! {
    #[test]
    fn messages_survive_the_wire(message in message()) {
        survives(&message);
    }

    #[test]
    fn sends_survive_the_wire(
        to in of(many()), subject in of(text()), content in of(text()), track_opens in of(any::<bool>()),
    ) {
        survives(&SendMessageRequest {
            labels: to.clone(),
            to,
            subject: subject.clone(),
            html: subject,
            attachments: Some(vec![SendAttachment { content, ..SendAttachment::default() }]),
            headers: Some(Headers(vec![("X-A".into(), "1".into())])),
            track_opens,
            ..SendMessageRequest::default()
        });
    }

    #[test]
    fn notes_survive_the_wire(
        pairs in proptest::collection::btree_map(text(), prop_oneof![
            text().prop_map(MetadataValue::Text),
            any::<i64>().prop_map(|n| MetadataValue::Number(n.into())),
            any::<bool>().prop_map(MetadataValue::Bool),
        ], 0..4),
    ) {
        survives(&CreateInboxRequest { metadata: Some(pairs), ..CreateInboxRequest::default() });
    }

    #[test]
    fn no_body_makes_reading_panic(bytes in vec(any::<u8>(), 0..64)) {
        let _ = from_slice::<SendMessageRequest>(&bytes);
        let _ = from_slice::<UpdateInboxRequest>(&bytes);
    }
}

#[test]
fn a_wrong_value_is_named_by_its_place() {
    for (body, path, message) in [
        (
            json!({"subject": 5}),
            "subject",
            "invalid type: integer `5`, expected a string",
        ),
        (
            json!({"to": 5}),
            "to",
            "invalid type: integer `5`, expected a string or an array of strings",
        ),
        (
            json!({"to": ["a@b", {}]}),
            "to.1",
            "invalid type: map, expected a string",
        ),
        (
            json!({"attachments": [{}, {"content": false}]}),
            "attachments.1.content",
            "invalid type: boolean `false`, expected a string",
        ),
        (
            json!({"headers": {"X-A": null}}),
            "headers.X-A",
            "invalid type: null, expected a string",
        ),
        (
            json!({"headers": ["a"]}),
            "headers",
            "invalid type: sequence, expected an object of header names and string values",
        ),
    ] {
        let error = reads::<SendMessageRequest>(&body).unwrap_err();
        assert_eq!(error.path.join("."), path);
        assert_eq!(
            (error.code, error.message.as_str()),
            ("invalid_type", message)
        );
    }
    let error = reads::<CreateInboxRequest>(&json!({"metadata": {"a": {"b": 1}}})).unwrap_err();
    assert_eq!(
        error.to_string(),
        "metadata.a: invalid type: map, expected a string, a number or a boolean"
    );
    let error =
        reads::<CreateApiKeyRequest>(&json!({"permissions": {"inbox_read": 1}})).unwrap_err();
    assert_eq!(error.path, ["permissions", "inbox_read"]);
}

#[test]
fn what_is_not_json_says_so_and_repeats_little_of_it() {
    for body in [
        "",
        "{",
        "[1,]",
        "{\"a\":1}x",
        "\u{feff}{}",
        "{\"subject\":\"\u{1}\"}",
    ] {
        let error = from_slice::<SendMessageRequest>(body.as_bytes()).unwrap_err();
        assert_eq!(
            (error.code, error.path.len()),
            ("invalid_json", 0),
            "{body:?}"
        );
    }
    for body in ["[]", "[\"a\"]", "null", "1", " \"x\" "] {
        let error = from_slice::<SendMessageRequest>(body.as_bytes()).unwrap_err();
        assert_eq!(error.message, "The body must be a JSON object", "{body:?}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(
        from_slice::<Value>(deep.as_bytes()).unwrap_err().code,
        "invalid_json"
    );
    let unknown = format!("{{\"x\":{deep}");
    assert_eq!(
        from_slice::<SendMessageRequest>(unknown.as_bytes())
            .unwrap_err()
            .code,
        "invalid_json"
    );
    let long = json!({"track_opens": "secret".repeat(1_000)});
    let error = reads::<SendMessageRequest>(&long).unwrap_err();
    assert!(error.message.chars().count() <= 201, "{error}");
}

#[test]
fn absent_null_and_given_are_three_things() {
    let absent: UpdateInboxRequest = reads(&json!({})).unwrap();
    assert!(absent.metadata.is_absent() && absent.display_name.is_absent());
    let null: UpdateInboxRequest = reads(&json!({"metadata": null})).unwrap();
    assert_eq!(null.metadata, Patch::Null);
    let given: UpdateInboxRequest =
        reads(&json!({"metadata": {"a": null, "b": 1.5}, "display_name": "X"})).unwrap();
    let Patch::Value(notes) = given.metadata else {
        panic!("{given:?}")
    };
    assert_eq!(notes["a"], None);
    assert_eq!(given.display_name, Patch::Value("X".to_owned()));
    assert_eq!(serde_json::to_value(absent).unwrap(), json!({}));
    assert_eq!(
        serde_json::to_value(null).unwrap(),
        json!({"metadata": null})
    );
}

#[test]
fn requests_tolerate_what_they_do_not_know_and_null() {
    let body = json!({"to": "a@b", "cc": null, "body": {"x": [1]}, "permissions": 3});
    let request: SendMessageRequest = reads(&body).unwrap();
    assert_eq!(request.to.unwrap().0, ["a@b"]);
    assert_eq!(request.cc, None);
    let key: CreateApiKeyRequest =
        reads(&json!({"permissions": {"inbox_read": true, "pod_read": null}})).unwrap();
    assert_eq!(key.permissions.unwrap().0.len(), 1);
}

#[test]
fn repeated_headers_become_one_entry_that_can_be_split() {
    let fields = [
        ("Received", "a"),
        ("To", "x, y"),
        ("received", "b"),
        ("Received", "c"),
    ];
    let headers = Headers(fields.map(|(n, v)| (n.to_owned(), v.to_owned())).into());
    assert_eq!(
        serde_json::to_string(&headers).unwrap(),
        r#"{"Received":"a\nb\nc","To":"x, y"}"#
    );
}

#[test]
fn objects_carry_the_type_by_which_the_sdks_tell_them() {
    let subscribed = Subscribed {
        event_types: None,
        inbox_ids: Some(vec!["a@b".into()]),
        pod_ids: None,
        organization_id: None,
        after: None,
    };
    assert_eq!(
        serde_json::to_string(&subscribed).unwrap(),
        r#"{"type":"subscribed","inbox_ids":["a@b"]}"#
    );
    let frame = br#"{"type":"subscribe","inbox_ids":["a@b"],"x":1}"#;
    assert_eq!(
        from_slice::<Frame>(frame).unwrap().type_.as_deref(),
        Some("subscribe")
    );
    assert_eq!(
        from_slice::<Subscribe>(frame).unwrap().inbox_ids,
        subscribed.inbox_ids
    );
    let sent = MessageSentEvent {
        event_type: "message.sent".into(),
        event_id: "e".into(),
        send: SendEvent {
            organization_id: None,
            pod_id: None,
            inbox_id: "a@b".into(),
            thread_id: "t".into(),
            message_id: "<m>".into(),
            timestamp: "now".into(),
            recipients: Vec::new(),
        },
    };
    let text = serde_json::to_string(&sent).unwrap();
    assert!(
        text.starts_with(r#"{"type":"event","event_type":"message.sent","event_id":"e","send":{"#)
    );
    assert!(text.contains(r#""recipients":[]"#));
}

#[test]
fn the_secret_of_a_new_key_is_not_in_its_debug_form() {
    let key = CreateApiKeyResponse {
        organization_id: None,
        api_key_id: "id".into(),
        api_key: "am_us_secret".into(),
        prefix: "am_us_".into(),
        name: "n".into(),
        pod_id: None,
        inbox_id: None,
        permissions: None,
        preset: None,
        effective_permissions: Vec::new(),
        created_at: "c".into(),
        expires_at: None,
    };
    assert!(!format!("{key:?}").contains("am_us_secret"));
}
