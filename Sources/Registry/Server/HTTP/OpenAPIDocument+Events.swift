import ServiceHTTP

extension OpenAPIDocument {
  static let events = #"""
    "/v1/devices/{id}/events": {
      "parameters": [{"$ref": "#/components/parameters/DeviceID"}],
      "get": {
        "operationId": "listDeviceEvents", "tags": ["events"], "summary": "What happened to a device",
        "description": "\#(orders)",
        "parameters": [
          {"$ref": "#/components/parameters/Limit"},
          {"$ref": "#/components/parameters/NumberCursor"},
          {"$ref": "#/components/parameters/After"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/EventList"},
          "404": {"$ref": "#/components/responses/Unknown"},
          \#(OpenAPI.authorizedAnswers)
        }
      }
    },
    "/v1/events": {
      "get": {
        "operationId": "listEvents", "tags": ["events"], "summary": "What happened to all devices",
        "description": "\#(orders)",
        "parameters": [
          {"$ref": "#/components/parameters/Limit"},
          {"$ref": "#/components/parameters/NumberCursor"},
          {"$ref": "#/components/parameters/After"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/EventList"},
          \#(OpenAPI.authorizedAnswers)
        }
      }
    }
    """#

  private static let orders =
    "Newest first, page by page. With after: oldest first from there, to follow what happens; going on from the last "
    + "one misses none. With both, what lies between them."
}
