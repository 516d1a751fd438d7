//! A connection, in the clear or encrypted.

use std::io;
use std::sync::Arc;

use bytes::BytesMut;
use rustls::ProtocolVersion;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    /// The handshake failed, or is under way.
    Gone,
}

impl Stream {
    /// Appends what has arrived; 0 is the end. Nothing is lost when the future is dropped.
    pub(super) async fn read(&mut self, input: &mut BytesMut) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read_buf(input).await,
            Self::Tls(stream) => stream.read_buf(input).await,
            Self::Gone => Ok(0),
        }
    }

    /// Sends as much as goes without waiting.
    pub(super) fn try_write(&self, output: &[u8]) -> usize {
        match self {
            // An error shows again in `write`, which follows when something is left.
            Self::Plain(stream) => stream.try_write(output).unwrap_or(0),
            Self::Tls(_) | Self::Gone => 0,
        }
    }

    /// Sends all of it.
    pub(super) async fn write(&mut self, output: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.write_all(output).await,
            Self::Tls(stream) => {
                stream.write_all(output).await?;
                stream.flush().await
            }
            Self::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Tells the client that nothing more will be sent.
    pub(super) async fn shutdown(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.shutdown().await,
            Self::Tls(stream) => stream.shutdown().await,
            Self::Gone => Ok(()),
        }
    }

    /// The server's side of the TLS handshake.
    pub(super) async fn handshake(&mut self, config: Arc<rustls::ServerConfig>) -> io::Result<()> {
        let Self::Plain(stream) = std::mem::replace(self, Self::Gone) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let encrypted = TlsAcceptor::from(config).accept(stream).await?;
        *self = Self::Tls(Box::new(encrypted));
        Ok(())
    }

    /// Version and cipher, such as `TLSv1.3 TLS13_AES_256_GCM_SHA384`; `None` in the clear.
    pub(super) fn tls_details(&self) -> Option<String> {
        let Self::Tls(stream) = self else { return None };
        let (_, connection) = stream.get_ref();
        let version = match connection.protocol_version()? {
            ProtocolVersion::TLSv1_2 => "TLSv1.2".to_owned(),
            ProtocolVersion::TLSv1_3 => "TLSv1.3".to_owned(),
            other => format!("{other:?}"),
        };
        let suite = connection.negotiated_cipher_suite()?.suite();
        Some(format!("{version} {suite:?}"))
    }
}
