import Glibc

/// The folder that the build put its executables in, for example `.build/debug`.
package func productsDirectory() throws -> String {
  // The test runner is `<package>PackageTests.xctest` there, or a program of the toolchain that loads it.
  let tests = try loadedTestBundle()
  return String(tests[..<(tests.lastIndex(of: "/") ?? tests.startIndex)])
}

/// A built product of the package, for example `xtblish-registry`.
package func product(_ name: String) throws -> String {
  let path = try "\(productsDirectory())/\(name)"
  guard access(path, X_OK) == 0 else {
    throw TestFailure("\(path) is not there: build it first (swift build --product \(name))")
  }
  return path
}

/// The top folder of the package's sources.
package func packageDirectory() -> String {
  // Tests/TestSupport/ProductsDirectory.swift. Not a default argument: that would be the caller's file.
  var path = #filePath[...]
  for _ in 0..<3 { path = path[..<(path.lastIndex(of: "/") ?? path.startIndex)] }
  return String(path)
}

/// The path of the loaded object that holds this very function.
private func loadedTestBundle() throws -> String {
  var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
  let count = readlink("/proc/self/exe", &buffer, Int(PATH_MAX))
  guard count > 0 else { throw TestFailure("can't read /proc/self/exe: \(errorText())") }
  let executable = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  if executable.hasSuffix(".xctest") { return executable }
  if let path = CommandLine.arguments.first(where: { $0.hasSuffix(".xctest") }) { return path }
  throw TestFailure("can't tell where the build put its products from \(executable)")
}
