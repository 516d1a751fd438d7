//! The code that is mailed to a human, and what may be sent before it was shown.

use std::time::Duration;

use mail::{Address, Timestamp};
use model::{Code, Error, OrgId, Result};
use store::{Agent, Txn};
use uuid::Uuid;

use super::Shown;
use crate::App;

/// How long a code is taken.
const LIFE: Duration = Duration::from_secs(24 * 3600);
/// How many wrong ones are taken before a new code must be asked for.
const MAX_TRIES: i64 = 10;
/// How many codes a human is mailed within [`DAY`]: it is their mailbox, and each code is worth
/// [`MAX_TRIES`] guesses of one in a million.
const MAX_CODES: i64 = 5;
/// To how many recipients an agent may write within [`DAY`] before its human has confirmed.
const MAX_SENDS: i64 = 10;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What codes follow from, with the nonce in the store. A hash of six digits would hide nothing.
#[derive(Clone)]
pub(crate) struct CodeKey([u8; 32]);

/// The parts of a code to be made.
pub(super) struct NewCode {
    pub(super) nonce: Uuid,
    pub(super) job_id: Uuid,
}

impl CodeKey {
    pub(crate) const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The six digits.
    pub(crate) fn code(&self, org_id: OrgId, nonce: Uuid) -> String {
        let mut hash = blake3::Hasher::new_keyed(&self.0);
        hash.update(org_id.as_bytes()).update(nonce.as_bytes());
        let mut bytes = [0; 8];
        hash.finalize_xof().fill(&mut bytes);
        format!("{:06}", u64::from_be_bytes(bytes) % 1_000_000)
    }
}

impl App {
    pub(super) fn new_code(&self) -> NewCode {
        let ids = &self.env().ids;
        NewCode {
            nonce: ids.random(),
            job_id: ids.ordered(self.now()),
        }
    }
}

/// Reads a code as people write it.
pub(super) fn read(text: &str) -> Result<String> {
    let digits: String = text.chars().filter(|c| !" -".contains(*c)).collect();
    if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(digits);
    }
    Err(Error::invalid(
        "otp_code",
        "invalid_value",
        "A code has 6 digits",
    ))
}

/// Makes a new code the one that is taken.
pub(super) fn issue(agent: &mut Agent, new: &NewCode, now: Timestamp) -> Result<()> {
    if now.since(agent.codes_since) >= DAY {
        (agent.codes_since, agent.codes_sent) = (now, 0);
    }
    if agent.codes_sent >= MAX_CODES {
        let wait = DAY.saturating_sub(now.since(agent.codes_since));
        return Err(Error::new(
            Code::RateLimitExceeded,
            "This human was mailed 5 codes within a day",
        )
        .retry_after(wait)
        .fix("Show the code of the newest mail, or try again tomorrow."));
    }
    agent.codes_sent += 1;
    agent.code = Some(new.nonce);
    agent.code_until = now.plus(LIFE);
    agent.code_tries = 0;
    Ok(())
}

/// Judges a code that was shown, and counts it when it is wrong.
pub(super) fn show(
    agent: &mut Agent,
    key: &CodeKey,
    org_id: OrgId,
    given: &str,
    now: Timestamp,
) -> Shown {
    const ANEW: &str = "Ask for a new code with POST /v0/agent/human and the same human_email.";
    let wrong = |why: &'static str| {
        Shown::Wrong(Error::invalid("otp_code", "invalid_value", why).fix(ANEW))
    };
    let Some(nonce) = agent.code else {
        return wrong("No code was mailed");
    };
    if agent.code_until <= now {
        return wrong("This code is older than 24 hours");
    }
    if agent.code_tries >= MAX_TRIES {
        let detail = "10 wrong codes were shown; this one is not taken any more";
        return Shown::Wrong(Error::new(Code::LimitExceeded, detail).fix(ANEW));
    }
    // Hashes are compared in constant time.
    let expected = key.code(org_id, nonce);
    if blake3::hash(expected.as_bytes()) == blake3::hash(given.as_bytes()) {
        return Shown::Right;
    }
    agent.code_tries += 1;
    wrong("This is not the code of the newest mail")
}

/// Lets a departure pass, and counts it, or says why not: before its human has confirmed, an agent
/// writes to nobody else. Other organisations pass.
///
/// # Errors
/// `message_rejected` or `rate_limit_exceeded`.
pub(crate) fn charge(txn: &mut Txn<'_>, recipients: &[Address]) -> Result<()> {
    match txn.agent()? {
        Some(agent) if agent.verified_at.is_none() => {}
        _ => return Ok(()),
    }
    let Some(mut agent) = txn.lock_agent()? else {
        return Ok(());
    };
    if agent.verified_at.is_some() {
        return Ok(());
    }
    let now = txn.now();
    count(&mut agent, recipients, now)?;
    txn.change_agent(&agent)
}

