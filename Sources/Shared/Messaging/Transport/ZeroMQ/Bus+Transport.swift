package import Wire

extension Bus {
  /// The transport of servers: lets in whoever is among the peers.
  package var transport: ZeroMQTransport { ZeroMQTransport(security: security) }

  /// The transport of clients: talks to servers of this role and to nobody else.
  package func transport(to role: BusRole) -> ZeroMQTransport {
    ZeroMQTransport(security: security, serverRole: role)
  }
}
