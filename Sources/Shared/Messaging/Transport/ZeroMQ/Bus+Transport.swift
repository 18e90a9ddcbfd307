package import Wire

extension Bus {
  /// For servers: lets in whoever is among the peers.
  package var transport: ZeroMQTransport { ZeroMQTransport(security: security) }

  /// For clients of servers of one role: talks to nobody else.
  package func transport(to role: BusRole) -> ZeroMQTransport {
    ZeroMQTransport(security: security, serverRole: role)
  }
}
