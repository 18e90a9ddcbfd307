import Foundation

// Foundation's own, to check the module's with.

func encodedBase64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

func decodedBase64(_ text: String) -> [UInt8]? { Data(base64Encoded: text).map(Array.init) }
