import AppLink
import AppSupervision
import Foundation
import Foundations

/// Runs the kernels natively and as an app, side by side, for `Benchmarks/Apps/run`.
@main
struct AppBenchmark {
  static let kernels = ["fib", "sieve", "matmul", "hash", "control"]
  /// Of each process; the best counts, because whatever else the machine does only ever adds time.
  static let repetitions = 7

  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 6, let rounds = Int(arguments[5]), rounds > 0 else {
      FileHandle.standardError.write(
        Data("usage: AppBenchmark APP-HOST-PROGRAM NATIVE-KERNELS KERNELS-WASM FOLDER ROUNDS\n".utf8))
      exit(64)
    }
    let benchmark = try AppBenchmark(
      launcher: ProcessAppLauncher(executable: arguments[1], directory: "\(arguments[4])/ipc"),
      native: arguments[2], module: arguments[3], folder: arguments[4])
    print("| kernel | native, ms | app, ms | app / native |")
    print("|---|--:|--:|--:|")
    var product = 1.0
    for kernel in kernels {
      var times: (native: [Double], app: [Double], ratios: [Double]) = ([], [], [])
      for _ in 0..<rounds {
        let native = try benchmark.runNatively(kernel)
        let app = try await benchmark.runAsApp(kernel)
        guard native.checksum == app.checksum else {
          throw BenchmarkFailure("\(kernel) gives \(native.checksum) natively and \(app.checksum) as an app")
        }
        times.native.append(native.milliseconds)
        times.app.append(app.milliseconds)
        times.ratios.append(app.milliseconds / native.milliseconds)
      }
      let ratio = median(times.ratios)
      product *= ratio
      print(
        String(
          format: "| %@ | %.2f | %.2f | %.2f |", kernel as NSString, median(times.native), median(times.app), ratio))
    }
    let mean = pow(product, 1 / Double(kernels.count))
    print(String(format: "\nGeometric mean: **%.2f** (aim: at most 1.8)", mean))
  }

  let launcher: ProcessAppLauncher
  let native: String
  let module: String
  let folder: String

  struct Outcome {
    var milliseconds: Double
    var checksum: Substring

    /// Of the lines that the program prints: nanoseconds and checksum of each repetition.
    init(_ lines: [String]) throws {
      let fields = lines.map { $0.split(separator: " ") }
      let times = fields.compactMap { $0.first.flatMap { Double($0) } }
      guard times.count == AppBenchmark.repetitions, let best = times.min(), let checksum = fields[0].last else {
        throw BenchmarkFailure("the kernel printed \(lines)")
      }
      milliseconds = best / 1e6
      self.checksum = checksum
    }
  }

  func runNatively(_ kernel: String) throws -> Outcome {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: native)
    process.arguments = [kernel, String(Self.repetitions)]
    process.standardOutput = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return try Outcome(String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init))
  }

  /// In a process of its own, with the limits and deadlines that every app has.
  func runAsApp(_ kernel: String) async throws -> Outcome {
    let app = try await launcher.launch(
      AppLaunch(
        modulePath: module, compiledCachePath: "\(folder)/kernels.code", deviceID: Array(1...16), version: 1,
        appName: "kernels", arguments: [kernel, String(Self.repetitions)]))
    await app.activate()
    var lines: [String] = []
    for await event in app.events {
      switch event {
      case .log(let line) where line.source == .stdout: lines.append(line.text)
      case .ended(let ending) where ending != .exited(code: 0): throw BenchmarkFailure("the app \(ending)")
      default: break
      }
    }
    return try Outcome(lines)
  }
}

struct BenchmarkFailure: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) {
    self.description = description
  }
}

private func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}
