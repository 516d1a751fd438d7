//! From the greeting to a session that takes mail.

use super::{Cause, Credentials, Failure, Offers, RemoteReply, Security, Stage};

/// What the opening asks of the loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Read a reply and give it to [`Opening::replied`].
    Read(Stage),
    /// Write this, then read the reply.
    Write(Stage, Vec<u8>),
    /// Forget what was read ahead, do the handshake, then call [`Opening::encrypted`].
    Handshake,
    /// The session takes mail.
    Ready,
    /// It will not.
    Fail(Failure),
}

/// The part of the conversation before the first message, without sockets.
#[derive(Debug)]
pub struct Opening<'a> {
    name: &'a str,
    security: Security,
    credentials: Option<&'a Credentials>,
    /// Whether nobody can listen: TLS, or this machine itself.
    private: bool,
    tls: bool,
    state: State,
    offers: Offers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Greeting,
    Ehlo,
    Helo,
    StartTls,
    /// PLAIN was sent with its response; said whether the server has asked for it once more.
    Plain {
        again: bool,
    },
    LoginUser,
    LoginPassword,
    LoginEnd,
}

impl<'a> Opening<'a> {
    /// A conversation in which nothing was said. `name` is ours. `tls` says that the connection is
    /// encrypted already, `loopback` that it does not leave this machine.
    #[must_use]
    pub fn new(
        name: &'a str,
        security: Security,
        credentials: Option<&'a Credentials>,
        tls: bool,
        loopback: bool,
    ) -> Self {
        Self {
            name,
            security,
            credentials,
            private: tls || loopback,
            tls,
            state: State::Greeting,
            offers: Offers::default(),
        }
    }

    /// What to do first.
    #[must_use]
    pub fn start(&self) -> Told {
        Told::Read(Stage::Greeting)
    }

    /// What the server offers, when the opening is over.
    #[must_use]
    pub fn into_offers(self) -> Offers {
        self.offers
    }

    /// Takes the reply that was asked for.
    pub fn replied(&mut self, reply: RemoteReply) -> Told {
        match self.state {
            State::Greeting if reply.code == 220 => self.ehlo(),
            State::Greeting => failed(Stage::Greeting, reply),
            State::Ehlo if reply.is_ok() => {
                self.offers = Offers::read(&reply.text);
                self.greeted()
            }
            // A server that knows no EHLO has no extensions (RFC 5321 §3.2).
            State::Ehlo if reply.is_permanent() => {
                self.state = State::Helo;
                Told::Write(Stage::Ehlo, format!("HELO {}\r\n", self.name).into())
            }
            State::Helo if reply.is_ok() => {
                self.offers = Offers::default();
                self.greeted()
            }
            State::Ehlo | State::Helo => failed(Stage::Ehlo, reply),
            State::StartTls if reply.code == 220 => Told::Handshake,
            State::StartTls
                if self.security == Security::Opportunistic
                    && !reply.closes()
                    && reply.code >= 400 =>
            {
                self.authenticate()
            }
            State::StartTls => failed(Stage::StartTls, reply),
            State::Plain { .. } | State::LoginUser | State::LoginPassword | State::LoginEnd => {
                self.challenged(reply)
            }
        }
    }

    /// The handshake is done: what was said before is forgotten (RFC 3207 §4.2).
    pub fn encrypted(&mut self) -> Told {
        self.tls = true;
        self.private = true;
        self.offers = Offers::default();
        self.ehlo()
    }

    fn ehlo(&mut self) -> Told {
        self.state = State::Ehlo;
        Told::Write(Stage::Ehlo, format!("EHLO {}\r\n", self.name).into())
    }

    fn greeted(&mut self) -> Told {
        let wanted = matches!(
            self.security,
            Security::Opportunistic | Security::StartTls(_)
        );
        if self.tls || !wanted {
            return self.authenticate();
        }
        if self.offers.starttls {
            self.state = State::StartTls;
            return Told::Write(Stage::StartTls, b"STARTTLS\r\n".to_vec());
        }
        if self.security == Security::Opportunistic {
            return self.authenticate();
        }
        Told::Fail(Failure {
            stage: Stage::StartTls,
            cause: Cause::NoTls,
        })
    }

    fn authenticate(&mut self) -> Told {
        let Some(credentials) = self.credentials else {
            return Told::Ready;
        };
        let refuse = |why| {
            Told::Fail(Failure {
                stage: Stage::Auth,
                cause: Cause::NoAuth(why),
            })
        };
        if !self.private {
            return refuse("the connection is not encrypted, so the password was not sent");
        }
        if self.offers.auth_plain {
            self.state = State::Plain { again: false };
            let line = format!("AUTH PLAIN {}\r\n", credentials.plain());
            Told::Write(Stage::Auth, line.into())
        } else if self.offers.auth_login {
            self.state = State::LoginUser;
            Told::Write(Stage::Auth, b"AUTH LOGIN\r\n".to_vec())
        } else {
            refuse("the server offers neither AUTH PLAIN nor AUTH LOGIN")
        }
    }

    fn challenged(&mut self, reply: RemoteReply) -> Told {
        let Some(credentials) = self.credentials else {
            return failed(Stage::Auth, reply);
        };
        let (next, response) = match (self.state, reply.code) {
            (State::Plain { .. } | State::LoginEnd, 235) => return Told::Ready,
            // A server that takes no initial response asks for it.
            (State::Plain { again: false }, 334) => {
                (State::Plain { again: true }, credentials.plain())
            }
            (State::LoginUser, 334) => (State::LoginPassword, credentials.login_user()),
            (State::LoginPassword, 334) => (State::LoginEnd, credentials.login_password()),
            _ => return failed(Stage::Auth, reply),
        };
        self.state = next;
        Told::Write(Stage::Auth, format!("{response}\r\n").into())
    }
}

fn failed(stage: Stage, reply: RemoteReply) -> Told {
    let cause = if reply.code >= 400 {
        Cause::Reply(reply)
    } else {
        Cause::NotSmtp("the reply does not fit the command")
    };
    Told::Fail(Failure { stage, cause })
}

#[cfg(test)]
mod tests {
    use sys::Trust;

    use super::*;

    const EHLO: &str = "EHLO me.test\r\n";
    const STRICT: Security = Security::StartTls(Trust::WebPki);

    fn reply(text: &str) -> RemoteReply {
        let (code, text) = text.split_once(' ').unwrap_or((text, ""));
        RemoteReply {
            code: code.parse().unwrap(),
            enhanced: None,
            text: text.replace('/', "\n"),
        }
    }

    /// What the client writes, with `<tls>` for a handshake, and how it ends.
    fn play(
        security: Security,
        credentials: Option<&Credentials>,
        loopback: bool,
        replies: &[&str],
    ) -> (Vec<String>, Option<Failure>) {
        let tls = matches!(security, Security::Implicit(_));
        let mut opening = Opening::new("me.test", security, credentials, tls, loopback);
        let (mut replies, mut wrote) = (replies.iter(), Vec::new());
        let mut told = opening.start();
        loop {
            told = match told {
                Told::Read(_) => opening.replied(reply(replies.next().unwrap())),
                Told::Write(_, bytes) => {
                    wrote.push(String::from_utf8(bytes).unwrap());
                    opening.replied(reply(replies.next().unwrap()))
                }
                Told::Handshake => {
                    wrote.push("<tls>".to_owned());
                    opening.encrypted()
                }
                Told::Ready => {
                    assert!(replies.next().is_none());
                    return (wrote, None);
                }
                Told::Fail(failure) => {
                    assert!(replies.next().is_none());
                    return (wrote, Some(failure));
                }
            };
        }
    }

    fn ready(security: Security, replies: &[&str], expected: &[&str]) {
        assert_eq!(
            play(security, None, false, replies),
            (expected.iter().map(|&text| text.to_owned()).collect(), None)
        );
    }

    fn fails(security: Security, replies: &[&str]) -> Failure {
        play(security, None, false, replies).1.unwrap()
    }

    #[test]
    fn tls_is_used_when_offered_and_ehlo_said_again() {
        let offered = ["220 mx", "250 mx/STARTTLS", "220 go", "250 mx"];
        for security in [Security::Opportunistic, STRICT] {
            ready(security, &offered, &[EHLO, "STARTTLS\r\n", "<tls>", EHLO]);
        }
        ready(Security::Plain, &["220 mx", "250 mx/STARTTLS"], &[EHLO]);
        ready(
            Security::Implicit(Trust::WebPki),
            &["220 mx", "250 mx/STARTTLS"],
            &[EHLO],
        );
    }

