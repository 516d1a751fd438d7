//! Which servers take the mail of a domain (RFC 5321 §5.1, RFC 7505), without asking anybody.

use std::collections::HashSet;

use sys::{Answer, MailExchanger};

use super::verdict::{Ending, Fate};

/// The servers of a domain, best first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Servers {
    /// The hosts with their preferences, in order. Never empty.
    pub(super) hosts: Vec<MailExchanger>,
    /// Who runs them: the registered names of the best. Domains whose mail goes to one provider share
    /// its limits.
    pub(super) provider: String,
}

/// Reads the answer to the question for the mail exchangers of `domain`. `own` is the name of this
/// server.
///
/// # Errors
/// The ending of every delivery to the domain.
pub(super) fn servers(
    domain: &str,
    answer: Answer<MailExchanger>,
    own: &str,
) -> Result<Servers, Ending> {
    let never = |enhanced, words: String| Err(Ending::own(Fate::Never, "routing", enhanced, words));
    let mut hosts = match answer {
        Answer::NoName => {
            return never((5, 1, 2), format!("there is no domain {domain}"));
        }
        // The domain itself is then its only server, at preference 0.
        Answer::NoRecords => {
            return Ok(Servers {
                provider: domain.to_owned(),
                hosts: vec![MailExchanger {
                    preference: 0,
                    host: domain.to_owned(),
                }],
            });
        }
        Answer::Records(records) => records,
    };
    if hosts.iter().all(|one| one.host.is_empty()) {
        return never((5, 1, 10), format!("{domain} takes no mail (null MX)"));
    }
    hosts.retain(|one| !one.host.is_empty());
    hosts.sort_by(|a, b| (a.preference, &a.host).cmp(&(b.preference, &b.host)));
    let mut seen = HashSet::new();
    hosts.retain(|one| seen.insert(one.host.clone()));
    let ours = hosts.iter().find(|one| one.host == own);
    if let Some(limit) = ours.map(|one| one.preference) {
        // Whoever is no better would send it back to us.
        hosts.retain(|one| one.preference < limit);
    }
    let Some(best) = hosts.first().map(|one| one.preference) else {
        let words = format!("mail for {domain} would come back to this server, its own best MX");
        return never((5, 4, 6), words);
    };
    let mut names: Vec<&str> = hosts
        .iter()
        .filter(|one| one.preference == best)
        .map(|one| model::domain::zone_apex(&one.host))
        .collect();
    names.sort_unstable();
    names.dedup();
    let provider = names.join(" ");
    Ok(Servers { hosts, provider })
}

/// The hosts in an order for one try: by preference, and by chance among equals, so that they share
/// the load.
pub(super) fn order(servers: &Servers, mut dice: impl FnMut() -> u64) -> Vec<String> {
    let mut hosts: Vec<(u16, u64, &str)> = servers
        .hosts
        .iter()
        .map(|one| (one.preference, dice(), one.host.as_str()))
        .collect();
    hosts.sort_unstable();
    hosts
        .into_iter()
        .map(|(_, _, host)| host.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn mx(list: &[(u16, &str)]) -> Answer<MailExchanger> {
        let records = list.iter().map(|(preference, host)| MailExchanger {
            preference: *preference,
            host: (*host).to_owned(),
        });
        Answer::Records(records.collect())
    }

    fn names(servers: &Servers) -> Vec<&str> {
        servers.hosts.iter().map(|one| one.host.as_str()).collect()
    }

    #[test]
    fn hosts_come_by_preference_and_equals_in_any_order() {
        let answer = mx(&[
            (20, "c.x.dev"),
            (10, "b.x.dev"),
            (10, "a.x.dev"),
            (20, "b.x.dev"),
        ]);
        let servers = servers("x.dev", answer, "us.dev").unwrap();
        assert_eq!(names(&servers), ["a.x.dev", "b.x.dev", "c.x.dev"]);
        let mut seen = BTreeSet::new();
        for round in 0..8_u64 {
            let mut dice = [round % 2, 1 - round % 2, 0].into_iter();
            seen.insert(order(&servers, || dice.next().unwrap()));
        }
        let first: BTreeSet<&str> = seen.iter().map(|order| order[0].as_str()).collect();
        assert_eq!(first, BTreeSet::from(["a.x.dev", "b.x.dev"]));
    }

    #[test]
    fn without_records_the_domain_is_its_own_server() {
        let servers = servers("x.dev", Answer::NoRecords, "us.dev").unwrap();
        assert_eq!(names(&servers), ["x.dev"]);
    }

    #[test]
    fn a_domain_that_is_not_or_takes_no_mail_is_final() {
        let gone = servers("x.dev", Answer::NoName, "us.dev").unwrap_err();
        assert_eq!((gone.fate, gone.enhanced), (Fate::Never, (5, 1, 2)));
        let null = servers("x.dev", mx(&[(0, "")]), "us.dev").unwrap_err();
        assert_eq!((null.fate, null.enhanced), (Fate::Never, (5, 1, 10)));
        // A null MX beside others is a mistake (RFC 7505 §3), and the others are asked.
        let mixed = servers("x.dev", mx(&[(0, ""), (10, "a.x.dev")]), "us.dev").unwrap();
        assert_eq!(names(&mixed), ["a.x.dev"]);
    }

    #[test]
    fn only_servers_better_than_ourselves_are_asked() {
        let answer = mx(&[
            (10, "a.x.dev"),
            (20, "us.dev"),
            (20, "b.x.dev"),
            (30, "c.x.dev"),
        ]);
        assert_eq!(
            names(&servers("x.dev", answer, "us.dev").unwrap()),
            ["a.x.dev"]
        );
        let ours = servers("x.dev", mx(&[(10, "us.dev"), (20, "b.x.dev")]), "us.dev");
        let ours = ours.unwrap_err();
        assert_eq!((ours.fate, ours.enhanced), (Fate::Never, (5, 4, 6)));
    }

    #[test]
    fn one_provider_is_one_destination() {
        let provider =
            |list: &[(u16, &str)]| servers("x.dev", mx(list), "us.dev").unwrap().provider;
        let google = provider(&[(1, "aspmx.l.google.com"), (5, "alt1.aspmx.l.google.com")]);
        assert_eq!(google, provider(&[(10, "smtp.google.com")]));
        assert_eq!(google, "google.com");
        let outlook = provider(&[(0, "acme-dev.mail.protection.outlook.com")]);
        assert_eq!(outlook, "outlook.com");
        assert_eq!(provider(&[(0, "mx.acme.co.uk")]), "acme.co.uk");
        assert_eq!(
            provider(&[(0, "mx.b.net"), (0, "mx.a.net"), (9, "mx.c.net")]),
            "a.net b.net"
        );
    }
}
