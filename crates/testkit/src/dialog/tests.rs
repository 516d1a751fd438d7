use super::*;

async fn failure(text: &str) -> String {
    let dialog = Dialog::parse("test", text).unwrap();
    dialog
        .run()
        .await
        .map_or_else(|why| why.to_string(), |()| "none".to_owned())
}

const MESSAGE: &str = "S: 220
C: HELO c
S: 250
C: MAIL FROM:<>
S: 250
C: RCPT TO:<x@mx.example>
S: 250
C: DATA
S: 354
raw: one\\r\\n.\\r\\n
S: 250
";

#[tokio::test]
async fn what_goes_otherwise_is_reported_with_its_line() {
    for (text, expected) in [
        (
            "S: 220\n\nC: NOOP\nS: 500\n",
            "test:4: expected 500 , got 250 2.0.0 Ok",
        ),
        (
            "S: 220\nC: NOOP\nS: 250 2.1.0\n",
            "test:3: expected 250 2.1.0, got 250 2.0.0 Ok",
        ),
        (
            "S: 220\nC: EHLO c\nS: 250\nhas: LUNCH\n",
            "test:4: the reply was",
        ),
        (
            "S: 220\nC: EHLO c\nS: 250\nhasnot: SIZE\n",
            "test:4: the reply was",
        ),
        (
            "S: 220\nC: NOOP\nclosed\n",
            "test:3: still open, and said 250",
        ),
        ("S: 220\nleave\nC: NOOP\n", "test:3: the client has left"),
        ("set lunch 1\n", "there is no setting lunch"),
    ] {
        let why = failure(text).await;
        assert!(why.starts_with(expected), "{text}: {why}");
    }
}

#[tokio::test]
async fn messages_are_compared_and_none_is_left_over() {
    for (more, expected) in [
        (
            "message: one\\r\\n\nto: x@mx.example\nenvelope: from=<> helo=c\n",
            "none",
        ),
        ("", "test: at the end: unexpected message one\\r\\n"),
        ("message: two\\r\\n\n", "test:12: the message was one\\r\\n"),
        (
            "message: one\\r\\n\nto: y@mx.example\n",
            "test:13: the recipients were",
        ),
        (
            "message: one\\r\\n\nenvelope: tls=true\n",
            "test:13: tls was false",
        ),
    ] {
        let why = failure(&format!("{MESSAGE}{more}")).await;
        assert!(why.starts_with(expected), "{more}: {why}");
    }
}
