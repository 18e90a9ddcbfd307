import Foundation

/// A new folder under the system's temporary one, removed with all it holds when the last reference goes.
package final class TemporaryFolder: Sendable {
  package let path: String
  /// PostgreSQL's own user must be able to enter a folder that root made.
  static let permissionsForOthers: mode_t = 0o755

  package init(_ name: String = "xtblish-test") throws {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(base)/\(name).XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw TestFailure("can't make a folder under \(base): \(errorText())")
    }
    path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }

  package func path(_ relative: String) -> String { "\(path)/\(relative)" }

  deinit {
    removeTree(path)
  }
}

/// Removes a file, or a folder with all it holds. What is not there is fine.
package func removeTree(_ path: String) {
  try? FileManager.default.removeItem(atPath: path)
}

/// The text of the calling thread's `errno`.
func errorText(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }
