//! The command line. Its flags come from the table of configuration keys.

mod orders;

use std::path::PathBuf;

use app::{KeyPreset, OperatorKey};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::approvals::Wish;
use crate::config::{Name, Places, TABLE};
use crate::doctor::Asked;
use crate::orders::Wanted;

/// What the person asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Run the server.
    Serve,
    /// Make a new key while no server runs on the data folder.
    CreateKey(OperatorKey),
    /// Make another organisation of this name while no server runs on the data folder.
    CreateOrganization(String),
    /// Print every organisation, while no server runs on the data folder.
    ListOrganizations,
    /// Print the records of the server's own domain, while no server runs on the data folder.
    DomainRecords,
    /// Make new signing keys for the server's own domain, while no server runs on the data folder.
    RotateKeys,
    /// Copy everything into this folder, whether a server runs or not.
    Backup(PathBuf),
    /// Fill an empty server from a backup.
    Restore {
        /// The folder of the backup.
        from: PathBuf,
        /// Whether mail that waited to leave is kept back.
        hold_outbound: bool,
    },
    /// Let go what a restore has kept back, while no server runs on the data folder.
    ReleaseQueue,
    /// What waits for a decision, also while a server runs on the data folder.
    Approvals(Wish),
    /// What the operator orders about policies, stops and registered values, likewise.
    Order(Wanted),
    /// Print what happened to the messages of this id, also while a server runs on the data folder.
    Trace {
        /// The Message-ID or the key.
        message: String,
        /// As JSON.
        json: bool,
    },
    /// Check the chains of the audit log, also while a server runs on the data folder.
    VerifyAudit,
    /// Look for what keeps mail from coming and going.
    Doctor {
        /// Whether the report is for programs.
        json: bool,
        /// Whom to ask.
        asked: Asked,
    },
    /// Ask a running server whether it is ready.
    HealthCheck,
    /// Print the table of keys.
    ExplainConfig,
    /// Answer questions about messages, one a line.
    Extract,
    /// Render a page of HTML, or answer about pages, one a line.
    Page {
        /// As Markdown.
        markdown: bool,
        /// Whether there are many.
        json: bool,
    },
    /// Answer how likely mail tries to steer an agent, one a line.
    Screen,
    /// Answer what mail would give away, one a line.
    Leaks,
    /// Read one document, for the server itself.
    ReadDocument,
}

/// The argument of `organizations create`; no key of the table has this name.
const ORGANIZATION_NAME: &str = "organization name";

/// The arguments of `trace`, one also of `doctor`; no key of the table has these names.
const MESSAGE: &str = "message";
const AS_JSON: &str = "as json";

/// The argument of `page`, likewise.
const MARKDOWN: &str = "as markdown";

/// The arguments of `keys create`, likewise.
const KEY_PRESET: &str = "key preset";
const KEY_TAINT: &str = "key taint";

/// The argument of `approvals`, likewise.
const APPROVAL: &str = "approval id";

/// The arguments of `backup` and `restore`, likewise.
const BACKUP_FOLDER: &str = "backup folder";
const HOLD_OUTBOUND: &str = "hold outbound";
/// Arguments of `doctor`, likewise.
const PROBE: &str = "probe host";
const TIME_SERVER: &str = "time server";

/// Reads the command line. Prints and exits by itself for `--help`, `--version` (status 0) and
/// for mistakes (status 2).
pub fn read() -> (Task, Vec<(Name, String)>) {
    let matches = command().get_matches();
    interpret(&matches)
}

