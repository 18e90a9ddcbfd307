import Glibc

/// The Python that tests use to speak to the project with code that shares nothing with it.
package enum PythonEnvironment {
  /// The interpreter, with pyzmq, protobuf and cryptography installed: `XTBLISH_TEST_PYTHON`, else the one that
  /// `make test` puts into `.build-python`.
  package static func interpreter() throws -> String {
    if let chosen = ownEnvironment()["XTBLISH_TEST_PYTHON"], !chosen.isEmpty {
      guard access(chosen, X_OK) == 0 else {
        throw TestFailure("XTBLISH_TEST_PYTHON is \(chosen), which can't be run; point it to a Python interpreter")
      }
      return chosen
    }
    let path = "\(packageDirectory())/.build-python/bin/python"
    guard access(path, X_OK) == 0 else {
      throw TestFailure("\(path) is not there; make it with `make python`, or set XTBLISH_TEST_PYTHON")
    }
    return path
  }
}
