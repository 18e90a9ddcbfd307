import ArgumentParser
import FoundationEssentials
import Foundations
import TextFormats
import Wire

/// What a command could not do, and what to do about it; `status` is the exit status of the command then.
package struct AdminError: Error, CustomStringConvertible, Equatable {
  package let description: String
  package let status: ExitStatus

  package init(_ description: String, status: ExitStatus = .failure) {
    self.description = description
    self.status = status
  }
}

/// Runs the body of a command. What it throws becomes one `error: …` on the standard error, and the exit code.
///
/// From here on the process leaves no core dump: a command may hold keys and tokens.
package func runAdmin(
  write: (String) -> Void = StandardError.write, isolation: isolated (any Actor)? = #isolation,
  _ body: () async throws -> Void
) async throws {
  CoreDumps.exclude()
  do {
    try await body()
  } catch let code as ExitCode {
    throw code
  } catch let error as ValidationError {
    // The parser prints the usage with it.
    throw error
  } catch {
    let report = AdminReport(error)
    write("error: \(report.message)\n")
    throw ExitCode(report.status.rawValue)
  }
}

/// What is said of an error, and the exit code.
struct AdminReport: Equatable {
  let message: String
  let status: ExitStatus

  init(_ error: any Error) {
    switch error {
    case let error as AdminError:
      message = error.description
      status = error.status
    case let error as SettingsError:
      message = "the configuration is wrong:\n" + error.problems.map { "  \($0.message)" }.joined(separator: "\n")
      status = .configuration
    case let failure as WireFailure:
      message = PlainText.escaped(failure.description)
      status = Self.status(failure.code)
    case let failure as RequestFailure:
      message = PlainText.escaped(failure.description)
      status = Self.status(WireFailure(failure).code)
    case is CancellationError:
      message = "interrupted"
      status = .temporary
    default:
      message = PlainText.escaped("\(error)")
      status = .failure
    }
  }

  private static func status(_ code: WireFailure.Code) -> ExitStatus {
    switch code {
    case .invalid, .notFound: .data
    case .overloaded, .deadlineExceeded: .temporary
    case .unavailable: .unavailable
    case .permissionDenied: .permission
    case .conflict, .unsupported, .internal, .unspecified, .UNRECOGNIZED: .failure
    }
  }
}

/// Prints a value as JSON: keys in order, times in ISO 8601.
package func printJSON(_ value: some Encodable) throws {
  StandardOutput.write(try jsonText(value))
}

/// The text that `printJSON` prints for a value.
package func jsonText(_ value: some Encodable) throws -> String {
  PlainText.escaped(json: String(decoding: try JSONCoding.encoder(pretty: true).encode(value), as: UTF8.self)) + "\n"
}