    #[test]
    fn without_tls_the_opportunist_goes_on_and_the_strict_does_not() {
        let opportunist = Security::Opportunistic;
        ready(opportunist, &["220 mx", "250 mx"], &[EHLO]);
        let refused = ["220 mx", "250 mx/STARTTLS", "454 not now"];
        ready(opportunist, &refused, &[EHLO, "STARTTLS\r\n"]);
        let closed = ["220 mx", "250 mx/STARTTLS", "421 bye"];
        assert_eq!(fails(opportunist, &closed).stage, Stage::StartTls);

        assert_eq!(fails(STRICT, &["220 mx", "250 mx"]).cause, Cause::NoTls);
        let failure = fails(STRICT, &refused);
        assert_eq!(failure.reply().unwrap().code, 454);
        assert!(failure.is_tls() && !failure.is_permanent());
        let odd = ["220 mx", "250 mx/STARTTLS", "250 yes"];
        for security in [opportunist, STRICT] {
            assert!(matches!(fails(security, &odd).cause, Cause::NotSmtp(_)));
        }
    }

    #[test]
    fn a_server_without_ehlo_is_greeted_with_helo() {
        for code in ["500 what", "502 no", "550 no"] {
            ready(
                Security::Opportunistic,
                &["220 mx", code, "250 mx/STARTTLS"],
                &[EHLO, "HELO me.test\r\n"],
            );
        }
        assert_eq!(
            fails(STRICT, &["220 mx", "500 what", "250 mx"]).cause,
            Cause::NoTls
        );
        let never = fails(Security::Plain, &["220 mx", "550 go away", "550 go away"]);
        assert!(never.stage == Stage::Ehlo && never.is_permanent());
        let later = fails(Security::Plain, &["220 mx", "451 later"]);
        assert!(later.stage == Stage::Ehlo && !later.is_permanent());
    }

    #[test]
    fn a_greeting_that_does_not_welcome_ends_it() {
        let never = fails(Security::Plain, &["554 no mail here"]);
        assert!(never.stage == Stage::Greeting && never.is_permanent());
        assert!(!fails(Security::Plain, &["421 busy"]).is_permanent());
        assert!(matches!(
            fails(Security::Plain, &["250 hello"]).cause,
            Cause::NotSmtp(_)
        ));
    }

    #[test]
    fn passwords_go_over_tls_or_stay_here() {
        let ann = Credentials::new("ann", "se\0cret");
        let (wrote, failure) = play(
            Security::Opportunistic,
            Some(&ann),
            false,
            &["220 mx", "250 mx/AUTH PLAIN LOGIN"],
        );
        assert_eq!(wrote, [EHLO]);
        assert!(matches!(failure.unwrap().cause, Cause::NoAuth(_)));
        let (wrote, failure) = play(
            Security::Plain,
            Some(&ann),
            true,
            &["220 mx", "250 mx/AUTH PLAIN LOGIN", "235 welcome"],
        );
        assert_eq!(wrote, [EHLO, "AUTH PLAIN AGFubgBzZWNyZXQ=\r\n"]);
        assert_eq!(failure, None);
        assert_eq!(format!("{ann:?}"), "Credentials");
    }

    #[test]
    fn login_and_a_plain_without_initial_response_are_spoken_too() {
        let ann = Credentials::new("ann", "secret");
        let implicit = Security::Implicit(Trust::Any);
        let play = |replies: &[&str]| play(implicit, Some(&ann), false, replies);
        let (wrote, failure) = play(&[
            "220 mx",
            "250 mx/AUTH=LOGIN",
            "334 VXNlcm5hbWU6",
            "334 UGFzc3dvcmQ6",
            "235 welcome",
        ]);
        let expected = [EHLO, "AUTH LOGIN\r\n", "YW5u\r\n", "c2VjcmV0\r\n"];
        assert_eq!(
            (wrote, failure),
            (expected.map(str::to_owned).to_vec(), None)
        );
        let (wrote, failure) = play(&["220 mx", "250 mx/AUTH PLAIN", "334", "235 welcome"]);
        assert_eq!((wrote.len(), failure), (3, None));
        for replies in [
            &["220 mx", "250 mx/AUTH PLAIN", "535 no"][..],
            &["220 mx", "250 mx/AUTH PLAIN", "334", "334"],
            &["220 mx", "250 mx/AUTH LOGIN", "235 so soon"],
            &["220 mx", "250 mx/AUTH CRAM-MD5"],
            &["220 mx", "250 mx"],
        ] {
            assert_eq!(play(replies).1.unwrap().stage, Stage::Auth, "{replies:?}");
        }
    }
}
