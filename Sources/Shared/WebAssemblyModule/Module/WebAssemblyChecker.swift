import Foundations

/// Walks a module's sections while its bytes pass by, and keeps what `AppCheck` asks about and its build ID.
///
/// This is no validation of code, which an engine does. It finds what transport and mix-ups do: other formats,
/// components, cut-short files, trailing bytes, damaged structure. It holds the small sections in memory, each of at
/// most `sectionLimitBytes`.
package struct WebAssemblyChecker: Sendable {
  /// The largest section that is read as a whole.
  package static let sectionLimitBytes: UInt32 = 1 << 20
  /// The longest build ID that is taken; the linkers' own have 8, 16 or 20 bytes.
  package static let buildIDLimitBytes: UInt32 = 64

  private enum State {
    case preamble([UInt8])
    case sectionID
    case sectionSize(WebAssemblySection, LEB128)
    /// The first number in a section: its count of entries, or a custom section's name length.
    case sectionHead(WebAssemblySection, LEB128, remaining: UInt32)
    /// The name of a custom section, as far as it came; a few bytes, as only short names mean something.
    case customName([UInt8], left: UInt32, remaining: UInt32)
    case skipping(WebAssemblySection, remaining: UInt32)
    case collecting(WebAssemblySection, [UInt8], remaining: UInt32)
    /// In the code section: the size of a function's body.
    case bodySize(LEB128, index: UInt32, remaining: UInt32)
    /// A body that is passed over.
    case skippingBody(left: UInt32, index: UInt32, remaining: UInt32)
    /// A body that is looked at.
    case collectingBody([UInt8], left: UInt32, index: UInt32, remaining: UInt32)
  }

  private var state = State.preamble([])
  private var offset: UInt64 = 0
  private var sectionOffset: UInt64 = 0
  private var lastOrder = 0
  private var codeCount: UInt32 = 0
  /// Of the functions that the host drives an app by, those whose bodies are looked at: where they are among the
  /// module's own, and how many parameters they have.
  private var driven: [UInt32: Int] = [:]
  /// What each of them calls first: see `CommandExport`.
  private var constructors: [UInt32: UInt32] = [:]
  private var dataCount: UInt32?
  private var dataSegments: UInt32 = 0
  private var data = DataSegments()
  private var interface = WebAssemblyInterface()

  package init() {}

  /// Takes the next bytes of the module in.
  ///
  /// - Throws: what is wrong with the module so far.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) throws(WebAssemblyError) {
    var rest = bytes[...]
    while let byte = rest.first {
      let taken: Int
      switch state {
      case .skipping(let section, let remaining):
        taken = min(rest.count, Int(remaining))
        if section == .data { data.update(rest.prefix(taken)) }
        let left = remaining - UInt32(taken)
        state = left == 0 ? .sectionID : .skipping(section, remaining: left)
      case .collecting(let section, var content, let remaining):
        taken = min(rest.count, Int(remaining))
        // The array leaves the state first, so that appending does not copy it.
        state = .sectionID
        content.append(contentsOf: rest.prefix(taken))
        let left = remaining - UInt32(taken)
        if left == 0 {
          try read(section, content)
        } else {
          state = .collecting(section, content, remaining: left)
        }
      case .skippingBody(let left, let index, let remaining):
        taken = min(rest.count, Int(left))
        try passBody(left - UInt32(taken), index, remaining - UInt32(taken))
      default:
        taken = 1
        try step(byte)
      }
      offset += UInt64(taken)
      rest = rest.dropFirst(taken)
    }
  }

  /// Takes the next bytes of the module in, like the other `update`.
  package mutating func update(_ bytes: [UInt8]) throws(WebAssemblyError) {
    try bytes.withUnsafeBufferPointer { buffer throws(WebAssemblyError) in
      try update(UnsafeRawBufferPointer(buffer))
    }
  }

  private mutating func step(_ byte: UInt8) throws(WebAssemblyError) {
    switch state {
    case .preamble(var bytes):
      bytes.append(byte)
      state = .preamble(bytes)
      if bytes.count == WebAssemblyPreamble.byteCount {
        try WebAssemblyPreamble.check(bytes)
        state = .sectionID
      }
    case .sectionID:
      try begin(byte)
    case .sectionSize(let section, var number):
      switch number.push(byte) {
      case .more: state = .sectionSize(section, number)
      case .overlong: throw malformed(section, "its size is not a 32-bit LEB128 number")
      case .done(let size): try enter(section, size)
      }
    case .sectionHead(let section, var number, let remaining):
      let left = remaining - 1
      switch number.push(byte) {
      case .more where left == 0: throw malformed(section, "it ends inside its first number")
      case .more: state = .sectionHead(section, number, remaining: left)
      case .overlong: throw malformed(section, "its first number is not a 32-bit LEB128 number")
      case .done(let value):
        try note(section, value, remaining: left)
        if section == .custom, WebAssemblyBuildID.mayFollow(nameBytes: value, remaining: left) {
          state = .collecting(section, [], remaining: left)
        } else if section == .custom, (1...Self.longestKnownName).contains(value) {
          state = .customName([], left: value, remaining: left)
        } else if section == .code {
          try beginBody(0, left)
        } else {
          state = left == 0 ? .sectionID : .skipping(section, remaining: left)
        }
      }
    case .customName(var name, let nameLeft, let remaining):
      name.append(byte)
      if nameLeft > 1 {
        state = .customName(name, left: nameLeft - 1, remaining: remaining - 1)
      } else {
        noteCustomSection(name)
        state = remaining == 1 ? .sectionID : .skipping(.custom, remaining: remaining - 1)
      }
    case .bodySize(var number, let index, let remaining):
      let left = remaining - 1
      switch number.push(byte) {
      case .more where left == 0: throw malformed(.code, "it ends inside the size of a function")
      case .more: state = .bodySize(number, index: index, remaining: left)
      case .overlong: throw malformed(.code, "a function's size is not a 32-bit LEB128 number")
      case .done(let size):
        guard size <= left else { throw malformed(.code, "a function is longer than the section") }
        if size > 0, size <= CommandExport.maximumBytes, driven[index] != nil {
          state = .collectingBody([], left: size, index: index, remaining: left)
        } else {
          try passBody(size, index, left)
        }
      }
    case .collectingBody(var body, let bodyLeft, let index, let remaining):
      body.append(byte)
      if bodyLeft > 1 {
        state = .collectingBody(body, left: bodyLeft - 1, index: index, remaining: remaining - 1)
      } else {
        constructors[index] = CommandExport.constructors(in: body, parameters: driven[index] ?? 0)
        try beginBody(index + 1, remaining - 1)
      }
    case .skipping, .collecting, .skippingBody:
      preconditionFailure("taken in bulk")
    }
  }

  private mutating func beginBody(_ index: UInt32, _ remaining: UInt32) throws(WebAssemblyError) {
    if index < codeCount {
      guard remaining > 0 else { throw malformed(.code, "it has \(index) functions instead of \(codeCount)") }
      state = .bodySize(LEB128(), index: index, remaining: remaining)
    } else {
      guard remaining == 0 else { throw malformed(.code, "bytes follow its last function") }
      state = .sectionID
    }
  }

  private mutating func passBody(_ left: UInt32, _ index: UInt32, _ remaining: UInt32) throws(WebAssemblyError) {
    if left > 0 {
      state = .skippingBody(left: left, index: index, remaining: remaining)
    } else {
      try beginBody(index + 1, remaining)
    }
  }

  /// Length of the longest name among the custom sections that are looked for by name alone: `.debug_info`.
  private static let longestKnownName: UInt32 = 11

  private mutating func noteCustomSection(_ name: [UInt8]) {
    if name == Array("name".utf8) { interface.hasNames = true }
    if name == Array(".debug_info".utf8) { interface.hasDebugInformation = true }
  }

  private mutating func begin(_ id: UInt8) throws(WebAssemblyError) {
    sectionOffset = offset
    guard let section = WebAssemblySection(rawValue: id) else { throw .unknownSection(id: id, offset: offset) }
    if let order = section.order {
      guard order > lastOrder else { throw .sectionOutOfOrder(id: id, offset: offset) }
      lastOrder = order
    }
    state = .sectionSize(section, LEB128())
  }

  private mutating func enter(_ section: WebAssemblySection, _ size: UInt32) throws(WebAssemblyError) {
    guard size > 0 else { throw malformed(section, "it is empty") }
    // The size's last byte is not counted yet.
    if section == .code { interface.codeSectionOffset = offset + 1 }
    switch section {
    case .type, .import, .function, .table, .memory, .export:
      guard size <= Self.sectionLimitBytes else {
        throw .sectionTooLarge(id: section.rawValue, sizeBytes: size, limitBytes: Self.sectionLimitBytes)
      }
      state = .collecting(section, [], remaining: size)
    case .element where size <= Self.sectionLimitBytes:
      state = .collecting(section, [], remaining: size)
    default:
      state = .sectionHead(section, LEB128(), remaining: size)
    }
  }

  /// Takes a section's first number; `remaining` bytes of the section follow it.
  private mutating func note(
    _ section: WebAssemblySection, _ value: UInt32, remaining: UInt32
  ) throws(WebAssemblyError) {
    switch section {
    case .custom:
      guard value <= remaining else { throw malformed(section, "its name is longer than the section") }
      return
    case .start, .dataCount:
      guard remaining == 0 else { throw malformed(section, "bytes follow its one number") }
      if section == .dataCount { dataCount = value }
      return
    case .code: codeCount = value
    case .data: dataSegments = value
    case .type, .import, .function, .table, .memory, .global, .export, .element, .tag: break
    }
    // Every entry of every kind takes at least one byte.
    guard value <= remaining else { throw malformed(section, "it has too few bytes for its \(value) entries") }
  }

  private mutating func read(_ section: WebAssemblySection, _ content: [UInt8]) throws(WebAssemblyError) {
    if section == .custom {
      // Of two the first counts, as for the tools that look for one.
      if interface.buildID.isEmpty { interface.buildID = WebAssemblyBuildID.read(content) ?? [] }
      return
    }
    var reader = WebAssemblyReader(content)
    do throws(WebAssemblyReader.Problem) {
      switch section {
      case .type: interface.types = try WebAssemblyTypes(reading: content)
      case .import: try reader.imports(into: &interface)
      case .function: interface.functionTypes = try reader.functions()
      case .table: try reader.tables(into: &interface)
      case .memory: try reader.memories(into: &interface)
      case .export:
        try reader.exports(into: &interface)
        noteDriven()
      case .element: try reader.elements(into: &interface)
      case .custom, .global, .start, .code, .data, .dataCount, .tag: break
      }
    } catch {
      throw malformed(section, error.text)
    }
  }

  /// The two functions that are called again and again.
  private mutating func noteDriven() {
    let imported = UInt32(clamping: interface.importedFunctions)
    for (name, parameters) in [("xtb_init", 0), ("xtb_event", 4)] as [(ByteText, Int)] {
      guard let item = interface.export(name), item.kind == .function, item.index >= imported else { continue }
      driven[item.index - imported] = parameters
    }
  }

  private func malformed(_ section: WebAssemblySection, _ problem: String) -> WebAssemblyError {
    .malformedSection(id: section.rawValue, offset: sectionOffset, problem: problem)
  }

  /// Ends the walk: call it once all bytes were given.
  ///
  /// - Throws: `cutShort` or another error if they are no whole module.
  package func finish() throws(WebAssemblyError) -> WebAssemblyInterface {
    switch state {
    case .preamble(let bytes):
      try WebAssemblyPreamble.checkPrefix(bytes)
      throw .cutShort(offset: offset, inside: "its first \(WebAssemblyPreamble.byteCount) bytes")
    case .sectionID:
      break
    case .customName:
      throw .cutShort(offset: offset, inside: "its \(WebAssemblySection.custom) section")
    case .bodySize, .skippingBody, .collectingBody:
      throw .cutShort(offset: offset, inside: "its \(WebAssemblySection.code) section")
    case .sectionSize(let section, _), .sectionHead(let section, _, _), .skipping(let section, _),
      .collecting(let section, _, _):
      throw .cutShort(offset: offset, inside: "its \(section) section")
    }
    // A file cut between two sections shows only in what the earlier ones announced.
    guard interface.functionTypes.count == Int(codeCount) else {
      throw .cutShort(
        offset: offset,
        inside: "the code of its functions (\(interface.functionTypes.count) declared, \(codeCount) there)")
    }
    if let dataCount, dataCount != dataSegments {
      throw .cutShort(offset: offset, inside: "its data (\(dataCount) segments declared, \(dataSegments) there)")
    }
    var interface = interface
    interface.memoryEndBytes = data.endBytes
    // Both: one that merely begins with the call of another function is no sign.
    interface.constructsAtEachCall = driven.count == 2 && constructors.count == 2 && Set(constructors.values).count == 1
    return interface
  }
}
