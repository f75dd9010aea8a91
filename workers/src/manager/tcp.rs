//! Managers over TCP: serving them, connecting to them, and what keeps their data off networks unless the caller lets it
//! there.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::endpoint::{Address, Endpoint, Key};
use super::{Manager, ManagerError, cannot_start};

/// Where data may travel, which is not encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Between the processes of this machine.
    Loopback,
    /// On any network.
    Network,
}

impl Manager {
    /// Starts a manager that other programs on this machine can [`connect`](Self::connect) to over TCP, if they know
    /// `key`. With port 0 a free one is chosen, which [`address`](Self::address) tells.
    ///
    /// Only loopback addresses are taken, such as `127.0.0.1`, since what is sent is not encrypted. Programs on other
    /// machines reach them by an SSH tunnel: `ssh -N -L 5000:127.0.0.1:5000 HOST` there, and then they connect to
    /// `127.0.0.1:5000`.
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::Manager;
    ///
    /// let manager = Manager::serve("127.0.0.1:0", "a long and random key")?;
    /// manager.named("scores").list::<u32>()?.push(7)?;
    ///
    /// // In another program, say:
    /// let manager = Manager::connect(manager.address().unwrap(), "a long and random key")?;
    /// assert_eq!(manager.named("scores").list::<u32>()?.to_vec()?, [7]);
    /// # Ok::<(), parcell::ManagerError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ManagerError::NotLoopback`] if any address that `address` stands for is not a loopback address;
    /// [`ManagerError::EmptyKey`]; [`ManagerError::Start`] if the address is not free, or the operating system refuses
    /// a process or a socket.
    pub fn serve(address: impl ToSocketAddrs, key: impl AsRef<[u8]>) -> Result<Self, ManagerError> {
        Self::serve_at(address, key.as_ref(), Reach::Loopback)
    }

    /// Like [`serve`](Self::serve), but takes any address, such as `0.0.0.0:5000`, for programs on other machines.
    ///
    /// **What is sent is not encrypted, nor is it protected from being changed on its way.** Both ends prove that they
    /// know the key without sending it, so nobody else can connect; but whoever sees the network's traffic can read all
    /// values, and whoever can change it can change them. A proxy that is put into an object takes the key along. Use it
    /// where the network itself is trusted or encrypted, as a VPN is.
    ///
    /// # Errors
    ///
    /// Those of [`serve`](Self::serve), but for [`ManagerError::NotLoopback`].
    pub fn serve_unencrypted(address: impl ToSocketAddrs, key: impl AsRef<[u8]>) -> Result<Self, ManagerError> {
        Self::serve_at(address, key.as_ref(), Reach::Network)
    }

    /// Connects to a manager that another program [serves](Self::serve) on this machine, or at the other end of an SSH
    /// tunnel.
    ///
    /// # Errors
    ///
    /// [`ManagerError::NotLoopback`] if any address that `address` stands for is not a loopback address;
    /// [`ManagerError::Io`] if nothing answers at the address, [`ManagerError::Authentication`] if what answers has
    /// another key, or is no manager, and [`ManagerError::EmptyKey`].
    pub fn connect(address: impl ToSocketAddrs, key: impl AsRef<[u8]>) -> Result<Self, ManagerError> {
        Self::connect_by(address, key.as_ref(), Reach::Loopback, None)
    }

    /// Like [`connect`](Self::connect), but waits no longer than `limit` for an answer.
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Self::connect). That the limit has passed is a [`ManagerError::Io`].
    pub fn connect_timeout(
        address: impl ToSocketAddrs,
        key: impl AsRef<[u8]>,
        limit: Duration,
    ) -> Result<Self, ManagerError> {
        Self::connect_by(address, key.as_ref(), Reach::Loopback, Some(limit))
    }

    /// Like [`connect`](Self::connect), but takes any address. What that means is said at
    /// [`serve_unencrypted`](Self::serve_unencrypted).
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Self::connect), but for [`ManagerError::NotLoopback`].
    pub fn connect_unencrypted(address: impl ToSocketAddrs, key: impl AsRef<[u8]>) -> Result<Self, ManagerError> {
        Self::connect_by(address, key.as_ref(), Reach::Network, None)
    }

    /// Like [`connect_unencrypted`](Self::connect_unencrypted), but waits no longer than `limit` for an answer.
    ///
    /// # Errors
    ///
    /// Those of [`connect_unencrypted`](Self::connect_unencrypted). That the limit has passed is a
    /// [`ManagerError::Io`].
    pub fn connect_unencrypted_timeout(
        address: impl ToSocketAddrs,
        key: impl AsRef<[u8]>,
        limit: Duration,
    ) -> Result<Self, ManagerError> {
        Self::connect_by(address, key.as_ref(), Reach::Network, Some(limit))
    }

    /// The TCP address at which the manager listens, or was connected to; `None` for one from [`new`](Self::new).
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.tcp
    }

    fn serve_at(address: impl ToSocketAddrs, key: &[u8], reach: Reach) -> Result<Self, ManagerError> {
        let key = usable_key(key)?;
        let addresses: Vec<_> = address.to_socket_addrs().map_err(cannot_start)?.collect();
        if addresses.is_empty() {
            return Err(cannot_start(NO_ADDRESS));
        }
        reach.check(&addresses)?;
        Self::start(key, &addresses)
    }

    fn connect_by(
        address: impl ToSocketAddrs,
        key: &[u8],
        reach: Reach,
        limit: Option<Duration>,
    ) -> Result<Self, ManagerError> {
        // A limit too long for the clock is none.
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let key = usable_key(key)?;
        let resolved = address.to_socket_addrs();
        let addresses: Vec<_> = resolved.map_err(|error| unresolved(error.to_string()))?.collect();
        reach.check(&addresses)?;
        let mut failure = unresolved(NO_ADDRESS.to_owned());
        for tcp in addresses {
            match Self::connect_to(tcp, &key, deadline) {
                Ok(manager) => return Ok(manager),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn connect_to(tcp: SocketAddr, key: &Key, deadline: Option<Instant>) -> Result<Self, ManagerError> {
        let address = Address::Tcp(tcp);
        let opened = Connection::open(&address, key, deadline);
        let (connection, server) = opened.map_err(|error| error.at(&address))?;
        let endpoint = Endpoint {
            address,
            key: key.clone(),
            pid: server.pid,
            instance: server.instance,
            starter: None,
        };
        endpoint.put_back(connection);
        Ok(Self::from_endpoint(endpoint))
    }
}

const NO_ADDRESS: &str = "there is no such address";

impl Reach {
    /// Nothing is sent, and nobody listens, unless all addresses are within reach: a name may stand for several.
    fn check(self, addresses: &[SocketAddr]) -> Result<(), ManagerError> {
        // One of IPv4 may be written as one of IPv6.
        let is_elsewhere = |address: &&SocketAddr| !address.ip().to_canonical().is_loopback();
        match addresses.iter().find(is_elsewhere) {
            Some(address) if self == Self::Loopback => Err(ManagerError::NotLoopback {
                address: address.to_string(),
            }),
            _ => Ok(()),
        }
    }
}

fn usable_key(key: &[u8]) -> Result<Key, ManagerError> {
    if key.is_empty() {
        return Err(ManagerError::EmptyKey);
    }
    Ok(Key::new(key))
}

fn unresolved(error: String) -> ManagerError {
    ManagerError::Io {
        address: "the address of the manager".to_owned(),
        error,
    }
}
