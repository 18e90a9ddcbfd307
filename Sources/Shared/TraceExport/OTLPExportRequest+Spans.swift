import FoundationEssentials
import Foundations
import ServiceKit
import SwiftProtobuf

extension OTLPExportRequest {
  /// - Parameters:
  ///   - service: the program whose spans they are, unless they name another.
  ///   - instance: which of several such programs it is.
  init(_ spans: [TraceSpan], service: String, instance: String) {
    self.init()
    let programs = Dictionary(grouping: spans) { $0.program ?? service }
    resourceSpans = programs.sorted { $0.key < $1.key }.map { program, spans in
      OTLPResourceSpans.with {
        $0.resource.attributes = [
          OTLPKeyValue("service.name", .text("xtblish-\(program)")),
          OTLPKeyValue("service.instance.id", .text(instance)),
          OTLPKeyValue("service.version", .text(XtblishVersion.current)),
        ]
        $0.scopeSpans = [
          OTLPScopeSpans.with {
            $0.scope.name = "xtblish"
            $0.scope.version = XtblishVersion.current
            $0.spans = spans.map { OTLPSpan($0, of: program) }
          }
        ]
      }
    }
  }
}

extension OTLPSpan {
  fileprivate init(_ span: TraceSpan, of program: String) {
    self.init()
    traceID = Data(span.context.traceIDBytes)
    spanID = Data(span.context.spanIDBytes)
    parentSpanID = Data(span.context.parentSpanIDBytes)
    name = span.name
    kind = span.kind.rawValue
    startTimeUnixNano = span.start.nanoseconds
    endTimeUnixNano = span.end.nanoseconds
    attributes = span.attributes.sorted { $0.key < $1.key }.map { OTLPKeyValue($0.key, $0.value) }
    // Also where receivers show spans without their resource.
    attributes.append(OTLPKeyValue("xtblish.program", .text(program)))
    if !span.context.requestID.isEmpty {
      attributes.append(OTLPKeyValue("xtblish.request_id", .text(span.context.requestID)))
    }
    if let failure = span.failure {
      status.code = Self.errorCode
      status.message = failure
    }
    flags = span.context.isSampled ? 1 : 0
  }

  private static let errorCode: Int32 = 2
}

extension OTLPKeyValue {
  fileprivate init(_ key: String, _ value: TraceSpan.Value) {
    self.init()
    self.key = key
    switch value {
    case .text(let text): self.value.stringValue = text
    case .number(let number): self.value.intValue = number
    }
  }
}
