//! `parcell doctor`: what is missing on this machine, and the command that mends it.
//!
//! Each module looks at one thing that notebooks need, as they would use it, and gives `Finding`s. Nothing is changed on
//! the way. At last two cells are run, unless something that they need is known to be missing.

mod finding;
mod jupyter;
mod report;
mod rust;
mod storage;
mod system;
mod trial;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;

use super::block_on;
use super::kernelspec::Surroundings;
use finding::{Finding, Level};

#[derive(Args, Debug)]
pub(super) struct DoctorArgs {
    /// Run two cells even if the library must be compiled for that first
    #[arg(long, conflicts_with = "no_run")]
    run: bool,
    /// Run no cells
    #[arg(long)]
    no_run: bool,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
    /// Print the findings as Markdown for a bug report, without what is private
    #[arg(long, conflicts_with = "json")]
    report: bool,
}

/// Looks at everything and prints what it finds; the status is 1 where something is missing that notebooks need.
pub(super) fn examine(args: &DoctorArgs) -> io::Result<ExitCode> {
    let surroundings = Surroundings::of_this_process();
    let path = surroundings.path.as_deref();
    let mut findings = rust::examine(path);
    findings.extend(system::examine());
    findings.extend(storage::examine());
    findings.extend(jupyter::examine(&surroundings));
    if !args.no_run && missing(&findings) == 0 {
        findings.push(block_on(trial::examine(args.run))?);
    }
    let missing = missing(&findings);
    let mut output = anstream::stdout().lock();
    if args.report {
        write!(output, "{}", report::report(&findings))?;
    } else if args.json {
        let list: Vec<_> = findings.iter().map(Finding::to_json).collect();
        writeln!(output, "{:#}", serde_json::Value::from(list))?;
    } else {
        for finding in &findings {
            writeln!(output, "{finding}")?;
        }
        writeln!(output, "\n{}", summary(missing))?;
    }
    Ok(ExitCode::from(u8::from(missing > 0)))
}

fn missing(findings: &[Finding]) -> usize {
    findings
        .iter()
        .filter(|finding| finding.level == Level::Missing)
        .count()
}

fn summary(missing: usize) -> String {
    match missing {
        0 => "Nothing is missing that notebooks need.".to_owned(),
        1 => "One thing is missing that notebooks need.".to_owned(),
        _ => format!("{missing} things are missing that notebooks need."),
    }
}
