import RegistryDomain
import ServiceHTTP

extension OpenAPIDocument {
  static let operators = #"""
    "/v1/devices/{id}/decommission": {
      "parameters": [{"$ref": "#/components/parameters/DeviceID"}],
      "post": {
        "operationId": "decommissionDevice", "tags": ["devices"], "summary": "Take a device out of service",
        "description": "\#(decommissioning)",
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Decommissioning"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/Device"},
          "404": {"$ref": "#/components/responses/Unknown"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/NotJSON"},
          \#(OpenAPI.authorizedAnswers)
        }
      }
    },
    "/v1/tokens": {
      "get": {
        "operationId": "listTokens", "tags": ["operators"], "summary": "Tokens, newest first",
        "parameters": [
          {"$ref": "#/components/parameters/Limit"},
          {"$ref": "#/components/parameters/NumberCursor"}
        ],
        "responses": {
          "200": {
            "description": "A page of tokens, without their secrets.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/TokenList"}}}
          },
          \#(OpenAPI.authorizedAnswers)
        }
      },
      "post": {
        "operationId": "createToken", "tags": ["operators"], "summary": "Make a token",
        "description": "The answer holds its secret, which nobody can ask for again.",
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewToken"}}}
        },
        "responses": {
          "201": {
            "description": "The token and its secret.",
            "headers": {
              "Cache-Control": {"description": "no-store", "required": true, "schema": {"type": "string"}}
            },
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CreatedToken"}}}
          },
          "409": {"$ref": "#/components/responses/TokenExists"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/NotJSON"},
          \#(OpenAPI.authorizedAnswers)
        }
      }
    },
    "/v1/tokens/{name}": {
      "parameters": [
        {
          "name": "name", "in": "path", "required": true, "description": "The token's name.",
          "schema": {"$ref": "#/components/schemas/TokenName"}
        }
      ],
      "delete": {
        "operationId": "revokeToken", "tags": ["operators"], "summary": "Revoke a token",
        "description": "It opens nothing any more, within two seconds, at any replica of any service. A repeat changes nothing.",
        "responses": {
          "200": {
            "description": "The token.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Token"}}}
          },
          "404": {"$ref": "#/components/responses/UnknownToken"},
          \#(OpenAPI.authorizedAnswers)
        }
      }
    },
    "/v1/audit": {
      "get": {
        "operationId": "listAudit", "tags": ["operators"], "summary": "Who did what, newest first",
        "parameters": [
          {"$ref": "#/components/parameters/Limit"},
          {"$ref": "#/components/parameters/NumberCursor"},
          {
            "name": "principal", "in": "query",
            "description": "Only what this one did, or what a service says that it did for this one.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "\#(printable)"}
          },
          {
            "name": "action", "in": "query", "description": "Only this action.",
            "schema": {
              "type": "string", "minLength": 1, "maxLength": \#(AuditRecord.actionBytes), "pattern": "\#(printable)"
            }
          },
          {
            "name": "target", "in": "query", "description": "Only what was done to this.",
            "schema": {
              "type": "string", "minLength": 1, "maxLength": \#(AuditRecord.targetBytes), "pattern": "\#(printable)"
            }
          },
          {
            "name": "since", "in": "query", "description": "Only entries at this time or later.",
            "schema": {"type": "string", "format": "date-time"}
          },
          {
            "name": "until", "in": "query", "description": "Only entries before this time.",
            "schema": {"type": "string", "format": "date-time"}
          }
        ],
        "responses": {
          "200": {
            "description": "A page of entries.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/AuditList"}}}
          },
          \#(OpenAPI.authorizedAnswers)
        }
      }
    }
    """#

  private static let decommissioning =
    "Its history stays. Nothing is assigned to it any more, it is left out of lists unless they ask for state "
    + "decommissioned, and its certificates are taken back. A repeat changes nothing."

  static let operatorSchemas = #"""
    "Decommissioning": {
      "type": "object", "additionalProperties": false, "required": ["reason"],
      "properties": {
        "reason": {
          "type": "string", "minLength": 1, "maxLength": \#(FieldRules.decommissioningReasonLength), "pattern": "\#(printable)"
        }
      }
    },
    "TokenName": {
      "type": "string", "minLength": 1, "maxLength": \#(NewToken.maximumNameLength),
      "pattern": "\#(NewToken.namePattern)"
    },
    "Scope": {
      "type": "string", "enum": ["read", "deploy", "operate", "admin"],
      "description": "Each includes those before it."
    },
    "NewToken": {
      "type": "object", "additionalProperties": false, "required": ["name", "scopes"],
      "properties": {
        "name": {"$ref": "#/components/schemas/TokenName"},
        "scopes": {"type": "array", "minItems": 1, "maxItems": 4, "items": {"$ref": "#/components/schemas/Scope"}},
        "lifetimeSeconds": {
          "type": "integer", "minimum": 1, "maximum": \#(NewToken.longestLifetime.components.seconds),
          "description": "Left away: the token does not expire."
        }
      }
    },
    "Token": {
      "type": "object", "additionalProperties": false,
      "required": ["id", "name", "scopes", "createdAt", "createdBy"],
      "properties": {
        "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"}, "name": {"$ref": "#/components/schemas/TokenName"},
        "scopes": {"type": "array", "items": {"$ref": "#/components/schemas/Scope"}},
        "createdAt": {"type": "string", "format": "date-time"}, "createdBy": {"type": "string"},
        "expiresAt": {"type": "string", "format": "date-time"},
        "lastUsedAt": {"type": "string", "format": "date-time", "description": "To some seconds."},
        "revokedAt": {"type": "string", "format": "date-time"}
      }
    },
    "CreatedToken": {
      "type": "object", "additionalProperties": false, "required": ["token", "secret"],
      "properties": {
        "token": {"$ref": "#/components/schemas/Token"},
        "secret": {
          "type": "string", "pattern": "^xtb_[A-Za-z0-9_-]{43}$",
          "description": "To be sent as Authorization: Bearer."
        }
      }
    },
    "TokenList": {
      "type": "object", "additionalProperties": false, "required": ["tokens"],
      "properties": {
        "tokens": {
          "type": "array", "maxItems": \#(FieldRules.maximumPageSize), "items": {"$ref": "#/components/schemas/Token"}
        },
        "nextCursor": {"type": "string", "pattern": "^[1-9][0-9]{0,18}$"}
      }
    },
    "AuditEntry": {
      "type": "object", "additionalProperties": false,
      "required": ["id", "at", "principal", "action", "target", "source", "outcome", "detail"],
      "properties": {
        "id": {"type": "integer", "format": "int64", "minimum": 1},
        "at": {"type": "string", "format": "date-time"},
        "principal": {"type": "string", "description": "token:ci, operator:laptop, provisioner:provisioner-1, device:<uuid>."},
        "via": {
          "type": "string", "description": "The service that the principal asked. It says what the source is."
        },
        "claimed": {
          "type": "string",
          "description": "Whom the principal, a service, says that it acted for. Nothing proves it."
        },
        "action": {"type": "string", "description": "In the imperative: assign-image."},
        "target": {"type": "string", "description": "What it was done to: device:<uuid>, token:<name>."},
        "source": {"type": "string", "description": "The address that it came from, or bus."},
        "outcome": {"type": "string", "enum": ["allowed", "refused", "begun", "failed"]},
        "detail": {"type": "object", "description": "Depends on the action; reason and repeats of refused ones."}
      }
    },
    "AuditList": {
      "type": "object", "additionalProperties": false, "required": ["entries"],
      "properties": {
        "entries": {
          "type": "array", "maxItems": \#(FieldRules.maximumPageSize),
          "items": {"$ref": "#/components/schemas/AuditEntry"}
        },
        "nextCursor": {"type": "string", "pattern": "^[1-9][0-9]{0,18}$"}
      }
    }
    """#
}
