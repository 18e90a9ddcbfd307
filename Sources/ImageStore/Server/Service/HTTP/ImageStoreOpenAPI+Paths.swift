import ServiceHTTP

extension ImageStoreOpenAPI {
  /// What every upload answers.
  private static let uploadResponses = """
    "413": {"$ref": "#/components/responses/TooLarge"},
    "415": {"$ref": "#/components/responses/NotWebAssembly"},
    "422": {"$ref": "#/components/responses/Unusable"},
    "507": {"$ref": "#/components/responses/StorageFull"},
    \(OpenAPI.authorizedAnswers)
    """

  /// What every download answers.
  private static let downloadResponses = """
    "206": {"$ref": "#/components/responses/Part"},
    "304": {"description": "It is still what If-None-Match names."},
    "404": {"$ref": "#/components/responses/Unknown"},
    "412": {"$ref": "#/components/responses/OtherNow"},
    "416": {"$ref": "#/components/responses/BehindTheEnd"},
    \(OpenAPI.authorizedAnswers)
    """

  private static let conditions = """
    {"$ref": "#/components/parameters/Range"},
    {"$ref": "#/components/parameters/IfRange"},
    {"$ref": "#/components/parameters/IfMatch"},
    {"$ref": "#/components/parameters/IfNoneMatch"}
    """

  private static let module = """
    "requestBody": {
      "required": true,
      "content": {"application/wasm": {"schema": {"type": "string", "contentMediaType": "application/wasm"}}}
    }
    """

  static let firmware = """
    "/firmware/{device}": {
      "parameters": [{"$ref": "#/components/parameters/Device"}],
      "post": {
        "operationId": "assignImage", "tags": ["firmware"], "summary": "Give a device its next image",
        "description": "The body is a .wasm, or a whole image whose device ID matches. Takes a token with the scope deploy.",
        "parameters": [
          {"$ref": "#/components/parameters/AppName"},
          {"$ref": "#/components/parameters/AppVersion"},
          {"$ref": "#/components/parameters/SecurityEpoch"},
          {"$ref": "#/components/parameters/PublisherKey"},
          {"$ref": "#/components/parameters/PublisherSignature"},
          {"$ref": "#/components/parameters/IdempotencyKey"}
        ],
        "requestBody": {
          "required": true,
          "content": {
            "application/wasm": {"schema": {"type": "string", "contentMediaType": "application/wasm"}},
            "application/octet-stream": {
              "schema": {"type": "string", "contentMediaType": "application/octet-stream"}
            }
          }
        },
        "responses": {
          "201": {
            "description": "It is stored, and is the device's newest version.",
            "headers": {"Location": {"$ref": "#/components/headers/Location"}},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Assigned"}}}
          },
          "404": {"$ref": "#/components/responses/Unknown"},
          "409": {"$ref": "#/components/responses/Conflict"},
          \(uploadResponses)
        }
      }
    },
    "/firmware/{device}/{version}": {
      "parameters": [
        {"$ref": "#/components/parameters/Device"},
        {"$ref": "#/components/parameters/Version"},
        \(conditions)
      ],
      "get": {
        "operationId": "fetchFirmware", "tags": ["firmware"], "summary": "The whole image of a version",
        "description": "For the device itself by its certificate, or with a token with the scope read.",
        "security": [{"token": []}, {"certificate": []}],
        "responses": {
          "200": {
            "description": "The image: 544 bytes of header and the module.",
            "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
            "content": {"application/octet-stream": {}}
          },
          \(downloadResponses)
        }
      }
    }
    """

  static let images = """
    "/images/{digest}": {
      "parameters": [{"$ref": "#/components/parameters/Digest"}],
      "put": {
        "operationId": "storeImage", "tags": ["images"], "summary": "Store a module by its digest",
        "description": "Takes a token with the scope deploy.",
        \(module),
        "responses": {
          "200": {
            "description": "It was there already.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Stored"}}}
          },
          "201": {
            "description": "It is stored.",
            "headers": {"Location": {"$ref": "#/components/headers/Location"}},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Stored"}}}
          },
          \(uploadResponses)
        }
      },
      "get": {
        "operationId": "fetchImage", "tags": ["images"], "summary": "A module",
        "description": "Takes a token with the scope read.",
        "parameters": [\(conditions)],
        "responses": {
          "200": {
            "description": "The module.",
            "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
            "content": {"application/wasm": {}}
          },
          \(downloadResponses)
        }
      }
    }
    """

  static let debug = """
    "/debug/{buildID}": {
      "parameters": [{"$ref": "#/components/parameters/BuildID"}],
      "put": {
        "operationId": "storeDebugModule", "tags": ["debug"], "summary": "Keep the unstripped module of a build",
        "description": "Takes a token with the scope deploy.",
        \(module),
        "responses": {
          "200": {
            "description": "It was there already.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/StoredDebugModule"}}}
          },
          "201": {
            "description": "It is stored.",
            "headers": {"Location": {"$ref": "#/components/headers/Location"}},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/StoredDebugModule"}}}
          },
          "409": {"$ref": "#/components/responses/Conflict"},
          \(uploadResponses)
        }
      },
      "get": {
        "operationId": "fetchDebugModule", "tags": ["debug"], "summary": "The unstripped module of a build",
        "description": "Takes a token with the scope read.",
        "parameters": [\(conditions)],
        "responses": {
          "200": {
            "description": "The module.",
            "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
            "content": {"application/wasm": {}}
          },
          \(downloadResponses)
        }
      }
    }
    """

  static let polling = """
    "/status": {
      "get": {
        "operationId": "askForFirmware", "tags": ["polling"], "summary": "Whether a version waits for the device that asks",
        "security": [{"certificate": []}, {"pollingToken": []}],
        "responses": {
          "200": {
            "description": "Whether one waits.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Waiting"}}}
          },
          "404": {"$ref": "#/components/responses/Unknown"},
          \(OpenAPI.authorizedAnswers)
        }
      },
      "post": {
        "operationId": "tellWhatRuns", "tags": ["polling"], "summary": "Say what the device that asks runs",
        "description": "Confirms a version, or gives it up.",
        "security": [{"certificate": []}, {"pollingToken": []}],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PolledStatus"}}}
        },
        "responses": {
          "200": {
            "description": "Whether another version waits now.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Waiting"}}}
          },
          "404": {"$ref": "#/components/responses/Unknown"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/NotJSON"},
          \(OpenAPI.authorizedAnswers)
        }
      }
    },
    "/download": {
      "get": {
        "operationId": "downloadFirmware", "tags": ["polling"], "summary": "The image that waits for the device that asks",
        "security": [{"certificate": []}, {"pollingToken": []}],
        "parameters": [\(conditions)],
        "responses": {
          "200": {
            "description": "The image: 544 bytes of header and the module.",
            "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
            "content": {"application/octet-stream": {}}
          },
          \(downloadResponses)
        }
      }
    }
    """
}
