/// An app of the event kind around the given bodies of its functions. Strings: "hello" at 16, "topic" at 32, "led" at
/// 80, "button" at 88, "temperature" at 96, "a/+" at 112.
package func eventApp(
  initialize: String = "(i32.const 0)", event: String = "(i32.const 0)", more: String = ""
) -> String {
  """
  (module
    (import "xtb1" "log" (func $log (param i32 i32 i32) (result i32)))
    (import "xtb1" "timer_start" (func $timer_start (param i64 i64) (result i32)))
    (import "xtb1" "timer_stop" (func $timer_stop (param i32) (result i32)))
    (import "xtb1" "publish" (func $publish (param i32 i32 i32 i32 i32) (result i32)))
    (import "xtb1" "health_confirm" (func $health_confirm (result i32)))
    (import "xtb1" "config_get" (func $config_get (param i32 i32 i32 i32) (result i32)))
    (import "xtb1" "device_id" (func $device_id (param i32) (result i32)))
    (import "xtb1" "random" (func $random (param i32 i32) (result i32)))
    (import "xtb1" "clock_ns" (func $clock_ns (param i32) (result i64)))
    (import "xtb1" "clock_res_ns" (func $clock_res_ns (param i32) (result i64)))
    (import "xtb1" "sleep_ns" (func $sleep_ns (param i64) (result i32)))
    (import "xtb1" "poll" (func $poll (param i64 i32) (result i32)))
    (import "xtb1" "kv_get" (func $kv_get (param i32 i32 i32 i32) (result i32)))
    (import "xtb1" "kv_set" (func $kv_set (param i32 i32 i32 i32) (result i32)))
    (import "xtb1" "kv_delete" (func $kv_delete (param i32 i32) (result i32)))
    (import "xtb1" "kv_next" (func $kv_next (param i32 i32 i32 i32) (result i32)))
    (import "xtb1" "subscribe" (func $subscribe (param i32 i32) (result i32)))
    (import "xtb1" "unsubscribe" (func $unsubscribe (param i32) (result i32)))
    (import "xtb1" "msg_read" (func $msg_read (param i32 i32 i32 i32) (result i32)))
    (import "xtb1" "gpio_open" (func $gpio_open (param i32 i32 i32) (result i32)))
    (import "xtb1" "gpio_get" (func $gpio_get (param i32) (result i32)))
    (import "xtb1" "gpio_set" (func $gpio_set (param i32 i32) (result i32)))
    (import "xtb1" "gpio_watch" (func $gpio_watch (param i32 i32) (result i32)))
    (import "xtb1" "sensor_open" (func $sensor_open (param i32 i32) (result i32)))
    (import "xtb1" "sensor_read" (func $sensor_read (param i32 i32 i32) (result i32)))
    (import "xtb1" "watchdog_arm" (func $watchdog_arm (param i64) (result i32)))
    (import "xtb1" "watchdog_feed" (func $watchdog_feed (result i32)))
    (import "xtb1" "reset_reason" (func $reset_reason (result i32)))
    (import "xtb1" "mem_info" (func $mem_info (param i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 16) "hello")
    (data (i32.const 32) "topic")
    (data (i32.const 80) "led") (data (i32.const 88) "button") (data (i32.const 96) "temperature")
    (data (i32.const 112) "a/+")
    (func $hello (drop (call $log (i32.const 1) (i32.const 16) (i32.const 5))))
    \(more)
    (func (export "xtb_init") (result i32) \(initialize))
    (func (export "xtb_event") (param $kind i32) (param $handle i32) (param $time i64) (param $arg i64) (result i32)
      \(event)))
  """
}
