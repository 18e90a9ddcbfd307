/// How long a test waits for what has to come, before it says that it won't.
///
/// It is no measure of speed: a busy machine may take its time. Only a test that is about time gives a limit of its
/// own.
package let patience: Duration = .seconds(120)
