//! Addresses.

use std::fmt;

/// An address: local part and domain.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    local: String,
    domain: String,
}

/// Text that is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressError;

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address")
    }
}

impl std::error::Error for AddressError {}

impl Address {
    /// Reads `local@domain`.
    ///
    /// # Errors
    /// When there is no such form.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError)?;
        let bad = |part: &str| {
            part.is_empty()
                || part
                    .chars()
                    .any(|c| c.is_control() || " <>()[],;:\\\"@".contains(c))
        };
        if bad(local) || bad(domain) {
            return Err(AddressError);
        }
        Ok(Self {
            local: local.to_owned(),
            domain: domain.to_lowercase(),
        })
    }

    /// The local part.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The domain.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// For look-ups.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}@{}", self.local.to_lowercase(), self.domain)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}
