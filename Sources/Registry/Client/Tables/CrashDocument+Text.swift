import ServiceKit

extension CrashDocument {
  /// A table for people.
  ///
  /// - Parameters:
  ///   - grouped: whether each crash stands for its group, with its counts.
  ///   - columns: for how many characters a line has room; nil for any number.
  package static func table(_ crashes: [CrashDocument], grouped: Bool, columns: Int? = nil) -> String {
    let counts: [(String, Table.Room)] = grouped ? [("COUNT", .always), ("DEVICES", .always)] : []
    let whose: [(String, Table.Room)] = grouped ? [("GROUP", .spare(1))] : [("DEVICE", .always)]
    var table = Table(
      [("NUMBER", .always)] + counts + [("RECEIVED", .always)] + whose
        + [("APP", .cut), ("VERSION", .spare(2)), ("CODE", .cut), ("IN", .cut)],
      rightAligned: grouped ? [0, 1, 2] : [0])
    for crash in crashes {
      let device = columns == nil ? crash.device : shortID(crash.device)
      table.add(
        ["\(crash.number)"] + (grouped ? ["\(crash.count ?? 1)", "\(crash.devices ?? 1)"] : [])
          + [columns == nil ? crash.receivedAt : shortTime(crash.receivedAt), grouped ? crash.group : device]
          + ["\(crash.appName) \(crash.appVersion)", "\(crash.version)", crash.code, crash.top])
    }
    return table.text(columns: columns)
  }

  /// The innermost function, as far as it is known.
  private var top: String {
    frames.first.map { $0.function ?? "function \($0.functionIndex)" } ?? "-"
  }

  /// Everything of a crash, for people.
  ///
  /// - Parameter columns: for how many characters a line has room; nil for any number.
  package func text(_ symbols: CrashSymbols, columns: Int? = nil) -> String {
    var table = Table.fields()
    table.add(["crash", "\(number)"])
    table.add(["device", device])
    table.add(["app", "\(appName) \(appVersion)"])
    table.add(["version", "\(version), \(status)"])
    table.add(["digest", digest])
    table.add(["build ID", buildID ?? "none"])
    table.add(["code", code])
    table.add(["message", message])
    table.add(["at", "\(at) by the device's clock"])
    table.add(["received", receivedAt])
    table.add(["equal", "\(count ?? 1) on \(devices ?? 1) device\(devices ?? 1 == 1 ? "" : "s"), group \(group)"])
    var text = table.text(columns: columns)
    if !frames.isEmpty { text += "\n" + frameLines(symbols).joined(separator: "\n") + "\n" }
    if let advice = symbols.advice { text += "\nNo lines: \(advice).\n" }
    if let lastLines, !lastLines.isEmpty {
      text += "\nLast lines of the log:\n"
      for line in lastLines { text += "  \(line.at) \(line.level) \(line.source): \(line.text)\n" }
    }
    return text
  }

  private func frameLines(_ symbols: CrashSymbols) -> [String] {
    frames.enumerated().flatMap { index, frame in
      let locations = symbols.locations.indices.contains(index) ? symbols.locations[index] : []
      let number = "#\(index)"
      guard !locations.isEmpty else {
        let name = frame.function.map { "\($0) " } ?? ""
        return [
          "\(number)  \(name)(function \(frame.functionIndex) + \(frame.functionOffset), "
            + "module offset \(frame.moduleOffset))"
        ]
      }
      // All but the last were inlined into the one that follows.
      return locations.enumerated().map { depth, location in
        let function =
          location.function.isEmpty ? frame.function ?? "function \(frame.functionIndex)" : location.function
        let place = location.place.map { " at \($0)" } ?? ""
        let isInlined = depth < locations.count - 1
        return "\(number)  \(function)\(place)\(isInlined ? " (inlined)" : "")"
      }
    }
  }

  /// The document with what was found out about its frames, for programs.
  package func with(_ symbols: CrashSymbols) -> CrashDocument {
    var document = self
    for (index, locations) in symbols.locations.enumerated() where !locations.isEmpty {
      document.frames[index].locations = locations
    }
    document.advice = symbols.advice
    return document
  }
}