fn count(agent: &mut Agent, recipients: &[Address], now: Timestamp) -> Result<()> {
    let Some(human) = &agent.human else {
        return Err(Error::new(
            Code::MessageRejected,
            "Message rejected: this inbox only receives until a human has confirmed",
        )
        .fix(
            "Name a human with POST /v0/agent/human, then show the code that is mailed to them.",
        ));
    };
    if recipients.iter().any(|to| to.key() != *human) {
        return Err(Error::new(
            Code::MessageRejected,
            "Message rejected: until your human has confirmed, you can write to them only",
        )
        .fix("Show the code that was mailed to the human with POST /v0/agent/verify."));
    }
    if now.since(agent.sends_since) >= DAY {
        (agent.sends_since, agent.sends) = (now, 0);
    }
    agent.sends += i64::try_from(recipients.len()).unwrap_or(i64::MAX);
    if agent.sends > MAX_SENDS {
        let wait = DAY.saturating_sub(now.since(agent.sends_since));
        return Err(Error::new(
            Code::RateLimitExceeded,
            "Until your human has confirmed, you can send 10 messages a day",
        )
        .retry_after(wait)
        .fix("Show the code that was mailed to the human with POST /v0/agent/verify."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use model::{ApiKeyId, InboxKey};

    use super::*;

    const START: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

    fn agent(human: Option<&str>) -> Agent {
        Agent {
            inbox: InboxKey::new(Uuid::nil()),
            key: ApiKeyId::new(Uuid::nil()),
            pending_key: None,
            human: human.map(str::to_owned),
            human_changes: 0,
            code: None,
            code_until: START,
            code_tries: 0,
            codes_since: START,
            codes_sent: 0,
            sends_since: START,
            sends: 0,
            verified_at: None,
        }
    }

    fn new(n: u128) -> NewCode {
        NewCode {
            nonce: Uuid::from_u128(n),
            job_id: Uuid::nil(),
        }
    }

    fn told(shown: Shown) -> Option<Code> {
        match shown {
            Shown::Right => None,
            Shown::Wrong(error) => Some(error.code()),
        }
    }

    #[test]
    fn a_code_is_six_digits_of_one_organisation_and_one_mail() {
        let (key, org) = (CodeKey([7; 32]), OrgId::new(Uuid::from_u128(1)));
        let code = key.code(org, Uuid::from_u128(2));
        assert_eq!(code.len(), 6);
        assert_eq!(code, key.code(org, Uuid::from_u128(2)));
        assert_ne!(code, key.code(org, Uuid::from_u128(3)));
        assert_ne!(code, CodeKey([8; 32]).code(org, Uuid::from_u128(2)));
        assert_eq!(read(" 123-456 ").unwrap(), "123456");
        for wrong in ["", "12345", "1234567", "12345a", "１２３４５６"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_code_ends_after_a_day_or_ten_wrong_ones() {
        let (key, org) = (CodeKey([7; 32]), OrgId::new(Uuid::from_u128(1)));
        let mut agent = agent(Some("ann@company.dev"));
        let show = |agent: &mut Agent, text: &str, now| told(show(agent, &key, org, text, now));
        assert_eq!(
            show(&mut agent, "000000", START),
            Some(Code::ValidationError)
        );
        issue(&mut agent, &new(2), START).unwrap();
        let right = key.code(org, Uuid::from_u128(2));
        let wrong = if right == "000000" {
            "000001"
        } else {
            "000000"
        };
        assert_eq!(show(&mut agent, &right, START), None);
        let late = START.plus(LIFE);
        assert_eq!(show(&mut agent, &right, late), Some(Code::ValidationError));
        for _ in 0..MAX_TRIES {
            assert_eq!(show(&mut agent, wrong, START), Some(Code::ValidationError));
        }
        assert_eq!(show(&mut agent, &right, START), Some(Code::LimitExceeded));
        issue(&mut agent, &new(3), START).unwrap();
        assert_eq!(
            show(&mut agent, &key.code(org, Uuid::from_u128(3)), START),
            None
        );
    }

    #[test]
    fn a_human_is_mailed_five_codes_a_day() {
        let mut agent = agent(Some("ann@company.dev"));
        for n in 0..5 {
            issue(&mut agent, &new(n), START).unwrap();
        }
        let hour = START.plus(Duration::from_secs(3600));
        let error = issue(&mut agent, &new(9), hour).unwrap_err();
        assert_eq!(error.code(), Code::RateLimitExceeded);
        assert_eq!(error.wait(), Some(Duration::from_secs(23 * 3600)));
        issue(&mut agent, &new(9), START.plus(DAY)).unwrap();
    }

    #[test]
    fn before_the_code_mail_goes_to_the_human_only_and_ten_times_a_day() {
        let to = |text: &str| vec![Address::parse(text).unwrap()];
        let refused = |agent: &mut Agent, to: &[Address], now| {
            count(agent, to, now).map_err(|error| error.code())
        };
        let human = to("Ann@Company.dev");
        let mut alone = agent(None);
        assert_eq!(
            refused(&mut alone, &human, START),
            Err(Code::MessageRejected)
        );
        let mut agent = agent(Some("ann@company.dev"));
        let others = [human.clone(), to("bob@company.dev")].concat();
        assert_eq!(
            refused(&mut agent, &others, START),
            Err(Code::MessageRejected)
        );
        for _ in 0..MAX_SENDS {
            assert_eq!(refused(&mut agent, &human, START), Ok(()));
        }
        assert_eq!(
            refused(&mut agent, &human, START),
            Err(Code::RateLimitExceeded)
        );
        assert_eq!(refused(&mut agent, &human, START.plus(DAY)), Ok(()));
    }
}
