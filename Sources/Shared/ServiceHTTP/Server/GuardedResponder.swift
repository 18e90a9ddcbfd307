import Foundations
import Hummingbird
import Logging
import TextFormats

/// Stands around all routes of a server: checks what every request must be, turns every error into a problem document,
/// and notes every request in the log and in the metrics.
struct GuardedResponder: HTTPResponder {
  typealias Context = HTTPContext

  let routes: RouterResponder<HTTPContext>
  let allowed: AllowedMethods
  let limits: HTTPLimits
  let metrics: HTTPRequestMetrics

  func respond(to request: Request, context: HTTPContext) async throws -> Response {
    var identified = context
    let trace = identify(request, &identified)
    let context = identified
    return await TraceContext.$current.withValue(trace) { await respond(to: request, identified: context) }
  }

  private func respond(to request: Request, identified context: HTTPContext) async -> Response {
    let start = ContinuousClock.now
    var request = request
    let outcome = await answer(&request, context)
    var response = outcome.response
    response.headers[.requestID] = context.requestID
    if request.method == .head, response.status.kind != .successful { response.body = ResponseBody() }

    let duration = ContinuousClock.now - start
    let route = outcome.isMatched ? (context.endpointPath ?? "unmatched") : "unmatched"
    metrics.record(
      route: route, method: request.method, status: response.status, duration: duration,
      isLongPoll: context.waiting.isSet)
    log(request, response, route, duration, outcome.cause, context)
    recordSpan(request, response, route, since: start, took: duration)
    return response
  }

  private func recordSpan(
    _ request: Request, _ response: Response, _ route: String, since start: ContinuousClock.Instant,
    took duration: Duration
  ) {
    guard let trace = TraceContext.current, SpanRecording.wants(trace) else { return }
    // Strangers choose both, and thousands of spans wait in memory while their receiver is away.
    let (method, path) = (request.method.rawValue.prefixOfUTF8(16), request.uri.path.prefixOfUTF8(256))
    SpanRecording.record(
      TraceSpan(
        "\(method) \(route)", .server, in: trace, since: start, took: duration,
        attributes: [
          "http.request.method": .text(method), "http.route": .text(route), "url.path": .text(path),
          "http.response.status_code": .number(Int64(response.status.code)),
        ], failure: response.status.code >= 500 ? "\(response.status)" : nil), in: trace)
  }

  private struct Outcome {
    var response: Response
    var isMatched = true
    /// What is for the log alone.
    var cause: (any Error)?
  }

  /// - Returns: the trace that it belongs to: the client's, or a new one.
  private func identify(_ request: Request, _ context: inout HTTPContext) -> TraceContext {
    let requestID = RequestIdentity.requestID(request.headers[.requestID])
    context.requestID = requestID
    let trace =
      request.headers[.traceParent].flatMap { TraceContext($0, requestID: requestID)?.child() }
      ?? TraceContext(isSampled: SpanRecording.decideToSample(), requestID: requestID)
    // The framework's own name for it would be a second one.
    context.logger[metadataKey: "hb.request.id"] = nil
    context.logger[metadataKey: "request"] = "\(context.requestID)"
    context.logger[metadataKey: "trace"] = "\(trace.traceID)"
    return trace
  }

  private func answer(_ request: inout Request, _ context: HTTPContext) async -> Outcome {
    metrics.begin()
    do {
      try RequestTarget.check(request, limits: limits)
      try guardBody(&request, context)
      let response = try await routes.respond(to: request, context: context)
      // No error leaves without saying what it is.
      guard response.status.code >= 400, response.body.contentLength == 0 else {
        return Outcome(response: response)
      }
      return Outcome(
        response: problem(
          ProblemError(
            ProblemDocument(response.status, detail: "the request can't be answered: \(response.status)"),
            headers: response.headers.filtered), context))
    } catch let passed as PassedError {
      return await answer(to: passed.error, request, context)
    } catch {
      return await answer(to: error, request, context)
    }
  }

  private func answer(to error: any Error, _ request: Request, _ context: HTTPContext) async -> Outcome {
    if let error = error as? HTTPError, error.status == .notFound, context.endpointPath == "NotFound" {
      return await Outcome(response: answerUnmatched(request, context), isMatched: false)
    }
    if let problem = ProblemError(mapping: error) {
      return Outcome(response: self.problem(problem, context), cause: problem.document.status.code >= 500 ? error : nil)
    }
    if error is CancellationError {
      return Outcome(
        response: problem(
          .unavailable(reason: "shutting-down", detail: "the server is shutting down; try again"), context))
    }
    // What went wrong is told to the operator, who can do something about it, and not to strangers.
    let document = ProblemDocument(
      .internalServerError, reason: "internal",
      detail: "the server failed; tell its operator the reference \(context.requestID), which is in its log",
      members: ["reference": .text(context.requestID)])
    return Outcome(response: problem(ProblemError(document), context), cause: error)
  }

  private func answerUnmatched(_ request: Request, _ context: HTTPContext) async -> Response {
    let methods = await allowed.methods(of: request, context)
    if methods.isEmpty {
      return problem(
        ProblemError(
          .notFound, reason: "unknown-route", detail: "there is nothing at \(request.uri.path); check the path"),
        context)
    }
    let allow = (methods.map(\.rawValue) + ["OPTIONS"]).joined(separator: ", ")
    if request.method == .options { return Response(status: .noContent, headers: [.allow: allow]) }
    return problem(
      ProblemError(
        .methodNotAllowed, reason: "method-not-allowed",
        detail: "\(request.method.rawValue) is not possible at \(request.uri.path); use \(allow)",
        headers: [.allow: allow]),
      context)
  }

  private func guardBody(_ request: inout Request, _ context: HTTPContext) throws {
    context.bodyGate.set(maximumBytes: limits.maximumBodyBytes)
    if let expectation = request.headers[.expect] {
      guard expectation.lowercased() == "100-continue" else {
        throw ProblemError(
          .expectationFailed, reason: "unknown-expectation",
          detail: "the header Expect can only be 100-continue here; leave it out")
      }
      context.bodyGate.expectContinue()
    }
    // Not by what is announced: only the bytes that come tell whether there is a body.
    request.body = RequestBody(
      asyncSequence: GatedBody(
        base: request.body, declaredBytes: request.declaredBodyBytes, gate: context.bodyGate, channel: context.channel))
  }

  private func problem(_ problem: ProblemError, _ context: HTTPContext) -> Response {
    var problem = problem
    if problem.document.instance.isEmpty { problem.document.instance = "urn:xtblish:request:\(context.requestID)" }
    return .problem(problem)
  }

  private func log(
    _ request: Request, _ response: Response, _ route: String, _ duration: Duration, _ cause: (any Error)?,
    _ context: HTTPContext
  ) {
    let level: Logger.Level =
      switch response.status.code {
      case 500: .error
      case 501...: .warning
      case 400...: .info
      default: .debug
      }
    guard level >= context.logger.logLevel else { return }
    var metadata: Logger.Metadata = [
      "method": "\(request.method.rawValue)", "path": "\(request.uri.path)", "route": "\(route)",
      "status": "\(response.status.code)", "duration": "\(HumanText.duration(duration))",
    ]
    if let cause { metadata["error"] = "\(cause)" }
    context.logger.log(level: level, "request", metadata: metadata)
  }
}

extension HTTPFields {
  /// Without what described the body that is replaced.
  fileprivate var filtered: HTTPFields {
    var fields = self
    fields[.contentType] = nil
    fields[.contentLength] = nil
    return fields
  }
}
