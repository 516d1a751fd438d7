//! A WebSocket client that subscribes and reads events.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::running::{ADMIN_KEY, soon};
use crate::world::World;

/// An open WebSocket.
pub struct Listener(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Listener {
    /// Connects with the admin key and subscribes; `request` has the filters.
    pub async fn to(world: &World, request: Value) -> Self {
        let mut listener = Self::connect(world, ADMIN_KEY).await.unwrap();
        let ack = listener.subscribe(request).await;
        assert_eq!(ack["type"], "subscribed", "{ack}");
        listener
    }

    /// Connects; the status when the handshake is refused.
    pub async fn connect(world: &World, key: &str) -> Result<Self, u16> {
        let url = format!("ws://{}/v0", world.server.http);
        Self::open(&url, Some(key)).await
    }

    /// Connects to any URL, with the key in a header or without one.
    pub async fn open(url: &str, key: Option<&str>) -> Result<Self, u16> {
        let mut request = url.into_client_request().unwrap();
        if let Some(key) = key {
            let credential = format!("Bearer {key}").parse().unwrap();
            request.headers_mut().insert("authorization", credential);
        }
        match soon(tokio_tungstenite::connect_async(request)).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => {
                Err(answer.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Subscribes and gives the answer.
    pub async fn subscribe(&mut self, request: Value) -> Value {
        self.ask("subscribe", request).await
    }

    /// Sends a frame of this type and gives the next frame.
    pub async fn ask(&mut self, kind: &str, mut request: Value) -> Value {
        request["type"] = json!(kind);
        self.say(&request.to_string()).await;
        self.frame().await.unwrap()
    }

    /// Sends any text.
    pub async fn say(&mut self, text: &str) {
        soon(self.0.send(Message::text(text.to_owned())))
            .await
            .unwrap();
    }

    /// The next frame, which must be an event.
    pub async fn event(&mut self) -> Value {
        let event = self.frame().await.unwrap();
        assert_eq!(event["type"], "event", "{event}");
        event
    }

    /// The next frame, or the code that the server closes with.
    pub async fn frame(&mut self) -> Result<Value, u16> {
        let text = self.text().await?;
        Ok(serde_json::from_str(&text).unwrap())
    }

    /// The next frame as it came.
    pub async fn text(&mut self) -> Result<String, u16> {
        loop {
            match soon(self.0.next()).await {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
                other => panic!("neither a frame nor a farewell: {other:?}"),
            }
        }
    }
}
