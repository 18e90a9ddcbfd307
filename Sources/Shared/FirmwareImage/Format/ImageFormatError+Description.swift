import DeviceProtocol
import WebAssemblyModule

extension ImageFormatError: CustomStringConvertible {
  /// What is wrong and what to do about it.
  package var description: String {
    switch self {
    case .wrongConfigurationLength(let actual):
      "An image's configuration has \(ImageConfiguration.byteCount) bytes, and these are \(actual)."
    case .headerCutShort(let received):
      "The image ends after \(received) bytes, inside its \(ImageHeader.byteCount)-byte header. Send it whole."
    case .unknownReservedArea(let offset):
      "The image's reserved area is neither zero nor starts with XTB1 (first at byte \(offset)). "
        + "Build the image with tools of this system's version, or send the plain .wasm."
    case .unsupportedHeaderVersion(let version):
      "The image's header version is \(version), and only version 1 is known here. Update this software."
    case .unknownFlags(let flags):
      "The image sets flags that are not known here (0x\(String(flags, radix: 16))). Update this software."
    case .firmwareVersionIsZero:
      "The image's firmware version is 0; versions count from 1."
    case .wasmLengthOutOfRange(let length):
      "The image says that its WebAssembly module has \(length) bytes, which no module can have."
    case .invalidLabel(let field, let problem):
      "The \(field.rawValue) can't be used: \(problem)."
    case .keyWithoutSignature(let role):
      "The image names a \(role.rawValue) key but has no \(role.rawValue) signature."
    case .signatureWithoutKey(let role):
      "The image has a \(role.rawValue) signature but does not name the \(role.rawValue) key."
    case .paddingNotZero(let offset):
      "Byte \(offset) of the image must be zero and is not."
    case .keyIDIsZero:
      "The key's ID is zero, which stands for no key. Make another key."
    case .hashMismatch(let stated, let actual):
      "The image states the hash \(stated), but its content has \(actual): it was changed or cut short."
    case .deviceMismatch(let expected, let actual):
      "The image is for device \(actual), not for \(expected)."
    case .wasmLengthMismatch(let stated, let actual):
      "The image says that its WebAssembly module has \(stated) bytes, and it has \(actual)."
    case .wasmDigestMismatch(let stated, let actual):
      "The image says that its WebAssembly module's digest is \(stated), and it is \(actual)."
    case .tooLarge(let limit):
      "The image is larger than \(limit) bytes, the limit here."
    case .webAssembly(let error):
      error.description
    case .signatureMissing(let role):
      "The image has no \(role.rawValue) signature, and one is required."
    case .unknownKey(let role, let id):
      "The image is signed by the \(role.rawValue) key \(id), which is not trusted here."
    case .wrongSignature(let role):
      "The image's \(role.rawValue) signature does not match its content."
    case .publisherNotDelegated(let id, let name):
      "The publisher key \(id?.description ?? "") may not sign for an app named \"\(name)\": a root document must "
        + "delegate that name to it."
    case .versionTooLow(let version, let lowest):
      "The image is version \(version); the lowest that is taken here is \(lowest)."
    case .securityEpochTooLow(let epoch, let lowest):
      "The image's security epoch is \(epoch); the lowest that is taken here is \(lowest)."
    case .hostAPILevelTooHigh(let level, let highest):
      "The image needs host API level \(level); the highest here is \(highest). Update the device's own software first."
    case .unreadable(let path, let call, let errno):
      "\(path) can't be read: \(call) failed with errno \(errno)."
    case .cryptography(let error):
      "The image could not be checked: \(error)."
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
      " Sign it with `xtblish-image-store sign`, or push it with --sign-key."
    case .unknownKey, .publisherNotDelegated:
      " Have it named with `xtblish-registry root update --add-publisher FILE --app NAME`."
    case .wrongSignature:
      " It must be of exactly this app: digest, length, security epoch, host API level, name and version."
    default: ""
    }
  }
}
