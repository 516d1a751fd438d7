//! Counts, usage and rates: right at once, right after they were rolled up, right for each scope.

use serde_json::{Value, json};

use crate::world::{World, each_engine, letter};

/// The sum of a series of counts.
fn total(answer: &Value, kind: &str) -> i64 {
    let series = answer[kind].as_array().map(Vec::as_slice);
    let counts = series.unwrap_or_default().iter();
    counts.map(|bucket| bucket["count"].as_i64().unwrap()).sum()
}

/// The newest value of a series.
fn last(answer: &Value, kind: &str) -> Value {
    answer[kind].as_array().unwrap().last().unwrap().clone()
}

async fn receive(world: &World, inbox: &str, count: usize) {
    for n in 0..count {
        let id = format!("{n}.{inbox}");
        world.mail(inbox, letter(inbox, &id, "S", "x")).await;
    }
}

#[tokio::test]
async fn an_event_is_in_every_count_from_its_own_moment_on_and_once() {
    each_engine(async |world| {
        let (inbox, other) = (world.inbox().await, world.inbox().await);
        let inbox_path = format!("/v0/inboxes/{inbox}/metrics/events");
        let pod = world.get(&format!("/v0/inboxes/{inbox}")).await["pod_id"].clone();
        let pod_path = format!("/v0/pods/{}/metrics", pod.as_str().unwrap());
        // Long enough for the counting to run in between.
        for n in 1..=150 {
            let id = format!("{n}@outside.test");
            world.mail(&inbox, letter(&inbox, &id, "S", "x")).await;
            let path = if n % 2 == 0 { "/v0/metrics/events" } else { &inbox_path };
            let period = ["", "?period=1", "?period=60", "?period=3600", "?period=7"][n % 5];
            let found = world.get(&format!("{path}{period}")).await;
            assert_eq!(total(&found, "message.received"), i64::try_from(n).unwrap(), "{path}{period}");
        }
        assert_eq!(total(&world.get(&pod_path).await, "message.received"), 150);
        let found = world.get(&format!("/v0/inboxes/{other}/metrics/events")).await;
        assert_eq!(found, json!({}));
        let asked = format!(
            "/v0/inboxes/{other}/metrics/events?event_types=%5B%22message.received%22%2C+%22message.sent%22%5D"
        );
        assert_eq!(world.get(&asked).await, json!({"message.received": [], "message.sent": []}));
    })
    .await;
}

#[tokio::test]
async fn buckets_lie_within_the_question_in_the_order_that_is_asked_for() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        receive(world, &inbox, 3).await;
        world
            .send(
                &inbox,
                json!({"to": ["a@outside.test", "b@outside.test"], "text": "x"}),
            )
            .await;
        let found = world.get("/v0/metrics/events?period=86400").await;
        assert_eq!(
            (
                total(&found, "message.received"),
                total(&found, "message.sent")
            ),
            (3, 1)
        );
        let read = |bucket: &Value| {
            let text = bucket["timestamp"].as_str().unwrap();
            mail::Timestamp::parse_rfc3339(text).unwrap()
        };
        let up = world
            .get("/v0/metrics/events?event_types=message.received")
            .await;
        let down = world
            .get("/v0/metrics/events?event_types=message.received&descending=true")
            .await;
        let times = |answer: &Value| -> Vec<mail::Timestamp> {
            answer["message.received"]
                .as_array()
                .unwrap()
                .iter()
                .map(read)
                .collect()
        };
        assert!(times(&up).is_sorted());
        assert!(times(&down).iter().rev().is_sorted());
        let one = world.get("/v0/metrics/events?period=1&limit=1").await;
        assert_eq!(one["message.received"].as_array().unwrap().len(), 1);
        // Nothing of now is in a stretch that ended before.
        let now = times(&up)[0];
        let hour = std::time::Duration::from_secs(3_600);
        let before = format!(
            "/v0/metrics/events?start={}&end={}",
            now.minus(2 * hour),
            now.minus(hour)
        );
        assert_eq!(world.get(&before).await, json!({}));
        let around = format!(
            "/v0/metrics?start_timestamp={}&end_timestamp={}",
            now.minus(hour),
            now.plus(hour)
        );
        assert_eq!(total(&world.get(&around).await, "message.received"), 3);
    })
    .await;
}

