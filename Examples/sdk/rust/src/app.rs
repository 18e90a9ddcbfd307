use core::cell::RefCell;

use crate::error::check;
use crate::{error, sys, InputPin, Interval, Message, Publication, Result, Subscription, Timer};

/// Something that happened. Times are nanoseconds of the monotonic clock.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A timer came due at that time; so many further periods have passed since.
    Timer {
        /// Which.
        timer: Timer,
        /// When.
        due_ns: i64,
        /// Periods that have passed since.
        missed: i64,
    },
    /// The broker has the message, or refused it for an MQTT reason code.
    Published {
        /// Which.
        publication: Publication,
        /// Why not.
        refusal: Option<i64>,
    },
    /// A message came.
    Message {
        /// To be read while the event is handled.
        message: Message,
        /// When.
        time_ns: i64,
    },
    /// The broker agreed to a subscription, or refused it for an MQTT reason code.
    Subscribed {
        /// Which.
        subscription: Subscription,
        /// Why not.
        refusal: Option<i64>,
    },
    /// A watched pin changed.
    Pin {
        /// Which.
        pin: InputPin,
        /// What it is now.
        is_high: bool,
        /// When.
        time_ns: i64,
    },
    /// Of a later API.
    Unknown {
        /// First argument of `xtb_event`, and so on.
        kind: i32,
        /// The second.
        handle: i32,
        /// The third.
        time_ns: i64,
        /// The fourth.
        argument: i64,
    },
}

impl Event {
    fn of(kind: i32, handle: i32, time_ns: i64, argument: i64) -> Event {
        let refusal = (argument != 0).then(|| argument);
        match kind {
            1 => Event::Timer { timer: Timer { handle }, due_ns: time_ns, missed: argument },
            2 => Event::Published { publication: Publication { id: handle }, refusal },
            3 => Event::Message { message: Message { subscription: Subscription { handle } }, time_ns },
            4 => Event::Subscribed { subscription: Subscription { handle }, refusal },
            5 => Event::Pin { pin: InputPin { handle }, is_high: argument != 0, time_ns },
            _ => Event::Unknown { kind, handle, time_ns, argument },
        }
    }
}

/// The next event of a program with `main`, waiting at most `timeout` for it, or for ever without one.
/// [`Error::NotPossible`](crate::Error::NotPossible) in an [`App`], which is told its events.
pub fn poll(timeout: Option<Interval>) -> Result<Option<Event>> {
    let mut raw = sys::RawEvent::default();
    // SAFETY: the host writes the record's 32 bytes.
    let count = check(unsafe { sys::poll(timeout.map_or(-1, Interval::as_nanos), &mut raw) })?;
    Ok((count > 0).then(|| Event::of(raw.kind, raw.handle, raw.time_ns, raw.argument)))
}

/// An app. The host calls one function at a time, on one thread, and each must return soon.
pub trait App: Sized {
    /// Starts; an error ends the app before it began.
    fn start() -> Result<Self>;

    /// An error is logged, and the app goes on.
    fn handle(&mut self, event: Event) -> Result<()>;
}

/// Where [`app!`] keeps the app.
pub struct AppSlot<A>(RefCell<Option<A>>);

// SAFETY: a module without shared memory has one thread.
#[cfg(not(target_feature = "atomics"))]
unsafe impl<A> Sync for AppSlot<A> {}

impl<A> AppSlot<A> {
    /// An empty one.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> AppSlot<A> {
        AppSlot(RefCell::new(None))
    }
}

impl<A: App> AppSlot<A> {
    /// What `xtb_init` does.
    pub fn start(&self) -> i32 {
        #[cfg(feature = "std")]
        std::panic::set_hook(std::boxed::Box::new(|panic| {
            error!("{panic}");
        }));
        match A::start() {
            Ok(app) => {
                *self.0.borrow_mut() = Some(app);
                0
            }
            Err(problem) => {
                error!("the app does not start: {problem}");
                problem.code()
            }
        }
    }

    /// What `xtb_event` does.
    pub fn handle(&self, kind: i32, handle: i32, time_ns: i64, argument: i64) -> i32 {
        if let Some(app) = self.0.borrow_mut().as_mut() {
            if let Err(problem) = app.handle(Event::of(kind, handle, time_ns, argument)) {
                error!("an event of kind {kind} was not handled: {problem}");
            }
        }
        0
    }
}

/// Exports a type that implements [`App`](crate::App) as the module's app.
#[macro_export]
macro_rules! app {
    ($app:ty) => {
        static XTB_APP: $crate::AppSlot<$app> = $crate::AppSlot::new();

        #[no_mangle]
        pub extern "C" fn xtb_init() -> i32 {
            XTB_APP.start()
        }

        #[no_mangle]
        pub extern "C" fn xtb_event(kind: i32, handle: i32, time_ns: i64, argument: i64) -> i32 {
            XTB_APP.handle(kind, handle, time_ns, argument)
        }
    };
}

#[cfg(all(feature = "panic-handler", not(feature = "std")))]
#[panic_handler]
fn panic(panic: &core::panic::PanicInfo<'_>) -> ! {
    error!("{panic}");
    core::arch::wasm32::unreachable()
}
