extension StringProtocol {
  /// The text as a part of a longer sentence: without the full stop at its end, which the sentence brings itself.
  package var asClause: String {
    var text = Substring(self)
    while text.last == "." || text.last == " " { text.removeLast() }
    return String(text)
  }
}
