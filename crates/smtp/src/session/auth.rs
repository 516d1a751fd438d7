//! AUTH (RFC 4954) with PLAIN (RFC 4616) and LOGIN.

use data_encoding::BASE64;

use super::{Reading, Session, Step};
use crate::command::{MailParams, unsupported_parameter};
use crate::{Auth, Login, Proof, Reply, Secret};

/// Longest name that is taken: an address.
const USER: usize = 254;

/// How far an exchange of AUTH is.
#[derive(Debug, Default)]
pub(super) enum Exchange {
    /// The one response of PLAIN is awaited.
    #[default]
    Plain,
    /// The name of LOGIN is awaited.
    LoginUser,
    /// The password of LOGIN is awaited.
    LoginPassword(String),
}

impl Session {
    /// Who the client is, once it has logged in.
    #[must_use]
    pub fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    /// The handler's answer to [`Step::LogIn`].
    pub fn login_answered(&mut self, user: String, answer: Result<Proof, Reply>) -> Step {
        match answer {
            Ok(proof) => {
                self.login = Some(Login { user, proof });
                Step::Reply(Reply::ok(235, (7, 0), "Welcome"))
            }
            Err(reply) => {
                self.failed_logins += 1;
                let too_many = self.failed_logins >= self.settings.limits.failed_logins;
                Self::bounded(reply, too_many, "Too many failed logins")
            }
        }
    }

    /// Whether the client is in a place where its password may travel.
    pub(super) fn may_log_in(&self) -> bool {
        match self.settings.auth {
            Auth::Never => false,
            Auth::OverTls => self.tls,
            Auth::OverTlsOrLoopback => self.tls || self.peer.ip().to_canonical().is_loopback(),
        }
    }

    /// Whether the client may begin a message with these parameters.
    pub(super) fn may_send(&self, params: MailParams) -> Result<(), Reply> {
        if self.settings.auth == Auth::Never {
            return if params.auth {
                Err(unsupported_parameter())
            } else {
                Ok(())
            };
        }
        if self.login.is_some() {
            Ok(())
        } else if self.may_log_in() {
            let text = "Log in first: AUTH with the address of your inbox and an API key";
            Err(Reply::never(530, (7, 0), text))
        } else {
            Err(Reply::never(530, (7, 0), "Say STARTTLS first, then log in"))
        }
    }

    pub(super) fn auth(&mut self, mechanism: &str, initial: Option<&Secret>) -> Step {
        if self.settings.auth == Auth::Never {
            return self.mistake(Reply::never(502, (5, 1), "AUTH is not offered"));
        }
        if self.client.as_ref().is_none_or(|client| !client.esmtp) {
            return self.mistake(Reply::never(503, (5, 1), "Say EHLO first"));
        }
        if self.login.is_some() || self.transaction.is_some() {
            let text = "You have logged in already, or a message has begun";
            return self.mistake(Reply::never(503, (5, 1), text));
        }
        if !self.may_log_in() {
            let text = "Say STARTTLS first: a password must not travel in the clear";
            return self.mistake(Reply::never(538, (7, 11), text));
        }
        // A single equals sign is an empty response (RFC 4954 §4).
        let initial = initial.map(|response| match response.expose() {
            "=" => "",
            response => response,
        });
        match (mechanism, initial) {
            ("PLAIN", Some(response)) => self.response(Exchange::Plain, response.as_bytes()),
            ("PLAIN", None) => self.challenge(Exchange::Plain, ""),
            ("LOGIN", Some(response)) => self.response(Exchange::LoginUser, response.as_bytes()),
            ("LOGIN", None) => self.challenge(Exchange::LoginUser, "Username:"),
            ("", _) => self.mistake(Reply::never(501, (5, 4), "Write AUTH PLAIN or AUTH LOGIN")),
            _ => {
                let text = "This mechanism is not offered; use PLAIN or LOGIN";
                self.mistake(Reply::never(504, (5, 4), text))
            }
        }
    }

    fn challenge(&mut self, exchange: Exchange, words: &str) -> Step {
        self.reading = Reading::Response(exchange);
        Step::Reply(Reply::plain(334, &[&BASE64.encode(words.as_bytes())]))
    }

    /// A response, with its line end when it is a line.
    pub(super) fn response(&mut self, exchange: Exchange, line: &[u8]) -> Step {
        let line = line.strip_suffix(b"\r\n").unwrap_or(line);
        if line == b"*" {
            return self.mistake(Reply::never(501, (7, 0), "AUTH was given up"));
        }
        let text = BASE64.decode(line).ok();
        let Some(text) = text.and_then(|bytes| String::from_utf8(bytes).ok()) else {
            return self.mistake(Reply::never(501, (5, 2), "The response is not base64"));
        };
        match exchange {
            Exchange::Plain => {
                let mut parts = text.split('\0');
                let (identity, user, password) = (parts.next(), parts.next(), parts.next());
                match (identity, user, password, parts.next()) {
                    (Some(identity), Some(user), Some(password), None) => {
                        // Nobody acts for somebody else.
                        let known = identity.is_empty() || identity == user;
                        self.log_in(if known { user } else { "" }, password)
                    }
                    _ => self.mistake(Reply::never(501, (5, 2), "The response is not PLAIN")),
                }
            }
            Exchange::LoginUser => self.challenge(Exchange::LoginPassword(text), "Password:"),
            Exchange::LoginPassword(user) => self.log_in(&user, &text),
        }
    }

    fn log_in(&mut self, user: &str, password: &str) -> Step {
        if user.is_empty() || user.len() > USER || password.is_empty() {
            let text = "Log in with the address of an inbox and an API key that reaches it";
            return self.login_answered(String::new(), Err(Reply::never(535, (7, 8), text)));
        }
        Step::LogIn {
            user: user.to_owned(),
            password: Secret::new(password),
        }
    }
}
