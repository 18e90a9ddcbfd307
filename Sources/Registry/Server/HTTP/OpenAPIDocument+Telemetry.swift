import DeviceProtocol
import RegistryDomain
import RegistryStorage
import ServiceHTTP

extension OpenAPIDocument {
  static let logs = #"""
    "/v1/devices/{id}/logs": {
      "parameters": [{"$ref": "#/components/parameters/DeviceID"}],
      "get": {
        "operationId": "listLogs", "tags": ["logs"], "summary": "Lines of a device's log",
        "description": "\#(logOrders)",
        "parameters": [
          {
            "name": "limit", "in": "query", "description": "How many at most.",
            "schema": {
              "type": "integer", "minimum": 1, "maximum": \#(LogQuery.maximumPageSize),
              "default": \#(LogQuery.defaultPageSize)
            }
          },
          {"$ref": "#/components/parameters/NumberCursor"},
          {
            "name": "after", "in": "query", "description": "Only lines after this one. Not together with cursor.",
            "schema": {"type": "integer", "format": "int64", "minimum": 0, "maximum": \#(Int64.max)}
          },
          {
            "name": "follow", "in": "query",
            "description": "Answer as soon as there is a line after that one, or with none after some seconds.",
            "schema": {"type": "boolean", "default": false}
          },
          {
            "name": "level", "in": "query", "description": "Only lines that matter at least so much.",
            "schema": {"type": "string", "enum": [\#(levels)]}
          },
          {
            "name": "text", "in": "query", "description": "Only lines that hold this, in the same case.",
            "schema": {"type": "string", "maxLength": \#(LogQuery.maximumTextLength), "pattern": "\#(printable)"}
          }
        ],
        "responses": {
          "200": {
            "description": "Lines, oldest first.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/LogList"}}}
          },
          "404": {"$ref": "#/components/responses/Unknown"},
          \#(OpenAPI.authorizedAnswers)
        }
      }
    }
    """#

  private static let logOrders =
    "The newest, page by page with cursor. With after: those that follow that line, to read on without missing one; "
    + "lastCursor is the next after."

  static let crashes = #"""
    "/v1/devices/{id}/crashes": {
      "parameters": [{"$ref": "#/components/parameters/DeviceID"}],
      "get": {
        "operationId": "listDeviceCrashes", "tags": ["crashes"], "summary": "Crashes on a device, newest first",
        "parameters": [\#(crashParameters)],
        "responses": {
          "200": {"$ref": "#/components/responses/CrashList"},
          "404": {"$ref": "#/components/responses/Unknown"},
          \#(OpenAPI.authorizedAnswers)
        }
      }
    },
    "/v1/crashes": {
      "get": {
        "operationId": "listCrashes", "tags": ["crashes"], "summary": "Crashes on all devices, newest first",
        "parameters": [\#(crashParameters)],
        "responses": {
          "200": {"$ref": "#/components/responses/CrashList"},
          \#(OpenAPI.authorizedAnswers)
        }
      }
    },
    "/v1/crashes/{number}": {
      "parameters": [
        {
          "name": "number", "in": "path", "required": true, "description": "The crash's number.",
          "schema": {"type": "integer", "format": "int64", "minimum": 1, "maximum": \#(Int64.max)}
        }
      ],
      "get": {
        "operationId": "getCrash", "tags": ["crashes"], "summary": "One crash, with the last lines of its device's log",
        "responses": {
          "200": {
            "description": "The crash.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Crash"}}}
          },
          "404": {"$ref": "#/components/responses/UnknownCrash"},
          \#(OpenAPI.authorizedAnswers)
        }
      }
    }
    """#

  private static let crashParameters = #"""
    {"$ref": "#/components/parameters/Limit"},
    {"$ref": "#/components/parameters/NumberCursor"},
    {
      "name": "app", "in": "query", "description": "Only crashes of the app with this name.",
      "schema": {"type": "string", "maxLength": 32, "pattern": "\#(printable)"}
    },
    {
      "name": "grouped", "in": "query",
      "description": "Equal crashes as their newest one, counted among the newest \#(RegistryStore.groupedCrashes).",
      "schema": {"type": "boolean", "default": false}
    }
    """#

  private static let levels = LogLevel.allCases.map { "\"\($0.name)\"" }.joined(separator: ", ")

  static let telemetrySchemas = #"""
    "LogLine": {
      "type": "object", "additionalProperties": false,
      "required": ["cursor", "at", "monotonicNanoseconds", "level", "source", "version", "text", "receivedAt"],
      "properties": {
        "cursor": {"type": "integer", "format": "int64", "minimum": 1, "description": "Grows along the device's log."},
        "at": {"type": "string", "format": "date-time", "description": "By the device's clock."},
        "monotonicNanoseconds": {"type": "integer", "minimum": 0, "description": "Since the device's boot."},
        "level": {"type": "string", "enum": [\#(levels)]},
        "source": {"type": "string", "examples": ["app", "stdout", "stderr", "host", "agent"]},
        "version": {"type": "integer", "minimum": 0, "description": "Of the firmware; 0: of no app."},
        "text": {"type": "string"},
        "receivedAt": {"type": "string", "format": "date-time"}
      }
    },
    "LogList": {
      "type": "object", "additionalProperties": false, "required": ["lines", "lastCursor"],
      "properties": {
        "lines": {
          "type": "array", "maxItems": \#(LogQuery.maximumPageSize), "items": {"$ref": "#/components/schemas/LogLine"}
        },
        "lastCursor": {"type": "integer", "format": "int64", "minimum": 0, "description": "To read on: the next after."},
        "nextCursor": {
          "type": "string", "pattern": "^[1-9][0-9]{0,18}$", "description": "There are older ones: give this as cursor."
        }
      }
    },
    "Crash": {
      "type": "object", "additionalProperties": false,
      "required": [
        "number", "device", "appName", "appVersion", "version", "digest", "code", "message", "status", "at",
        "receivedAt", "group", "frames"
      ],
      "properties": {
        "number": {"type": "integer", "format": "int64", "minimum": 1},
        "device": {"$ref": "#/components/schemas/DeviceID"},
        "appName": {"type": "string"}, "appVersion": {"type": "string"},
        "version": {"type": "integer", "minimum": 0},
        "digest": {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"},
        "buildID": {"type": "string", "pattern": "^[0-9a-f]+$", "description": "Of the module, if it has one."},
        "code": {"type": "string", "examples": ["unreachable", "memory-out-of-bounds", "deadline-exceeded", "exited"]},
        "message": {"type": "string"},
        "status": {"type": "string", "description": "What the version was: trial or confirmed."},
        "at": {"type": "string", "format": "date-time", "description": "By the device's clock."},
        "receivedAt": {"type": "string", "format": "date-time"},
        "group": {"type": "string", "pattern": "^[0-9a-f]{16}$", "description": "The same for equal crashes."},
        "count": {"type": "integer", "minimum": 1, "description": "How many equal ones there are."},
        "devices": {"type": "integer", "minimum": 1, "description": "On how many devices."},
        "frames": {
          "type": "array", "description": "Innermost first; in a list the first \#(RegistryStore.listedFrames).",
          "items": {
            "type": "object", "additionalProperties": false,
            "required": ["functionIndex", "functionOffset", "moduleOffset"],
            "properties": {
              "functionIndex": {"type": "integer", "minimum": 0}, "functionOffset": {"type": "integer", "minimum": 0},
              "moduleOffset": {"type": "integer", "minimum": 0},
              "function": {"type": "string", "description": "As the module names it, if it does."}
            }
          }
        },
        "lastLines": {
          "type": "array", "description": "What the device logged last; not in a list.",
          "items": {
            "type": "object", "additionalProperties": false, "required": ["id", "at", "level", "source", "text"],
            "properties": {
              "id": {"type": "integer", "minimum": 0}, "at": {"type": "string", "format": "date-time"},
              "level": {"type": "string", "enum": [\#(levels)]}, "source": {"type": "string"},
              "text": {"type": "string"}
            }
          }
        }
      }
    },
    "CrashList": {
      "type": "object", "additionalProperties": false, "required": ["crashes"],
      "properties": {
        "crashes": {
          "type": "array", "maxItems": \#(FieldRules.maximumPageSize), "items": {"$ref": "#/components/schemas/Crash"}
        },
        "nextCursor": {"type": "string", "pattern": "^[1-9][0-9]{0,18}$"}
      }
    }
    """#
}
