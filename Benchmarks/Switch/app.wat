;; Logs a line, confirms itself, and has an event to handle every millisecond.
(module
  (import "xtb1" "log" (func $log (param i32 i32 i32) (result i32)))
  (import "xtb1" "health_confirm" (func $confirm (result i32)))
  (import "xtb1" "timer_start" (func $timer (param i64 i64) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "the app is up")
  (func (export "xtb_init") (result i32)
    (drop (call $log (i32.const 1) (i32.const 16) (i32.const 13)))
    (drop (call $timer (i64.const 1000000) (i64.const 1000000)))
    (drop (call $confirm))
    (i32.const 0))
  (func (export "xtb_event") (param i32 i32 i64 i64) (result i32)
    (i32.const 0)))
