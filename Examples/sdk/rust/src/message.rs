use crate::error::{check, filled};
use crate::{sys, Result};

/// MQTT's quality of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QoS {
    /// May be lost.
    AtMostOnce = 0,
    /// May come twice.
    AtLeastOnce = 1,
    /// Costs two round trips.
    ExactlyOnce = 2,
}

/// A message on its way to the broker. [`Event::Published`](crate::Event::Published) tells that it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publication {
    pub(crate) id: i32,
}

/// Publishes a message to `/apps/{device}/{topic}`. [`Error::TryLater`](crate::Error::TryLater) while too many are on
/// their way.
pub fn publish(topic: &str, payload: impl AsRef<[u8]>, qos: QoS) -> Result<Publication> {
    let payload = payload.as_ref();
    // SAFETY: the host reads topic and payload during the call only.
    check(unsafe { sys::publish(topic.as_ptr(), topic.len(), payload.as_ptr(), payload.len(), qos as i32) })
        .map(|id| Publication { id })
}

/// Messages below `/apps/{device}/` whose topic matches a filter. They come as
/// [`Event::Message`](crate::Event::Message).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub(crate) handle: i32,
}

impl Subscription {
    /// The filter may have MQTT's `+` and `#`. [`Event::Subscribed`](crate::Event::Subscribed) says whether the
    /// broker agreed.
    pub fn new(filter: &str) -> Result<Subscription> {
        // SAFETY: the host reads the filter during the call only.
        check(unsafe { sys::subscribe(filter.as_ptr(), filter.len()) }).map(|handle| Subscription { handle })
    }

    /// No further messages come.
    pub fn end(self) -> Result<()> {
        // SAFETY: takes no pointers.
        check(unsafe { sys::unsubscribe(self.handle) }).map(drop)
    }
}

/// A message that came. It can be read only while its event is handled.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    /// Whose filter it matched.
    pub subscription: Subscription,
}

impl Message {
    /// Reads the topic, below `/apps/{device}/`, into `buffer`.
    pub fn read_topic<'a>(&self, buffer: &'a mut [u8]) -> Result<&'a str> {
        core::str::from_utf8(self.read(0, buffer)?).map_err(|_| crate::Error::NotText)
    }

    /// Reads the payload into `buffer`.
    pub fn read_payload<'a>(&self, buffer: &'a mut [u8]) -> Result<&'a [u8]> {
        self.read(1, buffer)
    }

    /// The topic, below `/apps/{device}/`.
    #[cfg(feature = "alloc")]
    pub fn topic(&self) -> Result<alloc::string::String> {
        alloc::string::String::from_utf8(self.read_vec(0)?).map_err(|_| crate::Error::NotText)
    }

    /// The payload.
    #[cfg(feature = "alloc")]
    pub fn payload(&self) -> Result<alloc::vec::Vec<u8>> {
        self.read_vec(1)
    }

    fn read<'a>(&self, part: i32, buffer: &'a mut [u8]) -> Result<&'a [u8]> {
        // SAFETY: the host writes no further than the buffer's length.
        let result =
            unsafe { sys::msg_read(self.subscription.handle, part, buffer.as_mut_ptr(), buffer.len()) };
        filled(result, buffer)
    }

    #[cfg(feature = "alloc")]
    fn read_vec(&self, part: i32) -> Result<alloc::vec::Vec<u8>> {
        // SAFETY: as above.
        crate::error::filled_vec(|buffer, capacity| unsafe {
            sys::msg_read(self.subscription.handle, part, buffer, capacity)
        })
    }
}
