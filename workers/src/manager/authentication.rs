//! How the two ends of a connection prove to each other that they know the key, without sending it.
//!
//! The server sends a nonce; the client answers with a nonce of its own and a code over both; the server answers with
//! another code over both. Each code says who made it, so that neither side can be made to answer its own challenge,
//! and each side has chosen one of the nonces at random, so that an old code is of no use. All messages have a fixed
//! size: nobody who does not know the key can make the other side read more than that.

use std::io;

use hmac::{Hmac, Mac};
use rustix::rand::{GetRandomFlags, getrandom};
use sha2::Sha256;

/// What a connection begins with: the protocol, and its version.
const MAGIC: [u8; 8] = *b"parcell1";
const NONCE_LEN: usize = 32;
const CODE_LEN: usize = 32;
/// What the server tells of itself: its PID, and which server it is.
const IDENTITY_LEN: usize = 4 + 8;

/// The sizes of the three messages, in bytes.
pub(crate) const GREETING_LEN: usize = MAGIC.len() + NONCE_LEN;
pub(crate) const RESPONSE_LEN: usize = NONCE_LEN + CODE_LEN;
pub(crate) const VERDICT_LEN: usize = 1 + IDENTITY_LEN + CODE_LEN;

/// The first byte of a verdict.
const REJECTED: u8 = 0;
const ACCEPTED: u8 = 1;
const UNHEARD: u8 = 2;

/// The verdict on a client whose response is waited for no longer. Like a rejection it proves nothing.
pub(crate) const GIVEN_UP: [u8; VERDICT_LEN] = {
    let mut verdict = [0; VERDICT_LEN];
    verdict[0] = UNHEARD;
    verdict
};

type Nonce = [u8; NONCE_LEN];

/// Who made a code.
#[derive(Clone, Copy, Debug)]
enum Role {
    Client,
    Server,
}

/// Which server it is. A number chosen at random tells servers apart that have been at one address, one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServerIdentity {
    pub(crate) pid: u32,
    pub(crate) instance: u64,
}

/// Why one end does not trust the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distrust {
    /// The greeting is not one of this protocol.
    NotAManager,
    /// The server says that the client does not know the key.
    KeyRejected,
    /// The server says that it has not waited for the response.
    GivenUp,
    /// The server does not know the key.
    ServerUnproven,
}

/// The server's side of one connection that is being made.
#[derive(Debug)]
pub(crate) struct Challenge {
    nonce: Nonce,
}

impl Challenge {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { nonce: random()? })
    }

    /// What the server sends first.
    pub(crate) fn greeting(&self) -> [u8; GREETING_LEN] {
        let mut greeting = [0; GREETING_LEN];
        greeting[..MAGIC.len()].copy_from_slice(&MAGIC);
        greeting[MAGIC.len()..].copy_from_slice(&self.nonce);
        greeting
    }

    /// The server's answer to the client's response; the error is the answer to one that does not know the key.
    pub(crate) fn judge(
        &self,
        key: &[u8],
        response: &[u8; RESPONSE_LEN],
        identity: ServerIdentity,
    ) -> Result<[u8; VERDICT_LEN], [u8; VERDICT_LEN]> {
        let (nonce, code) = response.split_at(NONCE_LEN);
        let mut verdict = [REJECTED; VERDICT_LEN];
        let expected = code_of(key, Role::Client, [&self.nonce, nonce, &[]]);
        if expected.verify_slice(code).is_err() {
            return Err(verdict);
        }
        verdict[0] = ACCEPTED;
        verdict[1..5].copy_from_slice(&identity.pid.to_le_bytes());
        verdict[5..1 + IDENTITY_LEN].copy_from_slice(&identity.instance.to_le_bytes());
        let code = code_of(key, Role::Server, [nonce, &self.nonce, &verdict[1..1 + IDENTITY_LEN]]);
        verdict[1 + IDENTITY_LEN..].copy_from_slice(&code.finalize().into_bytes());
        Ok(verdict)
    }
}