fn interpret(matches: &ArgMatches) -> (Task, Vec<(Name, String)>) {
    let (task, matches) = match matches.subcommand() {
        Some(("keys", keys)) => match keys.subcommand() {
            Some((_, create)) => (Task::CreateKey(key_of(create)), create),
            None => (Task::CreateKey(OperatorKey::default()), keys),
        },
        Some(("organizations", organizations)) => match organizations.subcommand() {
            Some(("create", create)) => {
                let name = create.get_one::<String>(ORGANIZATION_NAME);
                let name = name.cloned().unwrap_or_default();
                (Task::CreateOrganization(name), create)
            }
            Some((_, list)) => (Task::ListOrganizations, list),
            None => (Task::ListOrganizations, organizations),
        },
        Some(("domain", domain)) => match domain.subcommand() {
            Some(("rotate-keys", rotate)) => (Task::RotateKeys, rotate),
            Some((_, records)) => (Task::DomainRecords, records),
            None => (Task::DomainRecords, domain),
        },
        Some(("backup", backup)) => (Task::Backup(folder_of(backup)), backup),
        Some(("restore", restore)) => {
            let (from, hold_outbound) = (folder_of(restore), restore.get_flag(HOLD_OUTBOUND));
            let task = Task::Restore {
                from,
                hold_outbound,
            };
            (task, restore)
        }
        Some(("doctor", doctor)) => (examination(doctor), doctor),
        Some(("queue", queue)) => match queue.subcommand() {
            Some((_, release)) => (Task::ReleaseQueue, release),
            None => (Task::ReleaseQueue, queue),
        },
        Some(("approvals", approvals)) => {
            let (wish, matches) = wish(approvals);
            (Task::Approvals(wish), matches)
        }
        Some(("audit", audit)) => match audit.subcommand() {
            Some((_, verify)) => (Task::VerifyAudit, verify),
            None => (Task::VerifyAudit, audit),
        },
        Some(("trace", trace)) => {
            let message = trace.get_one::<String>(MESSAGE);
            let message = message.cloned().unwrap_or_default();
            let json = trace.get_flag(AS_JSON);
            (Task::Trace { message, json }, trace)
        }
        Some(("config", config)) => (Task::ExplainConfig, config),
        Some(("extract", extract)) => (Task::Extract, extract),
        Some(("page", page)) => {
            let (markdown, json) = (page.get_flag(MARKDOWN), page.get_flag(AS_JSON));
            (Task::Page { markdown, json }, page)
        }
        Some(("screen", screen)) => (Task::Screen, screen),
        Some(("leaks", leaks)) => (Task::Leaks, leaks),
        Some(("read-document", read)) => (Task::ReadDocument, read),
        Some(("healthcheck", healthcheck)) => (Task::HealthCheck, healthcheck),
        Some((name, other)) => match orders::wanted(name, other) {
            Some((wanted, matches)) => (Task::Order(wanted), matches),
            None => (Task::Serve, other),
        },
        None => (Task::Serve, matches),
    };
    let flags = TABLE
        .iter()
        .filter_map(|key| {
            // `try_get_one` also answers for subcommands that do not have the flag.
            let value = matches.try_get_one::<String>(key.name).ok()??;
            Some((key.id, value.clone()))
        })
        .collect();
    (task, flags)
}

fn examination(doctor: &ArgMatches) -> Task {
    let named = |name| doctor.get_one::<String>(name).cloned();
    let asked = Asked {
        probe: named(PROBE),
        time_server: named(TIME_SERVER),
    };
    let json = doctor.get_flag(AS_JSON);
    Task::Doctor { json, asked }
}

fn wish(approvals: &ArgMatches) -> (Wish, &ArgMatches) {
    let (verb, matches) = approvals.subcommand().unwrap_or(("list", approvals));
    let id = || {
        let id = matches.get_one::<String>(APPROVAL);
        id.cloned().unwrap_or_default()
    };
    let wish = match verb {
        "show" => Wish::Show(id()),
        "approve" => Wish::Approve(id()),
        "decline" => Wish::Decline(id()),
        _ => Wish::List,
    };
    (wish, matches)
}

fn key_of(create: &ArgMatches) -> OperatorKey {
    let preset = create.get_one::<String>(KEY_PRESET);
    let taint = create.get_one::<String>(KEY_TAINT);
    OperatorKey {
        preset: preset.and_then(|name| KeyPreset::parse(name)),
        untainted: taint.is_some_and(|taint| taint == "off"),
    }
}

fn folder_of(matches: &ArgMatches) -> PathBuf {
    let folder = matches.get_one::<PathBuf>(BACKUP_FOLDER);
    folder.cloned().unwrap_or_default()
}

fn backup_folder(help: &'static str) -> Arg {
    Arg::new(BACKUP_FOLDER)
        .value_name("FOLDER")
        .value_parser(value_parser!(PathBuf))
        .help(help)
        .required(true)
}

