//! The one table of configuration keys. Flags, variables, the file, `config explain`, the messages
//! and the README's table all come from it.

/// One thing that can be configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// The TOML file.
    Config,
    /// The data folder.
    Data,
    /// The address of the HTTP door.
    Http,
    /// The address of the HTTPS door.
    Https,
    /// The address of the SMTP door.
    Smtp,
    /// The address of the door for submission with STARTTLS.
    Submission,
    /// The address of the door for submission over TLS.
    Submissions,
    /// The domain of new inboxes.
    Domain,
    /// The name the SMTP door greets with.
    Hostname,
    /// The address clients reach the API under.
    PublicUrl,
    /// The name servers.
    Dns,
    /// The PostgreSQL URL.
    Database,
    /// The admin key.
    ApiKey,
    /// The key that signs and seals.
    MasterKey,
    /// The certificate chains.
    TlsCertificate,
    /// The private keys of those certificates.
    TlsKey,
    /// The authority that issues certificates.
    Acme,
    /// Whom the authority may write to.
    AcmeContact,
    /// The names of the certificate.
    AcmeNames,
    /// The address of the door for the authority.
    AcmeHttp,
    /// The largest message.
    MaxMessageSize,
    /// The most recipients of one SMTP transaction.
    MaxRecipients,
    /// The most HTTP connections at once.
    MaxHttpConnections,
    /// The most SMTP connections at once.
    MaxSmtpConnections,
    /// The requests of one API key.
    RequestsPerKey,
    /// The requests of one API key at once.
    BurstPerKey,
    /// The requests of one client address.
    RequestsPerAddress,
    /// The requests of one client address at once.
    BurstPerAddress,
    /// The proxies that tell the client address.
    TrustedProxies,
    /// The servers in front of the SMTP door.
    TrustedRelays,
    /// Which arriving mail is checked.
    CheckSenders,
    /// The forwarders whose word is taken.
    TrustedSealers,
    /// What becomes of mail whose domain wants it refused.
    OnDmarcReject,
    /// How many points make a message spam.
    SpamThreshold,
    /// The block lists that are asked.
    BlockLists,
    /// Where rspamd is.
    Rspamd,
    /// Where the operator's judge of what arrives is.
    ScreenJudge,
    /// How long unknown clients are put off.
    Greylist,
    /// The messages that one inbox sends.
    SendsPerInbox,
    /// The turns of one thread.
    TurnsPerThread,
    /// The turns with one address.
    TurnsPerPeer,
    /// The turns of two inboxes.
    TurnsPerPair,
    /// The answers of machines in a row.
    AnswersInARow,
    /// What is done about secrets in departures.
    LeakActions,
    /// Where requests of the server's own may go beyond the public internet.
    EgressAllow,
    /// What others do when a connection does not fit the MTA-STS policy.
    MtaSts,
    /// Which mail says that no person sent it.
    AutoSubmitted,
    /// Whether a repeated message is sent only once.
    SuppressRepeats,
    /// Whose mail taints a key.
    GateTaint,
    /// Whether what has no key taints the readers.
    GateTaintUnkeyed,
    /// How long it does in its thread.
    GateTaintThread,
    /// How long it does in all else.
    GateTaintKey,
    /// When what nobody decides about is declined.
    ApprovalExpiry,
    /// Which way mail to other servers leaves.
    Delivery,
    /// Which way mail of single sending domains leaves.
    DeliveryRoutes,
    /// The relays.
    Relay,
    /// The password of the relay without a name.
    RelayPassword,
    /// The passwords of relays.
    RelayPasswords,
    /// The port of other mail servers.
    DeliveryPort,
    /// The pause before the second try.
    RetryAfter,
    /// When a message that waits is labelled.
    DelayNotice,
    /// How long mail is tried.
    KeepTrying,
    /// Connections to one destination.
    DestinationConnections,
    /// Messages to one destination.
    DestinationRate,
    /// Our own addresses for mail that leaves.
    SourceAddresses,
    /// What TLSA records are looked up for.
    Dane,
    /// Roots that are trusted beside those of browsers.
    ExtraRoots,
    /// How many agents may sign up.
    AgentSignUps,
    /// How long events are kept.
    KeepEvents,
    /// How long a stop may take.
    Drain,
    /// Which log lines are written.
    Log,
    /// How log lines look.
    LogFormat,
}

/// Where a key may be set. Every key may be set by its variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Places {
    /// File, variable and flag.
    All,
    /// Variable and flag.
    NotInFile,
    /// Only the variable: secrets do not belong on a command line, where every user of the
    /// machine can read them, nor in a file that is checked in.
    OnlyVariable,
}

