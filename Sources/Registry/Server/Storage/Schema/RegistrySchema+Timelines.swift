import PostgreSQL

extension RegistrySchema {
  /// How each version got to its device: see `DeploymentTimeline`. It is written with what is written of the version
  /// anyway; null: of a release that kept none.
  static let timelines: SQLScript = """
    alter table registry.firmware add timeline jsonb;
    """
}
