;; Notes how late each of 3000 ticks of a 1 kHz timer is, in nanoseconds, and publishes them all.
(module
  (import "xtb1" "timer_start" (func $timer_start (param i64 i64) (result i32)))
  (import "xtb1" "clock_ns" (func $clock (param i32) (result i64)))
  (import "xtb1" "publish" (func $publish (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "late")
  (global $count (mut i32) (i32.const 0))
  (func (export "xtb_init") (result i32)
    (drop (call $timer_start (i64.const 100000000) (i64.const 1000000)))
    (i32.const 0))
  (func (export "xtb_event") (param $kind i32) (param $handle i32) (param $due i64) (param $missed i64) (result i32)
    (if (i32.ge_u (global.get $count) (i32.const 3000)) (then (return (i32.const 0))))
    (i32.store
      (i32.add (i32.const 1024) (i32.shl (global.get $count) (i32.const 2)))
      (i32.wrap_i64 (i64.sub (call $clock (i32.const 1)) (local.get $due))))
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (if (i32.eq (global.get $count) (i32.const 3000)) (then
      (drop (call $publish (i32.const 0) (i32.const 4) (i32.const 1024) (i32.const 12000) (i32.const 0)))))
    (i32.const 0)))
