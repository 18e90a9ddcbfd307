/// Stands before a TCP server of the tests' own and holds back all that goes through for a while in each direction, as a
/// network of some length does.
package final class DelayProxy: Sendable {
  package let port: Int
  private let freePort: FreePort
  private let process: ChildProcess

  /// - Parameter milliseconds: of a round trip; each direction takes half of it.
  package init(port backend: Int, roundTripMilliseconds milliseconds: Double) async throws {
    freePort = try FreePort()
    port = freePort.number
    process = try ChildProcess("python3", ["-c", Self.program, "\(port)", "\(backend)", "\(milliseconds / 2000)"])
    try await process.waitForLine(containing: "listening")
  }

  /// What was read is written when its time has come, in order; reading goes on meanwhile.
  private static let program = #"""
    import asyncio, socket, sys
    port, backend, delay = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])

    async def copy(reader, writer):
        loop = asyncio.get_running_loop()
        queue = asyncio.Queue(1024)

        async def write():
            while True:
                due, data = await queue.get()
                wait = due - loop.time()
                if wait > 0:
                    # Sleeps: a line's delay is what it is for.
                    await asyncio.sleep(wait)
                if not data:
                    break
                writer.write(data)
                await writer.drain()

        writing = asyncio.create_task(write())
        try:
            while data := await reader.read(262144):
                await queue.put((loop.time() + delay, data))
            await queue.put((loop.time() + delay, b""))
            await writing
        except OSError:
            writing.cancel()
        finally:
            writer.close()

    async def serve(reader, writer):
        try:
            back_reader, back_writer = await asyncio.open_connection("127.0.0.1", backend)
        except OSError:
            writer.close()
            return
        for end in (writer, back_writer):
            end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(copy(reader, back_writer), copy(back_reader, writer))

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", port)
        print("listening", flush=True)
        await server.serve_forever()

    asyncio.run(main())
    """#
}
