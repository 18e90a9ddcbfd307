import ServiceKit

/// What the descriptions of all services' HTTP interfaces have in common (OpenAPI 3.1, `/openapi.json`).
///
/// A service's own parts are texts of JSON: members of an object, without the braces around them.
package enum OpenAPI {
  /// A whole description, as JSON.
  ///
  /// - Parameters:
  ///   - service: as people call it: `image store`.
  ///   - summary: what the interface is for, and what holds for all of it.
  ///   - tags: the groups of operations, and what each is.
  ///   - paths: a text of one or more paths each; that of the description itself comes after them.
  ///   - components: the members of each kind: `schemas`.
  package static func document(
    service: String, summary: String, tags: KeyValuePairs<String, String>, paths: [String],
    components: KeyValuePairs<String, String>
  ) -> String {
    let tagList = tags.map { tag($0.key, $0.value) } + [tag("description", "This document.")]
    let componentList = components.map { #""\#($0.key)": {\#($0.value)}"# }
    return """
      {
        "openapi": "3.1.0",
        "info": {
          "title": "xtblish \(service)",
          "version": "\(XtblishVersion.current)",
          "description": "\(summary)",
          "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [
          \(tagList.joined(separator: ",\n    "))
        ],
        "paths": {
          \((paths + [descriptionPath]).joined(separator: ",\n"))
        },
        "components": {
          \(componentList.joined(separator: ",\n    "))
        }
      }
      """
  }

  private static func tag(_ name: String, _ description: String) -> String {
    #"{"name": "\#(name)", "description": "\#(description)"}"#
  }

  /// Where the description is: open to everybody, as it says nothing of an installation.
  private static let descriptionPath = """
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

  /// The answers of an operation that takes a token: to a bad request, to a token that won't do, when what is needed is
  /// busy or away, and at a fault. The service says in its components what each is.
  package static let authorizedAnswers = """
    "400": {"$ref": "#/components/responses/Invalid"},
    "401": {"$ref": "#/components/responses/Unauthorized"},
    "403": {"$ref": "#/components/responses/Forbidden"},
    "429": {"$ref": "#/components/responses/TooManyAttempts"},
    "500": {"$ref": "#/components/responses/Internal"},
    "503": {"$ref": "#/components/responses/Unavailable"},
    "default": {"$ref": "#/components/responses/Problem"}
    """

  /// The content of an answer that is a problem document; its schema is one of the service's components.
  package static let problemContent = """
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    """

  /// Answers, each a problem document, that the interfaces of JSON documents describe in the same words.
  package static let documentProblems = """
    "Invalid": {"description": "The request is wrong; the detail says where.", \(problemContent)},
    "TooLarge": {"description": "The body is too large.", \(problemContent)},
    "NotJSON": {"description": "The body is not sent as JSON.", \(problemContent)},
    "Internal": {"description": "A fault of the server, under a reference into its log.", \(problemContent)},
    "Problem": {"description": "Any other error, such as a method that the path does not have.", \(problemContent)}
    """

  /// The header `Retry-After` of such interfaces.
  package static let retryAfter = """
    {
      "description": "In how many seconds to try again.", "required": true,
      "schema": {"type": "integer", "minimum": 0}
    }
    """

  /// A regular expression (ECMA 262) as it stands in JSON.
  package static func escaped(_ pattern: String) -> String { pattern.replacing(#"\"#, with: #"\\"#) }
}
