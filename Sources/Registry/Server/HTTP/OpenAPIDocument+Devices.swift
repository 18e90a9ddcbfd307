import RegistryDomain
import ServiceHTTP

extension OpenAPIDocument {
  static let devices = #"""
    "/v1/devices": {
      "get": {
        "operationId": "listDevices", "tags": ["devices"],
        "summary": "Devices by name, page by page",
        "parameters": [
          {"$ref": "#/components/parameters/Limit"},
          {
            "name": "cursor", "in": "query", "description": "The nextCursor of the page before. It is opaque.",
            "schema": {
              "type": "string", "maxLength": \#(DeviceCursor.maximumLength), "pattern": "\#(DeviceCursor.pattern)"
            }
          },
          {
            "name": "namePrefix", "in": "query", "description": "Only devices whose name starts with this.",
            "schema": {
              "type": "string", "maxLength": \#(FieldRules.nameLength), "pattern": "\#(printable)"
            }
          },
          {
            "name": "tag", "in": "query", "description": "Only devices with this tag; given several times, with all of them.",
            "schema": {
              "type": "array", "maxItems": \#(FieldRules.tagCount),
              "items": {"type": "string", "maxLength": \#(FieldRules.tagLength), "pattern": "\#(printable)"}
            }
          },
          {
            "name": "reference", "in": "query",
            "description": "Only the devices that a person may mean by this: those of that name, else those whose name or ID begins so. It goes with none of cursor, namePrefix, tag and state.",
            "schema": {
              "type": "string", "minLength": 1, "maxLength": \#(FieldRules.nameLength), "pattern": "\#(printable)"
            }
          },
          {
            "name": "state", "in": "query",
            "description": "Only devices in this state: connected or not, or how far they are with what they should run.",
            "schema": {"type": "string", "enum": [\#(DeviceFilter.State.names.map { "\"\($0)\"" }.joined(separator: ", "))]}
          },
          {
            "name": "health", "in": "query", "description": "Only devices of this health.",
            "schema": {"type": "string", "enum": [\#(DeviceHealth.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))]}
          }
        ],
        "responses": {
          "200": {
            "description": "A page of devices.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DeviceList"}}}
          },
          \#(OpenAPI.authorizedAnswers)
        }
      },
      "post": {
        "operationId": "createDevice", "tags": ["devices"], "summary": "Make a device",
        "description": "A repeat with the same ID and serial answers the device that exists, with 200.",
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewDevice"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/Device"},
          "201": {
            "description": "The device is made.",
            "headers": {
              "Location": {"description": "Where it is.", "required": true, "schema": {"type": "string"}}
            },
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Device"}}}
          },
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/NotJSON"},
          \#(OpenAPI.authorizedAnswers)
        }
      }
    }
    """#

  static let device = #"""
    "/v1/devices/{id}": {
      "parameters": [{"$ref": "#/components/parameters/DeviceID"}],
      "get": {
        "operationId": "getDevice", "tags": ["devices"], "summary": "One device",
        "responses": {
          "200": {"$ref": "#/components/responses/Device"},
          "404": {"$ref": "#/components/responses/Unknown"},
          \#(OpenAPI.authorizedAnswers)
        }
      },
      "patch": {
        "operationId": "updateDevice", "tags": ["devices"], "summary": "Change a device's name or tags",
        "description": "What is left out stays as it is. With a revision the change is refused if the device was changed since.",
        "requestBody": {
          "required": true,
          "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/DeviceChange"}},
            "application/merge-patch+json": {"schema": {"$ref": "#/components/schemas/DeviceChange"}}
          }
        },
        "responses": {
          "200": {"$ref": "#/components/responses/Device"},
          "404": {"$ref": "#/components/responses/Unknown"},
          "409": {"$ref": "#/components/responses/Changed"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/NotJSON"},
          \#(OpenAPI.authorizedAnswers)
        }
      },
      "delete": {
        "operationId": "deleteDevice", "tags": ["devices"], "summary": "Remove a device and all that is known of it",
        "responses": {
          "204": {"description": "The device is gone."},
          "404": {"$ref": "#/components/responses/Unknown"},
          \#(OpenAPI.authorizedAnswers)
        }
      }
    }
    """#

  static let firmware = #"""
    "/v1/devices/{id}/firmware": {
      "parameters": [{"$ref": "#/components/parameters/DeviceID"}],
      "get": {
        "operationId": "listFirmware", "tags": ["devices"], "summary": "A device's firmware versions, newest first",
        "parameters": [
          {"$ref": "#/components/parameters/Limit"},
          {"$ref": "#/components/parameters/NumberCursor"}
        ],
        "responses": {
          "200": {
            "description": "A page of versions.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/FirmwareList"}}}
          },
          "404": {"$ref": "#/components/responses/Unknown"},
          \#(OpenAPI.authorizedAnswers)
        }
      }
    },
    "/v1/devices/{id}/firmware/retry": {
      "parameters": [{"$ref": "#/components/parameters/DeviceID"}],
      "post": {
        "operationId": "retryFirmware", "tags": ["devices"],
        "summary": "Let a device try an image again that it rolled back or refused",
        "description": "The image becomes a new version. A repeat answers that version until the device has decided.",
        "responses": {
          "201": {
            "description": "The new version.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Firmware"}}}
          },
          "404": {"$ref": "#/components/responses/Unknown"},
          "409": {"$ref": "#/components/responses/NothingToRetry"},
          \#(OpenAPI.authorizedAnswers)
        }
      }
    },
    "/v1/devices/{id}/firmware/{version}/trace": {
      "parameters": [
        {"$ref": "#/components/parameters/DeviceID"},
        {
          "name": "version", "in": "path", "required": true, "description": "The firmware's version.",
          "schema": {"$ref": "#/components/schemas/Version"}
        }
      ],
      "get": {
        "operationId": "traceDeployment", "tags": ["devices"], "summary": "How long each step of a deployment took",
        "description": "No steps: the Registry kept no times then. What a device does not measure is missing.",
        "responses": {
          "200": {
            "description": "The steps that are known, in the order of their ends.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DeploymentTrace"}}}
          },
          "404": {"$ref": "#/components/responses/Unknown"},
          \#(OpenAPI.authorizedAnswers)
        }
      }
    }
    """#
}
