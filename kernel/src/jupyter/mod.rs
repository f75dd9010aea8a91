//! The kernel as Jupyter sees it: five ZeroMQ sockets, the messages on them, and one dispatcher behind them.
//!
//! `dispatcher` decides what is done about everything that the kernel hears, and `server` does it.
//!
//! Nothing in here knows how Rust is compiled or run; that is `session`'s. What a session says goes out under the
//! request that caused it, never under the latest one.

mod action;
mod budget;
mod comm_updates;
mod connection;
mod content;
mod control;
mod debugger;
mod dispatcher;
mod execution;
mod expressions;
mod gate;
mod heartbeat;
mod history;
mod iopub;
mod kernel_info;
mod lifetime;
mod listener;
mod lookups;
mod message;
mod origins;
mod outbox;
mod relay;
mod requests;
mod router;
mod server;
mod shell;
mod sockets;
mod stdin;
mod subscriber;
mod subshells;
mod wire;

pub(crate) use server::serve;
