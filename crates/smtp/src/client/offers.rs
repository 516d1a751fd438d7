//! What the server can do, from its answer to EHLO.

/// The extensions of the server that this client knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// PIPELINING (RFC 2920).
    pub pipelining: bool,
    /// SIZE (RFC 1870): present, and the largest message in octets; 0 says nothing of a limit.
    pub size: Option<u64>,
    /// 8BITMIME (RFC 6152).
    pub eight_bit: bool,
    /// SMTPUTF8 (RFC 6531).
    pub smtputf8: bool,
    /// STARTTLS (RFC 3207).
    pub starttls: bool,
    /// ENHANCEDSTATUSCODES (RFC 2034).
    pub enhanced: bool,
    /// AUTH with PLAIN (RFC 4616).
    pub auth_plain: bool,
    /// AUTH with LOGIN.
    pub auth_login: bool,
    /// Most messages on one connection (LIMITS MAILMAX, RFC 9422).
    pub mail_max: Option<u32>,
    /// Most recipients of one message (LIMITS RCPTMAX, RFC 9422).
    pub rcpt_max: Option<u32>,
}

impl Offers {
    /// Reads the text of the reply to EHLO; its first line is the server's name. A keyword with a
    /// value that makes no sense is one without.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut offers = Self::default();
        for line in text.lines().skip(1) {
            // Before RFC 2554 servers wrote `AUTH=LOGIN`, and some still write both.
            let mut words = line.split([' ', '\t', '=']).filter(|word| !word.is_empty());
            let Some(keyword) = words.next() else {
                continue;
            };
            match keyword.to_ascii_uppercase().as_str() {
                "PIPELINING" => offers.pipelining = true,
                "SIZE" => {
                    let most = words.next().and_then(|word| word.parse().ok());
                    offers.size = Some(most.unwrap_or(0));
                }
                "8BITMIME" => offers.eight_bit = true,
                "SMTPUTF8" => offers.smtputf8 = true,
                "STARTTLS" => offers.starttls = true,
                "ENHANCEDSTATUSCODES" => offers.enhanced = true,
                "AUTH" => {
                    for word in words {
                        offers.auth_plain |= word.eq_ignore_ascii_case("PLAIN");
                        offers.auth_login |= word.eq_ignore_ascii_case("LOGIN");
                    }
                }
                "LIMITS" => offers.limits(line),
                _ => {}
            }
        }
        offers
    }

    fn limits(&mut self, line: &str) {
        for word in line.split_ascii_whitespace().skip(1) {
            let Some((name, value)) = word.split_once('=') else {
                continue;
            };
            let value = value.parse().ok().filter(|&most| most > 0);
            if name.eq_ignore_ascii_case("MAILMAX") {
                self.mail_max = value;
            } else if name.eq_ignore_ascii_case("RCPTMAX") {
                self.rcpt_max = value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_read_whatever_their_case_and_the_rest_is_ignored() {
        let offers = Offers::read(
            "mx.test pipelining\nPipelining\nsize 1000\n8bitmime\nSMTPUTF8\nX-ODD 1 2\n\
             STARTTLS\nENHANCEDSTATUSCODES\nAUTH CRAM-MD5 plain\nAUTH=LOGIN\n\
             LIMITS RCPTMAX=20 MAILMAX=5 X=1",
        );
        let expected = Offers {
            pipelining: true,
            size: Some(1000),
            eight_bit: true,
            smtputf8: true,
            starttls: true,
            enhanced: true,
            auth_plain: true,
            auth_login: true,
            mail_max: Some(5),
            rcpt_max: Some(20),
        };
        assert_eq!(offers, expected);
    }

    #[test]
    fn the_name_of_the_server_is_no_keyword_and_nonsense_is_no_limit() {
        assert_eq!(Offers::read("PIPELINING"), Offers::default());
        let odd = Offers::read("mx\nSIZE many\n\nLIMITS RCPTMAX=0 MAILMAX\nAUTH");
        let expected = Offers {
            size: Some(0),
            ..Offers::default()
        };
        assert_eq!(odd, expected);
    }
}
