import ServiceKit

/// The description of the HTTP interface, OpenAPI 3.1, as `/openapi.json` answers it.
enum ImageStoreOpenAPI {
  /// The description as JSON.
  static let text = """
    {
      "openapi": "3.1.0",
      "info": {
        "title": "xtblish image store",
        "version": "\(XtblishVersion.current)",
        "description": "\(summary)",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}
      },
      "servers": [{"url": "/"}],
      "security": [{"token": []}],
      "tags": [
        {"name": "firmware", "description": "Images of devices, version by version."},
        {"name": "images", "description": "WebAssembly modules by their digest."},
        {"name": "debug", "description": "Unstripped modules, to tell where in the sources a crash was."},
        {"name": "polling", "description": "The door for devices that only ask now and then."},
        {"name": "description", "description": "This document."}
      ],
      "paths": {
        \([firmware, images, debug, polling, description].joined(separator: ",\n"))
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
    "Images by their digest, and what each device is to run. Every error is a problem document (RFC 9457); its reason is "
    + "stable. Bodies of images are read as they come, and nothing of them is kept if the answer is an error."

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
}
