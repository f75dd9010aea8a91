//! The command line: what people and Jupyter start.
//!
//! The processes that parcell starts from its own executable (the notebook's processes, the wrapper around rustc) have
//! command lines of their own. `main` recognises and serves those before it comes here, and they stay out of this
//! parser: they are nobody's interface, they must start quickly, and help must not show them. None of them may be named
//! like a subcommand below.
//!
//! Nothing here knows how cells are run; that is `session`'s.

mod atomic_file;
mod cache;
mod doctor;
mod install;
mod jupyterlab;
mod kernelspec;
mod lab;
mod packages;
mod run;
mod say;
mod warm;

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use clap::{Parser, Subcommand};
use tokio::runtime::Builder;
use tracing_subscriber::EnvFilter;

use cache::CacheArgs;
use doctor::DoctorArgs;
use install::{InstallArgs, UninstallArgs};
use lab::LabArgs;
use run::{CheckArgs, ExportArgs, FormatArgs, RunArgs};
use warm::WarmArgs;

use crate::process::orphans;
use crate::session::with_causes;

/// The environment variable that says what is logged, for example `parcell=debug`.
const LOG_VARIABLE: &str = "PARCELL_LOG";

/// What is logged unless somebody asks for more. A session that ends while rust-analyzer still asks cargo for something
/// ends cargo, which is nothing to warn of.
const QUIET: &str = "warn,ra_ap_project_model=off";

/// A Jupyter kernel for Rust whose cells use every core.
#[derive(Debug, Parser)]
#[command(name = "parcell", version, about, after_help = LOG_HELP, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const LOG_HELP: &str = "PARCELL_LOG=debug in the environment logs to stderr what parcell does.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a notebook with no Jupyter, streaming its output to the terminal
    Run(RunArgs),
    /// Say which cells of notebooks do not compile, and run none of them
    Check(CheckArgs),
    /// Write a notebook as a cargo package
    Export(ExportArgs),
    /// Lay out the code of notebooks as rustfmt does
    Fmt(FormatArgs),
    /// Start JupyterLab with this kernel
    Lab(LabArgs),
    /// Say what is missing on this machine, and what mends it
    Doctor(DoctorArgs),
    /// Compile crates ahead of the notebooks that depend on them
    Warm(WarmArgs),
    /// Say which crates are kept compiled, and remove them
    Cache(CacheArgs),
    /// Tell Jupyter about this kernel
    Install(InstallArgs),
    /// Remove what `install` wrote
    Uninstall(UninstallArgs),
    /// Serve one notebook (started by Jupyter)
    Kernel {
        /// The JSON file in which Jupyter says where to listen
        connection_file: PathBuf,
    },
}

/// Does what the command line says and returns the status to exit with.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    start_logging();
    match dispatch(cli.command) {
        Ok(status) => status,
        Err(error) => {
            say::news(format_args!("error: {}", with_causes(error.as_ref())));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<ExitCode, Box<dyn Error>> {
    match command {
        Command::Run(args) => {
            orphans::adopt()?;
            Ok(block_on(run::run(&args))??)
        }
        Command::Check(args) => {
            orphans::adopt()?;
            Ok(block_on(run::check(&args))??)
        }
        Command::Export(args) => {
            orphans::adopt()?;
            Ok(block_on(run::export(&args))??)
        }
        Command::Fmt(args) => Ok(run::format(&args)),
        Command::Doctor(args) => Ok(doctor::examine(&args)?),
        Command::Lab(args) => match lab::start(&args)? {},
        Command::Warm(args) => {
            warm::warm(&args)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Cache(args) => {
            cache::cache(&args)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Install(args) => {
            install::install(&args)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Uninstall(args) => {
            install::uninstall(&args)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Kernel { connection_file } => {
            orphans::adopt()?;
            block_on(crate::jupyter::serve(&connection_file))??;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Runs `future` to its end. Does not wait for what it has left behind: whoever interrupts twice is not to wait for
/// work that is still going on.
fn block_on<T>(future: impl Future<Output = T>) -> io::Result<T> {
    // Code is parsed in its threads, too, as deep as `cell::too_deep` lets it be.
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(8 << 20)
        .build()?;
    let output = runtime.block_on(future);
    runtime.shutdown_background();
    Ok(output)
}

fn start_logging() {
    let wanted = std::env::var(LOG_VARIABLE).unwrap_or_default();
    let filter = if wanted.is_empty() {
        Ok(EnvFilter::new(QUIET))
    } else {
        // A level alone is about parcell; rust-analyzer would say a book at each cell.
        let is_level = !wanted.contains(['=', ',']);
        EnvFilter::try_new(if is_level {
            format!("{QUIET},parcell={wanted}")
        } else {
            wanted.clone()
        })
    };
    let filter = filter.unwrap_or_else(|error| {
        say::news(format_args!("warning: {LOG_VARIABLE}={wanted} is ignored: {error}"));
        EnvFilter::new(QUIET)
    });
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(AutoStream::choice(&io::stderr()) != ColorChoice::Never)
        .init();
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_parser_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn run_takes_its_options() {
        let cli = Cli::try_parse_from([
            "parcell",
            "run",
            "a.ipynb",
            "-o",
            "b.ipynb",
            "--timeout",
            "2m",
            "--allow-errors",
        ]);
        let Ok(Cli {
            command: Command::Run(args),
        }) = cli
        else {
            panic!("{cli:?}")
        };
        assert_eq!(args.notebook, PathBuf::from("a.ipynb"));
        assert_eq!(args.output, Some(PathBuf::from("b.ipynb")));
        assert_eq!(args.timeout, Some(Duration::from_secs(120)));
        assert!(args.allow_errors);
    }

    #[test]
    fn a_bad_time_limit_is_refused_with_an_example() {
        let error = Cli::try_parse_from(["parcell", "run", "a.ipynb", "--timeout", "soon"])
            .unwrap_err()
            .to_string();
        assert!(error.contains("10s"), "{error}");
    }

    #[test]
    fn places_exclude_each_other() {
        assert!(Cli::try_parse_from(["parcell", "install", "--user", "--sys-prefix"]).is_err());
        assert!(Cli::try_parse_from(["parcell", "install", "--sys-prefix", "--prefix", "/opt"]).is_err());
        assert!(Cli::try_parse_from(["parcell", "uninstall", "--prefix", "/opt"]).is_ok());
    }

    #[test]
    fn jupyter_starts_the_kernel_with_a_connection_file() {
        let cli = Cli::try_parse_from(["parcell", "kernel", "/tmp/kernel-1.json"]);
        assert!(
            matches!(
                cli,
                Ok(Cli {
                    command: Command::Kernel { .. }
                })
            ),
            "{cli:?}"
        );
    }

    #[test]
    fn causes_are_told_on_one_line() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot write a.ipynb")]
        struct Outer {
            source: io::Error,
        }
        let error = Outer {
            source: io::Error::other("disk full"),
        };
        assert_eq!(with_causes(&error), "cannot write a.ipynb: disk full");
    }
}
