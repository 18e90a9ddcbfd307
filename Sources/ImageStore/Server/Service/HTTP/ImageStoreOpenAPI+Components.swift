import FirmwareImage
import Foundations
import ServiceHTTP
import WebAssemblyModule

extension ImageStoreOpenAPI {
  static let securitySchemes = """
    "token": {
      "type": "http", "scheme": "bearer",
      "description": "A token of xtblish-registry token create: read to fetch, deploy to store and assign."
    },
    "pollingToken": {
      "type": "http", "scheme": "bearer", "description": "The token that a polling device got when it enrolled."
    },
    "certificate": {"type": "mutualTLS", "description": "The certificate that a device got when it enrolled."}
    """

  private static let name = OpenAPI.escaped(NameText.pattern)

  static let parameters = """
    "Device": {
      "name": "device", "in": "path", "required": true, "description": "A device's ID.",
      "schema": {"type": "string", "format": "uuid"}
    },
    "Version": {
      "name": "version", "in": "path", "required": true, "description": "A number from 1, or the word latest.",
      "schema": {"type": "string", "pattern": "^([1-9][0-9]{0,19}|latest)$"}
    },
    "Digest": {
      "name": "digest", "in": "path", "required": true, "description": "The SHA-256 of a module.",
      "schema": {"$ref": "#/components/schemas/Digest"}
    },
    "BuildID": {
      "name": "buildID", "in": "path", "required": true, "description": "The content of a module's build_id section.",
      "schema": {"$ref": "#/components/schemas/BuildID"}
    },
    "AppName": {
      "name": "X-App-Name", "in": "header", "description": "At most \(AppLabel.byteCount) bytes of UTF-8.",
      "schema": {"type": "string", "maxLength": \(AppLabel.byteCount), "pattern": "\(name)"}
    },
    "AppVersion": {
      "name": "X-App-Version", "in": "header", "description": "At most \(AppLabel.byteCount) bytes of UTF-8.",
      "schema": {"type": "string", "maxLength": \(AppLabel.byteCount), "pattern": "\(name)"}
    },
    "SecurityEpoch": {
      "name": "X-Security-Epoch", "in": "header", "description": "Devices that confirmed a higher one refuse the image.",
      "schema": {"type": "integer", "minimum": 0, "maximum": \(UInt32.max)}
    },
    "PublisherKey": {
      "name": "X-Publisher-Key", "in": "header",
      "description": "The publisher's 32 public bytes, or the 8 bytes of the key's ID, in hexadecimal or base64.",
      "schema": {"type": "string"}
    },
    "PublisherSignature": {
      "name": "X-Publisher-Signature", "in": "header",
      "description": "The publisher's Ed25519 signature of the app, 64 bytes in hexadecimal or base64.",
      "schema": {"type": "string"}
    },
    "IdempotencyKey": {
      "name": "Idempotency-Key", "in": "header", "description": "Makes a repeat safe: the same key is the same version.",
      "schema": {
        "type": "string", "minLength": 1, "maxLength": \(UploadHeaders.maximumKeyBytes), "pattern": "^[ -~]+$"
      }
    },
    "Range": {
      "name": "Range", "in": "header", "description": "One range of bytes; several are answered with everything.",
      "schema": {"type": "string"}
    },
    "IfRange": {
      "name": "If-Range", "in": "header", "description": "The ETag that the range is of.", "schema": {"type": "string"}
    },
    "IfMatch": {"name": "If-Match", "in": "header", "schema": {"type": "string"}},
    "IfNoneMatch": {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}}
    """

  static let headers = """
    "Location": {"description": "Where it is.", "schema": {"type": "string"}},
    "ETag": {"description": "Strong: names these bytes and no others.", "schema": {"type": "string"}},
    "RetryAfter": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
    """

  static let responses = """
    "Part": {"description": "A part, as Range asked for.", "content": {"application/octet-stream": {}}},
    \(problem("Invalid", "The request is not what this route takes.")),
    \(problem("Unauthorized", "There is no token or certificate, or none that is taken.")),
    \(problem("Forbidden", "The token does not allow this, or the device is another one.")),
    \(problem("Unknown", "There is no such device, version or image.")),
    \(problem("Conflict", "It does not go with what is there.")),
    \(problem("OtherNow", "It is none of those in If-Match any more.")),
    \(problem("TooLarge", "The body is larger than is taken here.")),
    \(problem("NotWebAssembly", "The body is no WebAssembly module.")),
    \(problem("NotJSON", "The body is no JSON.")),
    \(problem("BehindTheEnd", "The range starts behind the last byte.")),
    \(problem("Unusable", "No device could run the image, or its signature or digest is wrong.")),
    \(problem("TooManyAttempts", "Too many tokens from this address were refused.", isLater: true)),
    \(problem("Internal", "The store failed; its log has the reference.")),
    \(problem("Unavailable", "The Registry can't be asked, or all slots for uploads are taken.", isLater: true)),
    \(problem("StorageFull", "The store's disk is full.")),
    \(problem("Problem", "Any other error."))
    """

  private static func problem(_ name: String, _ description: String, isLater: Bool = false) -> String {
    let headers = isLater ? ##""headers": {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}, "## : ""
    return """
      "\(name)": {
        "description": "\(description)",
        \(headers)\(OpenAPI.problemContent)
      }
      """
  }

  static let schemas = """
    "Digest": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
    "BuildID": {"type": "string", "pattern": "^([0-9a-f]{2})+$", "maxLength": \(2 * WebAssemblyChecker.buildIDLimitBytes)},
    "Size": {"type": "integer", "minimum": 0, "description": "In bytes."},
    "Assigned": {
      "type": "object", "required": ["device", "version", "digest", "size"],
      "properties": {
        "device": {"type": "string", "format": "uuid"},
        "version": {"type": "integer", "minimum": 1},
        "digest": {"$ref": "#/components/schemas/Digest"},
        "size": {"$ref": "#/components/schemas/Size"},
        "warnings": {"type": "array", "items": {"type": "string"}, "description": "What the app's developer should know."}
      }
    },
    "Stored": {
      "type": "object", "required": ["digest", "size"],
      "properties": {
        "digest": {"$ref": "#/components/schemas/Digest"}, "size": {"$ref": "#/components/schemas/Size"},
        "warnings": {"type": "array", "items": {"type": "string"}, "description": "What the app's developer should know."}
      }
    },
    "StoredDebugModule": {
      "type": "object", "required": ["buildID", "digest", "size"],
      "properties": {
        "buildID": {"$ref": "#/components/schemas/BuildID"},
        "digest": {"$ref": "#/components/schemas/Digest"}, "size": {"$ref": "#/components/schemas/Size"}
      }
    },
    "Waiting": {
      "type": "object", "required": ["file_exists"],
      "properties": {"file_exists": {"type": "boolean", "description": "Whether a version waits that is newer."}}
    },
    "PolledStatus": {
      "type": "object", "required": ["version", "status"],
      "properties": {
        "version": {"type": "integer", "minimum": 1},
        "status": {"type": "string", "description": "What became of it; docs/polling.md has the words."},
        "reason": {"type": "string"}
      }
    },
    "Problem": {
      "type": "object", "required": ["type", "title", "status", "detail"],
      "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong and what to do."},
        "reason": {"type": "string", "description": "Stable, for programs."},
        "instance": {"type": "string", "description": "Names this occurrence, here and in the log."}
      }
    }
    """
}
