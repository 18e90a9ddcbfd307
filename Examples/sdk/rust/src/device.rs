use crate::error::{check, filled};
use crate::{sys, Error, Result};

/// Why the app was started this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResetReason {
    /// The device was switched on, or its agent began anew.
    Power,
    /// This is the first start of a new version.
    Update,
    /// A newer version was taken back.
    Rollback,
    /// The app's last run crashed.
    Trap,
    /// Its last run took too long in a call.
    Deadline,
    /// Its last run did not feed its watchdog.
    Watchdog,
    /// Its last run ended by itself.
    Exit,
    /// Of a later API.
    Unknown(i32),
}

/// Why the app was started this time.
pub fn reset_reason() -> ResetReason {
    // SAFETY: takes no pointers.
    match unsafe { sys::reset_reason() } {
        0 => ResetReason::Power,
        1 => ResetReason::Update,
        2 => ResetReason::Rollback,
        3 => ResetReason::Trap,
        4 => ResetReason::Deadline,
        5 => ResetReason::Watchdog,
        6 => ResetReason::Exit,
        other => ResetReason::Unknown(other),
    }
}

/// The value of a configuration key, read into `buffer`; `None` if there is none.
pub fn config<'a>(key: &str, buffer: &'a mut [u8]) -> Result<Option<&'a str>> {
    // SAFETY: the host writes no further than the buffer's length.
    let result = unsafe { sys::config_get(key.as_ptr(), key.len(), buffer.as_mut_ptr(), buffer.len()) };
    match filled(result, buffer) {
        Err(Error::NotFound) => Ok(None),
        value => core::str::from_utf8(value?).map(Some).map_err(|_| Error::NotText),
    }
}

/// A whole number of the configuration; `None` if there is none, or it is no number.
pub fn config_number(key: &str) -> Option<i64> {
    config(key, &mut [0; 20]).ok().flatten().and_then(|text| text.parse().ok())
}

/// The device's ID.
pub fn device_id() -> [u8; 16] {
    let mut bytes = [0; 16];
    // SAFETY: the host writes 16 bytes.
    unsafe { sys::device_id(bytes.as_mut_ptr()) };
    bytes
}

/// Says that the app works, which ends its trial: the device keeps it.
pub fn confirm_health() {
    // SAFETY: takes no pointers.
    unsafe { sys::health_confirm() };
}

/// An app's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// What it has now.
    pub used_bytes: i64,
    /// Up to which it may grow.
    pub limit_bytes: i64,
}

/// The app's memory.
pub fn memory() -> Result<Memory> {
    let mut raw = sys::RawMemory::default();
    // SAFETY: the host writes the record's 16 bytes.
    check(unsafe { sys::mem_info(&mut raw) })?;
    Ok(Memory { used_bytes: raw.used_bytes, limit_bytes: raw.limit_bytes })
}

/// Fills up to 65,536 bytes with random ones that are good for keys.
pub fn random(buffer: &mut [u8]) -> Result<()> {
    // SAFETY: the host writes no further than the buffer's length.
    check(unsafe { sys::random(buffer.as_mut_ptr(), buffer.len()) }).map(drop)
}

/// Ends the app when it is not fed in time.
pub mod watchdog {
    use crate::error::check;
    use crate::{sys, Error, Interval, Result};

    /// From now on [`feed`] must be called at least every `timeout`.
    pub fn arm(timeout: Interval) -> Result<()> {
        if timeout <= Interval::ZERO {
            return Err(Error::InvalidValue);
        }
        // SAFETY: takes no pointers.
        check(unsafe { sys::watchdog_arm(timeout.as_nanos()) }).map(drop)
    }

    /// It needs no feeding any more.
    pub fn disarm() -> Result<()> {
        // SAFETY: takes no pointers.
        check(unsafe { sys::watchdog_arm(0) }).map(drop)
    }

    /// The app is well.
    pub fn feed() -> Result<()> {
        // SAFETY: takes no pointers.
        check(unsafe { sys::watchdog_feed() }).map(drop)
    }
}
