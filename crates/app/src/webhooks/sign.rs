//! How a receiver can tell that a request is ours: the scheme of Svix and Standard Webhooks.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use model::{Error, Result};
use sha2::Sha256;

/// Octets of a secret.
pub(crate) const SECRET: usize = 24;

/// A secret as its owner sees it.
pub(crate) fn shown(secret: &[u8]) -> String {
    format!("whsec_{}", BASE64.encode(secret))
}

/// The signature field: one for each secret, the newest first.
pub(crate) fn signatures(
    secrets: &[Vec<u8>],
    id: &str,
    seconds: i64,
    body: &[u8],
) -> Result<String> {
    let mut out = String::new();
    for secret in secrets {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(Error::internal)?;
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str("v1,");
        out.push_str(&BASE64.encode(&mac.finalize().into_bytes()));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values from the Python package `standardwebhooks` 1.0.0.
    #[test]
    fn signatures_are_what_verifiers_expect() {
        let secret = BASE64.decode(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(shown(&secret), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let body = br#"{"test": 2432232314}"#;
        let one = signatures(
            std::slice::from_ref(&secret),
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            body,
        );
        let one = one.unwrap();
        assert_eq!(one, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let both = signatures(
            &[vec![1; 24], secret],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            body,
        );
        assert!(both.unwrap().ends_with(&format!(" {one}")));
    }
}
