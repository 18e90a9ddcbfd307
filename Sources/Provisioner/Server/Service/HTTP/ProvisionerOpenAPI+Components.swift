import Foundations
import ProvisionerDomain
import ServiceHTTP

extension ProvisionerOpenAPI {
  /// ``NameText/pattern`` as it stands in JSON.
  private static let visible = OpenAPI.escaped(NameText.pattern)

  static let parameters = """
    "ClaimID": {
      "name": "id", "in": "path", "required": true, "description": "The claim's UUID.",
      "schema": {"$ref": "#/components/schemas/UUID"}
    }
    """

  static let responses = """
    "Claim": {
      "description": "The claim.",
      "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Claim"}}}
    },
    "Unknown": {"description": "There is no such claim.", \(OpenAPI.problemContent)},
    "Unavailable": {
      "description": "The server, its database or the Registry is busy or not there.",
      "headers": {"Retry-After": \(OpenAPI.retryAfter)},
      \(OpenAPI.problemContent)
    },
    \(OpenAPI.documentProblems)
    """

  static let schemas = """
    "UUID": {
      "type": "string", "format": "uuid",
      "pattern": "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$"
    },
    "Tags": {
      "type": "array", "maxItems": \(EnrolmentFieldRules.tagCount),
      "items": {
        "type": "string", "minLength": 1, "maxLength": \(EnrolmentFieldRules.tagLength), "pattern": "\(visible)"
      }
    },
    "Serials": {
      "type": "array", "maxItems": \(EnrolmentFieldRules.serialCount),
      "items": {
        "type": "string", "minLength": 1, "maxLength": \(EnrolmentFieldRules.serialLength),
        "pattern": "\(EnrolmentFieldRules.serialPattern)"
      }
    },
    "NewClaim": {
      "type": "object", "additionalProperties": false, "required": ["count", "lifetimeSeconds"],
      "properties": {
        \(newClaimProperties)
      }
    },
    "Claim": {
      "type": "object", "additionalProperties": false,
      "required": [\(claimFields)],
      "properties": {
        \(claimProperties)
      }
    },
    "MadeClaim": {
      "type": "object", "additionalProperties": false,
      "required": [\(claimFields), "token"],
      "properties": {
        \(claimProperties),
        "token": {"type": "string", "description": "What devices present. Only its hash is stored."}
      }
    },
    "ClaimList": {
      "type": "object", "additionalProperties": false, "required": ["claims"],
      "properties": {
        "claims": {"type": "array", "items": {"$ref": "#/components/schemas/Claim"}},
        "nextCursor": {"type": "string", "description": "For the next page; absent on the last."}
      }
    },
    \(enrolmentSchemas),
    "Problem": {
      "type": "object", "required": ["type", "title", "status", "detail"],
      "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "reason": {"type": "string", "description": "Stable, for programs."}
      }
    }
    """

  private static let newClaimProperties = """
    "count": {
      "type": "integer", "description": "How many devices may enrol.",
      "minimum": \(EnrolmentFieldRules.counts.lowerBound), "maximum": \(EnrolmentFieldRules.counts.upperBound)
    },
    "lifetimeSeconds": {
      "type": "integer", "description": "How long devices may enrol.",
      "minimum": \(EnrolmentFieldRules.lifetimesSeconds.lowerBound),
      "maximum": \(EnrolmentFieldRules.lifetimesSeconds.upperBound)
    },
    "product": {
      "type": "string", "default": "", "maxLength": \(EnrolmentFieldRules.productLength), "pattern": "\(visible)"
    },
    "group": {
      "type": "string", "default": "", "description": "That the devices join: their tag group:NAME.",
      "maxLength": \(EnrolmentFieldRules.groupLength), "pattern": "\(visible)"
    },
    "tags": {"$ref": "#/components/schemas/Tags", "description": "Given to the devices."},
    "serials": {
      "$ref": "#/components/schemas/Serials", "description": "The only ones that may use it; empty: any."
    },
    "namePrefix": {
      "type": "string", "default": "",
      "description": "Devices become PREFIX-1, PREFIX-2 and so on; empty: device- and the beginning of the claim's ID.",
      "maxLength": \(EnrolmentFieldRules.namePrefixLength), "pattern": "\(visible)"
    }
    """

  private static let claimFields =
    #""id", "state", "count", "used", "product", "group", "tags", "serials", "namePrefix", "createdAt", "expiresAt""#

  private static let claimProperties = """
    "id": {"$ref": "#/components/schemas/UUID"},
    "state": {"enum": [\(Claim.State.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))]},
    "count": {"type": "integer", "minimum": 1},
    "used": {"type": "integer", "minimum": 0},
    "product": {"type": "string"},
    "group": {"type": "string"},
    "tags": {"$ref": "#/components/schemas/Tags"},
    "serials": {"$ref": "#/components/schemas/Serials"},
    "namePrefix": {"type": "string"},
    "createdAt": {"type": "string", "format": "date-time"},
    "expiresAt": {"type": "string", "format": "date-time"}
    """
}
