package import Messaging
import Wire

/// The keys between an agent and its admin commands: made anew at each start of the agent, and left in a folder that
/// only its user may look into. Whoever can read the folder may ask the agent.
package enum AgentKeys {
  private static let peerFile = "agent.peer"

  /// Makes the keys of an agent that is alone in its directory, and leaves the commands' key in the folder.
  package static func make(in folder: String) throws(KeyFileError) -> Bus {
    let agent = try BusKey.generate(for: BusPeer(.device, "agent"))
    let commands = try BusKey.generate(for: BusPeer(.operator, "local"))
    try PeerFolder(folder).make(isPrivate: true)
    try commands.remake(file: keyFile(in: folder))
    try agent.remakePeer(file: "\(folder)/\(peerFile)")
    return Bus(key: agent, peers: PeerTable(BusPeers([commands])))
  }

  /// The file with the commands' key.
  package static func keyFile(in folder: String) -> String { "\(folder)/commands.bus-key" }
}
