use core::fmt;

use crate::sys;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For whoever works on the app.
    Debug = 0,
    /// What happens.
    Info = 1,
    /// What should not happen.
    Warning = 2,
    /// What the app can't do because of it.
    Error = 3,
}

/// Writes a line to the device's log; a long one is cut. False if it was dropped, because the app logs too fast.
pub fn log(level: Level, text: &str) -> bool {
    // SAFETY: the host reads the text during the call only.
    unsafe { sys::log(level as i32, text.as_ptr(), text.len()) == 0 }
}

/// Text put together without memory allocation. What does not fit into 512 bytes is left out.
pub struct Line {
    bytes: [u8; 512],
    length: usize,
}

impl Line {
    /// An empty one.
    pub const fn new() -> Line {
        Line { bytes: [0; 512], length: 0 }
    }

    /// What was written so far.
    pub fn as_str(&self) -> &str {
        // Whole characters only are ever appended.
        core::str::from_utf8(&self.bytes[..self.length]).unwrap_or("")
    }
}

impl Default for Line {
    fn default() -> Line {
        Line::new()
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.len() - self.length;
        let mut end = text.len().min(room);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.bytes[self.length..self.length + end].copy_from_slice(&text.as_bytes()[..end]);
        self.length += end;
        Ok(())
    }
}

/// Formats a line, as `format!` does, and logs it.
#[macro_export]
macro_rules! log_line {
    ($level:expr, $($text:tt)+) => {{
        let mut line = $crate::Line::new();
        let _ = ::core::fmt::Write::write_fmt(&mut line, ::core::format_args!($($text)+));
        $crate::log($level, line.as_str())
    }};
}

/// Logs a line at level debug.
#[macro_export]
macro_rules! debug { ($($text:tt)+) => { $crate::log_line!($crate::Level::Debug, $($text)+) }; }
/// Logs a line at level info.
#[macro_export]
macro_rules! info { ($($text:tt)+) => { $crate::log_line!($crate::Level::Info, $($text)+) }; }
/// Logs a line at level warning.
#[macro_export]
macro_rules! warning { ($($text:tt)+) => { $crate::log_line!($crate::Level::Warning, $($text)+) }; }
/// Logs a line at level error.
#[macro_export]
macro_rules! error { ($($text:tt)+) => { $crate::log_line!($crate::Level::Error, $($text)+) }; }
