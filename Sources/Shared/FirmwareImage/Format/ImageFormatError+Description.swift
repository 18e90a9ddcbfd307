import DeviceProtocol
import WebAssemblyModule

extension ImageFormatError: CustomStringConvertible {
  /// What is wrong and what to do about it.
  package var description: String {
    switch self {
    case .wrongConfigurationLength(let actual):
      "an image's configuration has \(ImageConfiguration.byteCount) bytes, and these are \(actual)"
    case .headerCutShort(let received):
      "the image ends after \(received) bytes, inside its \(ImageHeader.byteCount)-byte header: send it whole"
    case .unknownReservedArea(let offset):
      "the image's reserved area is neither zero nor starts with XTB1 (first at byte \(offset)): "
        + "build the image with tools of this system's version, or send the plain .wasm"
    case .unsupportedHeaderVersion(let version):
      "the image's header version is \(version), and only version 1 is known here: update this software"
    case .unknownFlags(let flags):
      "the image sets flags that are not known here (0x\(String(flags, radix: 16))): update this software"
    case .firmwareVersionIsZero:
      "the image's firmware version is 0; versions count from 1"
    case .wasmLengthOutOfRange(let length):
      "the image says that its WebAssembly module has \(length) bytes, which no module can have"
    case .invalidLabel(let field, let problem):
      "the \(field.rawValue) can't be used: \(problem)"
    case .keyWithoutSignature(let role):
      "the image names a \(role.rawValue) key but has no \(role.rawValue) signature"
    case .signatureWithoutKey(let role):
      "the image has a \(role.rawValue) signature but does not name the \(role.rawValue) key"
    case .paddingNotZero(let offset):
      "byte \(offset) of the image must be zero and is not"
    case .keyIDIsZero:
      "the key's ID is zero, which stands for no key: make another key"
    case .hashMismatch(let stated, let actual):
      "the image states the hash \(stated), but its content has \(actual): it was changed or cut short"
    case .deviceMismatch(let expected, let actual):
      "the image is for device \(actual), not for \(expected)"
    case .wasmLengthMismatch(let stated, let actual):
      "the image says that its WebAssembly module has \(stated) bytes, and it has \(actual)"
    case .wasmDigestMismatch(let stated, let actual):
      "the image says that its WebAssembly module's digest is \(stated), and it is \(actual)"
    case .tooLarge(let limit):
      "the image is larger than \(limit) bytes, the limit here"
    case .webAssembly(let error):
      error.description
    case .signatureMissing(let role):
      "the image has no \(role.rawValue) signature, and one is required"
    case .unknownKey(let role, let id):
      "the image is signed by the \(role.rawValue) key \(id), which is not trusted here"
    case .wrongSignature(let role):
      "the image's \(role.rawValue) signature does not match its content"
    case .publisherNotDelegated(let id, let name):
      "the publisher key \(id?.description ?? "") may not sign for an app named \"\(name)\": a root document must "
        + "delegate that name to it"
    case .versionTooLow(let version, let lowest):
      "the image is version \(version); the lowest that is taken here is \(lowest)"
    case .securityEpochTooLow(let epoch, let lowest):
      "the image's security epoch is \(epoch); the lowest that is taken here is \(lowest)"
    case .hostAPILevelTooHigh(let level, let highest):
      "the image needs host API level \(level); the highest here is \(highest): update the device's own software first"
    case .unreadable(let path, let call, let errno):
      "\(path) can't be read: \(call) failed with errno \(errno)"
    case .cryptography(let error):
      "the image could not be checked: \(error)"
    }
  }

  /// A stable word in kebab-case, for programs: an ``ImageRefusal``, as in reports of devices and in problem
  /// documents.
  package var reason: String { refusal.rawValue }

  private var refusal: ImageRefusal {
    switch self {
    case .wrongConfigurationLength, .headerCutShort: .imageCutShort
    case .unknownReservedArea, .paddingNotZero: .imageReservedArea
    case .unsupportedHeaderVersion, .unknownFlags: .imageVersionUnsupported
    case .firmwareVersionIsZero: .imageFirmwareVersion
    case .wasmLengthOutOfRange, .wasmLengthMismatch: .imageWasmLength
    case .invalidLabel: .imageLabel
    case .keyWithoutSignature, .signatureWithoutKey, .keyIDIsZero: .imageSignature
    case .signatureMissing(.publisher): .imagePublisherSignatureMissing
    case .signatureMissing(.director): .imageDirectorSignatureMissing
    case .wrongSignature(.publisher): .imagePublisherSignatureWrong
    case .wrongSignature(.director): .imageDirectorSignatureWrong
    case .unknownKey(.publisher, _): .imagePublisherKeyUnknown
    case .unknownKey(.director, _): .imageDirectorKeyUnknown
    case .publisherNotDelegated: .imagePublisherNotDelegated
    case .versionTooLow: .imageVersionTooLow
    case .securityEpochTooLow: .imageSecurityEpochTooLow
    case .hostAPILevelTooHigh: .imageHostAPILevelTooHigh
    case .hashMismatch: .imageHashMismatch
    case .deviceMismatch: .imageDeviceMismatch
    case .wasmDigestMismatch: .imageWasmDigestMismatch
    case .tooLarge: .imageTooLarge
    case .webAssembly(let error): error.refusal
    case .unreadable: .imageUnreadable
    case .cryptography: .imageCheckFailed
    }
  }
}

extension ImageFormatError {
  /// What whoever uploads an app can do about it, to be appended to the description; empty where nothing is known.
  package var advice: String {
    switch self {
    case .signatureMissing:
      "; sign it with `xtblish-image-store sign`, or push it with --sign-key"
    case .unknownKey, .publisherNotDelegated:
      "; have it named with `xtblish-registry root update --add-publisher FILE --app NAME`"
    case .wrongSignature:
      "; it must be of exactly this app: digest, length, security epoch, host API level, name and version"
    default: ""
    }
  }
}
