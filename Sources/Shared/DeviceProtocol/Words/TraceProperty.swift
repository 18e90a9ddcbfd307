package import Foundations

/// The MQTT 5 user properties that tie a message to a trace. A device that gets them with a notification puts them beside
/// its reports of that version, and into its requests as headers of the same names; one that does not know them leaves
/// them out.
package enum TraceProperty: String, Sendable, CaseIterable {
  /// The W3C trace context (https://www.w3.org/TR/trace-context/).
  case traceParent = "traceparent"
  /// How the client named the request that the trace began with.
  case requestID = "X-Request-Id"
}

extension TraceContext {
  /// What goes beside a message, or into the head of a request, that belongs to the trace.
  package var properties: [(name: TraceProperty, value: String)] {
    var properties = [(name: TraceProperty.traceParent, value: description)]
    if !requestID.isEmpty { properties.append((.requestID, requestID)) }
    return properties
  }

  /// Reads what came beside a message; nil if that is no trace, or none that can be read.
  package init?(property: (TraceProperty) -> String?) {
    guard let traceParent = property(.traceParent) else { return nil }
    self.init(traceParent, requestID: property(.requestID) ?? "")
  }
}
