import RegistryDomain

extension OpenAPIDocument {
  static let schemas = [basicSchemas, deviceSchemas, firmwareSchemas, eventSchemas, telemetrySchemas, operatorSchemas]
    .joined(separator: ",\n")

  private static let basicSchemas = #"""
    "DeviceID": {
      "type": "string", "format": "uuid",
      "pattern": "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$"
    },
    "Digest": {
      "type": "string", "pattern": "^sha256:[0-9a-f]{64}$", "description": "SHA-256 of the wasm."
    },
    "Name": {"type": "string", "minLength": 1, "maxLength": \#(FieldRules.nameLength), "pattern": "\#(visible)"},
    "Serial": {"type": "string", "maxLength": \#(FieldRules.serialLength), "pattern": "\#(visible)"},
    "Tags": {
      "type": "array", "maxItems": \#(FieldRules.tagCount), "description": "Doubles count once.",
      "items": {
        "type": "string", "minLength": 1, "maxLength": \#(FieldRules.tagLength), "pattern": "\#(visible)"
      }
    },
    "Version": {
      "type": "integer", "format": "int64", "minimum": 1, "maximum": \#(Int64.max),
      "description": "Of the device's firmware; only ever growing."
    },
    "Revision": {
      "type": "integer", "format": "int64", "minimum": 1, "maximum": \#(Int64.max),
      "description": "Grows with each change of name or tags."
    },
    "SwitchGap": {
      "type": "integer", "format": "int64", "minimum": 1, "maximum": \#(Int64.max),
      "description": "For how long no app handled events at the switch, if that was measured."
    },
    "Problem": {
      "type": "object", "required": ["type", "title", "status", "detail"],
      "properties": {
        "type": {"type": "string"}, "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What is wrong and what to do."},
        "instance": {"type": "string"},
        "reason": {"type": "string", "description": "Stable, for programs."}
      }
    }
    """#

  private static let deviceSchemas = #"""
    "NewDevice": {
      "type": "object", "additionalProperties": false, "required": ["name"],
      "properties": {
        "id": {"$ref": "#/components/schemas/DeviceID"}, "name": {"$ref": "#/components/schemas/Name"},
        "tags": {"$ref": "#/components/schemas/Tags"}, "serial": {"$ref": "#/components/schemas/Serial"}
      }
    },
    "DeviceChange": {
      "type": "object", "additionalProperties": false,
      "properties": {
        "name": {"$ref": "#/components/schemas/Name"}, "tags": {"$ref": "#/components/schemas/Tags"},
        "revision": {"$ref": "#/components/schemas/Revision"}
      }
    },
    "FirmwareReference": {
      "type": "object", "additionalProperties": false, "required": ["version", "digest"],
      "properties": {
        "version": {"$ref": "#/components/schemas/Version"}, "digest": {"$ref": "#/components/schemas/Digest"}
      }
    },
    "ReportedState": {
      "type": "object", "additionalProperties": false,
      "required": ["version", "digest", "slot", "status", "reason", "at"],
      "properties": {
        "version": {"type": "integer", "minimum": 0, "description": "0: nothing runs yet."},
        "digest": {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"},
        "slot": {"type": "string", "enum": ["", "A", "B"]},
        "status": {"type": "string", "enum": ["trial", "confirmed", "rolled-back", "refused"]},
        "reason": {"type": "string", "maxLength": \#(FieldRules.reasonLength)},
        "at": {"type": "string", "format": "date-time"},
        "failed": {"$ref": "#/components/schemas/FirmwareReference"},
        "failedReason": {"type": "string", "description": "Why that was not kept."},
        "switchGapNanoseconds": {"$ref": "#/components/schemas/SwitchGap"}
      }
    },
    "Device": {
      "type": "object", "additionalProperties": false,
      "required": ["id", "name", "tags", "serial", "revision", "state", "health", "online", "createdAt"],
      "properties": {
        "id": {"$ref": "#/components/schemas/DeviceID"}, "name": {"$ref": "#/components/schemas/Name"},
        "tags": {"$ref": "#/components/schemas/Tags"}, "serial": {"$ref": "#/components/schemas/Serial"},
        "revision": {"$ref": "#/components/schemas/Revision"},
        "state": {"type": "string", "enum": [\#(DeploymentState.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))]},
        "health": {
          "type": "string", "enum": [\#(DeviceHealth.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))],
          "description": "Whether it does its work: \#(DeviceHealth.crashLoop) crashes within \#(DeviceHealth.windowMinutes) minutes are a loop."
        },
        "healthReason": {"type": "string", "description": "What speaks against it, if anything does."},
        "online": {"type": "boolean"},
        "lastSeen": {"type": "string", "format": "date-time"},
        "createdAt": {"type": "string", "format": "date-time"},
        "desired": {"$ref": "#/components/schemas/FirmwareReference"},
        "reported": {"$ref": "#/components/schemas/ReportedState"},
        "divergence": {
          "type": "string", "enum": ["unknown-version", "ahead"],
          "description": "Why what it says does not fit what it was given: it runs what it was never given, or had a version that is not below the desired one. A retry of its firmware gives it the desired image as a new version."
        },
        "waiting": {
          "type": "object", "additionalProperties": false, "required": ["reason"],
          "description": "Why it does not run what it should: in the device's words, or what the registry knows by itself.",
          "properties": {
            "version": {"type": "integer", "minimum": 1, "description": "Left out if it is not about one."},
            "reason": {"type": "string"},
            "since": {"type": "string", "format": "date-time"}
          }
        },
        "app": {
          "type": "object", "additionalProperties": false, "required": ["name", "version"],
          "description": "The app that runs, if it was ever assigned here.",
          "properties": {
            "name": {"type": "string", "maxLength": 32}, "version": {"type": "string", "maxLength": 32}
          }
        },
        "clonedAt": {
          "type": "string", "format": "date-time",
          "description": "When two machines last spoke with the device's identity, if that was within the last day."
        }
      }
    },
    "DeviceList": {
      "type": "object", "additionalProperties": false, "required": ["devices"],
      "properties": {
        "devices": {
          "type": "array", "maxItems": \#(FieldRules.maximumPageSize), "items": {"$ref": "#/components/schemas/Device"}
        },
        "nextCursor": {"type": "string", "description": "There is more: give this as cursor."}
      }
    }
    """#

  private static let firmwareSchemas = #"""
    "Firmware": {
      "type": "object", "additionalProperties": false,
      "required": [
        "device", "version", "digest", "lengthBytes", "appName", "appVersion", "securityEpoch", "hostApiLevel",
        "createdAt", "status"
      ],
      "properties": {
        "device": {"$ref": "#/components/schemas/DeviceID"}, "version": {"$ref": "#/components/schemas/Version"},
        "digest": {"$ref": "#/components/schemas/Digest"},
        "lengthBytes": {"type": "integer", "minimum": 1, "description": "Of the wasm."},
        "appName": {"type": "string", "maxLength": 32}, "appVersion": {"type": "string", "maxLength": 32},
        "securityEpoch": {"type": "integer", "minimum": 0, "maximum": 4294967295},
        "hostApiLevel": {"type": "integer", "minimum": 0, "maximum": 4294967295},
        "publisherKey": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
        "createdAt": {"type": "string", "format": "date-time"},
        "notifiedAt": {"type": "string", "format": "date-time"},
        "status": {
          "type": "string", "enum": ["assigned", "notified", "trial", "confirmed", "rolled-back", "refused"],
          "description": "What became of it last."
        },
        "trialAt": {"type": "string", "format": "date-time"},
        "confirmedAt": {"type": "string", "format": "date-time"},
        "failedAt": {"type": "string", "format": "date-time", "description": "When the device last gave it up."},
        "failedStatus": {"type": "string", "enum": ["rolled-back", "refused"]},
        "failedReason": {"type": "string", "description": "In the device's words."},
        "switchGapNanoseconds": {"$ref": "#/components/schemas/SwitchGap"}
      }
    },
    "FirmwareList": {
      "type": "object", "additionalProperties": false, "required": ["firmware"],
      "properties": {
        "firmware": {
          "type": "array", "maxItems": \#(FieldRules.maximumPageSize),
          "items": {"$ref": "#/components/schemas/Firmware"}
        },
        "nextCursor": {"type": "string", "pattern": "^[1-9][0-9]{0,18}$"}
      }
    },
    "DeploymentTrace": {
      "type": "object", "additionalProperties": false, "required": ["version", "steps"],
      "properties": {
        "version": {"$ref": "#/components/schemas/Version"},
        "traceID": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "requestID": {"type": "string", "maxLength": 64, "description": "How the client named its request."},
        "beganAt": {"type": "string", "format": "date-time"},
        "steps": {
          "type": "array",
          "items": {
            "type": "object", "additionalProperties": false,
            "required": ["name", "program", "atMicroseconds", "tookMicroseconds"],
            "properties": {
              "name": {"type": "string", "pattern": "^[a-z0-9-]{1,32}$", "description": "What is done at its end."},
              "program": {"type": "string", "enum": ["image-store", "registry", "notifier", "device", "app-host"]},
              "atMicroseconds": {"$ref": "#/components/schemas/Microseconds"},
              "tookMicroseconds": {"$ref": "#/components/schemas/Microseconds"},
              "share": {
                "type": "number", "minimum": 0, "maximum": 1, "description": "Of the whole up to the app's first line."
              }
            }
          }
        },
        "firstLineMicroseconds": {"$ref": "#/components/schemas/Microseconds"},
        "imageBytes": {"type": "integer", "format": "int64", "minimum": 1, "maximum": \#(Int64.max)}
      }
    },
    "Microseconds": {"type": "integer", "format": "int64", "minimum": 0, "maximum": \#(Int64.max)}
    """#

  private static let eventSchemas = #"""
    "Event": {
      "type": "object", "additionalProperties": false, "required": ["id", "device", "kind", "at", "detail"],
      "properties": {
        "id": {"type": "integer", "format": "int64", "minimum": 1},
        "device": {"$ref": "#/components/schemas/DeviceID"},
        "kind": {
          "type": "string", "pattern": "^[a-z]+(-[a-z]+)*$",
          "examples": [\#(RegistryEvent.Kind.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))]
        },
        "at": {"type": "string", "format": "date-time"},
        "detail": {"type": "object", "description": "Depends on the kind."}
      }
    },
    "EventList": {
      "type": "object", "additionalProperties": false, "required": ["events"],
      "properties": {
        "events": {
          "type": "array", "maxItems": \#(FieldRules.maximumPageSize), "items": {"$ref": "#/components/schemas/Event"}
        },
        "nextCursor": {"type": "string", "pattern": "^[1-9][0-9]{0,18}$"}
      }
    }
    """#
}
