/// What a module asks of its host and offers to it.
package struct WebAssemblyInterface: Hashable, Sendable {
  package enum Kind: UInt8, Sendable {
    case function = 0
    case table = 1
    case memory = 2
    case global = 3
    case tag = 4
  }

  package struct Import: Hashable, Sendable {
    package var module: String
    package var name: String
    package var kind: Kind

    package init(module: String, name: String, kind: Kind) {
      self.module = module
      self.name = name
      self.kind = kind
    }
  }

  package struct Export: Hashable, Sendable {
    package var name: String
    package var kind: Kind

    package init(name: String, kind: Kind) {
      self.name = name
      self.kind = kind
    }
  }

  package var imports: [Import] = []
  package var exports: [Export] = []

  package init(imports: [Import] = [], exports: [Export] = []) {
    self.imports = imports
    self.exports = exports
  }
}
