//! The `mailroost` binary: configuration, wiring, start and stop.
//!
//! Standard output carries what is meant for the person who started it, standard error the log.
//! Exit status: 0 when it was asked to stop, 1 when it could not start, 2 for a wrong command line
//! or configuration.

mod approvals;
mod backup;
mod certificate;
mod cli;
mod config;
mod data_folder;
mod doctor;
mod extract;
mod healthcheck;
mod http;
mod lifecycle;
mod lines;
mod logging;
mod operator;
mod orders;
mod page;
mod read_document;
mod restore;
mod screens;
mod welcome;
mod wiring;

use std::process::ExitCode;

use cli::Task;
use config::{Layers, Name, Settings};
use rustix::fs::Mode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Whatever is created holds mail or keys: for its owner alone.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let (task, flags) = cli::read();
    if task == Task::ExplainConfig {
        welcome::print(&config::explain());
        return ExitCode::SUCCESS;
    }
    let answered = match task {
        Task::ReadDocument => Some(read_document::run()),
        Task::Extract => Some(lines::answer(extract::answer)),
        Task::Screen => Some(lines::answer(screens::arrivals())),
        Task::Leaks => Some(lines::answer(screens::leaks)),
        Task::Page { markdown, json } => {
            let format = page::format(markdown);
            Some(if json {
                lines::answer(page::answer(format))
            } else {
                page::one(format)
            })
        }
        _ => None,
    };
    match answered {
        Some(Ok(())) => return ExitCode::SUCCESS,
        Some(Err(error)) => return fail(&error, 1),
        None => {}
    }
    let settings = match read_settings(&flags) {
        Ok(settings) => settings,
        Err(error) => return fail(&error, 2),
    };
    if let Task::Doctor { json, asked } = task {
        return match doctor::run(settings, json, asked) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::from(1),
            Err(error) => fail(&error, 1),
        };
    }
    match run(task, settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, 1),
    }
}

fn read_settings(flags: &[(Name, String)]) -> anyhow::Result<Settings> {
    let layers = Layers::read(std::env::vars_os(), flags)?;
    Ok(Settings::check(&layers)?)
}

fn run(task: Task, settings: Settings) -> anyhow::Result<()> {
    if task == Task::HealthCheck {
        return healthcheck::run(settings.http);
    }
    logging::start(&settings.log, settings.log_format)?;
    match &task {
        Task::Backup(target) => return backup::run(&settings, target),
        Task::Restore {
            from,
            hold_outbound,
        } => return restore::run(&settings, from, *hold_outbound),
        _ => {}
    }
    use_small_pages();
    certificate::install_provider();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name("mailroost")
        .max_blocking_threads(32)
        .enable_all()
        .build()?;
    let result = match task {
        Task::CreateKey(wanted) => runtime.block_on(operator::create_key(settings, wanted)),
        Task::CreateOrganization(name) => {
            runtime.block_on(operator::create_organization(settings, &name))
        }
        Task::ListOrganizations => runtime.block_on(operator::list_organizations(settings)),
        Task::DomainRecords => runtime.block_on(operator::domain_records(settings)),
        Task::Trace { message, json } => {
            runtime.block_on(operator::trace(settings, &message, json))
        }
        Task::VerifyAudit => runtime.block_on(operator::verify_audit(settings)),
        Task::RotateKeys => runtime.block_on(operator::rotate_keys(settings)),
        Task::Order(wanted) => runtime.block_on(orders::run(settings, wanted)),
        Task::Approvals(wish) => runtime.block_on(approvals::run(settings, wish)),
        Task::ReleaseQueue => runtime.block_on(operator::release_queue(settings)),
        // The others are done by now.
        Task::Serve
        | Task::HealthCheck
        | Task::ExplainConfig
        | Task::Doctor { .. }
        | Task::Extract
        | Task::Screen
        | Task::Leaks
        | Task::Page { .. }
        | Task::ReadDocument
        | Task::Backup(_)
        | Task::Restore { .. } => runtime.block_on(lifecycle::run(settings)),
    };
    // What was not finished in time is cut here.
    runtime.shutdown_background();
    result
}

/// The allocator reserves a gigabyte of addresses and touches it here and there. Where the kernel
/// gives two megabytes at each touch, a server at rest holds twice the memory that it uses. The
/// allocator is built not to ask for such pages; this declines them where they are given unasked.
fn use_small_pages() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "the kernel may use more memory than is needed");
    }
}

/// Prints the error with its causes as one line.
fn fail(error: &anyhow::Error, status: u8) -> ExitCode {
    let text = format!("{error:#}");
    let line: Vec<&str> = text.lines().map(str::trim).collect();
    eprintln!("mailroost: {}", line.join("; "));
    ExitCode::from(status)
}
