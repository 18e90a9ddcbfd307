//! Values that outlive the app and its next version; they belong to the app's name. A value whose [`set`] has returned
//! survives a power cut.

use crate::error::{check, filled};
use crate::{sys, Error, Result};

/// Reads the value of a key into `buffer` and gives the part that it fills; `None` if there is none.
pub fn get<'a>(key: &str, buffer: &'a mut [u8]) -> Result<Option<&'a [u8]>> {
    // SAFETY: the host writes no further than the buffer's length.
    let result = unsafe { sys::kv_get(key.as_ptr(), key.len(), buffer.as_mut_ptr(), buffer.len()) };
    match filled(result, buffer) {
        Err(Error::NotFound) => Ok(None),
        value => value.map(Some),
    }
}

/// The value of a key; `None` if there is none.
#[cfg(feature = "alloc")]
pub fn get_vec(key: &str) -> Result<Option<alloc::vec::Vec<u8>>> {
    // SAFETY: as above.
    let value = crate::error::filled_vec(|buffer, capacity| unsafe {
        sys::kv_get(key.as_ptr(), key.len(), buffer, capacity)
    });
    match value {
        Err(Error::NotFound) => Ok(None),
        value => value.map(Some),
    }
}

/// Keeps a value under a key. [`Error::Full`]: the app's share of the storage is used up.
pub fn set(key: &str, value: &[u8]) -> Result<()> {
    // SAFETY: the host reads key and value during the call only.
    check(unsafe { sys::kv_set(key.as_ptr(), key.len(), value.as_ptr(), value.len()) }).map(drop)
}

/// A number that [`set_number`] kept; `None` if there is none.
pub fn get_number(key: &str) -> Result<Option<i64>> {
    let mut buffer = [0; 8];
    match get(key, &mut buffer)? {
        Some(bytes) => Ok(bytes.try_into().ok().map(i64::from_le_bytes)),
        None => Ok(None),
    }
}

/// Keeps a number, as 8 bytes, little-endian.
pub fn set_number(key: &str, number: i64) -> Result<()> {
    set(key, &number.to_le_bytes())
}

/// [`Error::NotFound`] if there is none.
pub fn remove(key: &str) -> Result<()> {
    // SAFETY: the host reads the key during the call only.
    check(unsafe { sys::kv_delete(key.as_ptr(), key.len()) }).map(drop)
}

/// The first key after `previous` in the order of their bytes, or of all if that is empty; `None` after the last.
pub fn next<'a>(previous: &[u8], buffer: &'a mut [u8]) -> Result<Option<&'a [u8]>> {
    // SAFETY: the host writes no further than the buffer's length.
    let result =
        unsafe { sys::kv_next(previous.as_ptr(), previous.len(), buffer.as_mut_ptr(), buffer.len()) };
    match filled(result, buffer) {
        Err(Error::NotFound) => Ok(None),
        key => key.map(Some),
    }
}

/// All keys, in the order of their bytes.
#[cfg(feature = "alloc")]
pub fn keys() -> Result<alloc::vec::Vec<alloc::string::String>> {
    let mut keys = alloc::vec::Vec::new();
    let mut last = alloc::vec::Vec::new();
    loop {
        // SAFETY: as above.
        let next = crate::error::filled_vec(|buffer, capacity| unsafe {
            sys::kv_next(last.as_ptr(), last.len(), buffer, capacity)
        });
        match next {
            Err(Error::NotFound) => return Ok(keys),
            next => last = next?,
        }
        keys.push(alloc::string::String::from_utf8_lossy(&last).into_owned());
    }
}
