//! A running server as tests speak of it: what goes in at one door, what is seen at the other.

use serde_json::{Value, json};
use testkit::{ClientReply, SmtpClient};

use crate::client::Answer;
use crate::database::{Data, engines};
use crate::running::{ADMIN_KEY, Running, mailroost, run, soon};

/// A server and its data.
pub struct World {
    /// The server.
    pub server: Running,
    /// Where its data is.
    pub data: Data,
}

/// Runs a test on each engine this machine has. The server must end well and must not have found a
/// fault of its own.
pub async fn each_engine(test: impl AsyncFn(&World)) {
    for engine in engines() {
        let data = Data::new(engine);
        let world = World {
            server: Running::start(&data).await,
            data,
        };
        Box::pin(test(&world)).await;
        well_ended(world.server).await;
    }
}

/// The same beside another organisation, whose admin key the test gets.
pub async fn each_engine_with_another_organization(test: impl AsyncFn(&World, &str)) {
    for engine in engines() {
        let data = Data::new(engine);
        Running::start(&data).await.stop().await;
        let another = organization(&data, "Another").await;
        let world = World {
            server: Running::start(&data).await,
            data,
        };
        Box::pin(test(&world, &another)).await;
        well_ended(world.server).await;
    }
}

/// Makes another organisation on data that no server has open; gives its admin key.
pub async fn organization(data: &Data, name: &str) -> String {
    let mut command = mailroost(&data.folder());
    command.args(["organizations", "create", name]);
    if let Some(url) = data.database_url() {
        command.env("MAILROOST_DATABASE", url);
    }
    let made = run(&mut command).await;
    assert!(made.status.success(), "{made:?}");
    let [_, key] = &made.stdout[..] else {
        panic!("not two lines: {made:?}");
    };
    key.clone()
}

/// Stops a server, which must not have found a fault of its own.
pub async fn well_ended(server: Running) {
    let ended = server.stop().await;
    for line in &ended.stderr {
        assert!(
            !line.contains("ERROR") && !line.contains("panicked"),
            "{line}"
        );
    }
}

impl World {
    /// A fresh inbox at a random address.
    pub async fn inbox(&self) -> String {
        let inbox = self.post("/v0/inboxes", json!({})).await;
        inbox["inbox_id"].as_str().unwrap().to_owned()
    }

    /// A request with the admin key; its answer must be a success. `null` for an empty one.
    pub async fn ok(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.call(method, path, body).await;
        if answer.status == 204 {
            assert!(answer.body.is_empty(), "{answer:?}");
            return Value::Null;
        }
        assert_eq!(answer.status, 200, "{method} {path}: {answer:?}");
        answer.json()
    }

    /// `GET` with the admin key.
    pub async fn get(&self, path: &str) -> Value {
        self.ok("GET", path, &Value::Null).await
    }

