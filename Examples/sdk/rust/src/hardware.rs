use core::fmt;

use crate::error::check;
use crate::{sys, Result};

/// Changes of a pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edges {
    /// From low to high.
    Rising = 1,
    /// From high to low.
    Falling = 2,
    /// Both.
    Both = 3,
}

fn open(name: &str, flags: i32) -> Result<i32> {
    // SAFETY: the host reads the name during the call only.
    check(unsafe { sys::gpio_open(name.as_ptr(), name.len(), flags) })
}

fn level(pin: i32) -> Result<bool> {
    // SAFETY: takes no pointers.
    check(unsafe { sys::gpio_get(pin) }).map(|level| level != 0)
}

/// A pin that the app reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputPin {
    pub(crate) handle: i32,
}

impl InputPin {
    /// By the name that the device's board gives it. [`Error::NotGranted`](crate::Error::NotGranted) if this device
    /// has none of that name.
    pub fn open(name: &str) -> Result<InputPin> {
        open(name, 0).map(|handle| InputPin { handle })
    }

    /// Its level now.
    pub fn is_high(&self) -> Result<bool> {
        level(self.handle)
    }

    /// From now on [`Event::Pin`](crate::Event::Pin) tells of these edges.
    pub fn watch(&self, edges: Edges) -> Result<()> {
        // SAFETY: takes no pointers.
        check(unsafe { sys::gpio_watch(self.handle, edges as i32) }).map(drop)
    }

    /// No further edges are told of.
    pub fn stop_watching(&self) -> Result<()> {
        // SAFETY: takes no pointers.
        check(unsafe { sys::gpio_watch(self.handle, 0) }).map(drop)
    }
}

/// A pin that the app sets.
#[derive(Debug, PartialEq, Eq)]
pub struct OutputPin {
    handle: i32,
}

impl OutputPin {
    /// By the name that the device's board gives it. [`Error::NotGranted`](crate::Error::NotGranted) if this device
    /// has none of that name.
    pub fn open(name: &str) -> Result<OutputPin> {
        open(name, 1).map(|handle| OutputPin { handle })
    }

    /// Its level now.
    pub fn is_high(&self) -> Result<bool> {
        level(self.handle)
    }

    /// Sets its level.
    pub fn set(&mut self, is_high: bool) -> Result<()> {
        // SAFETY: takes no pointers.
        check(unsafe { sys::gpio_set(self.handle, is_high.into()) }).map(drop)
    }
}

/// What a sensor measured. It is shown as a decimal number: `{:.2}` gives "21.50".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Millionths of the sensor's unit: 21,500,000 is 21.5 °C.
    pub micro_units: i64,
    /// When, in nanoseconds of the monotonic clock.
    pub time_ns: i64,
}

impl fmt::Display for Reading {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = formatter.precision().unwrap_or(6).min(6);
        let scale = 10u64.pow(decimals as u32);
        let value = self.micro_units.unsigned_abs() / (1_000_000 / scale);
        let sign = if self.micro_units < 0 { "-" } else { "" };
        write!(formatter, "{sign}{}", value / scale)?;
        if decimals > 0 {
            write!(formatter, ".{:0decimals$}", value % scale)?;
        }
        Ok(())
    }
}

/// A sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sensor {
    handle: i32,
}

impl Sensor {
    /// By the name that the device's board gives it. [`Error::NotGranted`](crate::Error::NotGranted) if this device
    /// has none of that name.
    pub fn open(name: &str) -> Result<Sensor> {
        // SAFETY: the host reads the name during the call only.
        check(unsafe { sys::sensor_open(name.as_ptr(), name.len()) }).map(|handle| Sensor { handle })
    }

    /// Reads a channel, the first of which is 0.
    pub fn read(&self, channel: i32) -> Result<Reading> {
        let mut raw = sys::RawReading::default();
        // SAFETY: the host writes the record's 16 bytes.
        check(unsafe { sys::sensor_read(self.handle, channel, &mut raw) })?;
        Ok(Reading { micro_units: raw.micro_units, time_ns: raw.time_ns })
    }
}
