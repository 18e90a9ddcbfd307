/// The JSON of `/devices/{id}/ack`: what is stored, or refused for good, and need not be sent again. Every part may be
/// missing.
package struct AcknowledgementMessage: Sendable, Equatable {
  package enum CodingKeys: String, CodingKey, CaseIterable { case sequences, held, log, crashes }

  /// What became of state reports.
  package struct Reports: Codable, Sendable, Equatable {
    /// The sequence numbers of the reports that are answered.
    package var sequences: [UInt64]
    /// Where the registry believes the device's reports to be, if it took these for late ones; nil: they were not
    /// late.
    package var held: StateMessage.Position?

    package init(sequences: [UInt64], held: StateMessage.Position? = nil) {
      self.sequences = sequences
      self.held = held
    }
  }

  /// How far a log is stored.
  package struct LogPosition: Codable, Sendable, Equatable {
    package enum CodingKeys: String, CodingKey, CaseIterable { case log, through, reused }

    /// Which log: 16 hexadecimal digits.
    package var log: String
    /// The ID of the last line that need not be sent again.
    package var through: UInt64
    /// The agent's run, as in ``LogMessage/run``, whose lines have IDs under which other lines are stored already;
    /// nil: no line has.
    package var reused: String?

    package init(log: String, through: UInt64, reused: String? = nil) {
      self.log = log
      self.through = through
      self.reused = reused
    }
  }

  /// The answer to state reports; nil: none is answered.
  package var reports: Reports?
  /// How far the log is stored; nil: the message does not say.
  package var log: LogPosition?
  /// The IDs of the crash reports that are stored or refused for good.
  package var crashes: [String]

  package init(reports: Reports? = nil, log: LogPosition? = nil, crashes: [String] = []) {
    self.reports = reports
    self.log = log
    self.crashes = crashes
  }
}

extension AcknowledgementMessage: Decodable {
  /// A part that can't be read is left out, and the others count: what is not acknowledged is sent again.
  package init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: CodingKeys.self)
    reports = try? Reports(from: decoder)
    log = try? members.decode(LogPosition.self, forKey: .log)
    crashes = (try? members.decode([String].self, forKey: .crashes)) ?? []
  }
}

extension AcknowledgementMessage {
  /// The message, with its members in the order in which they have always been.
  package var payload: [UInt8] {
    var members: [String] = []
    if let reports {
      members.append("\"sequences\":[\(reports.sequences.map { "\($0)" }.joined(separator: ","))]")
      if let held = reports.held {
        members.append("\"held\":{\"epoch\":\"\(held.epoch ?? "")\",\"sequence\":\(held.sequence)}")
      }
    }
    if let log {
      let reused = log.reused.map { ",\"reused\":\"\($0)\"" } ?? ""
      members.append("\"log\":{\"log\":\"\(log.log)\",\"through\":\(log.through)\(reused)}")
    }
    if !crashes.isEmpty { members.append("\"crashes\":[\(crashes.map { "\"\($0)\"" }.joined(separator: ","))]") }
    return Array("{\(members.joined(separator: ","))}".utf8)
  }
}
