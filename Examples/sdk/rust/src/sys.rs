//! The calls themselves, as `xtb1.h` has them for C, where they are explained.

#[repr(C)]
#[derive(Default)]
pub struct RawReading {
    pub micro_units: i64,
    pub time_ns: i64,
}

#[repr(C)]
#[derive(Default)]
pub struct RawMemory {
    pub used_bytes: i64,
    pub limit_bytes: i64,
}

#[repr(C)]
#[derive(Default)]
pub struct RawEvent {
    pub kind: i32,
    pub handle: i32,
    pub time_ns: i64,
    pub argument: i64,
    pub reserved: i64,
}

#[link(wasm_import_module = "xtb1")]
extern "C" {
    pub fn log(level: i32, text: *const u8, length: usize) -> i32;
    pub fn clock_ns(clock: i32) -> i64;
    pub fn clock_res_ns(clock: i32) -> i64;
    pub fn sleep_ns(duration_ns: i64) -> i32;
    pub fn poll(timeout_ns: i64, event: *mut RawEvent) -> i32;
    pub fn timer_start(first_ns: i64, period_ns: i64) -> i32;
    pub fn timer_stop(handle: i32) -> i32;
    pub fn kv_get(key: *const u8, key_length: usize, buffer: *mut u8, capacity: usize) -> i32;
    pub fn kv_set(key: *const u8, key_length: usize, value: *const u8, value_length: usize) -> i32;
    pub fn kv_delete(key: *const u8, key_length: usize) -> i32;
    pub fn kv_next(previous: *const u8, previous_length: usize, buffer: *mut u8, capacity: usize) -> i32;
    pub fn publish(
        topic: *const u8,
        topic_length: usize,
        payload: *const u8,
        payload_length: usize,
        qos: i32,
    ) -> i32;
    pub fn subscribe(filter: *const u8, filter_length: usize) -> i32;
    pub fn unsubscribe(handle: i32) -> i32;
    pub fn msg_read(handle: i32, part: i32, buffer: *mut u8, capacity: usize) -> i32;
    pub fn gpio_open(name: *const u8, name_length: usize, flags: i32) -> i32;
    pub fn gpio_get(pin: i32) -> i32;
    pub fn gpio_set(pin: i32, level: i32) -> i32;
    pub fn gpio_watch(pin: i32, edges: i32) -> i32;
    pub fn sensor_open(name: *const u8, name_length: usize) -> i32;
    pub fn sensor_read(sensor: i32, channel: i32, reading: *mut RawReading) -> i32;
    pub fn config_get(key: *const u8, key_length: usize, buffer: *mut u8, capacity: usize) -> i32;
    pub fn device_id(buffer: *mut u8) -> i32;
    pub fn health_confirm() -> i32;
    pub fn watchdog_arm(timeout_ns: i64) -> i32;
    pub fn watchdog_feed() -> i32;
    pub fn reset_reason() -> i32;
    pub fn mem_info(memory: *mut RawMemory) -> i32;
    pub fn random(buffer: *mut u8, length: usize) -> i32;
}
