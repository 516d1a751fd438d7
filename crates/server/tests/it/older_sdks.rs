//! Answers in the shape that older releases of the SDKs were made for. The releases themselves run
//! against the server in `conformance/older`; here is what they cannot show.

use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::client::{Answer, connect, read_answer, request_head};
use crate::running::{ADMIN_KEY, soon};
use crate::world::{World, each_engine, letter, message_path};

const ID: &str = "m@outside.test";

fn bracketed() -> String {
    format!("<{ID}>")
}

/// A request as a release of the Python SDK sends it.
async fn as_release(
    world: &World,
    release: &str,
    (key, method, path, body): (&str, &str, &str, &str),
) -> Answer {
    let more = format!(
        "X-Fern-Language: Python\r\nX-Fern-SDK-Name: agentmail\r\nX-Fern-SDK-Version: {release}\r\n"
    );
    let head = request_head(method, path, key, body.len(), &more);
    let mut stream = connect(world.server.http).await;
    soon(stream.write_all(head.as_bytes())).await.unwrap();
    soon(stream.write_all(body.as_bytes())).await.unwrap();
    read_answer(&mut stream).await
}

#[tokio::test]
async fn an_old_release_gets_raw_bytes_and_a_new_one_a_link() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        world.mail(&inbox, letter(&inbox, ID, "Hello", "Hi.")).await;
        let path = format!("{}/raw", message_path(&inbox, &bracketed()));
        let old = as_release(world, "0.2.24", (ADMIN_KEY, "GET", &path, "")).await;
        assert_eq!(old.header("content-type"), Some("message/rfc822"));
        assert_eq!(old.body, world.raw(&inbox, &bracketed()).await);
        let new = as_release(world, "2.0.18", (ADMIN_KEY, "GET", &path, "")).await;
        assert_eq!(new.json()["size"], old.body.len());
    })
    .await;
}

#[tokio::test]
async fn the_whole_message_is_for_keys_that_may_read_it() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        world
            .mail(&inbox, letter(&inbox, ID, "Secret", "Hi."))
            .await;
        let path = message_path(&inbox, &bracketed());
        let change = r#"{"add_labels":["done"]}"#;
        let whole = as_release(world, "0.2.24", (ADMIN_KEY, "PATCH", &path, change)).await;
        assert_eq!(whole.json()["subject"], "Secret");
        let only = json!({"permissions": {"message_update": true}});
        let (blind, _) = world.key(None, only).await;
        let told = as_release(world, "0.2.24", (&blind, "PATCH", &path, change)).await;
        assert_eq!(told.status, 200, "{told:?}");
        let told = told.json();
        let fields: Vec<_> = told.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["labels", "message_id"], "{told}");
    })
    .await;
}