#[tokio::test]
async fn usage_rises_and_falls_with_what_is_there() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        receive(world, &inbox, 3).await;
        let sizes: i64 = world
            .messages(&inbox, "")
            .await
            .iter()
            .map(|message| message["size"].as_i64().unwrap())
            .sum();
        let path = format!("/v0/inboxes/{inbox}/metrics/usage");
        let found = world.get(&path).await;
        let names: Vec<&String> = found.as_object().unwrap().keys().collect();
        assert_eq!(names, ["message_count", "storage_bytes", "thread_count"]);
        assert_eq!(last(&found, "message_count")["value"], 3);
        assert_eq!(last(&found, "thread_count")["value"], 3);
        assert_eq!(last(&found, "storage_bytes")["value"], sizes);
        let points = found["message_count"].as_array().unwrap();
        assert!((144..=145).contains(&points.len()));
        assert_eq!(points[0]["value"], 0, "before there was anything");

        let thread = world.get("/v0/threads").await["threads"][0]["thread_id"].clone();
        world
            .delete(&format!("/v0/threads/{}", thread.as_str().unwrap()))
            .await;
        let found = world.get(&path).await;
        assert_eq!(last(&found, "message_count")["value"], 2);
        assert_eq!(last(&found, "thread_count")["value"], 2);

        world
            .post("/v0/domains", json!({"domain": "usage.test"}))
            .await;
        let org = world.get("/v0/metrics/usage?descending=true&limit=1").await;
        for (kind, value) in [
            ("inbox_count", 1),
            ("pod_count", 1),
            ("domain_count", 1),
            ("message_count", 2),
        ] {
            assert_eq!(org[kind].as_array().unwrap().len(), 1);
            assert_eq!(last(&org, kind)["value"], value, "{kind}");
        }
        world.delete(&format!("/v0/inboxes/{inbox}")).await;
        let org = world.get("/v0/metrics/usage").await;
        assert_eq!(last(&org, "storage_bytes")["value"], 0);
        assert_eq!(last(&org, "inbox_count")["value"], 0);
    })
    .await;
}

#[tokio::test]
async fn rates_are_shares_of_recipients_and_null_where_nothing_was_sent() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let idle = world.get("/v0/metrics/rates").await;
        assert_eq!(last(&idle, "bounce")["rate"], Value::Null);
        assert!(
            last(&idle, "bounce")
                .as_object()
                .unwrap()
                .contains_key("rate")
        );
        assert_eq!(last(&idle, "complaint")["sent"], 0);

        let to = json!([
            "nobody@mailroost.localhost",
            "a@outside.test",
            "b@outside.test",
            "c@outside.test"
        ]);
        let id = world.send(&inbox, json!({"to": to, "text": "x"})).await;
        world.labelled(&inbox, &id, "bounced").await;
        for path in [
            "/v0/metrics/rates".to_owned(),
            format!("/v0/inboxes/{inbox}/metrics/rates"),
        ] {
            let found = world.get(&path).await;
            let point = last(&found, "bounce");
            assert_eq!(
                (&point["rate"], &point["sent"]),
                (&json!(0.25), &json!(4)),
                "{path}"
            );
            assert_eq!(last(&found, "complaint")["rate"], 0.0);
        }
        let narrow = world.get(
            "/v0/metrics/rates?rate_types=bounce&period=120&window=600&limit=2&descending=true",
        );
        let narrow = narrow.await;
        assert_eq!(narrow["bounce"].as_array().unwrap().len(), 2);
        assert_eq!(narrow["bounce"][0]["sent"], 4);
        assert!(narrow.get("complaint").is_none());
    })
    .await;
}

#[tokio::test]
async fn questions_without_an_answer_are_refused_with_their_field() {
    each_engine(async |world| {
        let wrong = (400, "validation_error");
        for path in [
            "events?event_types=message.opened",
            "events?event_types=nonsense",
            "events?period=0",
            "events?period=86401",
            "events?period=x",
            "events?limit=0",
            "events?limit=1001",
            "events?start=2020-01-01T00:00:00Z",
            "events?start=2999-01-01T00:00:00Z",
            "events?start=yesterday",
            "usage?usage_types=message.sent",
            "rates?rate_types=open",
            "rates?period=3600&window=5000",
            "rates?period=3600&window=0",
        ] {
            world
                .refused("GET", &format!("/v0/metrics/{path}"), Value::Null, wrong)
                .await;
        }
        let wide = (400, "query_range_too_wide");
        for path in [
            "usage?period=60",
            "rates?period=60",
            "rates?period=1&window=86400",
        ] {
            world
                .refused("GET", &format!("/v0/metrics/{path}"), Value::Null, wide)
                .await;
        }
        let inbox = world.inbox().await;
        let pods = format!("/v0/inboxes/{inbox}/metrics/usage?usage_types=pod_count");
        world.refused("GET", &pods, Value::Null, wrong).await;
        world
            .refused(
                "GET",
                "/v0/inboxes/nobody@mailroost.localhost/metrics/usage",
                Value::Null,
                (404, "not_found"),
            )
            .await;
    })
    .await;
}
