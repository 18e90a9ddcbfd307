/// What a person, or a file, tells the developer's loop, a line each.
enum DevInstruction: Equatable {
  case pin(name: String, level: Int32)
  case sensor(name: String, values: [Double])
  case publish(topic: String, payload: String)
  case restart
  /// Wait before the next command.
  case sleep(seconds: Double)
  case quit
  case help

  struct Problem: Error, Equatable, CustomStringConvertible {
    var description: String
  }

  static let usage = """
    pin NAME 0|1           set a simulated pin
    sensor NAME VALUE...   let a sensor read these values, one for each channel
    publish TOPIC [TEXT]   send a message to the app, below /apps/{device}/
    restart                start the app again
    sleep SECONDS          wait before the next command
    quit                   end
    """

  /// Reads a line; nil for an empty one and one that begins with #.
  init?(_ line: String) throws(Problem) {
    let words = line.split(maxSplits: 2, omittingEmptySubsequences: true, whereSeparator: \.isWhitespace)
      .map { String($0).trimmed }
    guard let verb = words.first, !verb.hasPrefix("#") else { return nil }
    switch (verb, words.count) {
    case ("pin", 3):
      guard let level = Int32(words[2]), (0...1).contains(level) else {
        throw Problem(description: "a pin is set to 0 or 1, not \(words[2])")
      }
      self = .pin(name: words[1], level: level)
    case ("sensor", 3):
      let texts = words[2].split(whereSeparator: \.isWhitespace)
      let values = texts.compactMap { Double($0) }.filter(\.isFinite)
      guard values.count == texts.count else {
        throw Problem(description: "a sensor reads numbers, such as 21.5, not \(words[2])")
      }
      self = .sensor(name: words[1], values: values)
    case ("publish", 2...): self = .publish(topic: words[1], payload: words.count > 2 ? words[2] : "")
    case ("restart", 1): self = .restart
    case ("sleep", 2):
      guard let seconds = Double(words[1]), (0...86_400).contains(seconds) else {
        throw Problem(description: "sleep takes seconds, from 0 to 86400, not \(words[1])")
      }
      self = .sleep(seconds: seconds)
    case ("quit", 1): self = .quit
    case ("help", 1): self = .help
    default: throw Problem(description: "\"\(line)\" is no command; there are:\n\(Self.usage)")
    }
  }
}

extension String {
  /// The text without white space at its ends.
  fileprivate var trimmed: String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
