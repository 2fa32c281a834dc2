namespace Chat.Backends.Availability;

/// <summary>Others changed the same data again and again. The call had no effect of its own, and may be repeated.</summary>
internal sealed class ContentionException(string message) : Exception(message);
