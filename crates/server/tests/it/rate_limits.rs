//! Limits on how often: of a key, of a client address, of an inbox that sends.

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::client::{Answer, connect, read_answer, request_head};
use crate::database::{Data, engines};
use crate::running::{ADMIN_KEY, Running, serve, soon};
use crate::world::{World, each_engine, eventually, letter, message_path};

/// Runs a test on servers with these variables.
async fn each_limited(variables: &[(&str, &str)], test: impl AsyncFn(&World)) {
    for engine in engines() {
        let data = Data::new(engine);
        let mut command = serve(&data);
        command.env("MAILROOST_API_KEY", ADMIN_KEY);
        command.envs(variables.iter().copied());
        let world = World {
            server: Running::from(&mut command).await,
            data,
        };
        Box::pin(test(&world)).await;
        world.server.stop().await;
    }
}

fn number(answer: &Answer, header: &str) -> u64 {
    let text = answer.header(header);
    let text = text.unwrap_or_else(|| panic!("no {header}: {answer:?}"));
    text.parse().unwrap()
}

fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, 429, "{answer:?}");
    let told = answer.json();
    assert_eq!(told["code"], "rate_limit_exceeded", "{told}");
    assert_eq!(told["name"], "RateLimitError", "{told}");
    assert!(told["fix"].is_string(), "{told}");
    assert!(number(answer, "retry-after") >= 1, "{answer:?}");
}

#[tokio::test]
async fn a_key_beyond_its_limit_waits_as_long_as_it_is_told() {
    let variables = [
        ("MAILROOST_REQUESTS_PER_KEY", "1"),
        ("MAILROOST_BURST_PER_KEY", "4"),
    ];
    each_limited(&variables, async |world| {
        let (other, _) = world.key(None, json!({})).await;
        let me = async |key: &str| world.call_as(key, "GET", "/v0/auth/me", &Value::Null).await;
        let first = me(&other).await;
        assert_eq!(first.status, 200, "{first:?}");
        assert_eq!(number(&first, "ratelimit-limit"), 4);
        assert_eq!(number(&first, "ratelimit-remaining"), 3);
        assert_eq!(number(&first, "ratelimit-reset"), 1);
        let refused = eventually(async || {
            let answer = me(&other).await;
            (answer.status != 200).then_some(answer)
        })
        .await;
        assert_refused(&refused);
        assert_eq!(number(&refused, "retry-after"), 1);
        assert_eq!(number(&refused, "ratelimit-limit"), 4);
        assert_eq!(number(&refused, "ratelimit-remaining"), 0);
        assert!(
            (3..=4).contains(&number(&refused, "ratelimit-reset")),
            "{refused:?}"
        );
        // What is refused costs nothing, so the wait ends by itself; others do not wait.
        let again = eventually(async || {
            let answer = me(&other).await;
            (answer.status == 200).then_some(answer)
        })
        .await;
        assert_eq!(number(&again, "ratelimit-remaining"), 0);
        assert_eq!(me(ADMIN_KEY).await.status, 200);
    })
    .await;
}

/// `GET /v0/auth/me` as a client behind a proxy.
async fn behind_proxy(world: &World, client: &str, key: &str) -> Answer {
    let mut stream = connect(world.server.http).await;
    let forwarded = format!("X-Forwarded-For: {client}\r\n");
    let head = request_head("GET", "/v0/auth/me", key, 0, &forwarded);
    soon(stream.write_all(head.as_bytes())).await.unwrap();
    read_answer(&mut stream).await
}

#[tokio::test]
async fn guessing_keys_is_slow_for_the_address_that_guesses() {
    let variables = [
        ("MAILROOST_REQUESTS_PER_ADDRESS", "1"),
        ("MAILROOST_BURST_PER_ADDRESS", "25"),
        ("MAILROOST_TRUSTED_PROXIES", "127.0.0.0/8"),
    ];
    each_limited(&variables, async |world| {
        let guess = async |client: &str| behind_proxy(world, client, "am_us_wrong").await;
        let first = guess("192.0.2.1").await;
        assert_eq!(first.status, 401, "{first:?}");
        assert_eq!(first.json()["code"], "unknown_api_key");
        let refused = eventually(async || {
            let answer = guess("192.0.2.1").await;
            (answer.status != 401).then_some(answer)
        })
        .await;
        assert_refused(&refused);
        // Not even the right key is looked at then, or guessing would go on. Another client is
        // not held up, whatever the first says about itself.
        let right = behind_proxy(world, "192.0.2.7, 192.0.2.1", ADMIN_KEY).await;
        assert_refused(&right);
        let other = behind_proxy(world, "192.0.2.2", ADMIN_KEY).await;
        assert_eq!(other.status, 200, "{other:?}");
        assert_eq!(number(&other, "ratelimit-limit"), 25);
    })
    .await;
}