fn care_commands(command: Command) -> Command {
    command
        .subcommand(with_flags(
            Command::new("doctor")
                .about(
                    "Look for what keeps mail from coming and going, whether a server runs or not \
                     (status 0, or 1 when there is a problem)",
                )
                .arg(
                    Arg::new(AS_JSON)
                        .long("json")
                        .action(ArgAction::SetTrue)
                        .help("Print the report as JSON"),
                )
                .arg(Arg::new(PROBE).long("probe").value_name("HOST").help(
                    "A mail server, or a domain that has one, to try whether mail can leave on \
                     port 25; nothing is sent",
                ))
                .arg(
                    Arg::new(TIME_SERVER)
                        .long("time-server")
                        .value_name("HOST")
                        .help("A server that tells the time (NTP), to hold the clock against"),
                ),
        ))
        .subcommand(with_flags(
            Command::new("backup")
                .about("Copy everything into a new folder, also while the server runs")
                .arg(backup_folder("Where to; it must not exist yet")),
        ))
        .subcommand(with_flags(
            Command::new("restore")
                .about(
                    "Fill an empty data folder, and with --database an empty database, from a \
                     backup",
                )
                .arg(backup_folder("The folder that `backup` made"))
                .arg(
                    Arg::new(HOLD_OUTBOUND)
                        .long("hold-outbound")
                        .action(ArgAction::SetTrue)
                        .help("Keep mail that waited to leave until `mailroost queue release`"),
                ),
        ))
        .subcommand(
            Command::new("queue")
                .about("The queue of mail that is to leave")
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(with_flags(Command::new("release").about(
                    "Let go what `restore --hold-outbound` keeps (with SQLite, stop the server \
                     first)",
                ))),
        )
}

fn audit_command() -> Command {
    Command::new("audit")
        .about("The audit log: what was changed by whom")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_flags(Command::new("verify").about(
            "Check that nothing in it was changed, removed or put in another order; also \
                     while the server runs (status 0, or 1 when something was)",
        )))
}

fn command() -> Command {
    let command = Command::new("mailroost")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Email for AI agents on your own server")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_flags(
            Command::new("serve").about("Run the server; works without any configuration"),
        ))
        .subcommand(
            Command::new("keys")
                .about("API keys, when nobody holds one any more")
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(create_key_command()),
        )
        .subcommand(
            Command::new("organizations")
                .about("Organizations: nothing of one can be seen from another")
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(with_flags(
                    Command::new("create")
                        .about(
                            "Make one; print its id and its admin key (with SQLite, stop the \
                             server first)",
                        )
                        .arg(
                            Arg::new(ORGANIZATION_NAME)
                                .value_name("NAME")
                                .help("What people call it")
                                .required(true),
                        ),
                ))
                .subcommand(with_flags(Command::new("list").about(
                    "Print the id, the time of creation and the name of each (with SQLite, stop \
                     the server first)",
                ))),
        )
        .subcommand(
            Command::new("domain")
                .about("The server's own domain; those of organizations are in the API")
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(with_flags(Command::new("records").about(
                    "Print the DNS records it needs, as a zone file (with SQLite, stop the server \
                     first)",
                )))
                .subcommand(with_flags(Command::new("rotate-keys").about(
                    "Make new signing keys; they are used once their records are in the DNS (with \
                     SQLite, stop the server first)",
                ))),
        )
        .subcommand(approvals_command())
        .subcommands(orders::commands())
        .subcommand(trace_command())
        .subcommand(audit_command())
        .subcommand(
            Command::new("config")
                .about("The configuration")
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(Command::new("explain").about("Print every key and what it does")),
        )
        .subcommand(Command::new("extract").about(
            "Read messages as JSON lines on standard input; answer what is new, quoted or a code in them",
        ))
        .subcommand(page_command())
        .subcommand(Command::new("screen").about(
            "Read mail as JSON lines on standard input; answer how likely it tries to steer an agent",
        ))
        .subcommand(Command::new("leaks").about(
            "Read outgoing mail as JSON lines on standard input; answer which secrets it would give away",
        ))
        // People need not know of it: it is how the server reads what it does not trust.
        .subcommand(Command::new("read-document").hide(true))
        .subcommand(with_flags(Command::new("healthcheck").about(
            "Ask the server at the configured HTTP address whether it is ready (status 0 or 1)",
        )));
    care_commands(command)
}

fn create_key_command() -> Command {
    with_flags(
        Command::new("create")
            .about("Make and print a new admin key (with SQLite, stop the server first)")
            .arg(
                Arg::new(KEY_PRESET)
                    .long("preset")
                    .value_name("PRESET")
                    .value_parser(KeyPreset::ALL.map(KeyPreset::name))
                    .help("What it is for; without it, all that need not be asked for by name"),
            )
            .arg(
                Arg::new(KEY_TAINT)
                    .long("taint")
                    .value_name("SWITCH")
                    .value_parser(["on", "off"])
                    .help("Whether mail of strangers taints it; `off` is for programs that are no agents"),
            ),
    )
}

