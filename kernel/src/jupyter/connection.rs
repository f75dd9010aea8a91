//! The connection file: where a client expects the kernel's sockets, and the key that signs messages.

use serde::Deserialize;
use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};

/// The only signature scheme there is a use for; the specification names no other.
const SIGNATURE_SCHEME: &str = "hmac-sha256";

/// What a connection file says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub(super) struct ConnectionFile {
    #[serde(default)]
    transport: Transport,
    ip: String,
    shell_port: u16,
    control_port: u16,
    stdin_port: u16,
    iopub_port: u16,
    #[serde(rename = "hb_port")]
    heartbeat_port: u16,
    /// The key of the signatures. Empty: messages are not signed.
    #[serde(default)]
    pub(super) key: String,
    #[serde(default)]
    signature_scheme: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Transport {
    #[default]
    Tcp,
    Ipc,
}

/// One of the kernel's five sockets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Channel {
    Shell,
    Control,
    Stdin,
    IoPub,
    Heartbeat,
}

/// Why a connection file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    #[error("connection file {} cannot be read", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{} is not a connection file", path.display())]
    Malformed { path: PathBuf, source: serde_json::Error },
    #[error("connection file {} asks for signature scheme {scheme:?}, not {SIGNATURE_SCHEME}", path.display())]
    UnknownSignatureScheme { path: PathBuf, scheme: String },
    #[error("connection file {} names no port for {channel}", path.display())]
    NoPort { path: PathBuf, channel: Channel },
}

impl ConnectionFile {
    /// Reads and checks the file at `path`.
    pub(super) fn read(path: &Path) -> Result<ConnectionFile, ConnectionError> {
        let text = std::fs::read(path).map_err(|source| ConnectionError::Unreadable {
            path: path.to_path_buf(),
            source,
        })?;
        ConnectionFile::parse(path, &text)
    }

    fn parse(path: &Path, text: &[u8]) -> Result<ConnectionFile, ConnectionError> {
        let path = path.to_path_buf();
        let file: ConnectionFile = match serde_json::from_slice(text) {
            Ok(file) => file,
            Err(source) => return Err(ConnectionError::Malformed { path, source }),
        };
        if let Some(scheme) = &file.signature_scheme
            && scheme != SIGNATURE_SCHEME
        {
            return Err(ConnectionError::UnknownSignatureScheme {
                path,
                scheme: scheme.clone(),
            });
        }
        // The file is all that a client knows: a port that the kernel chose itself would never be found.
        match Channel::ALL.into_iter().find(|&channel| file.port(channel) == 0) {
            Some(channel) => Err(ConnectionError::NoPort { path, channel }),
            None => Ok(file),
        }
    }

    /// The ZeroMQ endpoint of a channel.
    pub(super) fn endpoint(&self, channel: Channel) -> String {
        let port = self.port(channel);
        match self.transport {
            Transport::Ipc => format!("ipc://{}-{port}", self.ip),
            Transport::Tcp if self.ip == "*" => format!("tcp://0.0.0.0:{port}"),
            Transport::Tcp if self.ip.parse::<Ipv6Addr>().is_ok() => format!("tcp://[{}]:{port}", self.ip),
            Transport::Tcp => format!("tcp://{}:{port}", self.ip),
        }
    }

    /// The file of a channel's socket, where channels are Unix sockets.
    pub(super) fn socket_file(&self, channel: Channel) -> Option<PathBuf> {
        match self.transport {
            Transport::Tcp => None,
            Transport::Ipc => Some(PathBuf::from(format!("{}-{}", self.ip, self.port(channel)))),
        }
    }

    fn port(&self, channel: Channel) -> u16 {
        match channel {
            Channel::Shell => self.shell_port,
            Channel::Control => self.control_port,
            Channel::Stdin => self.stdin_port,
            Channel::IoPub => self.iopub_port,
            Channel::Heartbeat => self.heartbeat_port,
        }
    }
}

impl Channel {
    pub(super) const ALL: [Channel; 5] = [
        Channel::Shell,
        Channel::Control,
        Channel::Stdin,
        Channel::IoPub,
        Channel::Heartbeat,
    ];
}