    /// `POST` with the admin key.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.ok("POST", path, &body).await
    }

    /// `PATCH` with the admin key.
    pub async fn patch(&self, path: &str, body: Value) -> Value {
        self.ok("PATCH", path, &body).await
    }

    /// `DELETE` with the admin key.
    pub async fn delete(&self, path: &str) {
        self.ok("DELETE", path, &Value::Null).await;
    }

    /// A request with the admin key that must be refused with this status and code, in the shape
    /// of errors and with advice.
    pub async fn refused(
        &self,
        method: &str,
        path: &str,
        body: Value,
        expected: (u16, &str),
    ) -> Value {
        let answer = self.call(method, path, &body).await;
        let told = answer.json();
        let got = (answer.status, told["code"].as_str().unwrap_or_default());
        assert_eq!(got, expected, "{method} {path} {body:.300}: {told}");
        for field in ["name", "message", "fix", "docs"] {
            let text = told[field].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{field} of {told}");
        }
        told
    }

    /// A request with the admin key and its answer, whatever it is.
    pub async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.call_as(ADMIN_KEY, method, path, body).await
    }

    /// A request with any key and its answer, whatever it is.
    pub async fn call_as(&self, key: &str, method: &str, path: &str, body: &Value) -> Answer {
        let body = match body {
            Value::Null => String::new(),
            some => some.to_string(),
        };
        let sent = self.server.request(method, path, key, body.as_bytes());
        sent.await
    }

    /// The bytes behind a signed link, fetched without a credential.
    pub async fn download(&self, url: &str) -> Answer {
        // Links name the host that the request named.
        let path = url.splitn(4, '/').nth(3).unwrap();
        self.server
            .request("GET", &format!("/{path}"), "", b"")
            .await
    }

    /// The raw bytes of a message, through its link.
    pub async fn raw(&self, inbox: &str, id: &str) -> Vec<u8> {
        let link = self.get(&format!("{}/raw", message_path(inbox, id))).await;
        let answer = self.download(link["download_url"].as_str().unwrap()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// A page of an inbox's messages; `query` begins with `?` or is empty.
    pub async fn messages(&self, inbox: &str, query: &str) -> Vec<Value> {
        let list = self
            .get(&format!("/v0/inboxes/{inbox}/messages{query}"))
            .await;
        list["messages"].as_array().unwrap().clone()
    }

    /// A message with its bodies.
    pub async fn message(&self, inbox: &str, id: &str) -> Value {
        self.get(&message_path(inbox, id)).await
    }

    /// An SMTP session after EHLO.
    pub async fn smtp(&self) -> SmtpClient {
        let mut client = soon(SmtpClient::connect(self.server.smtp)).await.unwrap();
        soon(client.ehlo("client.test")).await.unwrap();
        client
    }

    /// Hands in one message from `ann@outside.test`, which must be taken.
    pub async fn mail(&self, to: &str, raw: impl AsRef<[u8]>) {
        let reply = self.hand_in("ann@outside.test", &[to], raw).await;
        assert_eq!(reply.code, 250, "{reply}");
    }

    /// Hands in one message in a session of its own.
    pub async fn hand_in(&self, from: &str, to: &[&str], raw: impl AsRef<[u8]>) -> ClientReply {
        let mut client = self.smtp().await;
        let reply = soon(client.send(from, to, raw.as_ref())).await.unwrap();
        soon(client.command("QUIT")).await.unwrap();
        reply
    }

    /// Sends from an inbox through the API; gives the message id.
    pub async fn send(&self, inbox: &str, body: Value) -> String {
        let sent = self
            .post(&format!("/v0/inboxes/{inbox}/messages/send"), body)
            .await;
        sent["message_id"].as_str().unwrap().to_owned()
    }

    /// Asks for a message until it carries `label`.
    pub async fn labelled(&self, inbox: &str, id: &str, label: &str) -> Value {
        eventually(async || {
            let message = self.message(inbox, id).await;
            has_label(&message, label).then_some(message)
        })
        .await
    }

    /// Asks for an inbox's messages until there are `count` of them.
    pub async fn arrived(&self, inbox: &str, count: usize) -> Vec<Value> {
        eventually(async || {
            let list = self.messages(inbox, "?limit=100").await;
            (list.len() >= count).then_some(list)
        })
        .await
    }

    /// A key for the organisation or for one inbox, and its id.
    pub async fn key(&self, inbox: Option<&str>, body: Value) -> (String, String) {
        let path = match inbox {
            Some(inbox) => format!("/v0/inboxes/{inbox}/api-keys"),
            None => "/v0/api-keys".to_owned(),
        };
        let made = self.post(&path, body).await;
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("api_key"), text("api_key_id"))
    }
}

/// Asks again and again, as fast as answers come, for at most the limit of [`soon`].
pub async fn eventually<T>(mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(found) = probe().await {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    soon(Box::pin(asking)).await
}

/// A plain message to `to` with this id, subject and text.
pub fn letter(to: &str, id: &str, subject: &str, text: &str) -> String {
    format!(
        "From: Ann <ann@outside.test>\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{id}>\r\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\n{text}\r\n"
    )
}

/// The path of a message.
pub fn message_path(inbox: &str, id: &str) -> String {
    format!("/v0/inboxes/{inbox}/messages/{}", escaped(id))
}

/// Any text as one component of a URL.
pub fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Whether a message or thread carries a label.
pub fn has_label(item: &Value, label: &str) -> bool {
    let labels = item["labels"].as_array().unwrap();
    labels.iter().any(|own| own == label)
}

/// The value of a field in a list of objects, in their order.
pub fn column(list: &[Value], field: &str) -> Vec<String> {
    let text = |item: &Value| item[field].as_str().unwrap_or_default().to_owned();
    list.iter().map(text).collect()
}