fn approvals_command() -> Command {
    let one = |name: &'static str, about: &'static str| {
        let id = Arg::new(APPROVAL)
            .value_name("ID")
            .help("The id of the approval")
            .required(true);
        with_flags(Command::new(name).about(about).arg(id))
    };
    Command::new("approvals")
        .about("Messages that wait for somebody to decide; also while the server runs")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_flags(
            Command::new("list").about("Print what waits, a line for each"),
        ))
        .subcommand(one("show", "Print one as JSON"))
        .subcommand(one("approve", "Let one leave, as its draft stands"))
        .subcommand(one("decline", "Keep one from leaving"))
}

fn page_command() -> Command {
    Command::new("page")
        .about(
            "Read a page of HTML on standard input; print what a person sees of it, and on \
             standard error what is hidden and which links deceive",
        )
        .arg(
            Arg::new(MARKDOWN)
                .long("markdown")
                .action(ArgAction::SetTrue)
                .help("Print Markdown"),
        )
        .arg(
            Arg::new(AS_JSON)
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Read pages as JSON lines (`html`, `format`); answer each with a line"),
        )
}

fn trace_command() -> Command {
    with_flags(
        Command::new("trace")
            .about(
                "Print what happened to the messages of an id, in order of time; also while \
                     the server runs",
            )
            .arg(
                Arg::new(MESSAGE)
                    .value_name("MESSAGE-ID")
                    .help("The Message-ID, or the key that log lines call the message by")
                    .required(true),
            )
            .arg(
                Arg::new(AS_JSON)
                    .long("json")
                    .action(ArgAction::SetTrue)
                    .help("Print one JSON document for programs"),
            ),
    )
}

