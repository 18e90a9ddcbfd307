import ProvisionerDomain
import ServiceHTTP

/// The description of the HTTP interface, OpenAPI 3.1, as `/openapi.json` answers it.
enum ProvisionerOpenAPI {
  static let text = OpenAPI.document(
    service: "provisioner", summary: summary,
    tags: [
      "claims": "Permissions for a number of devices to enrol until a moment.",
      "enrolment": "How a device gets its identity, and what it reports of it.",
      "certificates": "Roots, revocations, and renewal.",
    ],
    paths: [claims, claim, enroll, otp, rootDocument, authority],
    components: [
      "parameters": parameters, "responses": responses, "schemas": schemas, "securitySchemes": securitySchemes,
    ])

  private static let summary =
    "Claims, and the enrolment of devices. Every error is a problem document (RFC 9457); its reason is "
    + "stable. Unknown fields and parameters are refused, not ignored."

  private static let claims = """
    "/v1/claims": {
      "get": {
        "operationId": "listClaims", "tags": ["claims"], "summary": "Claims, newest first, page by page",
        "parameters": [
          {
            "name": "limit", "in": "query", "description": "How many at most.",
            "schema": {
              "type": "integer", "minimum": 1, "maximum": \(EnrolmentFieldRules.maximumPageSize),
              "default": \(EnrolmentFieldRules.defaultPageSize)
            }
          },
          {
            "name": "cursor", "in": "query", "description": "The nextCursor of the page before. It is opaque.",
            "schema": {
              "type": "string", "minLength": \(ListCursor.textLength), "maxLength": \(ListCursor.textLength),
              "pattern": "^[A-Za-z0-9_-]+$"
            }
          }
        ],
        "responses": {
          "200": {
            "description": "A page of claims.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ClaimList"}}}
          },
          \(commonResponses)
        }
      },
      "post": {
        "operationId": "createClaim", "tags": ["claims"], "summary": "Make a claim",
        "description": "The answer holds the token, the secret that devices present. It is shown this once.",
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewClaim"}}}
        },
        "responses": {
          "201": {
            "description": "The claim is made.",
            "headers": {
              "Location": {"description": "Where it is.", "required": true, "schema": {"type": "string"}}
            },
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/MadeClaim"}}}
          },
          \(bodyResponses),
          \(commonResponses)
        }
      }
    }
    """

  private static let claim = """
    "/v1/claims/{id}": {
      "parameters": [{"$ref": "#/components/parameters/ClaimID"}],
      "get": {
        "operationId": "getClaim", "tags": ["claims"], "summary": "One claim",
        "responses": {
          "200": {"$ref": "#/components/responses/Claim"},
          "404": {"$ref": "#/components/responses/Unknown"},
          \(commonResponses)
        }
      },
      "delete": {
        "operationId": "revokeClaim", "tags": ["claims"], "summary": "Revoke a claim",
        "description": "From then on nobody enrols with it. It stays in the list. A repeat changes nothing.",
        "responses": {
          "200": {"$ref": "#/components/responses/Claim"},
          "404": {"$ref": "#/components/responses/Unknown"},
          \(commonResponses)
        }
      }
    }
    """

  private static let securitySchemes = """
    "token": {
      "type": "http", "scheme": "bearer",
      "description": "An API token of the Registry. Claims take the scope operate, revoking a device admin."
    },
    "device": {"type": "mutualTLS", "description": "The certificate that the device got when it enrolled."}
    """

  static let bodyResponses = """
    "413": {"$ref": "#/components/responses/TooLarge"},
    "415": {"$ref": "#/components/responses/NotJSON"}
    """

  /// What every operation answers to a bad request, for a busy or absent service behind, and at a fault.
  static let commonResponses = """
    "400": {"$ref": "#/components/responses/Invalid"},
    "500": {"$ref": "#/components/responses/Internal"},
    "503": {"$ref": "#/components/responses/Unavailable"},
    "default": {"$ref": "#/components/responses/Problem"}
    """
}