/// The client's side of one connection that is being made.
#[derive(Debug)]
pub(crate) struct Answer {
    server_nonce: Nonce,
    own_nonce: Nonce,
}

impl Answer {
    /// Takes in the server's greeting.
    pub(crate) fn to(greeting: &[u8; GREETING_LEN]) -> io::Result<Result<Self, Distrust>> {
        let Some(nonce) = greeting.strip_prefix(&MAGIC) else {
            return Ok(Err(Distrust::NotAManager));
        };
        let mut server_nonce = [0; NONCE_LEN];
        server_nonce.copy_from_slice(nonce);
        Ok(Ok(Self {
            server_nonce,
            own_nonce: random()?,
        }))
    }

    /// What the client sends.
    pub(crate) fn response(&self, key: &[u8]) -> [u8; RESPONSE_LEN] {
        let code = code_of(key, Role::Client, [&self.server_nonce, &self.own_nonce, &[]]);
        let mut response = [0; RESPONSE_LEN];
        response[..NONCE_LEN].copy_from_slice(&self.own_nonce);
        response[NONCE_LEN..].copy_from_slice(&code.finalize().into_bytes());
        response
    }

    /// Which server it is, if it has accepted the key and knows it too.
    pub(crate) fn check(&self, key: &[u8], verdict: &[u8; VERDICT_LEN]) -> Result<ServerIdentity, Distrust> {
        let (outcome, rest) = verdict.split_at(1);
        let (identity, code) = rest.split_at(IDENTITY_LEN);
        match outcome {
            [ACCEPTED] => {}
            [UNHEARD] => return Err(Distrust::GivenUp),
            _ => return Err(Distrust::KeyRejected),
        }
        let expected = code_of(key, Role::Server, [&self.own_nonce, &self.server_nonce, identity]);
        expected.verify_slice(code).map_err(|_| Distrust::ServerUnproven)?;
        let (pid, instance) = identity.split_at(4);
        let mut identity = ([0; 4], [0; 8]);
        identity.0.copy_from_slice(pid);
        identity.1.copy_from_slice(instance);
        Ok(ServerIdentity {
            pid: u32::from_le_bytes(identity.0),
            instance: u64::from_le_bytes(identity.1),
        })
    }
}

/// `N` bytes from the operating system's generator.
pub(crate) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    let mut filled = 0;
    while filled < N {
        filled += rustix::io::retry_on_intr(|| getrandom(&mut bytes[filled..], GetRandomFlags::empty()))?;
    }
    Ok(bytes)
}

