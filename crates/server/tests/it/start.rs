//! The first start, later starts, and the keys.

use crate::client::try_connect;
use crate::database::{Data, Engine, engines};
use crate::running::{ADMIN_KEY, Running, mailroost, run, serve, soon};

#[tokio::test]
async fn the_first_start_shows_a_key_that_works_and_later_starts_do_not_show_it() {
    for engine in engines() {
        let data = Data::new(engine);
        let mut first = Running::from(&mut serve(&data)).await;
        let key = first.said(|line| line.starts_with("  am_us_")).await;
        let key = key.trim().to_owned();
        let answer = first.request("GET", "/v0/inboxes", &key, b"").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let base = first.base_url();
        let ended = first.stop().await;
        assert!(
            !ended.stderr.join("\n").contains(&key),
            "the log has the key"
        );
        let said = ended.stdout.join("\n");
        assert!(said.contains(&format!("api_key=\"{key}\",")), "{said}");
        assert!(said.contains(&format!("baseUrl: \"{base}\",")), "{said}");

        let second = Running::from(&mut serve(&data)).await;
        let answer = second.request("GET", "/v0/inboxes", &key, b"").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let ended = second.stop().await;
        let said = ended.stdout.join("\n");
        assert!(said.contains("keys create --data"), "{said}");
        assert!(!said.contains("am_us_"), "{said}");
    }
}

#[tokio::test]
async fn the_key_of_the_environment_works_at_any_start_and_is_never_shown() {
    for engine in engines() {
        let data = Data::new(engine);
        let without = Running::from(&mut serve(&data)).await;
        without.stop().await;
        for _ in 0..2 {
            let server = Running::start(&data).await;
            assert_eq!(server.get("/v0/inboxes").await.status, 200);
            let ended = server.stop().await;
            for line in ended.stdout.iter().chain(&ended.stderr) {
                assert!(!line.contains(ADMIN_KEY), "{line}");
            }
        }
    }
}

#[tokio::test]
async fn a_lost_key_is_replaced_while_no_server_runs() {
    let data = Data::new(Engine::Sqlite);
    let server = Running::start(&data).await;
    let refused = run(mailroost(&data.folder()).args(["keys", "create"])).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(refused.stdout.is_empty(), "{refused:?}");
    server.stop().await;

    let made = run(mailroost(&data.folder()).args(["keys", "create"])).await;
    assert!(made.status.success(), "{made:?}");
    let [key] = &made.stdout[..] else {
        panic!("not one line: {made:?}");
    };
    let server = Running::from(&mut serve(&data)).await;
    let answer = server.request("GET", "/v0/inboxes", key, b"").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    server.stop().await;

    // A mistyped folder does not become a server.
    let nowhere = data.outside().join("typo");
    let refused = run(mailroost(&nowhere).args(["keys", "create"])).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(!nowhere.exists());
}

#[tokio::test]
async fn the_health_check_tells_a_running_server_from_none() {
    let data = Data::new(Engine::Sqlite);
    let server = Running::start(&data).await;
    let address = server.http.to_string();
    let check = async || {
        let mut command = mailroost(&data.folder());
        run(command.args(["healthcheck", "--http", &address])).await
    };
    assert!(check().await.status.success());
    server.stop().await;
    assert_eq!(check().await.status.code(), Some(1));
}

#[tokio::test]
async fn a_closed_standard_output_does_not_stop_the_server() {
    let data = Data::new(Engine::Sqlite);
    let mut command = serve(&data);
    command.env("MAILROOST_API_KEY", ADMIN_KEY);
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let mut log = tokio::io::BufReader::new(child.stderr.take().unwrap());
    let http = loop {
        let mut line = String::new();
        let read = tokio::io::AsyncBufReadExt::read_line(&mut log, &mut line);
        assert_ne!(soon(read).await.unwrap(), 0, "the server ended");
        if let Some((_, rest)) = line.split_once("ready http=") {
            break rest.split(' ').next().unwrap().parse().unwrap();
        }
    };
    // Written after the text that could not be printed.
    let mut line = String::new();
    soon(tokio::io::AsyncBufReadExt::read_line(&mut log, &mut line))
        .await
        .unwrap();
    assert!(try_connect(http).await.is_ok());
    assert!(child.try_wait().unwrap().is_none());
}
