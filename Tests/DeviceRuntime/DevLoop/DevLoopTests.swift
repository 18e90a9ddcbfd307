import Foundation
import Glibc
import TestApps
import TestSupport
import Testing

@testable import AppLink
@testable import Foundations

/// `xtblish-device dev`, as somebody who writes an app uses it.
@Suite(.seated, .serialized, .timeLimit(.minutes(10))) struct DevLoopTests {
  /// An app's file in a folder of its own, and the command's standard input.
  final class Bench {
    let folder: TemporaryFolder
    private let input: String
    /// Open at both ends, so that nobody waits for the other.
    private let pipe: Int32

    init() throws {
      folder = try TemporaryFolder("xtblish-dev")
      input = folder.path("commands")
      guard mkfifo(input, 0o600) == 0 else { throw TestFailure("can't make a pipe") }
      pipe = open(input, O_RDWR | O_CLOEXEC)
    }

    deinit { close(pipe) }

    func say(_ line: String) throws {
      let bytes = Array((line + "\n").utf8)
      guard Glibc.write(pipe, bytes, bytes.count) == bytes.count else { throw TestFailure("can't write commands") }
    }

    var module: String { folder.path("app.wasm") }

    func save(_ text: String, _ options: [String] = ["--debug-names"]) async throws {
      try write(try await assemble(text, options: options), to: module)
    }

    func write(_ bytes: [UInt8], to path: String) throws {
      let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
      defer { close(descriptor) }
      guard descriptor >= 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
        throw TestFailure("can't write \(path)")
      }
    }

    func start(_ arguments: [String] = []) throws -> ChildProcess {
      try ChildProcess(
        try product("xtblish-device"), ["dev", module] + arguments, inheritsEnvironment: false, input: input)
    }
  }

  static func saying(_ text: String) -> String {
    """
    (module
      (import "xtb1" "log" (func $log (param i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "\(text)")
      (func (export "xtb_init") (result i32)
        (drop (call $log (i32.const 1) (i32.const 0) (i32.const \(text.utf8.count)))) (i32.const 0))
      (func (export "xtb_event") (param i32 i32 i64 i64) (result i32) (i32.const 0)))
    """
  }

  @Test func anAppRunsWithNoServerAndEndsCleanly() async throws {
    let bench = try Bench()
    try await bench.save(Self.saying("hello there"))
    let dev = try bench.start()
    try await dev.waitForLine(containing: "hello there")
    try await dev.waitForLine(containing: "running after")
    // No colours: this is no terminal.
    #expect(!dev.output.contains("\u{1B}"))
    dev.kill(SIGINT)
    #expect(try await dev.waitForExit() == .exited(0))
    #expect(access(bench.folder.path(".xtblish-dev"), F_OK) == 0)
  }

  @Test(arguments: [false, true]) func aChangedFileStartsItAgainWithinASecond(byRename: Bool) async throws {
    let bench = try Bench()
    try await bench.save(Self.saying("first"))
    let dev = try bench.start()
    try await dev.waitForLine(containing: "first")
    // On a machine that does much else, one of several counts.
    var milliseconds: [Int] = []
    while milliseconds.min() ?? .max >= 1000, milliseconds.count < 5 {
      let next = try await assemble(Self.saying("change \(milliseconds.count)"))
      if byRename {
        try bench.write(next, to: bench.folder.path("app.wasm.tmp"))
        #expect(rename(bench.folder.path("app.wasm.tmp"), bench.module) == 0)
      } else {
        try bench.write(next, to: bench.module)
      }
      try await dev.waitForLine(containing: "change \(milliseconds.count)")
      try await eventually { dev.output.components(of: "running after ").count == milliseconds.count + 3 }
      let took = dev.output.components(of: "running after ").last?.split(separator: " ").first
      milliseconds.append(try #require(took.flatMap { Int($0) }))
    }
    #expect(try #require(milliseconds.min()) < 1000)
    try await dev.stop()
  }

  @Test func whatCanNotRunSaysWhyAndWaits() async throws {
    let bench = try Bench()
    try bench.write(Array("(module)".utf8), to: bench.module)
    let dev = try bench.start()
    try await dev.waitForLine(containing: "wat2wasm")
    try bench.write(Array("#!/bin/sh".utf8), to: bench.module)
    try await dev.waitForLine(containing: "is no WebAssembly module")
    try await bench.save(
      #"(module (import "xtb1" "fly" (func)) (memory (export "memory") 1) (func (export "_start")))"#)
    try await dev.waitForLine(containing: "xtb1.fly")
    try await bench.save(#"(module (memory (export "memory") 1))"#)
    try await dev.waitForLine(containing: "nothing to run")
    try await bench.save(Self.saying("at last"))
    try await dev.waitForLine(containing: "at last")
    try await dev.stop()
  }

  /// What goes to a device is stripped; the lines are in the file beside it, and names as the sources have them.
  @Test(arguments: [("crash-c", "crash.c:"), ("crash-rust", "crash.rs:"), ("crash-swift", "Crash.swift:")])
  func theDebugModuleBesideTellsTheLines(name: String, place: String) async throws {
    let bench = try Bench()
    try bench.write(try await ExampleBuild.debugModule(name).bytes, to: bench.folder.path("app.debug.wasm"))
    try bench.write(try await ExampleBuild.module(name), to: bench.module)
    let dev = try bench.start()
    try await dev.waitForLine(containing: "trapped")
    try await dev.waitForLine(containing: place)
    for mangled in ["_ZN", " $s", " $e"] { #expect(!dev.output.contains(mangled), "\(dev.output)") }
    try await dev.stop()

    // Of another build it says nothing.
    let other = try Bench()
    try other.write(try await ExampleBuild.debugModule("crash-c").bytes, to: other.folder.path("app.debug.wasm"))
    try other.write(try await ExampleBuild.module("crash-rust"), to: other.module)
    let apart = try other.start()
    try await apart.waitForLine(containing: "waiting for the file to change")
    #expect(!apart.output.contains("crash.c:"))
    try await apart.stop()
  }

  @Test func namesAreDemangled() {
    #expect(Demangling.name("_ZN5crash6divide17h0123456789abcdefE") == "crash::divide")
    #expect(Demangling.name("_ZN4Lamp6switchEb") == "Lamp::switch(bool)")
    #expect(Demangling.name("$s5Crash6divideyS2i_SitF") == "Crash.divide(Swift.Int, Swift.Int) -> Swift.Int")
    #expect(Demangling.name("xtb_init") == "xtb_init" && Demangling.name("_Zwhat") == "_Zwhat")
  }

  @Test func aTrapShowsItsFunctions() async throws {
    let bench = try Bench()
    try await bench.save(
      eventApp(
        initialize: "(call $outer) (i32.const 0)",
        more: "(func $inner (unreachable)) (func $outer (call $inner))"))
    let dev = try bench.start()
    try await dev.waitForLine(containing: "trapped")
    try await dev.waitForLine(containing: "in inner")
    try await dev.waitForLine(containing: "in outer")
    try await dev.waitForLine(containing: "waiting for the file to change")
    try await dev.stop()
  }

  @Test(.enabled(if: access("/usr/bin/llvm-symbolizer", X_OK) == 0)) func aTrapShowsItsSourceLines() async throws {
    let bench = try Bench()
    try writeFile(
      bench.folder.path("divide.c"),
      """
      static volatile int zero;
      static int divide(int value) {
        return value / zero;
      }
      __attribute__((export_name("xtb_init"))) int xtb_init(void) { return divide(zero + 100); }
      __attribute__((export_name("xtb_event"))) int xtb_event(int a, int b, long long c, long long d) { return 0; }
      """)
    // One-step linking would run wasm-opt where it is installed.
    for arguments in [
      ["clang", "--target=wasm32", "-g", "-O1", "-fno-inline", "-nostdlib", "-c", "divide.c", "-o", "divide.o"],
      ["wasm-ld", "--no-entry", "divide.o", "-o", "app.wasm"],
    ] {
      let tool = try ChildProcess(arguments[0], Array(arguments.dropFirst()), workingFolder: bench.folder.path)
      #expect(try await tool.waitForExit() == .exited(0), "\(tool.output)")
    }
    let dev = try bench.start()
    let line = try await dev.waitForLine(containing: "divide.c:")
    #expect(line.contains("in divide at ") && line.contains("divide.c:3"))
    try await dev.stop()
  }

  @Test func commandsSetPinsAndWhatTheAppDoesIsShown() async throws {
    let bench = try Bench()
    // Watches the button, and sets the led and publishes at its edge.
    try await bench.save(
      """
      (module
        (import "xtb1" "gpio_open" (func $open (param i32 i32 i32) (result i32)))
        (import "xtb1" "gpio_watch" (func $watch (param i32 i32) (result i32)))
        (import "xtb1" "gpio_set" (func $set (param i32 i32) (result i32)))
        (import "xtb1" "publish" (func $publish (param i32 i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "button") (data (i32.const 16) "led") (data (i32.const 32) "pressed")
        (global $led (mut i32) (i32.const 0))
        (func (export "xtb_init") (result i32)
          (global.set $led (call $open (i32.const 16) (i32.const 3) (i32.const 1)))
          (drop (call $watch (call $open (i32.const 0) (i32.const 6) (i32.const 0)) (i32.const 3)))
          (i32.const 0))
        (func (export "xtb_event") (param $kind i32) (param $handle i32) (param $time i64) (param $arg i64) (result i32)
          (if (i32.eq (local.get $kind) (i32.const 5)) (then
            (drop (call $set (global.get $led) (i32.const 1)))
            (drop (call $publish (i32.const 32) (i32.const 7) (i32.const 0) (i32.const 6) (i32.const 1)))))
          (i32.const 0)))
      """)
    let dev = try bench.start()
    try await dev.waitForLine(containing: "running after")
    try bench.say("pin button 1")
    try await dev.waitForLine(containing: "pin led is 1")
    try await dev.waitForLine(containing: "publish pressed (QoS 1): button")
    try bench.say("pin nose 1")
    try await dev.waitForLine(containing: "no pin \"nose\"")
    try bench.say("fly")
    try await dev.waitForLine(containing: "\"fly\" is no command")
    try bench.say("quit")
    #expect(try await dev.waitForExit() == .exited(0))
  }

  @Test func aMessageWaitsUntilTheAppHasInitialised() async throws {
    let bench = try Bench()
    // Subscribes when it initialises, and says so when a message comes.
    try await bench.save(
      """
      (module
        (import "xtb1" "log" (func $log (param i32 i32 i32) (result i32)))
        (import "xtb1" "subscribe" (func $subscribe (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "set") (data (i32.const 16) "heard it")
        (func (export "xtb_init") (result i32)
          (drop (call $subscribe (i32.const 0) (i32.const 3))) (i32.const 0))
        (func (export "xtb_event") (param $kind i32) (param $handle i32) (param $time i64) (param $arg i64) (result i32)
          (if (i32.eq (local.get $kind) (i32.const 3)) (then
            (drop (call $log (i32.const 1) (i32.const 16) (i32.const 8)))))
          (i32.const 0)))
      """)
    try writeFile(bench.folder.path("script"), "publish set on\n")
    let dev = try bench.start(["--commands", bench.folder.path("script")])
    try await dev.waitForLine(containing: "heard it")
    #expect(!dev.output.contains("no subscription"))
    try await dev.stop()
    // With no app there is nothing to wait for.
    try bench.write(Array("(module)".utf8), to: bench.module)
    try writeFile(bench.folder.path("script"), "publish set on\nquit\n")
    let idle = try bench.start(["--commands", bench.folder.path("script")])
    #expect(try await idle.waitForExit() == .exited(0))
    #expect(idle.output.contains("no app runs"))
  }

  @Test func storedValuesOutliveTheLoop() async throws {
    let bench = try Bench()
    // Says how long the stored value is, and stores one byte more.
    try await bench.save(
      """
      (module
        (import "xtb1" "log" (func $log (param i32 i32 i32) (result i32)))
        (import "xtb1" "kv_get" (func $get (param i32 i32 i32 i32) (result i32)))
        (import "xtb1" "kv_set" (func $set (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "k") (data (i32.const 16) "stored: 0")
        (func (export "xtb_init") (result i32)
          (local $length i32)
          (local.set $length (call $get (i32.const 0) (i32.const 1) (i32.const 100) (i32.const 100)))
          (if (i32.lt_s (local.get $length) (i32.const 0)) (then (local.set $length (i32.const 0))))
          (i32.store8 (i32.const 24) (i32.add (i32.const 48) (local.get $length)))
          (drop (call $log (i32.const 1) (i32.const 16) (i32.const 9)))
          (call $set (i32.const 0) (i32.const 1) (i32.const 100) (i32.add (local.get $length) (i32.const 1))))
        (func (export "xtb_event") (param i32 i32 i64 i64) (result i32) (i32.const 0)))
      """)
    for round in 0..<3 {
      let dev = try bench.start()
      try await dev.waitForLine(containing: "stored: \(round)")
      try await dev.waitForLine(containing: "running after")
      try await dev.stop()
    }
    let other = try bench.start(["--name", "other"])
    try await other.waitForLine(containing: "stored: 0")
    try await other.stop()
  }

  @Test func aBoardAndAProgramsArgumentsAreTaken() async throws {
    let bench = try Bench()
    try await bench.save(Self.saying("x"))
    try writeFile(bench.folder.path("board.json"), #"{"pins":[{"name":"valve","direction":"sideways"}]}"#)
    let dev = try bench.start(["--board", bench.folder.path("board.json")])
    #expect(try await dev.waitForExit() == .exited(65))
    #expect(dev.output.contains("valve"))
    try writeFile(bench.folder.path("board.json"), #"{"pins":[{"name":"valve","direction":"output"}]}"#)
    try writeFile(bench.folder.path("script"), "pin led 1\nquit\n")
    let good = try bench.start(
      ["--board", bench.folder.path("board.json"), "--commands", bench.folder.path("script")])
    #expect(try await good.waitForExit() == .exited(0))
    #expect(good.output.contains("there are valve"))
  }
}

extension String {
  fileprivate func components(of separator: String) -> [String] {
    var (parts, rest) = ([String](), self[...])
    while let range = rest.range(of: separator) {
      parts.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return parts + [String(rest)]
  }
}