/// What is known of a key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Which key it is.
    pub id: Name,
    /// The name in the file (`public_url`).
    pub name: &'static str,
    /// The flag without its dashes (`public-url`).
    pub flag: &'static str,
    /// The variable (`MAILROOST_PUBLIC_URL`).
    pub variable: &'static str,
    /// What the value is, in the words of the help (`ADDR:PORT`).
    pub value: &'static str,
    /// What the value must be, completing "is not …".
    pub wanted: &'static str,
    /// The value when nothing is set; empty when there is none.
    pub default: &'static str,
    /// A value that works.
    pub example: &'static str,
    /// Where it may be set.
    pub places: Places,
    /// Whether the value must never be shown.
    pub secret: bool,
    /// What it does.
    pub doc: &'static str,
}

const PLAIN: Key = Key {
    id: Name::Config,
    name: "",
    flag: "",
    variable: "",
    value: "",
    wanted: "",
    default: "",
    example: "",
    places: Places::All,
    secret: false,
    doc: "",
};

/// All keys, each at the place of its [`Name`].
pub const TABLE: &[Key] = &[
    Key {
        id: Name::Config,
        name: "config",
        flag: "config",
        variable: "MAILROOST_CONFIG",
        value: "FILE",
        wanted: "a file that can be read",
        example: "/etc/mailroost.toml",
        places: Places::NotInFile,
        doc: "A TOML file with any of the keys below, one `key = value` per line.",
        ..PLAIN
    },
    Key {
        id: Name::Data,
        name: "data",
        flag: "data",
        variable: "MAILROOST_DATA",
        value: "DIR",
        wanted: "a folder",
        default: "./mailroost-data",
        example: "/var/lib/mailroost",
        doc: "The data folder: the SQLite database, large messages, the master key and \
                      the self-made certificate. Created for its owner alone. One process at a time.",
        ..PLAIN
    },
    Key {
        id: Name::Http,
        name: "http",
        flag: "http",
        variable: "MAILROOST_HTTP",
        value: "ADDR:PORT",
        wanted: "an address with a port",
        default: "127.0.0.1:8080",
        example: "127.0.0.1:8080",
        doc: "Where the API and the WebSocket listen. Port 0 takes a free one.",
        ..PLAIN
    },
    Key {
        id: Name::Https,
        name: "https",
        flag: "https",
        variable: "MAILROOST_HTTPS",
        value: "ADDR:PORT",
        wanted: "an address with a port",
        example: "0.0.0.0:443",
        doc: "Where the same API and WebSocket listen with TLS. Without it this door stays closed. \
                      The plain door stays open beside it; keep that on loopback.",
        ..PLAIN
    },
    Key {
        id: Name::Smtp,
        name: "smtp",
        flag: "smtp",
        variable: "MAILROOST_SMTP",
        value: "ADDR:PORT",
        wanted: "an address with a port",
        default: "127.0.0.1:2525",
        example: "0.0.0.0:25",
        doc: "Where mail is received. Port 0 takes a free one.",
        ..PLAIN
    },
    Key {
        id: Name::Submission,
        name: "submission",
        flag: "submission",
        variable: "MAILROOST_SUBMISSION",
        value: "ADDR:PORT",
        wanted: "an address with a port",
        example: "0.0.0.0:587",
        doc: "Where programs hand in mail over SMTP with STARTTLS: the user is the address of an \
                      inbox, the password an API key. Without it this door stays closed, in laptop \
                      mode too; there, programs of this machine may log in without TLS.",
        ..PLAIN
    },
    Key {
        id: Name::Submissions,
        name: "submissions",
        flag: "submissions",
        variable: "MAILROOST_SUBMISSIONS",
        value: "ADDR:PORT",
        wanted: "an address with a port",
        example: "0.0.0.0:465",
        doc: "The same over TLS from the first byte (port 465). Without it this door stays closed.",
        ..PLAIN
    },
    Key {
        id: Name::Domain,
        name: "domain",
        flag: "domain",
        variable: "MAILROOST_DOMAIN",
        value: "NAME",
        wanted: "a domain name with at least one dot (names beyond ASCII in xn-- form)",
        default: "mailroost.localhost",
        example: "agents.example.com",
        doc: "The domain of inboxes that are created without one. Under .localhost, .test, \
                      .example, .invalid, .local or .internal the server is in laptop mode: \
                      nothing leaves the machine. Any other domain is public and ends it.",
        ..PLAIN
    },
    Key {
        id: Name::Hostname,
        name: "hostname",
        flag: "hostname",
        variable: "MAILROOST_HOSTNAME",
        value: "NAME",
        wanted: "a host name with at least one dot",
        example: "mx1.agents.example.com",
        doc: "The name the SMTP door greets with and the self-made certificate carries. \
                      Without it, the domain.",
        ..PLAIN
    },
    Key {
        id: Name::PublicUrl,
        name: "public_url",
        flag: "public-url",
        variable: "MAILROOST_PUBLIC_URL",
        value: "URL",
        wanted: "an http or https URL without a path",
        example: "https://mail.example.com",
        doc: "The address clients reach the API under, for download links behind a proxy. \
                      Without it, the address of the request. Do not end it in /v0.",
        ..PLAIN
    },
    Key {
        id: Name::Dns,
        name: "dns",
        flag: "dns",
        variable: "MAILROOST_DNS",
        value: "ADDR[:PORT],…",
        wanted: "a list of addresses of name servers, separated by commas",
        example: "192.0.2.53,[2001:db8::53]:5353",
        doc: "The name servers that are asked about the records of domains. Without it, those \
                      of the operating system. In laptop mode nothing is asked before a domain is \
                      to be verified.",
        ..PLAIN
    },
    Key {
        id: Name::Database,
        name: "database",
        flag: "database",
        variable: "MAILROOST_DATABASE",
        value: "URL",
        wanted: "a PostgreSQL URL",
        example: "postgres://mailroost:secret@db.internal/mailroost",
        secret: true,
        doc: "A PostgreSQL database. Without it everything is in SQLite in the data \
                      folder. Prefer the variable: a flag is visible to every user of the machine.",
        ..PLAIN
    },
    Key {
        id: Name::ApiKey,
        name: "api_key",
        flag: "",
        variable: "MAILROOST_API_KEY",
        value: "KEY",
        wanted: "an API key: `am_us_` and at least 20 letters or digits",
        example: "am_us_ and the output of `openssl rand -hex 32`",
        places: Places::OnlyVariable,
        secret: true,
        doc: "The admin key, for automation. Without it one is made and shown at the \
                      first start.",
        ..PLAIN
    },
    Key {
        id: Name::MasterKey,
        name: "master_key",
        flag: "",
        variable: "MAILROOST_MASTER_KEY",
        value: "HEX",
        wanted: "a key of 64 hexadecimal digits",
        example: "the output of `openssl rand -hex 32`",
        places: Places::OnlyVariable,
        secret: true,
        doc: "Signs download links. Without it one is made and kept in the data folder. \
                      Processes that share a PostgreSQL database need the same one.",
        ..PLAIN
    },
    Key {
        id: Name::TlsCertificate,
        name: "tls_certificate",
        flag: "tls-certificate",
        variable: "MAILROOST_TLS_CERTIFICATE",
        value: "FILE,…",
        wanted: "a PEM file with a certificate chain, or several with commas between them",
        example: "/etc/mailroost/fullchain.pem",
        doc: "The certificate chain for HTTPS, STARTTLS and submission; without it a self-made \
                      one is used. With several files each client gets the one for the name it \
                      asks for, and the first when it asks for none. The files are looked at \
                      every minute and at SIGHUP: renewing them needs no restart.",
        ..PLAIN
    },
    Key {
        id: Name::TlsKey,
        name: "tls_key",
        flag: "tls-key",
        variable: "MAILROOST_TLS_KEY",
        value: "FILE,…",
        wanted: "a PEM file with a private key, or several with commas between them",
        example: "/etc/mailroost/privkey.pem",
        doc: "The private key that belongs to tls_certificate; with several, in the same order.",
        ..PLAIN
    },
    Key {
        id: Name::Acme,
        name: "acme",
        flag: "acme",
        variable: "MAILROOST_ACME",
        value: "URL",
        wanted: "the https URL of an ACME directory, letsencrypt or letsencrypt-staging",
        example: "letsencrypt",
        doc: "The authority that certificates are ordered from, without files. Setting it agrees \
                      to the authority's terms of service. Without it nothing is ordered.",
        ..PLAIN
    },
    Key {
        id: Name::AcmeContact,
        name: "acme_contact",
        flag: "acme-contact",
        variable: "MAILROOST_ACME_CONTACT",
        value: "ADDRESS",
        wanted: "an email address",
        example: "postmaster@example.com",
        doc: "Whom the authority may write to.",
        ..PLAIN
    },
    Key {
        id: Name::AcmeNames,
        name: "acme_names",
        flag: "acme-names",
        variable: "MAILROOST_ACME_NAMES",
        value: "NAME,…",
        wanted: "a list of host names, separated by commas",
        example: "mx1.agents.example.com,mta-sts.agents.example.com",
        doc: "The names that the certificate is ordered for. Without it, hostname alone. Each \
                      must lead to this server, where the authority asks on port 80.",
        ..PLAIN
    },
    Key {
        id: Name::AcmeHttp,
        name: "acme_http",
        flag: "acme-http",
        variable: "MAILROOST_ACME_HTTP",
        value: "ADDR:PORT",
        wanted: "an address with a port",
        default: "0.0.0.0:80",
        example: "[::]:80",
        doc: "Where the authority is answered, over plain HTTP; nothing else is served there. \
                      Opened only with acme.",
        ..PLAIN
    },
    Key {
        id: Name::MaxMessageSize,
        name: "max_message_size",
        flag: "max-message-size",
        variable: "MAILROOST_MAX_MESSAGE_SIZE",
        value: "SIZE",
        wanted: "a size from 64 KiB to 200 MiB",
        default: "50 MiB",
        example: "50 MiB",
        doc: "The largest message, counted as it travels: base64 makes a file of 25 MB a \
                      message of 34 MB. Also the largest request body of the API.",
        ..PLAIN
    },
    Key {
        id: Name::MaxRecipients,
        name: "max_recipients",
        flag: "max-recipients",
        variable: "MAILROOST_MAX_RECIPIENTS",
        value: "COUNT",
        wanted: "a number from 100 to 10000",
        default: "1000",
        example: "1000",
        doc: "The most recipients one SMTP transaction may name; RFC 5321 asks for at \
                      least 100.",
        ..PLAIN
    },
    Key {
        id: Name::MaxHttpConnections,
        name: "max_http_connections",
        flag: "max-http-connections",
        variable: "MAILROOST_MAX_HTTP_CONNECTIONS",
        value: "COUNT",
        wanted: "a number from 1 to 100000",
        default: "1024",
        example: "1024",
        doc: "The most HTTP connections at once, WebSockets included. Further ones wait.",
        ..PLAIN
    },
    Key {
        id: Name::MaxSmtpConnections,
        name: "max_smtp_connections",
        flag: "max-smtp-connections",
        variable: "MAILROOST_MAX_SMTP_CONNECTIONS",
        value: "COUNT",
        wanted: "a number from 1 to 100000",
        default: "2000",
        example: "2000",
        doc: "The most SMTP connections at once. Further ones are told to come again.",
        ..PLAIN
    },
    Key {
        id: Name::RequestsPerKey,
        name: "requests_per_key",
        flag: "requests-per-key",
        variable: "MAILROOST_REQUESTS_PER_KEY",
        value: "COUNT",
        wanted: "a number from 0 to 1000000",
        example: "200",
        doc: "The requests that one API key may make each second in the long run; 0 is without \
                      limit. Without it 200, and in laptop mode no limit.",
        ..PLAIN
    },
    Key {
        id: Name::BurstPerKey,
        name: "burst_per_key",
        flag: "burst-per-key",
        variable: "MAILROOST_BURST_PER_KEY",
        value: "COUNT",
        wanted: "a number from 1 to 1000000",
        example: "2000",
        doc: "The requests that one API key may make at once after a pause. Without it ten \
                      times requests_per_key.",
        ..PLAIN
    },
    Key {
        id: Name::RequestsPerAddress,
        name: "requests_per_address",
        flag: "requests-per-address",
        variable: "MAILROOST_REQUESTS_PER_ADDRESS",
        value: "COUNT",
        wanted: "a number from 0 to 1000000",
        example: "500",
        doc: "The requests that one client address (for IPv6 one network of 64 bits) may make \
                      each second in the long run; 0 is without limit. One with an unknown key \
                      counts as ten. Without it 500, and in laptop mode no limit. Behind a proxy, \
                      name it in trusted_proxies.",
        ..PLAIN
    },
    Key {
        id: Name::BurstPerAddress,
        name: "burst_per_address",
        flag: "burst-per-address",
        variable: "MAILROOST_BURST_PER_ADDRESS",
        value: "COUNT",
        wanted: "a number from 1 to 1000000",
        example: "5000",
        doc: "The requests that one client address may make at once after a pause. Without it \
                      ten times requests_per_address.",
        ..PLAIN
    },
    Key {
        id: Name::TrustedProxies,
        name: "trusted_proxies",
        flag: "trusted-proxies",
        variable: "MAILROOST_TRUSTED_PROXIES",
        value: "LIST",
        wanted: "a comma list of addresses and ranges",
        example: "127.0.0.1, 10.0.0.0/8",
        doc: "Proxies in front of the API whose X-Forwarded-For tells the client address. \
                      Without it the address is that of the connection.",
        ..PLAIN
    },
    Key {
        id: Name::TrustedRelays,
        name: "trusted_relays",
        flag: "trusted-relays",
        variable: "MAILROOST_TRUSTED_RELAYS",
        value: "LIST",
        wanted: "a comma list of addresses and ranges",
        example: "10.0.0.0/8",
        doc: "Mail servers of your own in front of the SMTP door. They may say by XCLIENT whom \
                      they speak for, and their own addresses say nothing about a sender.",
        ..PLAIN
    },
    Key {
        id: Name::CheckSenders,
        name: "check_senders",
        flag: "check-senders",
        variable: "MAILROOST_CHECK_SENDERS",
        value: "WHICH",
        wanted: "`auto` or `all`",
        default: "auto",
        example: "all",
        doc: "Whose mail is checked by SPF, DKIM, DMARC and ARC: `auto` is everybody's, but in \
                      laptop mode not what this machine itself hands in; `all` is that too.",
        ..PLAIN
    },
    Key {
        id: Name::TrustedSealers,
        name: "trusted_sealers",
        flag: "trusted-sealers",
        variable: "MAILROOST_TRUSTED_SEALERS",
        value: "LIST",
        wanted: "a comma list of domains",
        example: "google.com, lists.example.org",
        doc: "Forwarders and mailing lists, by the domain of their ARC seals, whose word is taken \
                      that a message was authentic when it came to them.",
        ..PLAIN
    },
    Key {
        id: Name::OnDmarcReject,
        name: "on_dmarc_reject",
        flag: "on-dmarc-reject",
        variable: "MAILROOST_ON_DMARC_REJECT",
        value: "ACTION",
        wanted: "`label` or `refuse`",
        default: "label",
        example: "refuse",
        doc: "What becomes of mail that fails a DMARC policy of `reject`: it is filed with the \
                      label `unauthenticated`, or refused while the sender waits.",
        ..PLAIN
    },
    Key {
        id: Name::SpamThreshold,
        name: "spam_threshold",
        flag: "spam-threshold",
        variable: "MAILROOST_SPAM_THRESHOLD",
        value: "POINTS",
        wanted: "a number from 0 to 1000",
        default: "10",
        example: "10",
        doc: "How many points make the label `spam` (docs/authentication.md lists them). 0 looks for \
                      none.",
        ..PLAIN
    },
    Key {
        id: Name::BlockLists,
        name: "dnsbl",
        flag: "dnsbl",
        variable: "MAILROOST_DNSBL",
        value: "LIST",
        wanted: "a comma list of zones, each with its points",
        example: "zen.spamhaus.org=8, bl.spamcop.net=4",
        doc: "Block lists in the DNS that are asked about the address of each client, with the \
                      points of a listed one. Without it none is asked.",
        ..PLAIN
    },
    Key {
        id: Name::Rspamd,
        name: "rspamd",
        flag: "rspamd",
        variable: "MAILROOST_RSPAMD",
        value: "URL",
        wanted: "an http or https URL without a path",
        example: "http://127.0.0.1:11333",
        doc: "An rspamd that judges each message from outside. When it does not answer, the message \
                      is filed without its judgement.",
        ..PLAIN
    },
    Key {
        id: Name::ScreenJudge,
        name: "screen_judge",
        flag: "screen-judge",
        variable: "MAILROOST_SCREEN_JUDGE",
        value: "URL",
        wanted: "an http or https URL",
        example: "http://127.0.0.1:9000/judge",
        doc: "A service of yours that is asked about each message that arrives and may have it \
                      reviewed. It never makes a message clear.",
        ..PLAIN
    },
    Key {
        id: Name::Greylist,
        name: "greylist",
        flag: "greylist",
        variable: "MAILROOST_GREYLIST",
        value: "SECONDS",
        wanted: "a number of seconds from 0 to 86400",
        default: "0",
        example: "60",
        doc: "How long a client that never sent from this sender to this recipient is told to come \
                      again later. 0 takes its mail at once. Codes that people wait for arrive as \
                      much later.",
        ..PLAIN
    },
    Key {
        id: Name::SendsPerInbox,
        name: "sends_per_inbox",
        flag: "sends-per-inbox",
        variable: "MAILROOST_SENDS_PER_INBOX",
        value: "COUNT",
        wanted: "a number from 0 to 10000",
        default: "0",
        example: "200",
        doc: "The messages that one inbox may send in any hour; 0 is without limit.",
        ..PLAIN
    },
    Key {
        id: Name::TurnsPerThread,
        name: "turns_per_thread",
        flag: "turns-per-thread",
        variable: "MAILROOST_TURNS_PER_THREAD",
        value: "COUNT",
        wanted: "a number from 0 to 10000",
        default: "10",
        example: "20",
        doc: "How often in any hour an inbox may answer in one thread what was answered, before the thread pauses; 0 is without limit.",
        ..PLAIN
    },
    Key {
        id: Name::TurnsPerPeer,
        name: "turns_per_peer",
        flag: "turns-per-peer",
        variable: "MAILROOST_TURNS_PER_PEER",
        value: "COUNT",
        wanted: "a number from 0 to 10000",
        default: "10",
        example: "20",
        doc: "The same with one address, over all threads.",
        ..PLAIN
    },
    Key {
        id: Name::TurnsPerPair,
        name: "turns_per_pair",
        flag: "turns-per-pair",
        variable: "MAILROOST_TURNS_PER_PAIR",
        value: "COUNT",
        wanted: "a number from 0 to 10000",
        default: "10",
        example: "20",
        doc: "The same between two inboxes of one organization, both counted.",
        ..PLAIN
    },
    Key {
        id: Name::AnswersInARow,
        name: "answers_in_a_row",
        flag: "answers-in-a-row",
        variable: "MAILROOST_ANSWERS_IN_A_ROW",
        value: "COUNT",
        wanted: "a number from 0 to 10000",
        default: "10",
        example: "20",
        doc: "How many answers of machines may follow one another before a person has to answer; 0 is without limit.",
        ..PLAIN
    },
    Key {
        id: Name::LeakActions,
        name: "leak_actions",
        flag: "leak-actions",
        variable: "MAILROOST_LEAK_ACTIONS",
        value: "KIND=ACTION,…",
        wanted: "a list such as credit_card=block,marker=note with the actions block, hold and note",
        example: "credit_card=block,marker=note",
        doc: "What is done about kinds of secrets in departures, or classes of them, where it is not the usual.",
        ..PLAIN
    },
    Key {
        id: Name::EgressAllow,
        name: "egress_allow",
        flag: "egress-allow",
        variable: "MAILROOST_EGRESS_ALLOW",
        value: "LIST",
        wanted: "a comma list of address ranges and host names",
        example: "10.0.0.0/8, n8n.internal",
        doc: "Private addresses and hosts that webhooks and attachments by URL may reach, over \
                      http too. Without it only the public internet over https; in laptop mode \
                      loopback and http as well.",
        ..PLAIN
    },
    Key {
        id: Name::MtaSts,
        name: "mta_sts",
        flag: "mta-sts",
        variable: "MAILROOST_MTA_STS",
        value: "MODE",
        wanted: "`testing`, `enforce` or `none`",
        default: "testing",
        example: "enforce",
        doc: "What other servers do when a connection to this one does not fit the MTA-STS policy \
                      that is served under mta-sts.<domain>: deliver and report, or not deliver. \
                      For the operator's domain and those that do not choose. Enforce it once \
                      the certificate of STARTTLS is one that others trust.",
        ..PLAIN
    },
    Key {
        id: Name::AutoSubmitted,
        name: "auto_submitted",
        flag: "auto-submitted",
        variable: "MAILROOST_AUTO_SUBMITTED",
        value: "WHICH",
        wanted: "`direct`, `always` or `never`",
        default: "direct",
        example: "never",
        doc: "Which mail says in Auto-Submitted that no person sent it: what is sent directly but \
                      not drafts, everything, or nothing. An inbox may choose for itself.",
        ..PLAIN
    },
    Key {
        id: Name::SuppressRepeats,
        name: "suppress_repeats",
        flag: "suppress-repeats",
        variable: "MAILROOST_SUPPRESS_REPEATS",
        value: "BOOL",
        wanted: "`true` or `false`",
        default: "false",
        example: "true",
        doc: "Whether the same text to the same people from the same inbox within a minute, \
                      without an Idempotency-Key, is sent only once and answered with the first \
                      message's ids.",
        ..PLAIN
    },
    Key {
        id: Name::GateTaint,
        name: "gate_taint",
        flag: "gate-taint",
        variable: "MAILROOST_GATE_TAINT",
        value: "WHOSE",
        wanted: "`strangers`, `unproven` or `off`",
        default: "strangers",
        example: "unproven",
        doc: "Whose mail taints a key that is shown it, so that for a time it writes only to people \
                      it knows: that of everybody the inbox has not written to by itself, only what \
                      is not proven to come from its author, or nobody's.",
        ..PLAIN
    },
    Key {
        id: Name::GateTaintUnkeyed,
        name: "gate_taint_unkeyed",
        flag: "gate-taint-unkeyed",
        variable: "MAILROOST_GATE_TAINT_UNKEYED",
        value: "WHOM",
        wanted: "`readers` or `off`",
        default: "readers",
        example: "off",
        doc: "Whom such mail taints when a webhook or the reader of a polling webhook is handed it, which \
                      have no key: every key that reaches the inbox, or nobody. The policy \
                      {\"taint\": \"off\"} keeps the key of a program that is no agent free.",
        ..PLAIN
    },
    Key {
        id: Name::GateTaintThread,
        name: "gate_taint_thread",
        flag: "gate-taint-thread",
        variable: "MAILROOST_GATE_TAINT_THREAD",
        value: "MINUTES",
        wanted: "a number of minutes from 1 to 525600",
        default: "1440",
        example: "10080",
        doc: "For how many minutes a key is tainted in the thread in which it was shown such mail.",
        ..PLAIN
    },
    Key {
        id: Name::GateTaintKey,
        name: "gate_taint_key",
        flag: "gate-taint-key",
        variable: "MAILROOST_GATE_TAINT_KEY",
        value: "MINUTES",
        wanted: "a number of minutes from 1 to 525600",
        default: "60",
        example: "1440",
        doc: "For how many minutes it is tainted in all else that it does.",
        ..PLAIN
    },
    Key {
        id: Name::ApprovalExpiry,
        name: "approval_expiry",
        flag: "approval-expiry",
        variable: "MAILROOST_APPROVAL_EXPIRY",
        value: "HOURS",
        wanted: "a number of hours from 1 to 8760",
        default: "168",
        example: "24",
        doc: "After how many hours a message that waits for approval is declined by itself.",
        ..PLAIN
    },
    Key {
        id: Name::Delivery,
        name: "delivery",
        flag: "delivery",
        variable: "MAILROOST_DELIVERY",
        value: "WAY",
        wanted: "`sandbox`, `direct`, `relay` or `relay:NAME`",
        default: "sandbox",
        example: "relay",
        doc: "Which way mail to other servers leaves: `direct` to the servers that the DNS names \
                      (port 25 must be open), `relay` through the server of the key relay, `sandbox` \
                      not at all: it is shown as delivered and held on this machine.",
        ..PLAIN
    },
    Key {
        id: Name::DeliveryRoutes,
        name: "delivery_routes",
        flag: "delivery-routes",
        variable: "MAILROOST_DELIVERY_ROUTES",
        value: "LIST",
        wanted: "a comma list of a sending domain and a way each",
        example: "acme.dev direct, other.dev relay:ses",
        doc: "Other ways for the mail of single sending domains and what lies below them; all \
                      other mail takes the way of delivery.",
        ..PLAIN
    },
    Key {
        id: Name::Relay,
        name: "relay",
        flag: "relay",
        variable: "MAILROOST_RELAY",
        value: "URL,…",
        wanted: "a comma list of [NAME=]smtp://[USER@]HOST[:PORT] or smtps://…",
        example: "smtp://AKIA123@email-smtp.eu-west-1.amazonaws.com:587",
        doc: "The servers that bring our mail further. smtp:// is STARTTLS with a good certificate \
                      (port 587), smtps:// TLS from the first octet (port 465); `?tls=opportunistic` and \
                      `?tls=none` ask for less. With several, each has a name: \
                      `ses=smtp://…, office=smtps://…`.",
        ..PLAIN
    },
    Key {
        id: Name::RelayPassword,
        name: "relay_password",
        flag: "",
        variable: "MAILROOST_RELAY_PASSWORD",
        value: "PASSWORD",
        wanted: "a password",
        example: "the password of the user in relay",
        places: Places::OnlyVariable,
        secret: true,
        doc: "The password for the relay that has no name.",
        ..PLAIN
    },
    Key {
        id: Name::RelayPasswords,
        name: "relay_passwords",
        flag: "relay-passwords",
        variable: "MAILROOST_RELAY_PASSWORDS",
        value: "FILE",
        wanted: "a file with a name and a password on each line",
        example: "/etc/mailroost/relay-passwords",
        doc: "A file with the passwords of relays, one `NAME PASSWORD` on each line; the relay \
                      without a name is called `relay`. Readable by the server alone.",
        ..PLAIN
    },
    Key {
        id: Name::DeliveryPort,
        name: "delivery_port",
        flag: "delivery-port",
        variable: "MAILROOST_DELIVERY_PORT",
        value: "PORT",
        wanted: "a port from 1 to 65535",
        default: "25",
        example: "25",
        doc: "The port of the servers that the DNS names. Another one is for closed networks and \
                      tests.",
        ..PLAIN
    },
    Key {
        id: Name::RetryAfter,
        name: "retry_after",
        flag: "retry-after",
        variable: "MAILROOST_RETRY_AFTER",
        value: "TIME",
        wanted: "a time from 1s to 2h",
        default: "2m",
        example: "5m",
        doc: "The pause before the second try of mail that was put off. Each further pause is about \
                      as long as the mail has waited, at most two hours.",
        ..PLAIN
    },
    Key {
        id: Name::DelayNotice,
        name: "delay_notice",
        flag: "delay-notice",
        variable: "MAILROOST_DELAY_NOTICE",
        value: "TIME",
        wanted: "a time from 1s to 30d",
        default: "4h",
        example: "4h",
        doc: "A message that is put off for longer is labelled `delayed`.",
        ..PLAIN
    },
    Key {
        id: Name::KeepTrying,
        name: "keep_trying",
        flag: "keep-trying",
        variable: "MAILROOST_KEEP_TRYING",
        value: "TIME",
        wanted: "a time from 1s to 30d",
        default: "5d",
        example: "2d",
        doc: "How long mail that is put off is tried before it bounces (RFC 5321 asks for at least \
                      4 or 5 days).",
        ..PLAIN
    },
    Key {
        id: Name::DestinationConnections,
        name: "destination_connections",
        flag: "destination-connections",
        variable: "MAILROOST_DESTINATION_CONNECTIONS",
        value: "COUNT",
        wanted: "a number from 1 to 200",
        default: "20",
        example: "10",
        doc: "The connections to one destination at once: a relay, or the provider behind any number \
                      of domains. It begins with five and has one more for each message taken.",
        ..PLAIN
    },
    Key {
        id: Name::DestinationRate,
        name: "destination_rate",
        flag: "destination-rate",
        variable: "MAILROOST_DESTINATION_RATE",
        value: "COUNT",
        wanted: "a number from 0 to 1000000",
        default: "0",
        example: "600",
        doc: "The messages to one destination in a minute, evenly spaced; 0 is without limit. Each \
                      process counts for itself.",
        ..PLAIN
    },
    Key {
        id: Name::SourceAddresses,
        name: "source_addresses",
        flag: "source-addresses",
        variable: "MAILROOST_SOURCE_ADDRESSES",
        value: "LIST",
        wanted: "a comma list of addresses",
        example: "192.0.2.10, 2001:db8::10",
        doc: "The addresses of this machine that mail leaves from, where it has several: one of the \
                      same family as the peer's, by chance. Without it the system chooses.",
        ..PLAIN
    },
    Key {
        id: Name::Dane,
        name: "dane",
        flag: "dane",
        variable: "MAILROOST_DANE",
        value: "MODE",
        wanted: "off, report or enforce",
        default: "report",
        example: "enforce",
        doc: "What the TLSA records of mail servers (DANE, RFC 7672) are looked up for: nothing; to be \
                      told with each try; or to refuse a server whose certificate they do not name. It \
                      refuses only what a DNSSEC-validating name server on this machine has proven.",
        ..PLAIN
    },
    Key {
        id: Name::ExtraRoots,
        name: "extra_roots",
        flag: "extra-roots",
        variable: "MAILROOST_EXTRA_ROOTS",
        value: "FILE",
        wanted: "a PEM file with certificates",
        example: "/etc/mailroost/our-ca.pem",
        doc: "Certificate authorities that relays and MTA-STS are checked with beside those that \
                      browsers trust.",
        ..PLAIN
    },
    Key {
        id: Name::AgentSignUps,
        name: "agent_sign_ups",
        flag: "agent-sign-ups",
        variable: "MAILROOST_AGENT_SIGN_UPS",
        value: "COUNT",
        wanted: "a number from 0 to 1000",
        default: "0",
        example: "5",
        doc: "How many agents one network address may sign up in an hour, each with an \
                      organization of its own. 0 keeps the sign-up closed.",
        ..PLAIN
    },
    Key {
        id: Name::KeepEvents,
        name: "keep_events",
        flag: "keep-events",
        variable: "MAILROOST_KEEP_EVENTS",
        value: "DAYS",
        wanted: "a number of days from 2 to 36500, or 0 to keep them for ever",
        default: "30",
        example: "90",
        doc: "How many days events, and what happened to labels, can be read. A reader \
                      that was away for longer is told so. 0 keeps them for ever.",
        ..PLAIN
    },
    Key {
        id: Name::Drain,
        name: "drain",
        flag: "drain",
        variable: "MAILROOST_DRAIN",
        value: "SECONDS",
        wanted: "a number of seconds from 0 to 600",
        default: "30",
        example: "30",
        doc: "How long a stop may wait for requests and SMTP sessions to finish before \
                      it cuts them.",
        ..PLAIN
    },
    Key {
        id: Name::Log,
        name: "log",
        flag: "log",
        variable: "MAILROOST_LOG",
        value: "FILTER",
        wanted: "a log filter",
        default: "info",
        example: "info,smtp=debug",
        doc: "Which log lines are written to standard error: a level, or a list of \
                      module=level.",
        ..PLAIN
    },
    Key {
        id: Name::LogFormat,
        name: "log_format",
        flag: "log-format",
        variable: "MAILROOST_LOG_FORMAT",
        value: "FORMAT",
        wanted: "`text` or `json`",
        default: "text",
        example: "json",
        doc: "How log lines look: `text` for people, `json` for collectors.",
        ..PLAIN
    },
];

impl Name {
    /// The key's row of the table.
    pub const fn key(self) -> &'static Key {
        &TABLE[self as usize]
    }

    /// The key with this name in the file.
    pub fn in_file(name: &str) -> Option<Self> {
        let key = TABLE
            .iter()
            .find(|key| key.name == name && key.places == Places::All);
        key.map(|key| key.id)
    }

    /// The key with this variable.
    pub fn of_variable(variable: &str) -> Option<Self> {
        let key = TABLE.iter().find(|key| key.variable == variable);
        key.map(|key| key.id)
    }
}
