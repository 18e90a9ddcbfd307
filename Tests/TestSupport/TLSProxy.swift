/// Ends TLS in front of a plain server of the tests' own. It asks clients for a certificate, takes none that is not of
/// its authority, and logs a line `peer NAME` for each connection; NAME is `-` without one.
package final class TLSProxy: Sendable {
  package let port: Int
  private let freePort: FreePort
  private let process: ChildProcess

  /// - Parameters:
  ///   - certificateFile: PEM, the server's own first.
  ///   - caFile: from which clients' certificates must come.
  package init(port backend: Int, certificateFile: String, keyFile: String, caFile: String) async throws {
    freePort = try FreePort()
    port = freePort.number
    process = try ChildProcess(
      "python3", ["-c", Self.program, "\(port)", "\(backend)", certificateFile, keyFile, caFile])
    try await process.waitForLine(containing: "listening")
  }

  /// By a name that is in the usual certificates of the tests.
  package var url: String { "https://localhost:\(port)" }

  /// The common names of those who connected, in order.
  package var peers: [String] {
    process.output.split(separator: "\n").filter { $0.hasPrefix("peer ") }.map { String($0.dropFirst(5)) }
  }

  private static let program = #"""
    import asyncio, ssl, sys
    port, backend, certificate, key, ca = sys.argv[1:]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca)
    context.load_cert_chain(certificate, key)
    context.verify_mode = ssl.CERT_OPTIONAL

    async def copy(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except (OSError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def serve(reader, writer):
        peer = writer.get_extra_info("peercert") or {}
        names = [v for rdn in peer.get("subject", ()) for k, v in rdn if k == "commonName"]
        print("peer", names[0] if names else "-", flush=True)
        try:
            back_reader, back_writer = await asyncio.open_connection("127.0.0.1", int(backend))
        except OSError:
            writer.close()
            return
        await asyncio.gather(copy(reader, back_writer), copy(back_reader, writer))

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", int(port), ssl=context)
        print("listening", flush=True)
        await server.serve_forever()

    asyncio.run(main())
    """#
}
