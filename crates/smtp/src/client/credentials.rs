//! Whom to log in as.

use std::fmt;

use data_encoding::BASE64;

/// A user and a password. They appear in no log: there is nothing in [`fmt::Debug`] and no
/// accessor for the password.
#[derive(Clone)]
pub struct Credentials {
    user: String,
    password: String,
}

impl Credentials {
    /// These two. A NUL, which RFC 4616 has no way to send, is left out.
    #[must_use]
    pub fn new(user: &str, password: &str) -> Self {
        Self {
            user: user.replace('\0', ""),
            password: password.replace('\0', ""),
        }
    }

    /// The one response of PLAIN (RFC 4616 §2), in base64.
    pub(super) fn plain(&self) -> String {
        BASE64.encode(format!("\0{}\0{}", self.user, self.password).as_bytes())
    }

    /// The first response of LOGIN, in base64.
    pub(super) fn login_user(&self) -> String {
        BASE64.encode(self.user.as_bytes())
    }

    /// The second response of LOGIN, in base64.
    pub(super) fn login_password(&self) -> String {
        BASE64.encode(self.password.as_bytes())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}
