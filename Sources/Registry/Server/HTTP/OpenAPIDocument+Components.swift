import FirmwareImage
import Foundations
import RegistryDomain

extension OpenAPIDocument {
  /// ``FieldRules/printablePattern`` as it stands in JSON.
  static let printable = FieldRules.printablePattern.replacing(#"\"#, with: #"\\"#)
  /// ``NameText/pattern`` as it stands in JSON.
  static let visible = NameText.pattern.replacing(#"\"#, with: #"\\"#)

  static let parameters = #"""
    "DeviceID": {
      "name": "id", "in": "path", "required": true, "description": "The device's UUID.",
      "schema": {"$ref": "#/components/schemas/DeviceID"}
    },
    "Limit": {
      "name": "limit", "in": "query", "description": "How many at most.",
      "schema": {
        "type": "integer", "minimum": 1, "maximum": \#(FieldRules.maximumPageSize),
        "default": \#(FieldRules.defaultPageSize)
      }
    },
    "NumberCursor": {
      "name": "cursor", "in": "query", "description": "The nextCursor of the page before.",
      "schema": {"type": "integer", "format": "int64", "minimum": 1, "maximum": \#(Int64.max)}
    },
    "After": {
      "name": "after", "in": "query", "description": "Only events after the one with this ID, oldest first.",
      "schema": {"type": "integer", "format": "int64", "minimum": 0, "maximum": \#(Int64.max)}
    }
    """#

  static let headers = #"""
    "RetryAfter": {
      "description": "In how many seconds to try again.", "required": true,
      "schema": {"type": "integer", "minimum": 0}
    }
    """#

  static let responses = #"""
    "Device": {
      "description": "The device.",
      "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Device"}}}
    },
    "EventList": {
      "description": "A page of events.",
      "content": {"application/json": {"schema": {"$ref": "#/components/schemas/EventList"}}}
    },
    "CrashList": {
      "description": "A page of crashes.",
      "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CrashList"}}}
    },
    "UnknownToken": {"description": "There is no such token.", \#(problem)},
    "TokenExists": {"description": "There is a token of this name.", \#(problem)},
    "UnknownCrash": {"description": "There is no such crash, or no longer.", \#(problem)},
    "NothingToRetry": {"description": "The device did not fail on its version.", \#(problem)},
    "Invalid": {"description": "The request is wrong; the detail says where.", \#(problem)},
    "Unknown": {"description": "There is no such device.", \#(problem)},
    "Conflict": {"description": "The device exists with another serial.", \#(problem)},
    "Changed": {"description": "The device was changed since.", \#(problem)},
    "TooLarge": {"description": "The body is too large.", \#(problem)},
    "NotJSON": {"description": "The body is not sent as JSON.", \#(problem)},
    "Unauthorized": {
      "description": "There is no token, or none that is good any more.",
      "headers": {"WWW-Authenticate": {"description": "Bearer", "required": true, "schema": {"type": "string"}}},
      \#(problem)
    },
    "Forbidden": {"description": "The token's scope does not allow this.", \#(problem)},
    "TooManyAttempts": {
      "description": "Too many tokens from this address were refused.",
      "headers": {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}},
      \#(problem)
    },
    "Internal": {"description": "A fault of the server, under a reference into its log.", \#(problem)},
    "Unavailable": {
      "description": "The server or its database is busy or not there.",
      "headers": {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}},
      \#(problem)
    },
    "Problem": {"description": "Any other error, such as a method that the path does not have.", \#(problem)}
    """#

  private static let problem = #"""
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    """#
}
