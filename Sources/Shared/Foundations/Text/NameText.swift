/// What a text must be to name something: a device, a tag, a claim's group, an app.
///
/// One rule for all of them. A name is compared as bytes and shown to people, so it must not hold what nobody sees: two
/// names that look alike are the same name then, apart from letters that resemble each other.
package enum NameText {
  /// What is wrong with a name and what to do, to be put behind the field's name; nil for a good one. An empty text
  /// is good: whether a name may be missing is for the field to say.
  package static func problem(_ text: String) -> String? {
    let scalars = text.unicodeScalars
    if let hidden = scalars.first(where: isHidden) {
      return "contains \(code(hidden)), which nobody sees: remove it"
    }
    if scalars.contains("\u{FFFD}") {
      return "contains U+FFFD, which stands for something that could not be read: write what it was"
    }
    if let first = scalars.first, let last = scalars.last, isBlank(first) || isBlank(last) {
      return "starts or ends with a space: remove it"
    }
    return nil
  }

  /// Controls, formats (among them those that turn the direction of writing), ends of lines and paragraphs, halves of
  /// pairs, what is no character, and all else that is drawn as nothing.
  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: return true
    default: return properties.isDefaultIgnorableCodePoint || properties.isNoncharacterCodePoint
    }
  }

  /// Spaces of all widths, and the Braille pattern without a dot.
  private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || scalar == "\u{2800}"
  }

  /// The scalar as people look it up: U+001B.
  static func code(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  /// The rule as a regular expression (ECMA 262), for descriptions of interfaces: what it says of the first 65,536
  /// characters.
  package static let pattern =
    #"^(?!\s)(?![\s\S]*\s$)[^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"#
    + #"\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"#
    + #"\ufdd0-\ufdef\ufff0-\ufffb\ufffd-\uffff]*$"#
}
