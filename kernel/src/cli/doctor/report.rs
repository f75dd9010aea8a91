//! What a bug report says of the machine: versions and findings, as Markdown, without the names of people's directories.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::finding::Finding;

/// Where distributions say what they are.
const RELEASE: &str = "/etc/os-release";

/// The report.
pub(super) fn report(findings: &[Finding]) -> String {
    let release = fs::read_to_string(RELEASE).unwrap_or_default();
    written(findings, &distribution(&release), dirs::home_dir().as_deref())
}

fn written(findings: &[Finding], distribution: &str, home: Option<&Path>) -> String {
    let mut text = format!(
        "parcell {} on {distribution}, {}\n\n| | | |\n|---|---|---|\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH,
    );
    for finding in findings {
        let found = finding.found.replace('\n', " ").replace('|', "\\|");
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            finding.level.name(),
            finding.subject,
            without_home(&found, home)
        );
    }
    text
}

/// A home's name is a person's.
fn without_home(text: &str, home: Option<&Path>) -> String {
    match home.and_then(Path::to_str).filter(|home| home.len() > 1) {
        Some(home) => text.replace(home, "~"),
        None => text.to_owned(),
    }
}

fn distribution(release: &str) -> String {
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map_or("Linux", |name| name.trim_matches('"')).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_versions_and_findings_and_no_home() {
        let findings = [
            Finding::good("Rust compiler", "1.95.0, /home/ada/.cargo/bin/rustc"),
            Finding::missing("kernel in Jupyter", "a | b\nc", "do /home/ada/this"),
        ];
        let text = written(&findings, "Debian 13", Some(Path::new("/home/ada")));
        let expected =
            "| ok | Rust compiler | 1.95.0, ~/.cargo/bin/rustc |\n| missing | kernel in Jupyter | a \\| b c |\n";
        assert!(
            text.starts_with(concat!("parcell ", env!("CARGO_PKG_VERSION"), " on Debian 13, ")),
            "{text}"
        );
        assert!(text.ends_with(expected), "{text}");
        assert!(!text.contains("ada"), "{text}");
        assert!(written(&findings, "x", Some(Path::new("/"))).contains("/home/ada"));
    }

    #[test]
    fn the_distribution_says_what_it_is() {
        assert_eq!(
            distribution("NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
            "Debian GNU/Linux 12 (bookworm)"
        );
        assert_eq!(distribution(""), "Linux");
    }
}
