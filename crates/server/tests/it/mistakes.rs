//! What cannot work is refused with one clear line.

use std::fs;

use tokio::process::Command;

use crate::database::{Data, Engine};
use crate::running::{Ended, Running, mailroost, run, serve};

/// Runs `command`, which must fail with `status`, and gives its one line.
async fn refusal(command: &mut Command, status: i32) -> String {
    let ended: Ended = run(command).await;
    assert_eq!(ended.status.code(), Some(status), "{ended:?}");
    assert!(ended.stdout.is_empty(), "{ended:?}");
    let all = ended.stderr.join("\n");
    assert!(
        !all.contains("panicked") && !all.contains("backtrace"),
        "{all}"
    );
    let ours: Vec<_> = ended
        .stderr
        .iter()
        .filter(|line| line.starts_with("mailroost: "))
        .collect();
    assert_eq!(ours.len(), 1, "{all}");
    ours[0].clone()
}

#[tokio::test]
async fn a_taken_port_is_named_and_makes_no_key() {
    let data = Data::new(Engine::Sqlite);
    let other = Data::new(Engine::Sqlite);
    let running = Running::start(&other).await;
    for (flag, other_flag, door, address) in [
        ("--http", "--smtp", "HTTP", running.http),
        ("--smtp", "--http", "SMTP", running.smtp),
    ] {
        let mut command = mailroost(&data.folder());
        command.args(["serve", other_flag, "127.0.0.1:0", flag]);
        let line = refusal(command.arg(address.to_string()), 1).await;
        assert!(
            line.contains(&format!("{door} cannot listen on {address}")),
            "{line}"
        );
    }
    // The first start that works is still the first: it shows the key.
    let mut server = Running::from(&mut serve(&data)).await;
    server.said(|line| line.starts_with("  am_us_")).await;
    server.stop().await;
    running.stop().await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_named() {
    let data = Data::new(Engine::Sqlite);
    let file = data.outside().join("file");
    fs::write(&file, "").unwrap();
    let cases = [
        (file.clone(), "is a file"),
        (file.join("below"), "cannot be created"),
        ("/proc/mailroost".into(), "cannot be created"),
        ("/proc/self".into(), "cannot be written"),
    ];
    for (folder, reason) in cases {
        let line = refusal(serve(&data).env("MAILROOST_DATA", &folder), 1).await;
        assert!(line.contains(reason), "{line}");
        assert!(line.contains("--data"), "{line}");
    }
}

#[tokio::test]
async fn a_second_process_on_the_folder_is_refused_and_the_first_goes_on() {
    let data = Data::new(Engine::Sqlite);
    let first = Running::start(&data).await;
    let line = refusal(&mut serve(&data), 1).await;
    let folder = fs::canonicalize(data.folder()).unwrap();
    assert!(line.contains(&folder.display().to_string()), "{line}");
    assert_eq!(first.get("/healthz").await.status, 200);
    first.stop().await;
}

#[tokio::test]
async fn a_wrong_configuration_is_explained_before_anything_is_touched() {
    let data = Data::new(Engine::Sqlite);
    let file = data.outside().join("mailroost.toml");
    fs::write(&file, "# ours\ndomian = \"agents.test\"\n").unwrap();
    let line = refusal(serve(&data).arg("--config").arg(&file), 2).await;
    assert!(line.contains("mailroost.toml:2: unknown key \"domian\"; did you mean domain?"));
    let line = refusal(serve(&data).env("MAILROOST_DOMIAN", "agents.test"), 2).await;
    assert!(line.contains("did you mean MAILROOST_DOMAIN?"), "{line}");
    let line = refusal(serve(&data).args(["--public-url", "mail.test"]), 2).await;
    assert!(
        line.contains("--public-url: \"mail.test\" is not"),
        "{line}"
    );
    assert!(!data.folder().exists());

    let ended = run(serve(&data).args(["--htpp", "1"])).await;
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr.join("\n").contains("--http"), "{ended:?}");
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_named_without_its_password() {
    let data = Data::new(Engine::Sqlite);
    let mut command = serve(&data);
    let line = refusal(
        command.env("MAILROOST_DATABASE", "mysql://root:hunter2@db/x"),
        2,
    )
    .await;
    assert!(line.contains("MAILROOST_DATABASE"), "{line}");
    assert!(!line.contains("hunter2"), "{line}");
    // Port 1 of loopback: nobody listens there.
    let mut command = serve(&data);
    let url = "postgres://mailroost:hunter2@127.0.0.1:1/mailroost";
    let line = refusal(command.env("MAILROOST_DATABASE", url), 1).await;
    assert!(line.contains("127.0.0.1"), "{line}");
    assert!(!line.contains("hunter2"), "{line}");
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_named() {
    let data = Data::new(Engine::Sqlite);
    let file = data.outside().join("chain.pem");
    fs::write(&file, "not a certificate").unwrap();
    let mut command = serve(&data);
    command.arg("--tls-certificate").arg(&file);
    let line = refusal(command.arg("--tls-key").arg(&file), 1).await;
    assert!(
        line.contains("chain.pem does not hold a PEM certificate"),
        "{line}"
    );
    let mut command = serve(&data);
    let line = refusal(command.arg("--tls-key").arg(&file), 2).await;
    assert!(line.contains("tls_certificate is not"), "{line}");
}
