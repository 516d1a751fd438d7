//! `mailroost read-document`: one document on standard input, its text or the reason why there is
//! none as JSON on standard output. The server runs itself so for each attached document.
//!
//! The limits are set before the first octet is read and cannot be raised again: whatever a
//! document makes of its reader, it has some memory, some seconds of a processor and two pipes,
//! and nothing to open, write, start or connect to.

use std::io::{Read as _, Write as _};
use std::panic::catch_unwind;

use anyhow::Context as _;
use documents::{Limits, Text, Why, text_of};
use rustix::process::{Resource, Rlimit, nice, setrlimit};
use serde::{Deserialize, Serialize};

/// Octets of memory, of addresses as the system counts them.
const MEMORY: u64 = 1 << 30;

/// Seconds of a processor.
const SECONDS: u64 = 15;

/// Octets of the line that says what the document claims to be.
const MOST_HEAD: usize = 64 << 10;

/// What a document claims to be: the first line on standard input.
#[derive(Deserialize)]
struct Claims {
    declared: Option<String>,
    name: Option<String>,
}

/// What is answered.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Text(Text),
    Why(Why),
}

/// Reads one document.
///
/// # Errors
/// When the limits cannot be set, or standard input or output is not what the server gives.
pub fn run() -> anyhow::Result<()> {
    confine().context("the limits of the reader cannot be set")?;
    let limits = Limits::default();
    let most = u64::try_from(limits.input + MOST_HEAD)?;
    let mut input = Vec::new();
    std::io::stdin().lock().take(most).read_to_end(&mut input)?;
    let line = input.iter().position(|b| *b == b'\n');
    let line = line.context("the first line does not say what the document claims to be")?;
    let (head, bytes) = (&input[..line], &input[line + 1..]);
    let claims: Claims = serde_json::from_slice(head)?;
    let read = catch_unwind(|| {
        text_of(
            claims.declared.as_deref(),
            claims.name.as_deref(),
            bytes,
            &limits,
        )
    });
    let answer = match read {
        Ok(Ok(text)) => Answer::Text(text),
        Ok(Err(why)) => Answer::Why(why),
        // A library gave up on it.
        Err(_) => Answer::Why(Why::Damaged),
    };
    let answer = serde_json::to_vec(&answer)?;
    let mut output = std::io::stdout().lock();
    output.write_all(&answer)?;
    output.flush()?;
    Ok(())
}

/// Takes away from this process what reading a document does not need.
fn confine() -> rustix::io::Result<()> {
    let most = |resource, most| {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit)
    };
    // Mail comes first. Where it may not be asked for, it is done without.
    let _ = nice(10);
    most(Resource::Core, 0)?;
    most(Resource::Fsize, 0)?;
    // No number is left for another file, socket or pipe; those that are open stay.
    most(Resource::Nofile, 0)?;
    most(Resource::Cpu, SECONDS)?;
    most(Resource::As, MEMORY)?;
    #[cfg(target_os = "linux")]
    {
        most(Resource::Nproc, 0)?;
        rustix::thread::set_no_new_privs(true)?;
    }
    Ok(())
}
