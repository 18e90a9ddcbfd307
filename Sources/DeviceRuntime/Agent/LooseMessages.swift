import Foundations
import Mosquitto

/// How an app's messages of QoS 0 fared, by topic and size. The broker acknowledges none of them, so what tells is
/// whether the connection ended right after them.
struct LooseMessages: Sendable {
  /// Messages that are likely to have the same effect.
  struct Kind: Hashable, Sendable {
    private let topic: ByteText
    /// How many binary digits the size has.
    private let digits: Int

    init(topic: String, bytes: Int) {
      self.topic = ByteText(topic)
      digits = Int.bitWidth - bytes.leadingZeroBitCount
    }
  }

  private struct Fate: Sendable {
    var tries: MQTTOutlet.Tries
    /// When the first of those was sent that are not judged yet.
    var sentAt: ContinuousClock.Instant?
  }

  /// The end of a connection so long after a message may be the message's fault.
  static let blameTime = Duration.seconds(2)
  private static let maximumKinds = 32

  private var fates: [Kind: Fate] = [:]

  func tries(_ kind: Kind) -> MQTTOutlet.Tries { fates[kind]?.tries ?? MQTTOutlet.Tries() }

  /// When the first of those was sent that are not judged yet; nil: there is none.
  func sentAt(_ kind: Kind) -> ContinuousClock.Instant? { fates[kind]?.sentAt }

  /// - Parameter wasCut: whether the connection ended within ``blameTime`` after the first of those.
  mutating func judge(_ kind: Kind, wasCut: Bool, now: ContinuousClock.Instant) {
    guard var fate = fates[kind], let sentAt = fate.sentAt else { return }
    if wasCut {
      fate.tries.noteCut()
    } else if now - sentAt > Self.blameTime {
      fate.tries = MQTTOutlet.Tries()
    } else {
      return
    }
    fate.sentAt = nil
    fates[kind] = fate
  }

  /// - Parameter sentAt: nil: how it fared is known already.
  mutating func keep(_ tries: MQTTOutlet.Tries, of kind: Kind, sentAt: ContinuousClock.Instant?) {
    if fates[kind] == nil, fates.count >= Self.maximumKinds {
      // Of those nothing bad is known.
      fates = fates.filter { $0.value.tries.cuts > 0 }
      if fates.count >= Self.maximumKinds { return }
    }
    fates[kind] = Fate(tries: tries, sentAt: fates[kind]?.sentAt ?? sentAt)
  }

  mutating func forget(_ kind: Kind) { fates[kind] = nil }
}
