package import Foundations

/// What the database holds of the devices that ask at once and of what they ask with, and what it will hold when all of
/// them are answered. Knows nothing of the database itself.
package struct EnrolmentLedger: Sendable {
  /// Tells the uses of claims apart: a claim lets a `serial` number in once.
  package struct UseKey: Hashable, Sendable {
    /// The bytes of the claim's ID.
    package var claim: [UInt8]
    package var serial: String

    package init(claim: [UInt8], serial: String) {
      self.claim = claim
      self.serial = serial
    }
  }

  /// The use of a claim that a `device` took.
  package struct Use: Sendable, Equatable {
    /// Which use of the claim it is, from 1: a part of the device's name.
    package var number: Int
    package var device: DeviceID

    package init(number: Int, device: DeviceID) {
      self.number = number
      self.device = device
    }
  }

  /// Claims, by the hashes of their secrets.
  package var claims: [[UInt8]: Claim] = [:]
  /// Devices named beforehand, by the hashes of their own secrets.
  package var registrationsBySecret: [[UInt8]: Registration] = [:]
  /// Devices named beforehand, by the hashes of their keys.
  package var registrationsByKey: [[UInt8]: Registration] = [:]
  /// Serial numbers that are kept for devices named beforehand.
  package var registeredSerials: Set<SerialKey> = []
  /// The devices that have a serial number now.
  package var devices: [SerialKey: EnrolledDevice] = [:]
  /// The devices that have a key or ever had it, by its hash.
  package var keyOwners: [[UInt8]: DeviceID] = [:]
  /// Uses that were taken before.
  package var uses: [UseKey: Use] = [:]
  /// What devices that ask again were told to burn.
  package var otpRecords: [DeviceID: OTPRecord] = [:]

  /// Devices that were not known before.
  package private(set) var newDevices: [NewDevice] = []
  /// Uses of claims that are new, or another device's now.
  package private(set) var changedUses: [UseKey: Use] = [:]
  /// Claims of which further uses were taken, by the hashes of their secrets.
  package private(set) var changedClaims: [[UInt8]: Claim] = [:]
  /// Hashes of polling tokens that take the place of others, by their devices.
  package private(set) var newTokens: [DeviceID: [UInt8]] = [:]
  /// Hashes of keys of devices that had none, by their devices.
  package private(set) var newKeys: [DeviceID: [UInt8]] = [:]

  package init() {}

  /// A device that is to be written down: the `device` itself, the `placement` that its credential gives it, and the
  /// `proof` whose hash is stored with it.
  package struct NewDevice: Sendable, Equatable {
    package var device: EnrolledDevice
    package var placement: DevicePlacement
    /// The ID of the factory's CA that the device came by; nil: it came by something else.
    package var factory: [UInt8]?
    package var proof: Applicant.Proof
  }

  /// Whether there is anything to write down.
  package var isChanged: Bool {
    !(newDevices.isEmpty && changedUses.isEmpty && newTokens.isEmpty && newKeys.isEmpty)
  }

  /// Decides on one device, and remembers what follows from it for those after it.
  package mutating func decide(_ applicant: Applicant) -> EnrolmentDecision {
    do throws(EnrolmentRefusal) {
      switch applicant.credential {
      case .secret(let hash):
        if let claim = claims[hash] { return .granted(try admit(applicant, with: claim, hash)) }
        guard let registration = registrationsBySecret[hash] else { throw .unknownCredential }
        return .granted(try admit(applicant, with: registration))
      case .registeredKey:
        guard let hash = applicant.proof.keyHash, let registration = registrationsByKey[hash] else {
          throw .unknownCredential
        }
        return .granted(try admit(applicant, with: registration))
      case .factory(let authority): return .granted(try admit(applicant, with: authority))
      }
    } catch {
      return .refused(error)
    }
  }

  private mutating func admit(
    _ applicant: Applicant, with claim: Claim, _ hash: [UInt8]
  ) throws(EnrolmentRefusal) -> EnrolmentGrant {
    if claim.isRevoked { throw .claimRevoked(claim.id) }
    if claim.isExpired {
      guard let device = repeated(applicant, by: claim) else { throw .claimExpired(claim.id) }
      let placement = DevicePlacement(storedProduct: claim.product, group: claim.group, tags: claim.tags)
      return grant(device, placement, basis: "claim \(claim.id), in force when the device first came", isKnown: true)
    }
    guard claim.serials.isEmpty || claim.serials.contains(applicant.serial) else { throw .serialNotAllowed(claim.id) }
    let key = SerialKey(product: claim.product, serial: applicant.serial)
    try refuseIfRegistered(key, applicant)
    let useKey = UseKey(claim: claim.id.bytes, serial: applicant.serial)
    let use = uses[useKey]
    guard use != nil || claim.used < claim.count else { throw .claimExhausted(claim.id, count: claim.count) }
    let number = use?.number ?? claim.used + 1
    let placement = DevicePlacement(storedProduct: claim.product, group: claim.group, tags: claim.tags)
    let device = try admitted(applicant, key, placement, name: "\(claim.namePrefix)-\(number)")
    // Nothing is refused from here on. The use is another device's where an operator reset the one that took it.
    if use?.device != device.id {
      uses[useKey] = Use(number: number, device: device.id)
      changedUses[useKey] = uses[useKey]
    }
    if use == nil {
      var claim = claim
      claim.used = number
      claims[hash] = claim
      changedClaims[hash] = claim
    }
    return grant(device, placement, basis: "claim \(claim.id)")
  }

  /// Refuses a serial number that is named beforehand to whoever does not present its own secret or key. The board
  /// that enrolled under it has nothing else to present when it comes back: its key tells that it is the one.
  private func refuseIfRegistered(_ key: SerialKey, _ applicant: Applicant) throws(EnrolmentRefusal) {
    guard registeredSerials.contains(key) else { return }
    guard let hash = applicant.proof.keyHash, devices[key]?.access == .certificate(publicKeyHash: hash) else {
      throw .serialRegistered
    }
  }

  /// The device that used a claim while it was in force, and asks again with its key: its answer was lost.
  private func repeated(_ applicant: Applicant, by claim: Claim) -> EnrolledDevice? {
    guard let use = uses[UseKey(claim: claim.id.bytes, serial: applicant.serial)],
      let device = devices[SerialKey(product: claim.product, serial: applicant.serial)], device.id == use.device,
      device.state != .revoked, let hash = applicant.proof.keyHash, device.access == .certificate(publicKeyHash: hash)
    else { return nil }
    return device
  }

  private mutating func admit(
    _ applicant: Applicant, with registration: Registration
  ) throws(EnrolmentRefusal) -> EnrolmentGrant {
    guard registration.serial == applicant.serial else { throw .unknownCredential }
    let device = try admitted(applicant, registration.key, registration.placement, name: registration.name)
    return grant(device, registration.placement, basis: "registration")
  }

  private mutating func admit(
    _ applicant: Applicant, with authority: FactoryAuthority
  ) throws(EnrolmentRefusal) -> EnrolmentGrant {
    let key = SerialKey(product: authority.placement.product, serial: applicant.serial)
    try refuseIfRegistered(key, applicant)
    let device = try admitted(
      applicant, key, authority.placement, name: "\(authority.namePrefix)-\(applicant.serial)", factory: authority.id)
    return grant(
      device, authority.placement, basis: "factory CA \(Hexadecimal.encode(authority.id.prefix(8)))")
  }

  /// The device that the applicant is, or becomes.
  private mutating func admitted(
    _ applicant: Applicant, _ key: SerialKey, _ placement: DevicePlacement, name: String, factory: [UInt8]? = nil
  ) throws(EnrolmentRefusal) -> EnrolledDevice {
    if let known = try existing(applicant, key) { return known }
    return try make(applicant, key, placement, name: name, factory: factory)
  }

  /// The device that has the serial number, if the applicant is that one.
  private mutating func existing(
    _ applicant: Applicant, _ key: SerialKey
  ) throws(EnrolmentRefusal) -> EnrolledDevice? {
    guard var device = devices[key] else { return nil }
    if device.state == .revoked { throw .deviceRevoked(device.id) }
    switch (device.access, applicant.proof) {
    case (.certificate(let known), .key(let hash)) where known == hash: return device
    case (.none, .none): return device
    case (.none, .key(let hash)):
      // It enrolled when the service ran without certificates, and had no key that another could lack.
      if let owner = keyOwners[hash], owner != device.id { throw .keyTaken }
      newKeys[device.id] = hash
      keyOwners[hash] = device.id
      device.access = .certificate(publicKeyHash: hash)
    case (.pollingToken(isUsed: false), .pollingToken(let hash)):
      // The answer with the token was lost: nobody has used it.
      newTokens[device.id] = hash
    default: throw SerialPlaceholder.contains(key.serial) ? .serialPlaceholder : .serialTaken
    }
    devices[key] = device
    return device
  }

  private mutating func make(
    _ applicant: Applicant, _ key: SerialKey, _ placement: DevicePlacement, name: String, factory: [UInt8]?
  ) throws(EnrolmentRefusal) -> EnrolledDevice {
    guard !SerialPlaceholder.contains(key.serial) else { throw .serialPlaceholder }
    let access: EnrolledDevice.Access
    switch applicant.proof {
    case .key(let hash):
      guard keyOwners[hash] == nil else { throw .keyTaken }
      keyOwners[hash] = applicant.newID
      access = .certificate(publicKeyHash: hash)
    case .pollingToken: access = .pollingToken(isUsed: false)
    case .none: access = .none
    }
    let device = EnrolledDevice(
      id: applicant.newID, serial: key.serial, product: key.product, name: name, access: access, state: .reserved)
    devices[key] = device
    newDevices.append(NewDevice(device: device, placement: placement, factory: factory, proof: applicant.proof))
    return device
  }

  /// Where the applicant's credential puts a device.
  ///
  /// - Returns: nil if there is no such credential, or its claim is expired or revoked.
  package func placement(of applicant: Applicant) -> (placement: DevicePlacement, claim: ClaimID?)? {
    switch applicant.credential {
    case .secret(let hash):
      if let claim = claims[hash] {
        let placement = DevicePlacement(storedProduct: claim.product, group: claim.group, tags: claim.tags)
        return claim.state == .expired || claim.state == .revoked ? nil : (placement, claim.id)
      }
      return registrationsBySecret[hash].map { ($0.placement, nil) }
    case .registeredKey: return applicant.proof.keyHash.flatMap { registrationsByKey[$0] }.map { ($0.placement, nil) }
    case .factory(let authority): return (authority.placement, nil)
    }
  }

  /// - Parameter isKnown: whether the device has been granted what it asks for before.
  private func grant(
    _ device: EnrolledDevice, _ placement: DevicePlacement, basis: String, isKnown: Bool? = nil
  ) -> EnrolmentGrant {
    EnrolmentGrant(
      device: device.id, serial: device.serial, name: device.name, tags: placement.registryTags,
      otp: otpRecords[device.id], basis: basis,
      isKnown: isKnown ?? !newDevices.contains { $0.device.id == device.id })
  }
}