#[tokio::test]
async fn an_address_is_that_of_the_connection_unless_a_proxy_is_trusted() {
    let variables = [
        ("MAILROOST_REQUESTS_PER_ADDRESS", "1"),
        ("MAILROOST_BURST_PER_ADDRESS", "3"),
    ];
    each_limited(&variables, async |world| {
        let refused = eventually(async || {
            let mut client = 0;
            loop {
                client += 1;
                let answer = behind_proxy(world, &format!("192.0.2.{client}"), ADMIN_KEY).await;
                if answer.status != 200 {
                    return Some(answer);
                }
            }
        })
        .await;
        assert_refused(&refused);
    })
    .await;
}

#[tokio::test]
async fn requests_with_a_token_of_their_own_count_for_their_address_too() {
    let variables = [
        ("MAILROOST_REQUESTS_PER_ADDRESS", "1"),
        ("MAILROOST_BURST_PER_ADDRESS", "60"),
    ];
    each_limited(&variables, async |world| {
        let inbox = world.inbox().await;
        world
            .mail(&inbox, letter(&inbox, "m@outside.test", "S", "x"))
            .await;
        world.arrived(&inbox, 1).await;
        let path = format!("{}/raw", message_path(&inbox, "<m@outside.test>"));
        let link = world.get(&path).await["download_url"]
            .as_str()
            .unwrap()
            .to_owned();
        let request = json!({"client_id": "r", "event_types": ["message.received"]});
        let webhook = world.post("/v0/webhooks/polling", request).await;
        let token = webhook["token"].as_str().unwrap();
        let url = webhook["url"].as_str().unwrap();
        let poll = format!("/{}", url.splitn(4, '/').nth(3).unwrap());
        let read = async |token: &str| world.call_as(token, "GET", &poll, &Value::Null).await;
        let fetched = world.download(&link).await;
        assert_eq!(fetched.status, 200, "{fetched:?}");
        let before = number(&fetched, "ratelimit-remaining");
        let polled = read(token).await;
        assert_eq!(polled.status, 200, "{polled:?}");
        // One more comes back each second.
        assert!(
            number(&polled, "ratelimit-remaining") <= before,
            "{polled:?}"
        );
        // Reading alone uses it up, and then the link opens nothing either.
        let refused = eventually(async || {
            let answer = read(token).await;
            (answer.status != 200).then_some(answer)
        })
        .await;
        assert_refused(&refused);
        let refused = eventually(async || {
            let answer = world.download(&link).await;
            (answer.status != 200).then_some(answer)
        })
        .await;
        assert_refused(&refused);
        // Guessing a token costs as much as guessing a key.
        let refused = eventually(async || {
            let answer = read("am_pt_wrong").await;
            (answer.status == 429).then_some(answer)
        })
        .await;
        assert_refused(&refused);
    })
    .await;
}

#[tokio::test]
async fn an_inbox_sends_so_many_messages_in_an_hour_and_stores_none_beyond() {
    let variables = [("MAILROOST_SENDS_PER_INBOX", "2")];
    each_limited(&variables, async |world| {
        let inbox = world.inbox().await;
        world
            .mail(&inbox, letter(&inbox, "a@outside.test", "Hi", "x"))
            .await;
        let body = json!({"to": ["bob@outside.test", "carol@outside.test"], "text": "x"});
        world.send(&inbox, body.clone()).await;
        let reply = format!("{}/reply", message_path(&inbox, "<a@outside.test>"));
        world.post(&reply, json!({"text": "x"})).await;
        let send = format!("/v0/inboxes/{inbox}/messages/send");
        for (path, body) in [(&send, body.clone()), (&reply, json!({"text": "x"}))] {
            let answer = world.call("POST", path, &body).await;
            assert_refused(&answer);
            let wait = number(&answer, "retry-after");
            assert!((3_500..=3_600).contains(&wait), "{answer:?}");
        }
        assert_eq!(world.messages(&inbox, "").await.len(), 3);
        // Deleting what was sent makes no room; others have their own.
        let sent = world.messages(&inbox, "?labels=sent").await;
        let id = sent[0]["message_id"].as_str().unwrap();
        world.delete(&message_path(&inbox, id)).await;
        assert_refused(&world.call("POST", &send, &body).await);
        let other = world.inbox().await;
        world.send(&other, body).await;
    })
    .await;
}

#[tokio::test]
async fn a_laptop_has_no_limits() {
    each_engine(async |world| {
        let answer = world.call("GET", "/v0/auth/me", &Value::Null).await;
        for header in ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"] {
            assert_eq!(answer.header(header), None, "{answer:?}");
        }
        for _ in 0..300 {
            let answer = world
                .call_as("am_us_wrong", "GET", "/v0/auth/me", &Value::Null)
                .await;
            assert_eq!(answer.status, 401);
        }
    })
    .await;
}
