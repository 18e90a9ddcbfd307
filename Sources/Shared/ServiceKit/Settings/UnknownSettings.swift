/// Finds names that are set but mean nothing, so that a typing error does not silently leave a default in force.
struct UnknownSettings {
  /// The service's name as in its keys: `image-store`.
  let service: String
  let known: [any SettingDescription]

  /// Keys that belong to the clients of a service. Whoever sets them for a client must not break the server that is
  /// started from the same shell.
  private static let clientKeys = ["url", "urls", "endpoint", "endpoints", "ids", "directories"]

  private static let services = ["registry", "provisioner", "image-store", "notifier", "device"]

  func problems(_ reader: SettingsReader) -> [SettingProblem] {
    variables(reader.environment.keys.sorted()) + fileKeys(reader.file)
  }

  private func variables(_ names: [String]) -> [SettingProblem] {
    let knownNames = known.map(\.environmentName)
    let own = SettingName.environment(forKey: service) + "_"
    let ofClients = Set(
      Self.services.flatMap { name in Self.clientKeys.map { SettingName.environment(forKey: "\(name).\($0)") } })
    let ofOthers = Self.services.filter { $0 != service }.map { SettingName.environment(forKey: $0) + "_" }
    return names.compactMap { name in
      if knownNames.contains(name) || ofClients.contains(name) { return nil }
      let suggestion = Spelling.closest(to: name, among: knownNames)
      if name.hasPrefix(own) {
        return problem(key: nil, "the environment variable \(name) is not a setting of the \(service)", suggestion)
      }
      // Others' names are none of our business, unless one looks like ours written wrongly.
      if suggestion == nil || ofOthers.contains(where: name.hasPrefix) { return nil }
      return problem(key: nil, "the environment variable \(name) is not known", suggestion)
    }
  }

  private func fileKeys(_ file: SettingsFile?) -> [SettingProblem] {
    guard let file else { return [] }
    let knownKeys = known.map(\.key)
    return file.keys.compactMap { key in
      let section = String(key.prefix { $0 != "." })
      // One file may serve all services of a machine.
      if knownKeys.contains(key) || (section != service && Self.services.contains(section)) { return nil }
      if Self.services.contains(section), Self.clientKeys.contains(String(key.dropFirst(section.count + 1))) {
        return nil
      }
      return problem(
        key: key, "the key \(key) in \(file.path) is not a setting of the \(service)",
        Spelling.closest(to: key, among: knownKeys))
    }
  }

  private func problem(key: String?, _ message: String, _ suggestion: String?) -> SettingProblem {
    let advice = suggestion.map { "did you mean \($0)?" } ?? "remove it; check-config lists the known ones"
    return SettingProblem(key: key, message: "\(message): \(advice)")
  }
}
