;; Confirms itself at once, and crashes half a second after each start.
(module
  (import "xtb1" "health_confirm" (func $confirm (result i32)))
  (import "xtb1" "timer_start" (func $timer (param i64 i64) (result i32)))
  (memory (export "memory") 1)
  (func (export "xtb_init") (result i32)
    (drop (call $confirm))
    (drop (call $timer (i64.const 500000000) (i64.const 0)))
    (i32.const 0))
  (func (export "xtb_event") (param i32 i32 i64 i64) (result i32)
    (if (i32.eq (local.get 0) (i32.const 1)) (then unreachable))
    (i32.const 0)))