impl std::fmt::Display for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Channel::Shell => "shell",
            Channel::Control => "control",
            Channel::Stdin => "stdin",
            Channel::IoPub => "iopub",
            Channel::Heartbeat => "heartbeat",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzzing::{changed, for_all};
    use serde_json::{Value, json};

    fn file_with(changes: Value) -> Vec<u8> {
        let mut file = json!({
            "transport": "tcp", "ip": "127.0.0.1", "key": "secret", "signature_scheme": "hmac-sha256",
            "shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5,
            "kernel_name": "rust", "jupyter_session": "/home/ada/lesson.ipynb",
        });
        for (name, value) in changes.as_object().unwrap() {
            file[name] = value.clone();
        }
        file.to_string().into_bytes()
    }

    fn parse(text: &[u8]) -> Result<ConnectionFile, ConnectionError> {
        ConnectionFile::parse(Path::new("kernel.json"), text)
    }

    #[test]
    fn endpoints_follow_the_transport() {
        let tcp = parse(&file_with(json!({}))).unwrap();
        assert_eq!(tcp.endpoint(Channel::Shell), "tcp://127.0.0.1:1");
        assert_eq!(tcp.endpoint(Channel::Heartbeat), "tcp://127.0.0.1:5");
        assert_eq!(tcp.socket_file(Channel::Shell), None);

        let ipc = parse(&file_with(json!({"transport": "ipc", "ip": "/run/k-ipc"}))).unwrap();
        assert_eq!(ipc.endpoint(Channel::IoPub), "ipc:///run/k-ipc-2");
        assert_eq!(ipc.socket_file(Channel::IoPub), Some(PathBuf::from("/run/k-ipc-2")));
    }

    #[test]
    fn addresses_are_written_as_zeromq_wants_them() {
        let any = parse(&file_with(json!({"ip": "*"}))).unwrap();
        assert_eq!(any.endpoint(Channel::Control), "tcp://0.0.0.0:4");
        let v6 = parse(&file_with(json!({"ip": "::1"}))).unwrap();
        assert_eq!(v6.endpoint(Channel::Control), "tcp://[::1]:4");
    }

    #[test]
    fn a_file_may_leave_out_what_has_a_default() {
        let text = br#"{"ip": "127.0.0.1", "shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4,
            "hb_port": 5}"#;
        let file = parse(text).unwrap();
        assert_eq!(file.key, "");
        assert_eq!(file.endpoint(Channel::Stdin), "tcp://127.0.0.1:3");
    }

    #[test]
    fn a_file_that_cannot_be_used_says_why() {
        let scheme = parse(&file_with(json!({"signature_scheme": "hmac-md5"})));
        assert!(matches!(scheme, Err(ConnectionError::UnknownSignatureScheme { scheme, .. }) if scheme == "hmac-md5"));
        let port = parse(&file_with(json!({"stdin_port": 0})));
        assert!(matches!(
            port,
            Err(ConnectionError::NoPort {
                channel: Channel::Stdin,
                ..
            })
        ));
        assert!(matches!(parse(b"{"), Err(ConnectionError::Malformed { .. })));
        let missing = ConnectionFile::read(Path::new("/nonexistent/kernel.json"));
        assert!(matches!(missing, Err(ConnectionError::Unreadable { .. })));
    }

    #[test]
    fn any_file_is_read_or_refused() {
        const WORDS: &[&str] = &[
            "\"", ":", ",", "{", "}", "0", "-1", "65536", "null", "tcp", "ipc", "../", "\u{0}", "é", "[[",
        ];
        let file = String::from_utf8(file_with(json!({}))).unwrap();
        for_all(1500, changed(vec![file], WORDS), |file| {
            if let Ok(file) = parse(file.as_bytes()) {
                for channel in Channel::ALL {
                    assert!(file.port(channel) > 0 && file.endpoint(channel).contains("://"));
                    file.socket_file(channel);
                }
            }
        });
    }
}
