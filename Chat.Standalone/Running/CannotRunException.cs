namespace Chat.Standalone.Running;

/// <summary>A reason not to run that its reader can do something about: shown as one sentence, without a stack.</summary>
public sealed class CannotRunException(string message) : Exception(message);