/// The code that `role` makes over `parts`: the nonce it was sent, its own, and what else it says.
fn code_of(key: &[u8], role: Role, parts: [&[u8]; 3]) -> Hmac<Sha256> {
    let mut code = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
    code.update(&MAGIC);
    code.update(match role {
        Role::Client => b"client",
        Role::Server => b"server",
    });
    for part in parts {
        code.update(part);
    }
    code
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzzing::{changed, for_all};

    const IDENTITY: ServerIdentity = ServerIdentity { pid: 7, instance: 9 };

    #[test]
    fn two_that_know_the_key_trust_each_other() {
        let challenge = Challenge::new().unwrap();
        let answer = Answer::to(&challenge.greeting()).unwrap().unwrap();
        let verdict = challenge.judge(b"key", &answer.response(b"key"), IDENTITY).unwrap();
        assert_eq!(answer.check(b"key", &verdict), Ok(IDENTITY));
    }

    #[test]
    fn another_key_is_rejected_by_both() {
        let challenge = Challenge::new().unwrap();
        let answer = Answer::to(&challenge.greeting()).unwrap().unwrap();
        let rejection = challenge.judge(b"key", &answer.response(b"kez"), IDENTITY).unwrap_err();
        assert_eq!(answer.check(b"kez", &rejection), Err(Distrust::KeyRejected));
        // A server that accepts everybody proves nothing.
        let verdict = challenge.judge(b"kez", &answer.response(b"kez"), IDENTITY).unwrap();
        assert_eq!(answer.check(b"key", &verdict), Err(Distrust::ServerUnproven));
    }

    #[test]
    fn one_that_was_not_waited_for_is_told_so() {
        let answer = Answer::to(&Challenge::new().unwrap().greeting()).unwrap().unwrap();
        assert_eq!(answer.check(b"key", &GIVEN_UP), Err(Distrust::GivenUp));
    }

    #[test]
    fn what_was_sent_before_is_of_no_use() {
        let first = Challenge::new().unwrap();
        let answer = Answer::to(&first.greeting()).unwrap().unwrap();
        let response = answer.response(b"key");
        let verdict = first.judge(b"key", &response, IDENTITY).unwrap();

        let second = Challenge::new().unwrap();
        assert!(second.judge(b"key", &response, IDENTITY).is_err());
        let again = Answer::to(&first.greeting()).unwrap().unwrap();
        assert_eq!(again.check(b"key", &verdict), Err(Distrust::ServerUnproven));
    }

    #[test]
    fn a_challenge_that_is_reflected_is_not_answered() {
        // Without the key: the code of the server, for a client's nonce of the attacker's choice, is sent back as the
        // code of a client, and the other way round.
        let challenge = Challenge::new().unwrap();
        let answer = Answer::to(&challenge.greeting()).unwrap().unwrap();
        let response = answer.response(b"key");
        let verdict = challenge.judge(b"key", &response, IDENTITY).unwrap();
        let mut reflected = response;
        reflected[NONCE_LEN..].copy_from_slice(&verdict[1 + IDENTITY_LEN..]);
        assert!(challenge.judge(b"key", &reflected, IDENTITY).is_err());
        let mut reflected = verdict;
        reflected[1 + IDENTITY_LEN..].copy_from_slice(&response[NONCE_LEN..]);
        assert_eq!(answer.check(b"key", &reflected), Err(Distrust::ServerUnproven));
    }

    #[test]
    fn the_servers_identity_cannot_be_changed_on_the_way() {
        let challenge = Challenge::new().unwrap();
        let answer = Answer::to(&challenge.greeting()).unwrap().unwrap();
        let mut verdict = challenge.judge(b"key", &answer.response(b"key"), IDENTITY).unwrap();
        verdict[1] ^= 1;
        assert_eq!(answer.check(b"key", &verdict), Err(Distrust::ServerUnproven));
    }

    #[test]
    fn another_protocol_is_told_apart() {
        let greeting = [b'S'; GREETING_LEN];
        assert_eq!(Answer::to(&greeting).unwrap().unwrap_err(), Distrust::NotAManager);
    }

    #[test]
    fn whatever_is_changed_on_the_way_is_not_trusted() {
        let challenge = Challenge::new().unwrap();
        let answer = Answer::to(&challenge.greeting()).unwrap().unwrap();
        let response = answer.response(b"key");
        let verdict = challenge.judge(b"key", &response, IDENTITY).unwrap();
        for_all(1500, changed(Just(response.to_vec())), |changed| {
            let bytes: [u8; RESPONSE_LEN] = changed.of_length(RESPONSE_LEN).try_into().unwrap();
            assert_eq!(challenge.judge(b"key", &bytes, IDENTITY).is_ok(), bytes == response);
        });
        for_all(1500, changed(Just(verdict.to_vec())), |changed| {
            let bytes: [u8; VERDICT_LEN] = changed.of_length(VERDICT_LEN).try_into().unwrap();
            assert_eq!(answer.check(b"key", &bytes).is_ok(), bytes == verdict);
        });
        for_all(1000, changed(Just(challenge.greeting().to_vec())), |changed| {
            let bytes: [u8; GREETING_LEN] = changed.of_length(GREETING_LEN).try_into().unwrap();
            assert_eq!(Answer::to(&bytes).unwrap().is_ok(), bytes.starts_with(&MAGIC));
        });
    }
}
