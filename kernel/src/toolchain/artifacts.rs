//! What cargo says that it has compiled, or found compiled.

use std::path::Path;

use serde::Deserialize;

use super::store::unit_in;

/// One unit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Artifact {
    /// Its hash.
    pub(super) unit: String,
    pub(super) package: String,
    pub(super) version: String,
    pub(super) features: Vec<String>,
    /// Whether crates are linked with it, and it is not a tool that compiling needed.
    pub(super) is_library: bool,
    /// It was there already.
    pub(super) is_fresh: bool,
}

/// A line of what cargo prints.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Message {
    CompilerArtifact {
        package_id: String,
        target: Target,
        features: Vec<String>,
        filenames: Vec<String>,
        #[serde(default)]
        fresh: bool,
    },
    BuildScriptExecuted {
        package_id: String,
        out_dir: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
}

/// Reads what cargo prints with `--message-format=json` where it compiles for this machine by its name.
pub(super) fn parse(printed: &[u8], machine: &str) -> Vec<Artifact> {
    String::from_utf8_lossy(printed)
        .lines()
        .filter_map(|line| Artifact::of(serde_json::from_str(line).ok()?, machine))
        .collect()
}

impl Artifact {
    /// None where it is no unit: the package that cells are compiled in has no hash.
    fn of(message: Message, machine: &str) -> Option<Artifact> {
        let (id, unit, features, is_library, is_fresh) = match message {
            Message::CompilerArtifact {
                package_id,
                target,
                features,
                filenames,
                fresh,
            } => {
                let file = filenames.first()?;
                // What only tools need is compiled for the machine that compiles, and is elsewhere.
                let is_library = target.kind.iter().any(|kind| kind == "lib" || kind == "rlib")
                    && file.contains(&format!("/{machine}/"));
                (package_id, unit_of(file)?, features, is_library, fresh)
            }
            // Of scripts that run it is not said; what they are for is compiled then too.
            Message::BuildScriptExecuted { package_id, out_dir } => {
                (package_id, unit_of(&out_dir)?, Vec::new(), false, true)
            }
            Message::Other => return None,
        };
        let (package, version) = name_and_version(&id)?;
        Some(Artifact {
            unit,
            package,
            version,
            features,
            is_library,
            is_fresh,
        })
    }
}

/// The hash is in the name of the file, or of its directory.
fn unit_of(path: &str) -> Option<String> {
    let path = Path::new(path);
    let names = [path.file_name(), path.parent().and_then(Path::file_name)];
    let found = names.into_iter().flatten().find_map(|name| unit_in(name.to_str()?));
    found.map(str::to_owned)
}

/// From a package ID specification: `registry+URL#NAME@VERSION`, or `path+URL/NAME#VERSION`.
fn name_and_version(id: &str) -> Option<(String, String)> {
    let (source, package) = id.rsplit_once('#')?;
    let (name, version) = match package.split_once('@') {
        Some(both) => both,
        None => (source.split('?').next()?.rsplit('/').next()?, package),
    };
    Some((name.to_owned(), version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_known_by_their_files() {
        let printed = br#"{"reason":"compiler-artifact","package_id":"registry+https://x/index#serde@1.0.229","target":{"kind":["lib"]},"features":["default","std"],"filenames":["/b/m/debug/deps/libserde-641ec00682b97717.rlib"],"fresh":true}
{"reason":"build-script-executed","package_id":"git+https://x/odd.git?rev=1#0.2.0","out_dir":"/b/build/odd-b22b2c629cb0132c/out"}
{"reason":"compiler-artifact","package_id":"registry+https://x/index#serde@1.0.229","target":{"kind":["custom-build"]},"features":[],"filenames":["/b/build/serde-3a205eb4fb72035b/build-script-build"]}
{"reason":"compiler-artifact","package_id":"path+file:///p#ctx@1.0.0","target":{"kind":["cdylib"]},"features":[],"filenames":["/p/target/libctx.so"]}
{"reason":"compiler-artifact","package_id":"registry+https://x/index#syn@2.0.1","target":{"kind":["lib"]},"features":[],"filenames":["/b/debug/deps/libsyn-41ffbdeffbbfcce1.rlib"]}
{"reason":"build-finished","success":true}
not JSON"#;
        let artifacts = parse(printed, "m");
        let short: Vec<_> = artifacts
            .iter()
            .map(|artifact| {
                let Artifact {
                    unit, package, version, ..
                } = artifact;
                (unit.as_str(), package.as_str(), version.as_str(), artifact.is_library)
            })
            .collect();
        assert_eq!(
            short,
            [
                ("641ec00682b97717", "serde", "1.0.229", true),
                ("b22b2c629cb0132c", "odd.git", "0.2.0", false),
                ("3a205eb4fb72035b", "serde", "1.0.229", false),
                ("41ffbdeffbbfcce1", "syn", "2.0.1", false),
            ]
        );
        assert_eq!(artifacts[0].features, ["default", "std"]);
        assert!(artifacts[0].is_fresh && !artifacts[2].is_fresh);
    }
}
