import ServiceHTTP

/// The description of the HTTP interface, OpenAPI 3.1, as `/openapi.json` answers it.
enum OpenAPIDocument {
  /// The whole document, as JSON.
  static let text = OpenAPI.document(
    service: "registry", summary: summary,
    tags: [
      "devices": "The fleet: what each device should run and does run.",
      "events": "What happened, in order.",
      "logs": "What devices and their apps logged.",
      "crashes": "What became of apps that crashed.",
      "operators": "Tokens, and who did what.",
    ],
    paths: [devices, device, firmware, events, logs, crashes, operators],
    components: [
      "securitySchemes": securitySchemes, "parameters": parameters, "headers": headers, "responses": responses,
      "schemas": schemas,
    ])

  private static let summary =
    "Devices of a fleet, their firmware versions and what happened to them. Every error is a problem document "
    + "(RFC 9457); its reason is stable. Unknown fields and parameters are refused, not ignored."

  private static let securitySchemes = """
    "token": {"type": "http", "scheme": "bearer", "description": "\(scopes)"}
    """

  private static let scopes =
    "A token of xtblish-registry token create. Its scope is read, deploy, operate or admin; each includes those before "
    + "it. Reading takes read; another try of firmware deploy; changing devices operate; tokens and the audit log admin."
}
