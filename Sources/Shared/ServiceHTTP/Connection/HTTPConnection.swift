import HummingbirdCore
import NIOCore
import NIOHTTPTypes

/// A connection, ready for its requests.
struct HTTPConnection: ServerChildChannelValue {
  let requests: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
  let entry: ConnectionLedger.Entry
  /// Nil without TLS.
  let session: TLSSession?

  var channel: any Channel { requests.channel }
}
