import DeviceEnrolment
import ProvisionerDomain
import ServiceHTTP

extension ProvisionerOpenAPI {
  static let enroll = """
    "/v1/enroll": {
      "post": {
        "operationId": "enrollDevice", "security": [], "tags": ["enrolment"], "summary": "Get an identity",
        "description": "A repeat with the same serial number and key gives the same identity, with the same certificate for the first half of its life, and takes no further use of a claim.",
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Enrolment"}}}
        },
        "responses": {
          "200": {
            "description": "The identity, and where to go with it.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Identity"}}}
          },
          "403": {
            "description": "The claim, the factory's certificate, the device or the operator's system does not let it in.",
            \(OpenAPI.problemContent)
          },
          "409": {
            "description": "All uses of the claim are taken, or another key has the serial number.", \(OpenAPI.problemContent)
          },
          "429": {"description": "Too many attempts from this address, or with this claim, failed: wait.", \(OpenAPI.problemContent)},
          \(bodyResponses),
          \(commonResponses)
        }
      }
    }
    """

  static let otp = """
    "/v1/otp": {
      "post": {
        "operationId": "reportOTPBank", "security": [{"device": []}], "tags": ["enrolment"], "summary": "Say what the fuses hold",
        "description": "The device is the one of the client's certificate. A bank that disagrees with what the device was told to burn flags it for operators.",
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OTPBank"}}}
        },
        "responses": {
          "200": {
            "description": "How it compares with the record.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OTPComparison"}}}
          },
          "401": {"description": "The client showed no device's certificate.", \(OpenAPI.problemContent)},
          "404": {"description": "The device did not enrol here.", \(OpenAPI.problemContent)},
          \(bodyResponses),
          \(commonResponses)
        }
      }
    }
    """

  static let rootDocument = """
    "/v1/root-documents/{version}": {
      "parameters": [
        {
          "name": "version", "in": "path", "required": true, "description": "From 1, or the word latest.",
          "schema": {"type": "string", "pattern": "^(latest|[1-9][0-9]{0,18})$"}
        }
      ],
      "get": {
        "operationId": "getRootDocument", "security": [], "tags": ["enrolment"], "summary": "Who may sign what",
        "description": "As signed by the root keys: no access is needed, as each is verified by the one before it.",
        "responses": {
          "200": {
            "description": "The document.",
            "headers": {"ETag": {"description": "The version.", "schema": {"type": "string"}}},
            "content": {"application/json": {"schema": {"type": "object"}}}
          },
          "404": {"description": "There is no such version yet.", \(OpenAPI.problemContent)},
          \(commonResponses)
        }
      }
    }
    """

  static let enrolmentSchemas = """
    "Enrolment": {
      "type": "object", "additionalProperties": false,
      "properties": {
        "claim": {
          "type": "string",
          "description": "A claim's text, or a registered device's own secret. Left away with a registered key and with a factory's certificate."
        },
        "serial": {
          "type": "string", "description": "Tells the boards of a maker apart. A factory's certificate has it already.",
          "minLength": 1, "maxLength": \(EnrolmentFieldRules.serialLength),
          "pattern": "\(EnrolmentFieldRules.serialPattern)"
        },
        "certificateRequest": {
          "type": "string", "contentEncoding": "base64", "description": "PKCS#10 in DER, signed by a key on P-256."
        },
        "pollingOnly": {
          "type": "boolean", "default": false,
          "description": "A bearer token instead of a certificate, good for the polling door alone."
        },
        "factoryCertificate": {
          "type": "string", "description": "PEM: the certificate that the factory gave the device, then those above it."
        },
        "factorySignature": {
          "type": "string", "contentEncoding": "base64",
          "description": "Of that certificate's key over the certificate request, with SHA-256."
        }
      }
    },
    "Identity": {
      "type": "object",
      "required": ["deviceID", "name", "mqtt", "imageStoreURLs", "provisionerURLs", "heartbeatSeconds"],
      "properties": {
        "deviceID": {"$ref": "#/components/schemas/UUID"},
        "name": {"type": "string"},
        "mqtt": {
          "type": "object", "required": ["host", "port"],
          "properties": {
            "host": {"type": "string"},
            "port": {"type": "integer", "minimum": 1, "maximum": 65535}
          }
        },
        "imageStoreURLs": {"type": "array", "minItems": 1, "items": {"type": "string", "format": "uri"}},
        "provisionerURLs": {"type": "array", "items": {"type": "string", "format": "uri"}},
        "heartbeatSeconds": {
          "type": "integer", "minimum": 1, "description": "How often to state what runs."
        },
        "certificateChain": {"type": "string", "description": "PEM: the device's certificate and those above it."},
        "trustRoots": {"type": "string", "description": "PEM: the roots to trust."},
        "rootDocument": {"type": "string", "contentEncoding": "base64", "description": "As signed."},
        "otp": {"$ref": "#/components/schemas/OTPProgram"},
        "pollingToken": {"type": "string", "description": "Shown this once."}
      }
    },
    "OTPProgram": {
      "type": "object", "description": "What the device burns into its fuses; bytes in hexadecimal.",
      "required": ["deviceID", "directorKey", "rootDocumentHash", "publisherSignatureRequired", "securityEpoch"],
      "properties": {\(otpProperties)}
    },
    "OTPBank": {
      "type": "object", "description": "What the fuses hold, as xtblish-device otp show --json prints it.",
      "properties": {\(otpProperties), "provisioned": {"type": "boolean"}}
    },
    "OTPComparison": {
      "type": "object", "required": ["agrees", "differences"],
      "properties": {
        "agrees": {"type": "boolean"},
        "differences": {"type": "array", "items": {"type": "string"}}
      }
    }
    """

  private static let otpProperties = """
    "deviceID": {"$ref": "#/components/schemas/UUID"},
    "publicKeyHash": {
      "type": "string", "description": "SHA-256 of the SubjectPublicKeyInfo in DER.", "pattern": "^[0-9A-Fa-f]*$"
    },
    "directorKey": {"type": "string", "description": "Ed25519.", "pattern": "^[0-9A-Fa-f]*$"},
    "rootDocumentHash": {"type": "string", "description": "SHA-256.", "pattern": "^[0-9A-Fa-f]*$"},
    "publisherSignatureRequired": {"type": "boolean"},
    "securityEpoch": {"type": "integer", "minimum": 0, "maximum": 4294967295}
    """
}
