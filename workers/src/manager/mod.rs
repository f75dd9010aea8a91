//! Objects that processes share by asking a server for them: Python's `multiprocessing.Manager`.

mod authentication;
mod connection;
mod connections;
mod endpoint;
mod error;
mod message;
mod named;
mod objects;
mod proxies;
mod server;
mod socket;
mod tcp;

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustix::process::Signal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::message::Message;
use crate::spawn::Child;
use crate::sys::poisoned::EvenIfPoisoned;
use connections::Connections;
use endpoint::{Address, Endpoint, Key};
pub use error::{AuthenticationFailure, ManagerError};
pub use named::Named;
pub use proxies::{
    DictProxy, EventProxy, ListProxy, LockProxy, LockProxyGuard, QueueProxy, SemaphoreProxy, SemaphoreProxyPermit,
    ValueProxy,
};

/// A server process that holds lists, dicts and other objects, for any process that has a proxy.
///
/// A proxy is a handle by which an object is used: each call of a method is a message to the server and its answer,
/// which takes some tens of microseconds. The values are serialized; the server holds bytes and knows no types. Proxies
/// are clonable, several threads may use one at once, a forked worker may use those that its function captures, and with
/// serde they reach processes that were not forked. An object may hold proxies of other objects.
///
/// Use it for what is small, or is used now and then, by processes that come and go, or on other machines. What is large
/// or used all the time belongs in shared memory.
///
/// # Examples
///
/// ```
/// use parcell::{Manager, Pool};
///
/// let manager = Manager::new()?;
/// let totals = manager.dict::<String, u64>()?;
/// Pool::new(4).map_results(
///     |word: &str| totals.update(word, |count| Some(count.unwrap_or(0) + 1)),
///     ["a", "b", "a"],
/// );
/// assert_eq!(totals.get("a")?, Some(2));
/// # Ok::<(), parcell::ManagerError>(())
/// ```
///
/// # The server's life
///
/// [`new`](Self::new) and [`serve`](Self::serve) fork the server. It ends when the process that has started it drops
/// the last clone of its handle, or calls [`shutdown`](Self::shutdown), or ends, however that happens. Copies of the
/// handle in forked workers, and proxies, do not keep it: what they are asked then is [`ManagerError::Ended`]. All
/// objects live as long as the server, unless they are deleted by `delete` of one of their proxies. They are not counted:
/// a process that is killed could not say that it needs one no longer.
///
/// The server begins as a copy of the process that forks it, as workers do, which costs little; but memory that the
/// program frees or overwrites later exists for as long as the server may see the old contents. Start it before the
/// program has much of it.
///
/// Ctrl-C in a terminal does not end the server by itself.
///
/// # Who may use it
///
/// [`new`](Self::new) makes a socket in Linux's abstract namespace, for which there is no file. It accepts processes of
/// the same user that know a key, which `new` makes at random and which proxies carry. Processes in containers
/// with a network of their own do not reach it. So a serialized proxy holds the key: whoever has it can use the whole
/// manager.
///
/// [`serve`](Self::serve) listens on TCP as well, at a loopback address, which an SSH tunnel makes reachable from other
/// machines. Both ends prove that they know the key, without sending it. What is sent then is not encrypted: at other
/// addresses, those who see the network's traffic could read it, and so they are refused unless one says
/// [`serve_unencrypted`](Self::serve_unencrypted). A key that can be guessed can be found by whoever sees or answers a
/// connection: make it long and random.
///
/// A client has 10 seconds to prove that it knows the key, and less where very many come that do not: those who say
/// nothing keep nobody out.
///
/// # What is different from Python
///
/// - Methods return `Result`: any call may find that the server has ended.
/// - A lock or a permit whose holder dies is released. In Python it stays locked for ever.
/// - Items are changed in place by `update`, which is atomic. In Python, changing what `proxy[0]` returned changes a
///   copy, and `proxy[0] += 1` loses updates.
/// - Keys of a dict, and items that are looked for in a list, are compared by their serialized form.
/// - Objects may have names, by which unrelated programs find them; there are no classes to register, since the server
///   runs no code of its clients.
/// - There are no proxies for `Namespace` (a dict of values serves), `Array` (a list does), `Pool`, `Condition` and
///   `Barrier`.
#[derive(Clone)]
pub struct Manager {
    endpoint: Arc<Endpoint>,
    tcp: Option<SocketAddr>,
    /// None: another process has started it.
    server: Option<Arc<Server>>,
}

/// The server's process, in the process that has started it; a copy elsewhere does nothing.
#[derive(Debug)]
struct Server {
    child: Mutex<Child>,
    endpoint: Arc<Endpoint>,
}

impl Manager {
    /// Starts a manager for this process and those that it forks or gives proxies to.
    ///
    /// # Errors
    ///
    /// [`ManagerError::Start`] if the operating system refuses a process or a socket.
    pub fn new() -> Result<Self, ManagerError> {
        let key = authentication::random::<32>().map_err(cannot_start)?;
        Self::start(Key::new(&key), &[])
    }

    /// The PID of the server, on its machine.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.endpoint.pid
    }

    /// Ends the server, and with it all objects, at once. Those who wait for something get an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::{Manager, ManagerError};
    ///
    /// let manager = Manager::new()?;
    /// let list = manager.list::<u8>()?;
    /// manager.shutdown()?;
    /// assert_eq!(list.len(), Err(ManagerError::Ended { pid: manager.pid() }));
    /// # Ok::<(), ManagerError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ManagerError::NotOurs`] if another process has started it.
    pub fn shutdown(&self) -> Result<(), ManagerError> {
        let ours = self.server.as_ref().filter(|_| self.is_ours());
        ours.ok_or(ManagerError::NotOurs { pid: self.pid() })?.end();
        Ok(())
    }

    /// A new list without a name.
    ///
    /// # Errors
    ///
    /// If the manager has ended or cannot be reached.
    pub fn list<T: Message>(&self) -> Result<ListProxy<T>, ManagerError> {
        self.unnamed().list()
    }

    /// A new dict without a name.
    ///
    /// # Errors
    ///
    /// If the manager has ended or cannot be reached.
    pub fn dict<K: Message, V: Message>(&self) -> Result<DictProxy<K, V>, ManagerError> {
        self.unnamed().dict()
    }

    /// A new shared value without a name.
    ///
    /// # Errors
    ///
    /// If the manager has ended or cannot be reached, or the value cannot be encoded.
    pub fn value<T: Message>(&self, value: T) -> Result<ValueProxy<T>, ManagerError> {
        self.unnamed().value(value)
    }

    /// A new queue without a name.
    ///
    /// # Errors
    ///
    /// If the manager has ended or cannot be reached.
    pub fn queue<T: Message>(&self) -> Result<QueueProxy<T>, ManagerError> {
        self.unnamed().queue()
    }

    /// A new queue without a name that holds at most `bound` items.
    ///
    /// # Errors
    ///
    /// If the manager has ended or cannot be reached.
    ///
    /// # Panics
    ///
    /// If `bound` is 0.
    #[track_caller]
    pub fn bounded_queue<T: Message>(&self, bound: usize) -> Result<QueueProxy<T>, ManagerError> {
        self.unnamed().bounded_queue(bound)
    }

    /// A new lock without a name.
    ///
    /// # Errors
    ///
    /// If the manager has ended or cannot be reached.
    pub fn lock(&self) -> Result<LockProxy, ManagerError> {
        self.unnamed().lock()
    }

    /// A new semaphore without a name, with this many permits.
    ///
    /// # Errors
    ///
    /// If the manager has ended or cannot be reached.
    pub fn semaphore(&self, permits: usize) -> Result<SemaphoreProxy, ManagerError> {
        self.unnamed().semaphore(permits)
    }

    /// A new event without a name, which is not set.
    ///
    /// # Errors
    ///
    /// If the manager has ended or cannot be reached.
    pub fn event(&self) -> Result<EventProxy, ManagerError> {
        self.unnamed().event()
    }

    /// The object with this name: `manager.named("scores").list::<u32>()` is the list that whoever says the same gets.
    pub fn named(&self, name: impl Into<String>) -> Named<'_> {
        Named::new(&self.endpoint, Some(name.into()))
    }

    fn unnamed(&self) -> Named<'_> {
        Named::new(&self.endpoint, None)
    }

    fn start(key: Key, addresses: &[SocketAddr]) -> Result<Self, ManagerError> {
        let started = server::start::start(key, addresses).map_err(cannot_start)?;
        let endpoint = Arc::new(started.endpoint);
        let server = Server {
            child: Mutex::new(started.child),
            endpoint: Arc::clone(&endpoint),
        };
        Ok(Self {
            endpoint,
            tcp: started.tcp,
            server: Some(Arc::new(server)),
        })
    }

    fn from_endpoint(endpoint: Endpoint) -> Self {
        Self {
            tcp: match endpoint.address {
                Address::Tcp(address) => Some(address),
                Address::Local(_) => None,
            },
            endpoint: Arc::new(endpoint),
            server: None,
        }
    }

    /// Whether this process has started the server.
    fn is_ours(&self) -> bool {
        self.endpoint.starter == Some(std::process::id())
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager")
            .field("pid", &self.pid())
            .field("address", &self.tcp)
            .finish_non_exhaustive()
    }
}

/// What is sent is how to reach the server, with the key. The receiver's handle does not keep the server.
impl Serialize for Manager {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.endpoint.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Manager {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Endpoint::deserialize(deserializer).map(Self::from_endpoint)
    }
}

impl Server {
    /// Kills it: what it holds is of no use to anybody once it has ended.
    fn end(&self) {
        let mut child = self.child.lock().even_if_poisoned();
        child.signal(Signal::KILL);
        child.wait();
        let idle = Connections::lock().forget(&self.endpoint);
        drop((child, idle));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A copy in a forked process ends nothing.
        if self.endpoint.starter == Some(std::process::id()) {
            self.end();
        }
    }
}

fn cannot_start(error: impl fmt::Display) -> ManagerError {
    ManagerError::Start {
        error: error.to_string(),
    }
}
