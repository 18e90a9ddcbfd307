use crate::error::check;
use crate::{sys, Error, Result};

/// A length of time, within what the host's clocks count: 292 years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    nanoseconds: i64,
}

impl Interval {
    /// No time at all.
    pub const ZERO: Interval = Interval { nanoseconds: 0 };

    /// So many nanoseconds.
    pub const fn from_nanos(count: i64) -> Interval {
        Interval { nanoseconds: count }
    }

    /// So many microseconds.
    pub const fn from_micros(count: i64) -> Interval {
        Interval { nanoseconds: count.saturating_mul(1_000) }
    }

    /// So many milliseconds.
    pub const fn from_millis(count: i64) -> Interval {
        Interval { nanoseconds: count.saturating_mul(1_000_000) }
    }

    /// So many seconds.
    pub const fn from_secs(count: i64) -> Interval {
        Interval { nanoseconds: count.saturating_mul(1_000_000_000) }
    }

    /// In nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.nanoseconds
    }
}

/// A clock of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Since 1970, as far as the device knows.
    Realtime = 0,
    /// Since the device's start; never goes back.
    Monotonic = 1,
}

impl Clock {
    /// The time, in nanoseconds.
    pub fn now(self) -> i64 {
        // SAFETY: takes no pointers.
        unsafe { sys::clock_ns(self as i32) }
    }

    /// The smallest step, in nanoseconds.
    pub fn resolution(self) -> i64 {
        // SAFETY: takes no pointers.
        unsafe { sys::clock_res_ns(self as i32) }
    }
}

/// Waits. [`Error::NotPossible`] while an event is handled, which must not.
pub fn sleep(duration: Interval) -> Result<()> {
    // SAFETY: takes no pointers.
    check(unsafe { sys::sleep_ns(duration.nanoseconds) }).map(drop)
}

/// A timer of the host. Its ticks come as [`Event::Timer`](crate::Event::Timer).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    pub(crate) handle: i32,
}

impl Timer {
    /// Due at once and then every `period`, which is at least 100 µs.
    pub fn every(period: Interval) -> Result<Timer> {
        if period <= Interval::ZERO {
            return Err(Error::InvalidValue);
        }
        Timer::start(Interval::ZERO, period)
    }

    /// Due once.
    pub fn once(delay: Interval) -> Result<Timer> {
        Timer::start(delay, Interval::ZERO)
    }

    fn start(first: Interval, period: Interval) -> Result<Timer> {
        // SAFETY: takes no pointers.
        check(unsafe { sys::timer_start(first.nanoseconds, period.nanoseconds) }).map(|handle| Timer { handle })
    }

    /// No further ticks come.
    pub fn stop(self) -> Result<()> {
        // SAFETY: takes no pointers.
        check(unsafe { sys::timer_stop(self.handle) }).map(drop)
    }
}
