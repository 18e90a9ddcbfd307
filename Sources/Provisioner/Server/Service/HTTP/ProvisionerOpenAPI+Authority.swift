import ServiceHTTP

extension ProvisionerOpenAPI {
  /// The paths of the certificate authority.
  static let authority = [roots, revocationLists, renewal, revocation].joined(separator: ",\n")

  private static let roots = """
    "/v1/ca": {
      "get": {
        "operationId": "getRoots", "security": [], "tags": ["certificates"], "summary": "The roots that everybody trusts, and what leads from each to the one before it",
        "responses": {
          "200": {"description": "The certificates, in PEM.", \(pem)},
          \(commonResponses)
        }
      }
    }
    """

  private static let revocationLists = """
    "/v1/crl": {
      "get": {
        "operationId": "getRevocations", "security": [], "tags": ["certificates"],
        "summary": "The lists of certificates that were taken back, in the order in which they were made",
        "parameters": [
          {
            "name": "wait", "in": "query",
            "description": "With If-None-Match: how long to wait for something new, in seconds.",
            "schema": {"type": "integer", "minimum": 0, "maximum": 30, "default": 0}
          },
          {
            "name": "since", "in": "query",
            "description": "The ETag of an earlier answer: only newer lists are given, and Delta-Base says so, if it is still known.",
            "schema": {"type": "string"}
          },
          {
            "name": "If-None-Match", "in": "header", "description": "The ETag of the last answer.",
            "schema": {"type": "string"}
          }
        ],
        "responses": {
          "200": {"description": "The lists, in PEM.", \(pem)},
          "304": {"description": "There is nothing new."},
          \(commonResponses)
        }
      }
    }
    """

  private static let renewal = """
    "/v1/renew": {
      "post": {
        "operationId": "renewCertificate", "security": [{"device": []}], "tags": ["certificates"],
        "summary": "Get the next certificate for the device whose certificate the connection has",
        "requestBody": {
          "required": true,
          "content": {
            "application/json": {
              "schema": {
                "type": "object", "required": ["certificateRequest"],
                "properties": {
                  "certificateRequest": {
                    "type": "string", "contentEncoding": "base64",
                    "description": "PKCS#10 in DER, for the key that the device enrolled with."
                  }
                }
              }
            }
          }
        },
        "responses": {
          "200": {
            "description": "The certificate; the one before stays good.",
            "content": {
              "application/json": {
                "schema": {
                  "type": "object", "required": ["certificateChain", "trustRoots", "notAfter"],
                  "properties": {
                    "certificateChain": {"type": "string", "description": "PEM, the certificate first."},
                    "trustRoots": {"type": "string", "description": "PEM."},
                    "notAfter": {"type": "string", "format": "date-time"}
                  }
                }
              }
            }
          },
          "401": {"description": "The connection has no device's certificate.", \(OpenAPI.problemContent)},
          "403": {"description": "The device is revoked or unknown, or the key is another.", \(OpenAPI.problemContent)},
          \(bodyResponses),
          \(commonResponses)
        }
      }
    }
    """

  private static let revocation = """
    "/v1/devices/{id}/revoke": {
      "post": {
        "operationId": "revokeDevice", "tags": ["certificates"],
        "summary": "Take a device's certificates back, for good", "description": "A repeat changes nothing.",
        "parameters": [
          {
            "name": "id", "in": "path", "required": true, "description": "The device's UUID.",
            "schema": {"$ref": "#/components/schemas/UUID"}
          }
        ],
        "requestBody": {
          "required": true,
          "content": {
            "application/json": {
              "schema": {
                "type": "object",
                "properties": {"reason": {"type": "string", "maxLength": 200, "description": "For the record."}}
              }
            }
          }
        },
        "responses": {
          "200": {
            "description": "They are taken back.",
            "content": {
              "application/json": {
                "schema": {
                  "type": "object", "required": ["revoked"],
                  "properties": {
                    "revoked": {"type": "boolean", "description": "Whether there was one that was still good."}
                  }
                }
              }
            }
          },
          "401": {"description": "The request has no token that is known.", \(OpenAPI.problemContent)},
          "403": {"description": "The token does not allow it.", \(OpenAPI.problemContent)},
          \(bodyResponses),
          \(commonResponses)
        }
      }
    }
    """

  private static let pem = """
    "content": {"application/x-pem-file": {"schema": {"type": "string"}}}
    """
}
