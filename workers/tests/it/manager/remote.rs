//! Managers that are reached over TCP: who gets in, and who does not.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use parcell::{AuthenticationFailure, Manager, ManagerError};
use rstest::rstest;

use crate::support::{is_program, program};

pub(super) const KEY: &str = "a long and random key";
/// The sizes of the messages by which the two ends authenticate each other.
pub(super) const GREETING: usize = 40;
pub(super) const RESPONSE: usize = 64;
pub(super) const VERDICT: usize = 45;

pub(super) fn serve() -> (Manager, SocketAddr) {
    let manager = Manager::serve("127.0.0.1:0", KEY).unwrap();
    let address = manager.address().unwrap();
    (manager, address)
}

fn failure(result: Result<Manager, ManagerError>) -> AuthenticationFailure {
    match result {
        Err(ManagerError::Authentication { failure, .. }) => failure,
        other => panic!("{other:?}"),
    }
}

pub(super) fn read<const N: usize>(mut stream: &TcpStream) -> [u8; N] {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

/// The server has closed the connection.
pub(super) fn assert_closed(mut stream: &TcpStream) {
    match stream.read_to_end(&mut Vec::new()) {
        Ok(_) => {}
        // It did not read all that was sent.
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

const OTHER: &str = "manager::remote::another_program_finds_objects_by_name";
const ADDRESS: &str = "PARCELL_TEST_ADDRESS";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn another_program_finds_objects_by_name() {
    if is_program(OTHER) {
        let manager = Manager::connect(std::env::var(ADDRESS).unwrap(), KEY).unwrap();
        let tasks = manager.named("tasks").queue::<String>().unwrap();
        let results = manager.named("results").queue::<usize>().unwrap();
        assert_eq!(tasks.get().unwrap(), "grün");
        results.put(manager.pid() as usize).unwrap();
        // It dies with it.
        std::mem::forget(manager.named("lock").lock().unwrap().lock().unwrap());
        results.put(0).unwrap();
        return;
    }
    let (manager, address) = serve();
    let mut child = program(OTHER).env(ADDRESS, address.to_string()).spawn().unwrap();
    manager.named("tasks").queue().unwrap().put("grün".to_owned()).unwrap();
    let results = manager.named("results").queue::<usize>().unwrap();
    assert_eq!(results.get(), Ok(manager.pid() as usize));
    assert_eq!(results.get(), Ok(0));
    assert!(child.wait().unwrap().success());
    let lock = manager.named("lock").lock().unwrap();
    assert!(lock.lock().unwrap().abandoned());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_server_may_follow_another_at_its_address() {
    let (manager, address) = serve();
    let old = Manager::connect(address, KEY).unwrap().list::<u8>().unwrap();
    old.push(1).unwrap();
    let pid = manager.pid();
    drop(manager);
    let again = Manager::serve(address, KEY).unwrap();
    assert_eq!(again.address(), Some(address));
    let new = Manager::connect(address, KEY).unwrap().list::<u8>().unwrap();
    // The objects of the first are not those of the second, though they have the same place in it.
    assert_eq!(old.len(), Err(ManagerError::Ended { pid }));
    assert_eq!(new.len(), Ok(0));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn wrong_keys_and_no_keys_are_told_apart() {
    let (manager, address) = serve();
    let rejected = Manager::connect(address, "another key").unwrap_err();
    assert_eq!(
        rejected.to_string(),
        format!("{address}: the manager does not accept the key")
    );
    assert_eq!(Manager::connect(address, "").unwrap_err(), ManagerError::EmptyKey);
    assert_eq!(Manager::serve("127.0.0.1:0", "").unwrap_err(), ManagerError::EmptyKey);
    let taken = Manager::serve(address, KEY).unwrap_err().to_string();
    assert!(taken.contains(&address.to_string()), "{taken}");
    drop(manager);
    let refused = Manager::connect_timeout(address, KEY, Duration::from_secs(5)).unwrap_err();
    assert!(refused.to_string().contains("Connection refused"), "{refused}");
}

/// A name that stands for a loopback address and for another.
fn both() -> &'static [SocketAddr] {
    const BOTH: &[SocketAddr] = &[
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1),
        // An address for documentation: nobody has it.
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), 1),
    ];
    BOTH
}

#[rstest]
#[timeout(Duration::from_secs(60))]
#[case::everywhere("0.0.0.0:0".parse().unwrap())]
#[case::everywhere_in_ipv6("[::]:0".parse().unwrap())]
#[case::another_machine("192.0.2.7:1".parse().unwrap())]
#[case::another_machine_written_in_ipv6("[::ffff:192.0.2.7]:1".parse().unwrap())]
fn what_others_could_read_is_refused(#[case] address: SocketAddr) {
    let refused = ManagerError::NotLoopback {
        address: address.to_string(),
    };
    let limit = Duration::from_secs(5);
    assert_eq!(Manager::serve(address, KEY).unwrap_err(), refused);
    assert_eq!(Manager::connect(address, KEY).unwrap_err(), refused);
    assert_eq!(Manager::connect_timeout(address, KEY, limit).unwrap_err(), refused);
    let message = refused.to_string();
    let start = format!("{address} is not a loopback address");
    assert!(
        message.starts_with(&start) && message.contains("`serve_unencrypted`"),
        "{message}"
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_name_is_refused_for_any_of_its_addresses() {
    let refused = ManagerError::NotLoopback {
        address: "192.0.2.7:1".to_owned(),
    };
    assert_eq!(Manager::serve(both(), KEY).unwrap_err(), refused);
    assert_eq!(Manager::connect(both(), KEY).unwrap_err(), refused);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn who_says_so_is_served_unencrypted() {
    let manager = Manager::serve_unencrypted("0.0.0.0:0", KEY).unwrap();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, manager.address().unwrap().port()));
    let written_in_ipv6 = SocketAddr::from((Ipv4Addr::LOCALHOST.to_ipv6_mapped(), address.port()));
    manager.named("n").value(1).unwrap().set(2).unwrap();
    let limit = Duration::from_secs(50);
    for connected in [
        Manager::connect(address, KEY),
        Manager::connect(written_in_ipv6, KEY),
        Manager::connect_unencrypted(address, KEY),
        Manager::connect_unencrypted_timeout(address, KEY, limit),
    ] {
        assert_eq!(connected.unwrap().named("n").value(1).unwrap().get(), Ok(2));
    }
    assert_eq!(
        Manager::serve_unencrypted("0.0.0.0:0", "").unwrap_err(),
        ManagerError::EmptyKey
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn garbage_before_authentication_is_not_read() {
    let (manager, address) = serve();
    let mut stream = TcpStream::connect(address).unwrap();
    // More than the sockets' buffers hold: the server would have to read for this to be sent.
    let sent = stream.write_all(&vec![b'x'; 64 << 20]);
    assert!(sent.is_err());
    assert_closed(&stream);

    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&[0; RESPONSE]).unwrap();
    read::<GREETING>(&stream);
    assert_eq!(read::<VERDICT>(&stream), [0; VERDICT]);
    assert_closed(&stream);
    assert!(manager.list::<u8>().is_ok());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn what_a_client_has_answered_once_is_of_no_use_later() {
    let (manager, address) = serve();
    let relay = TcpListener::bind("127.0.0.1:0").unwrap();
    let (client, response) = std::thread::scope(|scope| {
        let relay_address = relay.local_addr().unwrap();
        let client = scope.spawn(move || Manager::connect(relay_address, KEY));
        let (mut inside, outside) = (relay.accept().unwrap().0, TcpStream::connect(address).unwrap());
        inside.write_all(&read::<GREETING>(&outside)).unwrap();
        let response = read::<RESPONSE>(&inside);
        (&outside).write_all(&response).unwrap();
        inside.write_all(&read::<VERDICT>(&outside)).unwrap();
        (client.join().unwrap(), response)
    });
    assert_eq!(client.unwrap().pid(), manager.pid());
    let mut replayed = TcpStream::connect(address).unwrap();
    read::<GREETING>(&replayed);
    replayed.write_all(&response).unwrap();
    assert_eq!(read::<VERDICT>(&replayed)[0], 0);
    assert_closed(&replayed);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
#[case::another_protocol(|stream: &mut TcpStream| {
    stream.write_all(b"SSH-2.0-OpenSSH_9.9 and so on, and so forth\r\n").unwrap();
}, AuthenticationFailure::NotAManager)]
#[case::its_own_code_reflected(|stream: &mut TcpStream| {
    stream.write_all(b"parcell1").unwrap();
    stream.write_all(&[1; 32]).unwrap();
    let response = read::<RESPONSE>(stream);
    let mut verdict = vec![1; VERDICT - 32];
    verdict.extend_from_slice(&response[32..]);
    stream.write_all(&verdict).unwrap();
}, AuthenticationFailure::ServerUnproven)]
fn a_client_does_not_trust_everybody(#[case] answer: fn(&mut TcpStream), #[case] expected: AuthenticationFailure) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let result = std::thread::scope(|scope| {
        scope.spawn(|| {
            let (mut stream, _) = listener.accept().unwrap();
            answer(&mut stream);
            // Until the client has closed it.
            let _ = stream.read_to_end(&mut Vec::new());
        });
        Manager::connect(address, KEY)
    });
    assert_eq!(failure(result), expected);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_server_that_says_nothing_is_not_waited_for_beyond_the_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let limit = Duration::from_millis(20);
    let error = Manager::connect_timeout(listener.local_addr().unwrap(), KEY, limit).unwrap_err();
    assert!(error.to_string().ends_with("the manager does not answer"), "{error}");
}
