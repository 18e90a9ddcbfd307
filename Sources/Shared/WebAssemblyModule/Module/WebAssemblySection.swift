/// The sections of a core module (WebAssembly 3.0, section 5.5.2).
enum WebAssemblySection: UInt8 {
  case custom = 0
  case type = 1
  case `import` = 2
  case function = 3
  case table = 4
  case memory = 5
  case global = 6
  case export = 7
  case start = 8
  case element = 9
  case code = 10
  case data = 11
  case dataCount = 12
  case tag = 13

  /// The place of this section among the others, which is not the order of their numbers; nil for
  /// custom sections, which may stand anywhere.
  var order: Int? {
    switch self {
    case .custom: nil
    case .type: 1
    case .import: 2
    case .function: 3
    case .table: 4
    case .memory: 5
    case .tag: 6
    case .global: 7
    case .export: 8
    case .start: 9
    case .element: 10
    case .dataCount: 11
    case .code: 12
    case .data: 13
    }
  }
}