fn with_flags(command: Command) -> Command {
    TABLE.iter().fold(command, |command, key| {
        if key.places == Places::OnlyVariable {
            return command;
        }
        let mut help = format!("{} [{}]", key.doc, key.variable);
        if !key.default.is_empty() {
            help.push_str(&format!(" [default: {}]", key.default));
        }
        command.arg(
            Arg::new(key.name)
                .long(key.flag)
                .value_name(key.value)
                .help(help),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    fn read(line: &str) -> Result<(Task, Vec<(Name, String)>), clap::Error> {
        let matches = command().try_get_matches_from(line.split(' '));
        matches.map(|matches| interpret(&matches))
    }

    #[test]
    fn a_key_is_for_a_job_and_may_be_one_that_mail_does_not_taint() {
        let wanted = OperatorKey {
            preset: Some(KeyPreset::Manage),
            untainted: true,
        };
        assert_eq!(
            read("mailroost keys create --preset manage --taint off")
                .unwrap()
                .0,
            Task::CreateKey(wanted)
        );
        assert!(read("mailroost keys create --preset all").is_err());
    }

    #[test]
    fn flags_become_values_of_their_keys() {
        let (task, flags) =
            read("mailroost serve --http 127.0.0.1:0 --public-url http://h").unwrap();
        assert_eq!(task, Task::Serve);
        let expected = [(Name::Http, "127.0.0.1:0"), (Name::PublicUrl, "http://h")];
        assert_eq!(flags, expected.map(|(name, text)| (name, text.to_owned())));
        assert_eq!(
            read("mailroost keys create --data d").unwrap(),
            (
                Task::CreateKey(OperatorKey::default()),
                vec![(Name::Data, "d".to_owned())]
            )
        );
        assert_eq!(
            read("mailroost organizations create --data d Acme").unwrap(),
            (
                Task::CreateOrganization("Acme".to_owned()),
                vec![(Name::Data, "d".to_owned())]
            )
        );
        assert_eq!(
            read("mailroost organizations list").unwrap().0,
            Task::ListOrganizations
        );
        assert_eq!(
            read("mailroost domain rotate-keys").unwrap().0,
            Task::RotateKeys
        );
        assert_eq!(
            read("mailroost domain records").unwrap().0,
            Task::DomainRecords
        );
        assert_eq!(
            read("mailroost backup --data d /b").unwrap(),
            (
                Task::Backup("/b".into()),
                vec![(Name::Data, "d".to_owned())]
            )
        );
        for (line, hold_outbound) in [
            ("mailroost restore b", false),
            ("mailroost restore --hold-outbound b", true),
        ] {
            let from = "b".into();
            let task = Task::Restore {
                from,
                hold_outbound,
            };
            assert_eq!(read(line).unwrap().0, task);
        }
        assert_eq!(
            read("mailroost queue release").unwrap().0,
            Task::ReleaseQueue
        );
        assert_eq!(read("mailroost audit verify").unwrap().0, Task::VerifyAudit);
        assert!(read("mailroost backup").is_err());
        assert_eq!(
            read("mailroost trace --json a@b --data d").unwrap(),
            (
                Task::Trace {
                    message: "a@b".to_owned(),
                    json: true
                },
                vec![(Name::Data, "d".to_owned())]
            )
        );
        assert!(read("mailroost trace").is_err());
        assert!(read("mailroost organizations create").is_err());
        assert_eq!(
            read("mailroost config explain").unwrap(),
            (Task::ExplainConfig, vec![])
        );
        let error = read("mailroost serve --htp 1").unwrap_err().to_string();
        assert!(error.contains("--http"), "{error}");
        let error = read("mailroost serve --api-key am_us_x").unwrap_err();
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn the_operator_decides_about_approvals() {
        assert_eq!(
            read("mailroost approvals list").unwrap().0,
            Task::Approvals(Wish::List)
        );
        assert_eq!(
            read("mailroost approvals approve --data d x").unwrap(),
            (
                Task::Approvals(Wish::Approve("x".to_owned())),
                vec![(Name::Data, "d".to_owned())]
            )
        );
        assert!(read("mailroost approvals decline").is_err());
    }

    #[test]
    fn the_operator_orders_about_one_level() {
        use wire::OrderPlace;

        use crate::orders::Wish;
        let wanted = |line: &str| match read(line).unwrap().0 {
            Task::Order(wanted) => wanted,
            other => panic!("{other:?}"),
        };
        let set = wanted("mailroost policy set --key k --preset open --rules - --json");
        let wish = Wish::PolicySet {
            preset: Some("open".to_owned()),
            rules: Some("-".to_owned()),
        };
        let place = OrderPlace {
            api_key_id: Some("k".to_owned()),
            ..OrderPlace::default()
        };
        assert_eq!((set.wish, set.place, set.json), (wish, place, true));
        assert_eq!(
            wanted("mailroost halt on --pod p --reason x").wish,
            Wish::HaltOn(Some("x".to_owned()))
        );
        assert_eq!(wanted("mailroost halt reset").wish, Wish::HaltReset);
        let add = wanted("mailroost leak-values add --inbox a@b.test Plan --action hold");
        let wish = Wish::LeakValueAdd {
            name: "Plan".to_owned(),
            action: Some("hold".to_owned()),
            canary: false,
        };
        assert_eq!(
            (add.wish, add.place.inbox_id.as_deref()),
            (wish, Some("a@b.test"))
        );
        let (_, flags) = read("mailroost leak-values list --data d").unwrap();
        assert_eq!(flags, [(Name::Data, "d".to_owned())]);
        // A value is no argument, and a key has neither stops nor values.
        assert!(read("mailroost leak-values add Plan Nightingale").is_err());
        assert!(read("mailroost halt on --key k").is_err());
        assert!(read("mailroost leak-values remove").is_err());
    }

    #[test]
    fn the_doctor_is_told_whom_to_ask() {
        let line = "mailroost doctor --json --probe x.test --time-server time.test:123";
        let (json, asked) = (
            true,
            Asked {
                probe: Some("x.test".to_owned()),
                time_server: Some("time.test:123".to_owned()),
            },
        );
        assert_eq!(read(line).unwrap().0, Task::Doctor { json, asked });
    }

    #[test]
    fn questions_about_mail_need_no_flags() {
        for (words, task) in [
            ("extract", Task::Extract),
            ("screen", Task::Screen),
            ("leaks", Task::Leaks),
            (
                "page --markdown",
                Task::Page {
                    markdown: true,
                    json: false,
                },
            ),
            ("read-document", Task::ReadDocument),
        ] {
            let line = ["mailroost"].into_iter().chain(words.split(' '));
            let matches = command().try_get_matches_from(line);
            assert_eq!(interpret(&matches.unwrap()), (task, vec![]));
        }
    }
}
