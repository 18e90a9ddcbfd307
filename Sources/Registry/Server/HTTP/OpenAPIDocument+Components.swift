import FirmwareImage
import Foundations
import RegistryDomain
import ServiceHTTP

extension OpenAPIDocument {
  /// ``FieldRules/printablePattern`` as it stands in JSON.
  static let printable = OpenAPI.escaped(FieldRules.printablePattern)
  /// ``NameText/pattern`` as it stands in JSON.
  static let visible = OpenAPI.escaped(NameText.pattern)

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

  static let headers = """
    "RetryAfter": \(OpenAPI.retryAfter)
    """

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
    "UnknownToken": {"description": "There is no such token.", \#(OpenAPI.problemContent)},
    "TokenExists": {"description": "There is a token of this name.", \#(OpenAPI.problemContent)},
    "UnknownCrash": {"description": "There is no such crash, or no longer.", \#(OpenAPI.problemContent)},
    "NothingToRetry": {"description": "The device did not fail on its version.", \#(OpenAPI.problemContent)},
    "Unknown": {"description": "There is no such device.", \#(OpenAPI.problemContent)},
    "Conflict": {"description": "The device exists with another serial.", \#(OpenAPI.problemContent)},
    "Changed": {"description": "The device was changed since.", \#(OpenAPI.problemContent)},
    "Unauthorized": {
      "description": "There is no token, or none that is good any more.",
      "headers": {"WWW-Authenticate": {"description": "Bearer", "required": true, "schema": {"type": "string"}}},
      \#(OpenAPI.problemContent)
    },
    "Forbidden": {"description": "The token's scope does not allow this.", \#(OpenAPI.problemContent)},
    "TooManyAttempts": {
      "description": "Too many tokens from this address were refused.",
      "headers": {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}},
      \#(OpenAPI.problemContent)
    },
    "Unavailable": {
      "description": "The server or its database is busy or not there.",
      "headers": {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}},
      \#(OpenAPI.problemContent)
    },
    \#(OpenAPI.documentProblems)
    """#
}
