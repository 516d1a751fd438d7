//! A connection, in the clear or encrypted.

use std::io;

use bytes::BytesMut;
use sys::{TlsClient, TlsError, TlsUsed, Trust};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_rustls::client::TlsStream;

pub(super) enum Stream<S> {
    Plain(S),
    Tls(Box<TlsStream<S>>),
    /// The handshake failed, or is under way.
    Gone,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream<S> {
    /// Appends what has arrived; 0 is the end. Nothing is lost when the future is dropped.
    pub(super) async fn read(&mut self, input: &mut BytesMut) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read_buf(input).await,
            Self::Tls(stream) => stream.read_buf(input).await,
            Self::Gone => Ok(0),
        }
    }

    /// Sends all of it.
    pub(super) async fn write(&mut self, output: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(stream) => {
                stream.write_all(output).await?;
                stream.flush().await
            }
            Self::Tls(stream) => {
                stream.write_all(output).await?;
                stream.flush().await
            }
            Self::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// The client's side of the TLS handshake.
    pub(super) async fn handshake(
        &mut self,
        tls: &TlsClient,
        host: &str,
        trust: Trust,
    ) -> Result<TlsUsed, TlsError> {
        let Self::Plain(stream) = std::mem::replace(self, Self::Gone) else {
            return Err(TlsError::Handshake("encrypted already".to_owned()));
        };
        let (stream, used) = tls.handshake(stream, host, trust).await?;
        *self = Self::Tls(Box::new(stream));
        Ok(used)
    }

    /// Says goodbye as TLS wants it.
    pub(super) async fn shutdown(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.shutdown().await,
            Self::Tls(stream) => stream.shutdown().await,
            Self::Gone => Ok(()),
        }
    }
}
