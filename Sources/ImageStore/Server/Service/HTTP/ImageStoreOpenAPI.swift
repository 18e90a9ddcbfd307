import ServiceHTTP

/// The description of the HTTP interface, OpenAPI 3.1, as `/openapi.json` answers it.
enum ImageStoreOpenAPI {
  /// The description as JSON.
  static let text = OpenAPI.document(
    service: "image store", summary: summary,
    tags: [
      "firmware": "Images of devices, version by version.",
      "images": "WebAssembly modules by their digest.",
      "debug": "Unstripped modules, to tell where in the sources a crash was.",
      "polling": "The door for devices that only ask now and then.",
    ],
    paths: [firmware, images, debug, polling],
    components: [
      "securitySchemes": securitySchemes, "parameters": parameters, "headers": headers, "responses": responses,
      "schemas": schemas,
    ])

  private static let summary =
    "Images by their digest, and what each device is to run. Every error is a problem document (RFC 9457); its reason is "
    + "stable. Bodies of images are read as they come, and nothing of them is kept if the answer is an error."
}
