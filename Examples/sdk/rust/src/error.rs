use core::fmt;

/// Why a call to the host did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The name is there, but not for this: an input pin can't be set.
    NotAllowed,
    /// A queue is full or a rate is exceeded.
    TryLater,
    /// The timer, pin, sensor or subscription is closed already.
    BadHandle,
    /// A pointer reached outside the app's memory: not from this crate.
    Fault,
    /// A value out of range.
    InvalidValue,
    /// The hardware or the storage failed.
    HardwareFailed,
    /// Nothing of that name.
    NotFound,
    /// A table or the storage is full.
    Full,
    /// Not possible for an app of this kind, or at this moment.
    NotPossible,
    /// This device does not grant that name.
    NotGranted,
    /// The buffer is too small; so many bytes are needed.
    BufferTooSmall(usize),
    /// What was read is not UTF-8.
    NotText,
    /// The app itself refuses to go on.
    Refused,
    /// Of a later API: the number as the host gave it, below 0.
    Unknown(i64),
}

/// What calls to the host give.
pub type Result<T> = core::result::Result<T, Error>;

impl Error {
    pub(crate) fn of(result: i64) -> Error {
        match result {
            -2 => Error::NotAllowed,
            -6 => Error::TryLater,
            -8 => Error::BadHandle,
            -21 => Error::Fault,
            -28 => Error::InvalidValue,
            -29 => Error::HardwareFailed,
            -44 => Error::NotFound,
            -51 => Error::Full,
            -52 => Error::NotPossible,
            -76 => Error::NotGranted,
            other => Error::Unknown(other),
        }
    }

    /// What `xtb_init` answers for it.
    pub(crate) fn code(self) -> i32 {
        match self {
            Error::NotAllowed => -2,
            Error::TryLater => -6,
            Error::BadHandle => -8,
            Error::Fault => -21,
            Error::InvalidValue => -28,
            Error::HardwareFailed => -29,
            Error::NotFound => -44,
            Error::Full => -51,
            Error::NotPossible => -52,
            Error::NotGranted => -76,
            Error::BufferTooSmall(_) | Error::NotText | Error::Refused => 1,
            Error::Unknown(result) => result as i32,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Error::NotAllowed => "not allowed for this name",
            Error::TryLater => "try later",
            Error::BadHandle => "it is closed",
            Error::Fault => "a pointer outside memory",
            Error::InvalidValue => "a value out of range",
            Error::HardwareFailed => "the hardware or the storage failed",
            Error::NotFound => "nothing of that name",
            Error::Full => "full",
            Error::NotPossible => "not possible here",
            Error::NotGranted => "not granted by this device",
            Error::BufferTooSmall(needed) => return write!(formatter, "a buffer of {needed} bytes is needed"),
            Error::NotText => "not UTF-8",
            Error::Refused => "refused by the app",
            Error::Unknown(result) => return write!(formatter, "error {result}"),
        };
        formatter.write_str(text)
    }
}

#[cfg(feature = "std")]
impl std::error::Error for Error {}

/// The value of a result, or the error that it is.
pub(crate) fn check(result: i32) -> Result<i32> {
    if result < 0 {
        Err(Error::of(result.into()))
    } else {
        Ok(result)
    }
}

/// The part of `buffer` that a call filled which returned `result`.
pub(crate) fn filled(result: i32, buffer: &[u8]) -> Result<&[u8]> {
    let length = check(result)? as usize;
    buffer.get(..length).ok_or(Error::BufferTooSmall(length))
}

/// What `fill` writes, which returns the full length and writes only if that fits: asks again with a larger buffer
/// until it does.
#[cfg(feature = "alloc")]
pub(crate) fn filled_vec(mut fill: impl FnMut(*mut u8, usize) -> i32) -> Result<alloc::vec::Vec<u8>> {
    let mut bytes = alloc::vec![0; 256];
    loop {
        let length = check(fill(bytes.as_mut_ptr(), bytes.len()))? as usize;
        let fits = length <= bytes.len();
        bytes.resize(length, 0);
        if fits {
            return Ok(bytes);
        }
    }
}
