//! Whether the sender of an arriving mail is proven.

use std::net::SocketAddr;

use crate::Mode;

/// What is known about the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// An inbox of this server, or a program of the developer's own machine.
    Proven,
    /// Nothing vouches for the address in From.
    Unproven,
}

/// Judges mail handed in by `peer`. In laptop mode there is no DNS to ask and a loopback peer is
/// the developer; everywhere else nothing is proven until SPF, DKIM and DMARC are checked.
pub(crate) fn by_smtp(mode: Mode, peer: SocketAddr) -> Sender {
    let here = peer.ip().to_canonical().is_loopback();
    if mode == Mode::Laptop && here {
        Sender::Proven
    } else {
        Sender::Unproven
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_laptop_trusts_and_only_itself() {
        let peer = |text: &str| text.parse::<SocketAddr>().unwrap();
        for (mode, from, expected) in [
            (Mode::Laptop, "127.0.0.1:1", Sender::Proven),
            (Mode::Laptop, "[::1]:1", Sender::Proven),
            (Mode::Laptop, "[::ffff:127.0.0.1]:1", Sender::Proven),
            (Mode::Laptop, "192.168.1.7:1", Sender::Unproven),
            (Mode::Public, "127.0.0.1:1", Sender::Unproven),
        ] {
            assert_eq!(by_smtp(mode, peer(from)), expected, "{mode:?} {from}");
        }
    }
}
