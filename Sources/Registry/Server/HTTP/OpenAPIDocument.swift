import RegistryClient
import ServiceKit

/// The description of the HTTP interface, OpenAPI 3.1, as `/openapi.json` answers it.
package enum OpenAPIDocument {
  /// The whole document, as JSON.
  package static let text = """
    {
      "openapi": "3.1.0",
      "info": {
        "title": "xtblish registry",
        "version": "\(XtblishVersion.current)",
        "description": "\(summary)",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}
      },
      "servers": [{"url": "/"}],
      "security": [{"token": []}],
      "tags": [
        {"name": "devices", "description": "The fleet: what each device should run and does run."},
        {"name": "events", "description": "What happened, in order."},
        {"name": "logs", "description": "What devices and their apps logged."},
        {"name": "crashes", "description": "What became of apps that crashed."},
        {"name": "operators", "description": "Tokens, and who did what."},
        {"name": "description", "description": "This document."}
      ],
      "paths": {
        \([devices, device, firmware, events, logs, crashes, operators, description].joined(separator: ",\n"))
      },
      "components": {
        "securitySchemes": {\(securitySchemes)},
        "parameters": {\(parameters)},
        "headers": {\(headers)},
        "responses": {\(responses)},
        "schemas": {\(schemas)}
      }
    }
    """

  private static let summary =
    "Devices of a fleet, their firmware versions and what happened to them. Every error is a problem document "
    + "(RFC 9457); its reason is stable. Unknown fields and parameters are refused, not ignored."

  private static let description = """
    "/openapi.json": {
      "get": {
        "operationId": "describe", "tags": ["description"], "summary": "This document", "security": [],
        "responses": {
          "200": {
            "description": "The description of this interface.",
            "content": {"application/json": {"schema": {"type": "object"}}}
          },
          "default": {"$ref": "#/components/responses/Problem"}
        }
      }
    }
    """

  private static let securitySchemes = """
    "token": {"type": "http", "scheme": "bearer", "description": "\(scopes)"}
    """

  private static let scopes =
    "A token of xtblish-registry token create. Its scope is read, deploy, operate or admin; each includes those before "
    + "it. Reading takes read; another try of firmware deploy; changing devices operate; tokens and the audit log admin."

  /// The answers that every operation but this document may give: to a bad request, to a token that won't do, when
  /// the database is busy or away, and at a fault.
  static let commonResponses = """
    "400": {"$ref": "#/components/responses/Invalid"},
    "401": {"$ref": "#/components/responses/Unauthorized"},
    "403": {"$ref": "#/components/responses/Forbidden"},
    "429": {"$ref": "#/components/responses/TooManyAttempts"},
    "500": {"$ref": "#/components/responses/Internal"},
    "503": {"$ref": "#/components/responses/Unavailable"},
    "default": {"$ref": "#/components/responses/Problem"}
    """
}
