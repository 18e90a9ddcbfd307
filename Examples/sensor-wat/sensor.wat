;; A temperature sensor, written by hand: reads each second, logs the reading and publishes it as JSON to the topic
;; `temperature`. Counts its readings across restarts and updates. @APP_VERSION@ is filled in by the build.
(module
  (import "xtb1" "log" (func $log (param $level i32) (param $text i32) (param $length i32) (result i32)))
  (import "xtb1" "timer_start" (func $timer_start (param $first_ns i64) (param $period_ns i64) (result i32)))
  (import "xtb1" "sensor_open" (func $sensor_open (param $name i32) (param $length i32) (result i32)))
  (import "xtb1" "sensor_read" (func $sensor_read (param $sensor i32) (param $channel i32) (param $out i32) (result i32)))
  (import "xtb1" "kv_get" (func $kv_get (param $key i32) (param $length i32) (param $buffer i32) (param $capacity i32) (result i32)))
  (import "xtb1" "kv_set" (func $kv_set (param $key i32) (param $length i32) (param $value i32) (param $size i32) (result i32)))
  (import "xtb1" "publish" (func $publish (param $topic i32) (param $length i32) (param $payload i32) (param $size i32) (param $qos i32) (result i32)))
  (import "xtb1" "config_get" (func $config_get (param $key i32) (param $length i32) (param $buffer i32) (param $capacity i32) (result i32)))
  (import "xtb1" "health_confirm" (func $health_confirm (result i32)))

  (memory (export "memory") 1)
  ;; 0: the reading, 16 bytes. 16: the count as it is kept, 8 bytes. 32: digits of a number. 64: configuration.
  (data (i32.const 128) "temperature")                                                       ;; 11
  (data (i32.const 144) "readings")                                                          ;; 8
  (data (i32.const 160) "period_ms")                                                         ;; 9
  ;; Pieces of text end in a zero byte.
  (data (i32.const 256) "sensor-wat @APP_VERSION@ starts: period_ms \00")
  (data (i32.const 384) ", \00")
  (data (i32.const 400) " readings so far\00")
  (data (i32.const 432) "temperature \00")
  (data (i32.const 448) " \c2\b0C (reading \00")
  (data (i32.const 480) ")\00")
  (data (i32.const 496) "{\"temperature\":\00")
  (data (i32.const 528) ",\"unit\":\"C\",\"reading\":\00")
  (data (i32.const 560) ",\"app\":\"sensor-wat\",\"version\":\"@APP_VERSION@\"}\00")
  (data (i32.const 704) "the sensor can't be read\00")
  (data (i32.const 736) "there is no sensor \"temperature\"\00")
  (data (i32.const 784) "the reading is not published\00")
  ;; 1024: text that is put together.

  (global $end (mut i32) (i32.const 1024))
  (global $sensor (mut i32) (i32.const 0))
  (global $timer (mut i32) (i32.const 0))
  (global $readings (mut i64) (i64.const 0))
  (global $confirmed (mut i32) (i32.const 0))

  (func $append_byte (param $byte i32)
    (i32.store8 (global.get $end) (local.get $byte))
    (global.set $end (i32.add (global.get $end) (i32.const 1))))

  (func $append (param $text i32)
    (local $byte i32)
    (block $done
      (loop $next
        (local.set $byte (i32.load8_u (local.get $text)))
        (br_if $done (i32.eqz (local.get $byte)))
        (call $append_byte (local.get $byte))
        (local.set $text (i32.add (local.get $text) (i32.const 1)))
        (br $next))))

  ;; A number of 0 and above, with at least `digits` digits.
  (func $append_digits (param $number i64) (param $digits i32)
    (local $at i32)
    (local.set $at (i32.const 64))
    (loop $next
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $number) (i64.const 10)))))
      (local.set $number (i64.div_u (local.get $number) (i64.const 10)))
      (local.set $digits (i32.sub (local.get $digits) (i32.const 1)))
      (br_if $next (i32.or (i64.ne (local.get $number) (i64.const 0)) (i32.gt_s (local.get $digits) (i32.const 0)))))
    (loop $copy
      (call $append_byte (i32.load8_u (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $copy (i32.lt_u (local.get $at) (i32.const 64)))))

  ;; Millionths as a decimal number with two decimals.
  (func $append_hundredths (param $micro i64)
    (local $hundredths i64)
    (local.set $hundredths (i64.div_s (local.get $micro) (i64.const 10000)))
    (if (i64.lt_s (local.get $hundredths) (i64.const 0))
      (then
        (call $append_byte (i32.const 45))
        (local.set $hundredths (i64.sub (i64.const 0) (local.get $hundredths)))))
    (call $append_digits (i64.div_u (local.get $hundredths) (i64.const 100)) (i32.const 1))
    (call $append_byte (i32.const 46))
    (call $append_digits (i64.rem_u (local.get $hundredths) (i64.const 100)) (i32.const 2)))

  ;; Logs what was appended, and begins anew.
  (func $log_text (param $level i32)
    (drop (call $log (local.get $level) (i32.const 1024) (i32.sub (global.get $end) (i32.const 1024))))
    (global.set $end (i32.const 1024)))

  (func $warn (param $text i32)
    (call $append (local.get $text))
    (call $log_text (i32.const 2)))

  ;; The configuration's period_ms from 10 to 3600000, or 1000.
  (func $period_ms (result i64)
    (local $length i32) (local $at i32) (local $digit i32) (local $number i64)
    (local.set $length (call $config_get (i32.const 160) (i32.const 9) (i32.const 64) (i32.const 12)))
    (if (i32.or (i32.le_s (local.get $length) (i32.const 0)) (i32.gt_s (local.get $length) (i32.const 12)))
      (then (return (i64.const 1000))))
    (loop $next
      (local.set $digit (i32.sub (i32.load8_u offset=64 (local.get $at)) (i32.const 48)))
      (if (i32.gt_u (local.get $digit) (i32.const 9)) (then (return (i64.const 1000))))
      (local.set $number
        (i64.add (i64.mul (local.get $number) (i64.const 10)) (i64.extend_i32_u (local.get $digit))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_s (local.get $at) (local.get $length))))
    (select (local.get $number) (i64.const 1000)
      (i32.and (i64.ge_u (local.get $number) (i64.const 10)) (i64.le_u (local.get $number) (i64.const 3600000)))))

  (func $measure
    (if (i32.lt_s (call $sensor_read (global.get $sensor) (i32.const 0) (i32.const 0)) (i32.const 0))
      (then (call $warn (i32.const 704)) (return)))
    (global.set $readings (i64.add (global.get $readings) (i64.const 1)))

    (call $append (i32.const 432))
    (call $append_hundredths (i64.load (i32.const 0)))
    (call $append (i32.const 448))
    (call $append_digits (global.get $readings) (i32.const 1))
    (call $append (i32.const 480))
    (call $log_text (i32.const 1))

    (call $append (i32.const 496))
    (call $append_hundredths (i64.load (i32.const 0)))
    (call $append (i32.const 528))
    (call $append_digits (global.get $readings) (i32.const 1))
    (call $append (i32.const 560))
    (if (i32.lt_s
          (call $publish (i32.const 128) (i32.const 11) (i32.const 1024)
            (i32.sub (global.get $end) (i32.const 1024)) (i32.const 1))
          (i32.const 0))
      (then (global.set $end (i32.const 1024)) (call $warn (i32.const 784))))
    (global.set $end (i32.const 1024))

    ;; Not at each reading: flash wears.
    (if (i64.eq (i64.rem_u (global.get $readings) (i64.const 10)) (i64.const 1))
      (then
        (i64.store (i32.const 16) (global.get $readings))
        (drop (call $kv_set (i32.const 144) (i32.const 8) (i32.const 16) (i32.const 8)))))
    (if (i32.eqz (global.get $confirmed))
      (then
        (global.set $confirmed (i32.const 1))
        (drop (call $health_confirm)))))

  (func (export "xtb_init") (result i32)
    (local $period i64)
    (global.set $sensor (call $sensor_open (i32.const 128) (i32.const 11)))
    (if (i32.lt_s (global.get $sensor) (i32.const 0))
      (then (call $warn (i32.const 736)) (return (global.get $sensor))))
    (if (i32.eq (call $kv_get (i32.const 144) (i32.const 8) (i32.const 16) (i32.const 8)) (i32.const 8))
      (then (global.set $readings (i64.load (i32.const 16)))))

    (local.set $period (call $period_ms))
    (call $append (i32.const 256))
    (call $append_digits (local.get $period) (i32.const 1))
    (call $append (i32.const 384))
    (call $append_digits (global.get $readings) (i32.const 1))
    (call $append (i32.const 400))
    (call $log_text (i32.const 1))

    (global.set $timer (call $timer_start (i64.const 0) (i64.mul (local.get $period) (i64.const 1000000))))
    (select (global.get $timer) (i32.const 0) (i32.lt_s (global.get $timer) (i32.const 0))))

  (func (export "xtb_event") (param $kind i32) (param $handle i32) (param $time_ns i64) (param $arg i64) (result i32)
    (if (i32.and (i32.eq (local.get $kind) (i32.const 1)) (i32.eq (local.get $handle) (global.get $timer)))
      (then (call $measure)))
    (i32.const 0)))
