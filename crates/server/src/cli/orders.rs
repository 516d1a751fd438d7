//! The commands `policy`, `halt` and `leak-values`.

use clap::{Arg, ArgAction, ArgMatches, Command};
use wire::OrderPlace;

use super::{AS_JSON, with_flags};
use crate::orders::{Wanted, Wish};

// Names of arguments; no key of the table has these.
const ORGANIZATION: &str = "of organization";
const POD: &str = "of pod";
const INBOX: &str = "of inbox";
const KEY: &str = "of key";
const PRESET: &str = "preset";
const RULES: &str = "rules";
const REASON: &str = "reason";
const NAME: &str = "name of a value";
const ACTION: &str = "action";
const CANARY: &str = "canary";
const VALUE: &str = "value id";

/// The commands.
pub(super) fn commands() -> [Command; 3] {
    [policy(), halt(), leak_values()]
}

/// What is wanted, where `name` is one of these commands, and the matches with the flags.
pub(super) fn wanted<'a>(name: &str, matches: &'a ArgMatches) -> Option<(Wanted, &'a ArgMatches)> {
    let (verb, own) = matches.subcommand()?;
    let text = |name| own.try_get_one::<String>(name).ok().flatten().cloned();
    let flag = |name| own.try_get_one::<bool>(name).ok().flatten() == Some(&true);
    let wish = match (name, verb) {
        ("policy", "show") => Wish::PolicyShow,
        ("policy", "set") => Wish::PolicySet {
            preset: text(PRESET),
            rules: text(RULES),
        },
        ("policy", "clear") => Wish::PolicyClear,
        ("halt", "on") => Wish::HaltOn(text(REASON)),
        ("halt", "off") => Wish::HaltOff,
        ("halt", "list") => Wish::HaltList,
        ("halt", "reset") => Wish::HaltReset,
        ("leak-values", "add") => Wish::LeakValueAdd {
            name: text(NAME)?,
            action: text(ACTION),
            canary: flag(CANARY),
        },
        ("leak-values", "list") => Wish::LeakValueList,
        ("leak-values", "remove") => Wish::LeakValueRemove(text(VALUE)?),
        _ => return None,
    };
    let place = OrderPlace {
        organization_id: text(ORGANIZATION),
        pod_id: text(POD),
        inbox_id: text(INBOX),
        api_key_id: text(KEY),
    };
    let json = flag(AS_JSON);
    Some((Wanted { place, wish, json }, own))
}

fn policy() -> Command {
    let preset = Arg::new(PRESET)
        .long("preset")
        .value_name("PRESET")
        .help("open, allow_list, human_in_the_loop or read_only");
    let rules = Arg::new(RULES)
        .long("rules")
        .value_name("JSON")
        .help("Rules as JSON, in place of those of the preset; `-` reads them from standard input");
    Command::new("policy")
        .about("What may leave and who decides; also while the server runs")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_key(one(
            "show",
            "Print the rules of one level, and what holds with the levels above",
        )))
        .subcommand(with_key(
            one(
                "set",
                "Set the rules of one level, in place of those it has",
            )
            .arg(preset)
            .arg(rules),
        ))
        .subcommand(with_key(one("clear", "Take the rules of one level away")))
}

fn halt() -> Command {
    let reason = Arg::new(REASON)
        .long("reason")
        .value_name("TEXT")
        .help("Why, for whoever asks later");
    Command::new("halt")
        .about("Stop what leaves, never what arrives; also while the server runs")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(one("on", "Stop the organization, a pod or an inbox").arg(reason))
        .subcommand(one("off", "Let it go on, where it was stopped"))
        .subcommand(one(
            "list",
            "Print what is stopped, in every organization where none is named",
        ))
        .subcommand(one(
            "reset",
            "Let the inboxes go on that stopped by themselves because too much of their mail failed",
        ))
}

fn leak_values() -> Command {
    let name = Arg::new(NAME)
        .value_name("NAME")
        .help("What people call it; shown where it is found")
        .required(true);
    let action = Arg::new(ACTION)
        .long("action")
        .value_name("ACTION")
        .help("block, which is the default, hold or note");
    let canary = Arg::new(CANARY)
        .long("canary")
        .action(ArgAction::SetTrue)
        .help("Let the server make the value up, and print it once");
    let id = Arg::new(VALUE)
        .value_name("ID")
        .help("The id of the value")
        .required(true);
    Command::new("leak-values")
        .about("Values that must not leave; also while the server runs")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            one(
                "add",
                "Register the value that stands on standard input; only its hash is kept",
            )
            .arg(name)
            .arg(action)
            .arg(canary),
        )
        .subcommand(one("list", "Print names, kinds and actions; no values"))
        .subcommand(one("remove", "Forget a value").arg(id))
}

/// A command about one level.
fn one(name: &'static str, about: &'static str) -> Command {
    let of = |id: &'static str, flag: &'static str, value: &'static str, help: &'static str| {
        Arg::new(id).long(flag).value_name(value).help(help)
    };
    with_flags(Command::new(name).about(about))
        .arg(of(
            ORGANIZATION,
            "organization",
            "ID",
            "Of this organization [default: the first]",
        ))
        .arg(of(POD, "pod", "ID", "Of this pod"))
        .arg(of(INBOX, "inbox", "ADDRESS", "Of this inbox"))
        .arg(
            Arg::new(AS_JSON)
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print one JSON document for programs"),
        )
}

fn with_key(command: Command) -> Command {
    command.arg(
        Arg::new(KEY)
            .long("key")
            .value_name("ID")
            .help("Of this API key, by its id"),
    )
}
