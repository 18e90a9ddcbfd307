;; What AssemblyScript's compiler makes of
;;
;;   export function xtb_init(): i32 { console.log("hello from AssemblyScript ✓"); Math.random(); … }
;;
;; by its conventions: strings are UTF-16, a pointer leads to the first unit, and the length in bytes stands in the 4
;; bytes before it; `env` has abort, console.log and seed. It counts three seconds down, then aborts as a failed
;; assertion does: the file, line and column of that are in the log.
(module
  (import "env" "abort" (func $abort (param $message i32) (param $file i32) (param $line i32) (param $column i32)))
  (import "env" "console.log" (func $console.log (param $text i32)))
  (import "env" "seed" (func $seed (result f64)))
  (import "xtb1" "timer_start" (func $timer_start (param $first_ns i64) (param $period_ns i64) (result i32)))
  (import "xtb1" "health_confirm" (func $health_confirm (result i32)))

  (memory (export "memory") 1)
  ;; Each string: its length in bytes, then its units.
  (data (i32.const 1020) "\36\00\00\00h\00e\00l\00l\00o\00 \00f\00r\00o\00m\00 \00A\00s\00s\00e\00m\00b\00l\00y\00S\00c\00r\00i\00p\00t\00 \00\13\27")
  (data (i32.const 1148) "\02\00\00\003\00")
  (data (i32.const 1212) "\1e\00\00\00n\00o\00t\00h\00i\00n\00g\00 \00i\00s\00 \00l\00e\00f\00t\00")
  (data (i32.const 1276) "\22\00\00\00a\00s\00s\00e\00m\00b\00l\00y\00/\00i\00n\00d\00e\00x\00.\00t\00s\00")
  (data (i32.const 1404) "\20\00\00\00t\00h\00e\00 \00s\00e\00e\00d\00 \00i\00s\00 \00z\00e\00r\00o\00")

  (global $left (mut i32) (i32.const 3))

  (func (export "xtb_init") (result i32)
    (call $console.log (i32.const 1024))
    ;; What seeds Math.random must differ from start to start; zero is what a missing one would give.
    (if (f64.eq (call $seed) (f64.const 0)) (then (call $console.log (i32.const 1408))))
    (drop (call $health_confirm))
    (drop (call $timer_start (i64.const 1000000000) (i64.const 1000000000)))
    (i32.const 0))

  (func (export "xtb_event") (param $kind i32) (param $handle i32) (param $time_ns i64) (param $arg i64) (result i32)
    (if (i32.ne (local.get $kind) (i32.const 1)) (then (return (i32.const 0))))
    (if (i32.eqz (global.get $left))
      (then
        (call $abort (i32.const 1216) (i32.const 1280) (i32.const 12) (i32.const 5))
        (unreachable)))
    (i32.store8 (i32.const 1152) (i32.add (i32.const 48) (global.get $left)))
    (call $console.log (i32.const 1152))
    (global.set $left (i32.sub (global.get $left) (i32.const 1)))
    (i32.const 0)))
