package import SwiftProtobuf

/// A request on the bus and the type of its answer.
///
/// The kind is the full name of the protobuf message, so a peer in any language reads it from the
/// `.proto` files.
package protocol WireRequest: SwiftProtobuf.Message, Sendable {
  associatedtype Response: SwiftProtobuf.Message, Sendable

  /// Whether doing it twice has the effect of doing it once, so that a client may send it again to
  /// another replica when it can't know what became of the first.
  static var isIdempotent: Bool { get }

  /// Who may send it, as the service that answers it declares.
  static var callers: BusRoles { get }
}

extension WireRequest {
  /// The full name of the message, for example `xtblish.v1.AssignImage`.
  package static var kind: String { protoMessageName }

  package static var isIdempotent: Bool { true }

  /// Nobody: a message that no service declares.
  package static var callers: BusRoles { [] }
}
