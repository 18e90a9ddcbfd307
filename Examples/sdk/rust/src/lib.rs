//! The host API of xtblish devices, import module `xtb1`, level 1.
//!
//! An app is a type that implements [`App`], and a line that exports it:
//!
//! ```ignore
//! use xtb1::{info, App, Event, Interval, Result, Timer};
//!
//! struct Ticker(Timer);
//!
//! impl App for Ticker {
//!     fn start() -> Result<Self> {
//!         Timer::every(Interval::from_secs(1)).map(Ticker)
//!     }
//!
//!     fn handle(&mut self, event: Event) -> Result<()> {
//!         if let Event::Timer { .. } = event {
//!             info!("tick");
//!         }
//!         Ok(())
//!     }
//! }
//!
//! xtb1::app!(Ticker);
//! ```
//!
//! The host drives: each call must return soon (a second by default), or the app is ended. Without the features `std`
//! and `alloc` the crate is `no_std` and allocates nothing.
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

#[cfg(feature = "alloc")]
extern crate alloc;

mod app;
mod device;
mod error;
mod hardware;
pub mod kv;
mod log;
mod message;
mod sys;
mod time;

pub use app::{poll, App, AppSlot, Event};
pub use device::{
    config, config_number, confirm_health, device_id, memory, random, reset_reason, watchdog, Memory,
    ResetReason,
};
pub use error::{Error, Result};
pub use hardware::{Edges, InputPin, OutputPin, Reading, Sensor};
pub use log::{log, Level, Line};
pub use message::{publish, Message, Publication, QoS, Subscription};
pub use time::{sleep, Clock, Interval, Timer};
