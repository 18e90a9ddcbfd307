/// What a module is stored for, and who may refuse it.
package struct ModuleUse<Outcome> {
  /// Asked once everything is known of the module and before it is stored; throws to refuse it.
  let admit: (ReceivedModule) async throws -> Void
  /// What is done once the module is stored.
  let begin: (ImageIntake.Received) async throws -> Outcome
  /// Whether an error of `begin` is a refusal for good, after which what this upload brought is taken away again.
  let isFinal: (any Error) -> Bool

  /// - Parameters:
  ///   - admit: asked before anything is stored; throws to refuse the module.
  ///   - begin: called once the module is stored.
  ///   - isFinal: whether an error of `begin` takes away again what this upload brought.
  package init(
    admit: @escaping (ReceivedModule) async throws -> Void = { _ in },
    begin: @escaping (ImageIntake.Received) async throws -> Outcome,
    isFinal: @escaping (any Error) -> Bool = { _ in false }
  ) {
    self.admit = admit
    self.begin = begin
    self.isFinal = isFinal
  }

  /// The same use, with something done to what is stored before it is used.
  package func noting(_ note: @escaping (ImageIntake.Received) -> Void) -> Self {
    ModuleUse(
      admit: admit,
      begin: { received in
        note(received)
        return try await begin(received)
      }, isFinal: isFinal)
  }
}

extension ModuleUse<ImageIntake.Received> {
  /// The use of a module that is stored and no more.
  package static var storing: Self { ModuleUse(begin: { $0 }) }
}
