;; Says one line as soon as it may, and then waits for events that never come.
(module
  (import "xtb1" "log" (func $log (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "here")
  (func (export "xtb_init") (result i32) (drop (call $log (i32.const 1) (i32.const 0) (i32.const 4))) (i32.const 0))
  (func (export "xtb_event") (param i32 i32 i64 i64) (result i32) (i32.const 0)))
